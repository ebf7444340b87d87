import Glibc

/// Times of decisions as text.
public enum EventTime {
    /// Nanoseconds since 1970 as `2026-01-31T12:00:00.123456789Z` (RFC 3339), with so many digits of a second, 9 at most.
    public static func rfc3339(_ nanoseconds: Int64, digits: Int = 9) -> String {
        let (quotient, remainder) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        var seconds = Int(remainder < 0 ? quotient - 1 : quotient)
        let fraction = remainder < 0 ? remainder + 1_000_000_000 : remainder
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func padded(_ number: Int64, _ width: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
        let date = [(Int64(parts.tm_year) + 1900, 4), (Int64(parts.tm_mon) + 1, 2), (Int64(parts.tm_mday), 2)]
        let time = [Int64(parts.tm_hour), Int64(parts.tm_min), Int64(parts.tm_sec)]
        return date.map { padded($0.0, $0.1) }.joined(separator: "-") + "T" + time.map { padded($0, 2) }.joined(separator: ":")
            + "." + padded(fraction, 9).prefix(digits) + "Z"
    }
}
