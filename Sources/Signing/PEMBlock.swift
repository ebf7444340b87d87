import CLibCrypto

/// The one block of a PEM file (RFC 7468). What it holds is wiped when it goes: it may be secret.
struct PEMBlock: ~Copyable {
    /// `PUBLIC KEY`, `PRIVATE KEY`, ….
    let label: String
    private let data: UnsafeMutablePointer<UInt8>
    private let count: Int

    /// - Parameter text: what stands before and after the block is ignored, a second block is an error.
    init(_ text: [UInt8]) throws(SigningError) {
        let blocks = text.ranges(of: Array("-----BEGIN ".utf8)).count
        guard blocks == 1 else { throw SigningError(.malformed, blocks == 0 ? "no PEM" : "more than one block of PEM") }
        var (name, header): (UnsafeMutablePointer<CChar>?, UnsafeMutablePointer<CChar>?) = (nil, nil)
        var (data, count): (UnsafeMutablePointer<UInt8>?, Int) = (nil, 0)
        let code: Int32 = try text.withUnsafeBufferPointer { buffer throws(SigningError) in
            let source = try LibCrypto.made(BIO_new_mem_buf(buffer.baseAddress, Int32(clamping: buffer.count)), "read from memory")
            defer { BIO_free(source) }
            // `SECURE` has libcrypto wipe the lines that it reads.
            return PEM_read_bio_ex(source, &name, &header, &data, &count, UInt32(PEM_FLAG_SECURE | PEM_FLAG_EAY_COMPATIBLE))
        }
        defer {
            CRYPTO_secure_free(name, #fileID, #line)
            CRYPTO_secure_free(header, #fileID, #line)
        }
        guard code == 1, let name, let header, let data else {
            ERR_clear_error()
            throw SigningError(.malformed, "not valid PEM")
        }
        guard header.pointee == 0 else {
            CRYPTO_secure_clear_free(data, count, #fileID, #line)
            throw SigningError(.unsupported, "a PEM block with headers, as keys with a pass phrase have; write the key as plain PKCS#8")
        }
        label = String(cString: name)
        self.data = data
        self.count = count
    }

    deinit { CRYPTO_secure_clear_free(data, count, #fileID, #line) }

    /// Calls `decode` with the place of the DER bytes, which it moves, and their number: the shape of libcrypto's `d2i` functions. All
    /// bytes must be taken.
    func decode(_ decode: (inout UnsafePointer<UInt8>?, Int) -> OpaquePointer?) throws(SigningError) -> OpaquePointer {
        var place: UnsafePointer<UInt8>? = UnsafePointer(data)
        let result = decode(&place, count)
        ERR_clear_error()
        guard let result else { throw SigningError(.malformed, "its content is no key") }
        guard place == UnsafePointer(data + count) else {
            EVP_PKEY_free(result)
            throw SigningError(.malformed, "bytes follow the key")
        }
        return result
    }
}
