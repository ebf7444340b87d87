import Signing

/// A time as `valid-after` and `valid-before` of ssh-keygen(1) write it: `YYYYMMDD`, `YYYYMMDDHHMM` or `YYYYMMDDHHMMSS`, each with or
/// without a `Z`.
///
/// OpenSSH takes a time without `Z` for one of the machine's time zone. Here it is UTC either way: every replica must come to the same answer.
enum SignerTime {
    /// Seconds since 1970; `nil` for anything else.
    static func seconds(_ text: String) -> Int64? {
        var digits = Array(text.utf8)
        if let last = digits.last, last == UInt8(ascii: "Z") || last == UInt8(ascii: "z") { digits.removeLast() }
        guard [8, 12, 14].contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        digits += [UInt8](repeating: UInt8(ascii: "0"), count: 14 - digits.count)
        func part(_ range: Range<Int>) -> String { String(decoding: digits[range], as: UTF8.self) }
        return UTCTime(
            "\(part(0..<4))-\(part(4..<6))-\(part(6..<8))T\(part(8..<10)):\(part(10..<12)):\(part(12..<14))Z")?.secondsSince1970
    }
}
