import Postgres

@testable import Reconciler

/// Counts, by the database's own versions of its rows, what was written of declared state since the last look, and what is another now.
final class WrittenRows {
    struct Count: Equatable {
        /// Rows with another version (`xmin`, or another place), and rows that are gone.
        var written: Int
        /// Rows that say something else, that are new or gone. Where in its file a document stands says nothing.
        var changed: Int
    }

    private let connection: PostgresConnection

    init(_ connection: PostgresConnection) throws {
        self.connection = connection
        try connection.script("CREATE TEMPORARY TABLE known_rows AS \(Self.rows)")
    }

    /// What happened since the last call.
    func count() throws -> Count {
        try connection.script("DROP TABLE IF EXISTS rows_now; CREATE TEMPORARY TABLE rows_now AS \(Self.rows)")
        let row = try connection.query(
            """
            SELECT count(*) FILTER (WHERE known.version IS DISTINCT FROM found.version) AS written,
                count(*) FILTER (WHERE known.content IS DISTINCT FROM found.content) AS changed
            FROM known_rows AS known FULL JOIN rows_now AS found USING (key)
            """
        ).first
        try connection.script("DROP TABLE known_rows; ALTER TABLE rows_now RENAME TO known_rows")
        return Count(written: try row?.int("written") ?? 0, changed: try row?.int("changed") ?? 0)
    }

    /// Every row that is known, as text, without its version.
    func contents() throws -> [String] {
        try connection.query("SELECT key || ' ' || content AS row FROM known_rows ORDER BY key COLLATE \"C\"").map { try $0.text("row") }
    }

    private static let rows = TableLayout.all.map { layout in
        let keys = layout.keys.map(PostgresConnection.quoteIdentifier).joined(separator: ", '/', ")
        return """
            SELECT concat('\(layout.table) ', \(keys)) AS key, concat(held.xmin, ' ', held.ctid) AS version,
                (to_jsonb(held) - 'source_path' - 'source_line' - 'source_commit' - 'content_hash')::text AS content
            FROM \(layout.qualifiedName) AS held
            """
    }.joined(separator: " UNION ALL ")
}
