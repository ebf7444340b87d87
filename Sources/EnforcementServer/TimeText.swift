import Glibc

/// Times of day as text.
public enum TimeText {
    /// Nanoseconds since 1970 as `2026-01-31T12:00:00.123Z`.
    public static func rfc3339(_ nanoseconds: Int64) -> String {
        let seconds = Int((Double(nanoseconds) / 1e9).rounded(.down))
        let milliseconds = Int(nanoseconds / 1_000_000) - seconds * 1000
        var time = seconds
        var parts = tm()
        gmtime_r(&time, &parts)
        func padded(_ number: Int, _ width: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
        return "\(padded(Int(parts.tm_year) + 1900, 4))-\(padded(Int(parts.tm_mon) + 1, 2))-\(padded(Int(parts.tm_mday), 2))"
            + "T\(padded(Int(parts.tm_hour), 2)):\(padded(Int(parts.tm_min), 2)):\(padded(Int(parts.tm_sec), 2)).\(padded(milliseconds, 3))Z"
    }

    /// A time as RFC 3339 has it, with any offset and up to nine digits of a second, as nanoseconds since 1970; `nil` for what is none, or is out of their
    /// range.
    static func nanoseconds(_ text: String) -> Int64? {
        guard text.utf8.count <= 40, let match = text.wholeMatch(of: pattern()) else { return nil }
        func number(_ text: Substring) -> Int { Int(text) ?? 0 }
        let (year, month, day) = (number(match.1), number(match.2), number(match.3))
        let (hour, minute, second) = (number(match.4), number(match.5), number(match.6))
        guard hour < 24, minute < 60, second <= 60 else { return nil }
        var parts = tm()
        (parts.tm_year, parts.tm_mon, parts.tm_mday) = (Int32(year - 1900), Int32(month - 1), Int32(day))
        let midnight = Int64(timegm(&parts))
        // `timegm` takes a 31 February for 3 March.
        guard Int(parts.tm_mon) == month - 1, Int(parts.tm_mday) == day else { return nil }
        var seconds = midnight + Int64(hour * 3600 + minute * 60 + second)
        if let sign = match.8, let hours = match.9, let minutes = match.10 {
            guard number(hours) < 24, number(minutes) < 60 else { return nil }
            let offset = Int64(number(hours) * 3600 + number(minutes) * 60)
            seconds += sign == "-" ? offset : -offset
        }
        let digits = match.7 ?? ""
        let fraction = Int64(number(digits + String(repeating: "0", count: 9 - digits.count)))
        let (product, overflows) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, overflowsToo) = product.addingReportingOverflow(fraction)
        return overflows || overflowsToo ? nil : sum
    }

    private static func pattern() -> Regex<
        (Substring, Substring, Substring, Substring, Substring, Substring, Substring, Substring?, Substring?, Substring?, Substring?)
    > {
        #/([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))/#
    }
}
