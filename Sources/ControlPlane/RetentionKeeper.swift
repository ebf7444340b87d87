import DecisionLog
import Postgres

/// Removes what need not be kept any more: at the start, once an hour, and when the organisation wants it otherwise.
///
/// Not for use by two threads at once.
final class RetentionKeeper {
    private static let interval = Duration.seconds(3600)

    private let configuration: PostgresConfiguration
    private let wanted: WantedState
    private var applied: Retention?
    private var next = ContinuousClock.now

    init(_ configuration: PostgresConfiguration, _ wanted: WantedState) {
        self.configuration = configuration
        self.wanted = wanted
    }

    /// - Returns: what was removed, for people; `nil` if nothing was.
    func look() throws(PostgresError) -> String? {
        guard let retention = wanted.current?.retention else { return nil }
        let now = ContinuousClock.now
        guard retention != applied || now >= next else { return nil }
        let outcome = try retention.apply(configuration)
        applied = retention
        next = now + Self.interval
        guard outcome != Retention.Outcome() else { return nil }
        return "removed \(outcome.days) day(s) of decisions and \(outcome.violations) violation(s), as the retention policies say"
    }
}
