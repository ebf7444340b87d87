import CLibCrypto

/// The few calls of libcrypto that verifying needs. Whatever it says is not success is no success.
enum LibCrypto {
    enum KeyCheck {
        case good
        case malformed(String)
    }

    static func digest(_ algorithm: HashAlgorithm, _ bytes: [UInt8]) throws(SignatureError) -> [UInt8] {
        var out = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        let code = EVP_Digest(bytes, bytes.count, &out, &count, method(algorithm), nil)
        guard code == 1, Int(count) <= out.count else { throw unavailable("hash") }
        return Array(out.prefix(Int(count)))
    }

    /// Whether libcrypto takes the key at all: a point may lie off its curve.
    static func check(_ key: SSHPublicKey) -> KeyCheck {
        guard let pointer = publicKey(key.material) else { return .malformed("the `\(key.type)` key is not valid") }
        EVP_PKEY_free(pointer)
        return .good
    }

    /// - Parameters:
    ///   - signature: as libcrypto reads it: two numbers in DER for ECDSA, else the bytes.
    ///   - hash: of the message; `nil` for Ed25519, which hashes by itself.
    static func verifies(
        _ signature: [UInt8], of message: [UInt8], _ material: SSHPublicKey.Material, hash: HashAlgorithm?
    ) throws(SignatureError) -> Bool {
        guard let key = publicKey(material) else { throw SignatureError(.malformed, "the public key is not valid") }
        defer { EVP_PKEY_free(key) }
        guard let context = EVP_MD_CTX_new() else { throw unavailable("make a context") }
        defer { EVP_MD_CTX_free(context) }
        guard EVP_DigestVerifyInit(context, nil, hash.flatMap { method($0) }, nil, key) == 1 else { throw unavailable("begin to verify") }
        let code = EVP_DigestVerify(context, signature, signature.count, message, message.count)
        // 0 is a wrong signature, less than 0 one that is none.
        ERR_clear_error()
        return code == 1
    }

    private static func method(_ algorithm: HashAlgorithm) -> OpaquePointer? {
        switch algorithm {
        case .sha256: EVP_sha256()
        case .sha384: EVP_sha384()
        case .sha512: EVP_sha512()
        }
    }

    /// The key in libcrypto's memory, to be freed; `nil` if it is none.
    private static func publicKey(_ material: SSHPublicKey.Material) -> OpaquePointer? {
        defer { ERR_clear_error() }
        switch material {
        case .ed25519(let point), .securityEd25519(let point, _):
            return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, point, point.count)
        case .ecdsa(let curve, let point): return decode(elliptic(curve, point))
        case .securityECDSA(let point, _): return decode(elliptic(.p256, point))
        case .rsa(let exponent, let modulus):
            // RFC 3279 §2.3.1: rsaEncryption.
            let algorithm = DER.sequence(
                DER.objectIdentifier([0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01]), DER.null)
            return decode(
                DER.sequence(algorithm, DER.bitString(DER.sequence(DER.integer(modulus), DER.integer(exponent)))))
        }
    }

    /// RFC 5480 §2: id-ecPublicKey with a named curve.
    private static func elliptic(_ curve: EllipticCurve, _ point: [UInt8]) -> [UInt8] {
        let algorithm = DER.sequence(
            DER.objectIdentifier([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01]), DER.objectIdentifier(curve.identifier))
        return DER.sequence(algorithm, DER.bitString(point))
    }

    private static func decode(_ spki: [UInt8]) -> OpaquePointer? {
        spki.withUnsafeBufferPointer { buffer in
            var place = buffer.baseAddress
            return d2i_PUBKEY(nil, &place, buffer.count)
        }
    }

    private static func unavailable(_ work: String) -> SignatureError {
        let reason = ERR_reason_error_string(ERR_peek_last_error()).map { ": " + String(cString: $0) } ?? ""
        ERR_clear_error()
        return SignatureError(.unavailable, "libcrypto cannot \(work)\(reason)")
    }
}
