/// How an API key of Charter is written: `chk_`, 30 characters of base 62 by chance, and 6 that are their checksum, so that a scanner for secrets, or a
/// server, can tell a key from a word that only looks like one without asking anybody.
public enum APIKeyFormat {
    public static let prefix = Array("chk_".utf8)
    /// Characters by chance.
    public static let bodyCount = 30
    /// Characters of the checksum.
    public static let checkCount = 6
    /// The characters, by value.
    public static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    /// The key with this body.
    ///
    /// - Parameter body: `bodyCount` characters of the alphabet.
    public static func key(body: [UInt8]) -> [UInt8] { prefix + body + checksum(body) }

    /// Whether `bytes` are a key whose checksum is right.
    public static func isKey(_ bytes: some Collection<UInt8>) -> Bool {
        guard bytes.count == prefix.count + bodyCount + checkCount, bytes.starts(with: prefix) else { return false }
        let body = bytes.dropFirst(prefix.count).prefix(bodyCount)
        return body.allSatisfy(isLetter) && bytes.suffix(checkCount).elementsEqual(checksum(body))
    }

    /// CRC-32 (ISO 3309, as in PNG and GitHub's tokens), in base 62, the most significant character first.
    static func checksum(_ body: some Sequence<UInt8>) -> [UInt8] {
        var rest = ~body.reduce(UInt32.max) { crc, byte in
            (0..<8).reduce(crc ^ UInt32(byte)) { crc, _ in crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
        var text = [UInt8](repeating: alphabet[0], count: checkCount)
        for place in (0..<checkCount).reversed() {
            text[place] = alphabet[Int(rest % 62)]
            rest /= 62
        }
        return text
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
}
