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
}
