import Postgres

/// What the reconciler is measured against: the rows of a commit, copied into tables of the same columns and keys, in one transaction.
public enum CopyBaseline {
    public struct Result: Sendable {
        public var rows: Int
        public var milliseconds: Double
    }

    /// Leaves nothing behind.
    public static func measure(_ desired: DesiredState, _ configuration: PostgresConfiguration) throws -> Result {
        let connection = try PostgresConnection(configuration)
        defer { connection.close() }
        try connection.script("CREATE SCHEMA baseline")
        for table in desired.tables {
            let name = PostgresConnection.quoteIdentifier(table.layout.table)
            try connection.script("CREATE TABLE baseline.\(name) (LIKE governance.\(name) INCLUDING ALL)")
        }
        let applier = Applier(connection: connection, desired: desired)
        let clock = ContinuousClock()
        let start = clock.now
        var rows = 0
        try connection.transaction {
            for table in desired.tables { rows += try applier.copy(table.rows, table.layout, into: "baseline.\(table.layout.table)") }
        }
        let (seconds, attoseconds) = (clock.now - start).components
        try connection.script("DROP SCHEMA baseline CASCADE")
        return Result(rows: rows, milliseconds: Double(seconds) * 1e3 + Double(attoseconds) / 1e15)
    }
}
