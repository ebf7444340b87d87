import Postgres

/// How long what was recorded is kept. By the database's clock; what nothing is said of is kept for ever.
public struct Retention: Sendable, Equatable {
    /// Seconds. Decisions go by whole days of UTC, once the last of a day is as old.
    public var decisions: Int64?
    /// Seconds since a violation occurred for the last time.
    public var violations: Int64?

    public init() {}

    /// What was removed.
    public struct Outcome: Sendable, Equatable {
        /// Days of decisions.
        public var days = 0
        public var violations = 0

        public init() {}
    }

    /// Removes what need not be kept any more.
    public func apply(_ configuration: PostgresConfiguration) throws(PostgresError) -> Outcome {
        var outcome = Outcome()
        if self == Retention() { return outcome }
        var configuration = configuration
        configuration.applicationName = "charter retention"
        let connection = try PostgresConnection(configuration)
        defer { connection.close() }
        try connection.script("SET ROLE charter_server")
        if let decisions {
            let rows = try connection.query(RuntimeStore.sql(PackageResources.drop_decisions_sql), [.int(decisions)])
            outcome.days = try rows.first?.int("dropped") ?? 0
        }
        if let violations {
            outcome.violations = try connection.execute(RuntimeStore.sql(PackageResources.drop_violations_sql), [.int(violations)])
        }
        return outcome
    }
}
