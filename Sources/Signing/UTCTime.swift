import Glibc

/// A second of UTC, as keys and statements name it: `2026-01-31T12:00:00Z` (RFC 3339 in one spelling).
public struct UTCTime: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let secondsSince1970: Int64
    public let description: String

    /// - Parameter secondsSince1970: of the years 1 to 9999, else `nil`.
    public init?(secondsSince1970: Int64) {
        var seconds = time_t(secondsSince1970)
        var parts = tm()
        guard gmtime_r(&seconds, &parts) != nil, (1...9999).contains(Int(parts.tm_year) + 1900) else { return nil }
        func padded(_ number: Int32, _ width: Int = 2) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
        }
        self.secondsSince1970 = secondsSince1970
        description =
            "\(padded(parts.tm_year + 1900, 4))-\(padded(parts.tm_mon + 1))-\(padded(parts.tm_mday))"
            + "T\(padded(parts.tm_hour)):\(padded(parts.tm_min)):\(padded(parts.tm_sec))Z"
    }

    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 20 else { return nil }
        func number(_ range: Range<Int>) -> Int32 { Int32(String(decoding: bytes[range], as: UTF8.self)) ?? 0 }
        var parts = tm()
        (parts.tm_year, parts.tm_mon, parts.tm_mday) = (number(0..<4) - 1900, number(5..<7) - 1, number(8..<10))
        (parts.tm_hour, parts.tm_min, parts.tm_sec) = (number(11..<13), number(14..<16), number(17..<19))
        // `timegm` takes a 31 February for 3 March; only what is written back as it was read is a time.
        guard let time = UTCTime(secondsSince1970: Int64(timegm(&parts))), time.description == text else { return nil }
        self = time
    }

    public static func < (a: UTCTime, b: UTCTime) -> Bool { a.secondsSince1970 < b.secondsSince1970 }
}
