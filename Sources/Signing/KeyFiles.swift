import CLibCrypto
import Glibc

extension SigningKey {
    /// More bytes than any PEM of one key has.
    static let fileLimit = 16_384

    /// Reads PEM (PKCS#8) from a file.
    public init(file path: String) throws(SigningError) {
        var text = try BoundedFile.read(path, limit: Self.fileLimit)
        defer { LibCrypto.wipe(&text) }
        do throws(SigningError) {
            try self.init(pem: text)
        } catch {
            throw SigningError(error.kind, "`\(path)` holds no private key: \(error)")
        }
    }

    /// Writes the private key as PEM (PKCS#8) for its owner alone (mode 0600) and the public one (SubjectPublicKeyInfo) for everybody.
    ///
    /// A file that is there, be it a symbolic link to nowhere, is never overwritten; either both files are written or none.
    public func write(privateKey: String, publicKey: String) throws(SigningError) {
        try Self.create(privateKey, mode: 0o600) { PEM_write_bio_PKCS8PrivateKey($0, handle.pointer, nil, nil, 0, nil, nil) }
        do throws(SigningError) {
            try Self.create(publicKey, mode: 0o644) { PEM_write_bio_PUBKEY($0, handle.pointer) }
        } catch {
            unlink(privateKey)
            throw error
        }
    }

    private static func create(_ path: String, mode: mode_t, _ write: (OpaquePointer) -> Int32) throws(SigningError) {
        let file = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, mode)
        guard file >= 0 else {
            if errno == EEXIST { throw SigningError(.exists, "`\(path)` exists and is not overwritten") }
            throw SigningError(.unwritable, "`\(path)` cannot be made: \(String(cString: strerror(errno)))")
        }
        do throws(SigningError) {
            defer { close(file) }
            // libcrypto writes to the file itself, so that no copy of the secret is left in our memory.
            let sink = try LibCrypto.made(BIO_new_fd(file, BIO_NOCLOSE), "write to a file")
            defer { BIO_free(sink) }
            guard write(sink) == 1, fsync(file) == 0 else {
                ERR_clear_error()
                throw SigningError(.unwritable, "`\(path)` cannot be written")
            }
        } catch {
            unlink(path)
            throw error
        }
    }
}

extension VerificationKey {
    /// Reads the public key of a file that holds a public key or a private one as PEM.
    public init(file path: String) throws(SigningError) {
        var text = try BoundedFile.read(path, limit: SigningKey.fileLimit)
        defer { LibCrypto.wipe(&text) }
        do throws(SigningError) {
            switch try PEMBlock(text).label {
            case "PUBLIC KEY": try self.init(pem: text)
            default: self = try SigningKey(pem: text).publicKey
            }
        } catch {
            throw SigningError(error.kind, "`\(path)` holds no key: \(error)")
        }
    }
}
