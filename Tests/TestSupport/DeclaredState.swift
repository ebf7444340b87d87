import Postgres

/// Every row of declared state (of the tables whose rows know the commit that they come from), for comparing; without the commit that a row was written for, which a corrected row has a newer one of.
package struct DeclaredState: Equatable {
    /// The rows of each table as JSON text, in the order of the text.
    package var tables: [String: [String]] = [:]

    /// - Parameter texts: what is left out wherever it stands.
    package init(_ connection: PostgresConnection, without texts: [String] = []) throws {
        let names = try connection.query(
            """
            SELECT relname AS tablename FROM pg_class
            WHERE relnamespace = 'governance'::regnamespace AND relkind = 'r'
                AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = pg_class.oid AND attname = 'source_commit')
            """)
        let whole = "(to_jsonb(held) - 'source_commit' - 'content_hash')::text"
        let shown = texts.reduce(whole) { "replace(\($0), '\($1)', '')" }
        // One statement, so that it is one state.
        let parts = names.compactMap { $0["tablename"] }.map { "SELECT '\($0)' AS name, \(shown) AS row FROM governance.\($0) AS held" }
        for row in try connection.query(parts.joined(separator: " UNION ALL ") + " ORDER BY 1, 2") {
            tables[row["name"] ?? "", default: []].append(row["row"] ?? "")
        }
    }
}
