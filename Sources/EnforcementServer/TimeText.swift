import DecisionLog
import Glibc

/// Times of day as text.
public enum TimeText {
    /// Nanoseconds since 1970 as `2026-01-31T12:00:00.123Z`.
    public static func rfc3339(_ nanoseconds: Int64) -> String { EventTime.rfc3339(nanoseconds, digits: 3) }

    /// A time as RFC 3339 has it, with any offset and up to nine digits of a second, as nanoseconds since 1970; `nil` for what is none, or is out of their
    /// range.
    static func nanoseconds(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        guard (20...35).contains(bytes.count), bytes[4] == dash, bytes[7] == dash, bytes[10] | 0x20 == UInt8(ascii: "t"),
            bytes[13] == colon,
            bytes[16] == colon, let year = number(bytes[0..<4]), let month = number(bytes[5..<7]), let day = number(bytes[8..<10]),
            let hour = number(bytes[11..<13]), let minute = number(bytes[14..<16]), let second = number(bytes[17..<19]),
            hour < 24, minute < 60, second <= 60
        else { return nil }
        var rest = bytes[19...]
        var fraction = 0
        if rest.first == UInt8(ascii: ".") {
            let digits = rest.dropFirst().prefix { number([$0]) != nil }
            guard (1...9).contains(digits.count), var value = number(digits) else { return nil }
            for _ in digits.count..<9 { value *= 10 }
            fraction = value
            rest = rest.dropFirst(1 + digits.count)
        }
        guard let offset = offset(rest) else { return nil }
        var parts = tm()
        (parts.tm_year, parts.tm_mon, parts.tm_mday) = (Int32(year - 1900), Int32(month - 1), Int32(day))
        let midnight = timegm(&parts)
        // `timegm` takes a 31 February for 3 March.
        guard Int(parts.tm_mon) == month - 1, Int(parts.tm_mday) == day else { return nil }
        let seconds = midnight + hour * 3600 + minute * 60 + second - offset
        let (product, overflows) = Int64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, overflowsToo) = product.addingReportingOverflow(Int64(fraction))
        return overflows || overflowsToo ? nil : sum
    }

    private static let dash = UInt8(ascii: "-")
    private static let colon = UInt8(ascii: ":")

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        var number = 0
        for digit in digits {
            guard (0x30...0x39).contains(digit) else { return nil }
            number = number * 10 + Int(digit - 0x30)
        }
        return number
    }

    /// Seconds east of UTC: `Z`, or `+01:00`.
    private static func offset(_ bytes: ArraySlice<UInt8>) -> Int? {
        let bytes = Array(bytes)
        if bytes.count == 1 { return bytes[0] | 0x20 == UInt8(ascii: "z") ? 0 : nil }
        guard bytes.count == 6, bytes[3] == colon, let hours = number(bytes[1..<3]), let minutes = number(bytes[4..<6]), hours < 24,
            minutes < 60
        else { return nil }
        switch bytes[0] {
        case UInt8(ascii: "+"): return hours * 3600 + minutes * 60
        case dash: return -(hours * 3600 + minutes * 60)
        default: return nil
        }
    }
}
