import Glibc
import Signing

/// A file with OpenPGP public keys, as `gpg --export` or `gpg --no-default-keyring --keyring` writes it.
public struct OpenPGPKeyring: Hashable, Sendable {
    /// Absolute: gpgv takes a bare name for one in its own folder.
    public let path: String

    private static let fileLimit = 64 << 20

    /// - Throws: `.unreadable`, `.malformed` for a keyring in ASCII armour, which gpgv does not read.
    public init(path: String) throws(SignatureError) {
        guard !path.utf8.contains(0), let resolved = realpath(path, nil) else {
            throw SignatureError(.unreadable, "the keyring `\(path)` cannot be found; write one with `gpg --export KEY > FILE`")
        }
        defer { free(resolved) }
        self.path = String(cString: resolved)
        let bytes: [UInt8]
        do throws(SigningError) {
            bytes = try BoundedFile.read(self.path, limit: Self.fileLimit)
        } catch {
            throw SignatureError(.unreadable, "the keyring \(error.message)")
        }
        guard let first = bytes.first else { throw SignatureError(.malformed, "the keyring `\(path)` is empty") }
        // A packet's first bit is set (RFC 4880 §4.2); a keybox begins with the length of its first blob.
        guard first >= 0x80 || bytes.dropFirst(8).starts(with: "KBXf".utf8) else {
            throw SignatureError(
                .malformed, "`\(path)` is no keyring that gpgv reads; write one with `gpg --export KEY > FILE`, without --armor")
        }
    }
}
