import CLibCrypto

/// SHA-256 (FIPS 180-4) by OpenSSL's libcrypto, which Debian maintains and which uses the processor's SHA instructions.
public struct SHA256Digest: Hashable, Sendable, CustomStringConvertible {
    /// 32 bytes.
    public let bytes: [UInt8]

    /// The digest as 64 lower-case hexadecimal digits.
    public var description: String { Hexadecimal.encode(bytes) }

    /// - Parameter bytes: exactly 32 bytes, else `nil`.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    /// The digest of `data`.
    public init(of data: UnsafeRawBufferPointer) {
        var hasher = SHA256Hasher()
        hasher.update(data)
        self = hasher.finish()
    }

    /// The digest of `data`.
    public init(of data: [UInt8]) {
        self = data.withUnsafeBytes { SHA256Digest(of: $0) }
    }

    fileprivate init(unchecked bytes: [UInt8]) {
        self.bytes = bytes
    }
}

/// Computes a SHA-256 digest over data that arrives in pieces.
public struct SHA256Hasher: ~Copyable {
    private let context: OpaquePointer?

    public init() {
        context = EVP_MD_CTX_new()
        EVP_DigestInit_ex(context, EVP_sha256(), nil)
    }

    deinit {
        EVP_MD_CTX_free(context)
    }

    public mutating func update(_ data: UnsafeRawBufferPointer) {
        EVP_DigestUpdate(context, data.baseAddress, data.count)
    }

    public mutating func update(_ data: [UInt8]) {
        data.withUnsafeBytes { update($0) }
    }

    /// Ends one digest and begins the next: cheaper than a new hasher for each of very many.
    public mutating func finishAndRestart() -> SHA256Digest {
        let digest = finish()
        EVP_DigestInit_ex(context, nil, nil)
        return digest
    }

    public mutating func finish() -> SHA256Digest {
        var out = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 32
        let good = EVP_DigestFinal_ex(context, &out, &length)
        // libcrypto can fail here only for want of memory at creation; a wrong digest must not be mistaken for a right one.
        precondition(good == 1 && length == 32, "SHA-256 is not available in libcrypto")
        return SHA256Digest(unchecked: out)
    }
}

/// Lower-case hexadecimal, as digests and object ids are written.
public enum Hexadecimal {
    public static func encode(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes of pairs of digits, of either case; `nil` for anything else.
    public static func decode(_ text: String) -> [UInt8]? {
        let digits = text.utf8.map { digit -> UInt8? in
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
            default: nil
            }
        }
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        for place in stride(from: 0, to: digits.count, by: 2) {
            guard let high = digits[place], let low = digits[place + 1] else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }
}
