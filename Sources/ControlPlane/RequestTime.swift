import EnforcementServer
import GovernanceModel

/// The time that a command decides at.
public enum RequestTime {
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    ///
    /// - Parameter text: e.g. `2026-01-31T12:00:00Z`; nil for now.
    public static func nanoseconds(_ text: String?) throws(ControlError) -> Int64 {
        guard let text else { return WallClock.now() }
        let nanoseconds = Timestamp.seconds(text).map { $0.multipliedReportingOverflow(by: 1_000_000_000) }
        guard let nanoseconds, !nanoseconds.overflow else {
            throw ControlError(.usage, "`\(text)` is no time from 1678 to 2262; write 2026-01-31T12:00:00Z")
        }
        return nanoseconds.partialValue
    }
}
