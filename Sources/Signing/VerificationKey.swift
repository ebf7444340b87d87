import CLibCrypto
import Digest

/// An Ed25519 public key (RFC 8032).
public struct VerificationKey: Hashable, Sendable {
    private let handle: KeyHandle
    /// The key as DER of a SubjectPublicKeyInfo (RFC 8410), 44 bytes.
    public let spki: [UInt8]
    /// SHA-256 of `spki` as 64 hexadecimal digits.
    public let id: String

    /// The public half of `handle`.
    init(_ handle: KeyHandle) throws(SigningError) {
        self.handle = handle
        spki = try Self.encode(handle)
        id = SHA256Digest(of: spki).description
    }

    /// - Parameter spki: DER and nothing else.
    public init(spki: [UInt8]) throws(SigningError) {
        let pointer = spki.withUnsafeBufferPointer { buffer in
            var place = buffer.baseAddress
            return d2i_PUBKEY(nil, &place, buffer.count)
        }
        ERR_clear_error()
        guard let pointer else { throw SigningError(.malformed, "not a public key (SubjectPublicKeyInfo)") }
        try self.init(try KeyHandle(owning: pointer))
        // One key has one spelling, hence one id; bytes that follow the key are refused with it.
        guard self.spki == spki else { throw SigningError(.malformed, "not the DER of a public key (SubjectPublicKeyInfo)") }
    }

    /// - Parameter pem: a block `PUBLIC KEY`.
    public init(pem: [UInt8]) throws(SigningError) {
        let block = try PEMBlock(pem)
        guard block.label == "PUBLIC KEY" else {
            throw SigningError(.malformed, "a PEM block `\(block.label)` where `PUBLIC KEY` is expected")
        }
        try self.init(try KeyHandle(owning: try block.decode { d2i_PUBKEY(nil, &$0, $1) }))
    }

    /// - Parameter text: PEM, or base64 of the SubjectPublicKeyInfo.
    public init(text: String) throws(SigningError) {
        if text.contains("-----BEGIN ") {
            try self.init(pem: Array(text.utf8))
        } else if let spki = Base64.decode(text) {
            try self.init(spki: spki)
        } else {
            throw SigningError(.malformed, "neither PEM nor base64 of a public key")
        }
    }

    /// Whether `signature` is this key's signature of `message`.
    public func verifies(_ signature: [UInt8], of message: [UInt8]) throws(SigningError) -> Bool {
        let context = try LibCrypto.made(EVP_MD_CTX_new(), "make a context")
        defer { EVP_MD_CTX_free(context) }
        try LibCrypto.check(EVP_DigestVerifyInit(context, nil, nil, nil, handle.pointer), "begin to verify")
        let code = EVP_DigestVerify(context, signature, signature.count, message, message.count)
        // 0 is a wrong signature, less than 0 one that is none; neither is a reason to go on with anything.
        ERR_clear_error()
        return code == 1
    }

    public static func == (a: VerificationKey, b: VerificationKey) -> Bool { a.spki == b.spki }
    public func hash(into hasher: inout Hasher) { hasher.combine(spki) }

    private static func encode(_ handle: KeyHandle) throws(SigningError) -> [UInt8] {
        let count = i2d_PUBKEY(handle.pointer, nil)
        guard count > 0 else { throw LibCrypto.failure("encode a public key") }
        var bytes = [UInt8](repeating: 0, count: Int(count))
        let written = bytes.withUnsafeMutableBufferPointer { buffer in
            var place = buffer.baseAddress
            return i2d_PUBKEY(handle.pointer, &place)
        }
        guard written == count else { throw LibCrypto.failure("encode a public key") }
        return bytes
    }
}
