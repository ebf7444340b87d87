import CLibCrypto

/// HMAC (RFC 2104) over SHA-256, by libcrypto.
public enum HMACSHA256 {
    /// 32 bytes.
    public static func code(of message: [UInt8], key: [UInt8]) -> [UInt8] {
        var out = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 32
        let result = HMAC(EVP_sha256(), key, Int32(clamping: key.count), message, message.count, &out, &length)
        // It fails for want of memory alone; a wrong code must not be mistaken for a right one.
        precondition(result != nil && length == 32, "HMAC-SHA-256 is not available in libcrypto")
        return out
    }

    /// Whether two codes are the same, in a time that does not depend on where they differ.
    public static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
    }
}
