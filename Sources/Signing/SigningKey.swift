import CLibCrypto

/// An Ed25519 private key (RFC 8032). Its secret stays in libcrypto's memory and is shown by nothing here.
public struct SigningKey: Sendable, CustomStringConvertible {
    let handle: KeyHandle
    public let publicKey: VerificationKey

    public var description: String { "Ed25519 key \(publicKey.id)" }

    init(_ handle: KeyHandle) throws(SigningError) {
        self.handle = handle
        publicKey = try VerificationKey(handle)
    }

    /// A new key, of libcrypto's randomness.
    public static func generate() throws(SigningError) -> SigningKey {
        let context = try LibCrypto.made(EVP_PKEY_CTX_new_id(EVP_PKEY_ED25519, nil), "make a context")
        defer { EVP_PKEY_CTX_free(context) }
        try LibCrypto.check(EVP_PKEY_keygen_init(context), "begin to make a key")
        var pointer: OpaquePointer?
        try LibCrypto.check(EVP_PKEY_keygen(context, &pointer), "make a key")
        return try SigningKey(try KeyHandle(owning: try LibCrypto.made(pointer, "make a key")))
    }

    /// - Parameter pem: a block `PRIVATE KEY` (PKCS#8, without a pass phrase).
    public init(pem: [UInt8]) throws(SigningError) {
        let block = try PEMBlock(pem)
        guard block.label != "ENCRYPTED PRIVATE KEY" else {
            throw SigningError(.unsupported, "a key with a pass phrase; write it without one (`openssl pkey`)")
        }
        guard block.label == "PRIVATE KEY" else {
            throw SigningError(.malformed, "a PEM block `\(block.label)` where `PRIVATE KEY` (PKCS#8) is expected")
        }
        let pointer = try block.decode { place, count in
            guard let info = d2i_PKCS8_PRIV_KEY_INFO(nil, &place, count) else { return nil }
            defer { PKCS8_PRIV_KEY_INFO_free(info) }
            return EVP_PKCS82PKEY(info)
        }
        try self.init(try KeyHandle(owning: pointer))
    }

    /// The signature of `message`, 64 bytes. One key and one message have one signature.
    public func sign(_ message: [UInt8]) throws(SigningError) -> [UInt8] {
        let context = try LibCrypto.made(EVP_MD_CTX_new(), "make a context")
        defer { EVP_MD_CTX_free(context) }
        try LibCrypto.check(EVP_DigestSignInit(context, nil, nil, nil, handle.pointer), "begin to sign")
        var signature = [UInt8](repeating: 0, count: 64)
        var count = signature.count
        try LibCrypto.check(EVP_DigestSign(context, &signature, &count, message, message.count), "sign")
        guard count == signature.count else { throw LibCrypto.failure("sign") }
        return signature
    }
}
