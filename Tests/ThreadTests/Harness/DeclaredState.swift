import JSON
import Postgres
import Testing

/// Every row of declared state, for comparing; without the commit that a row was written for, which a corrected row has a newer one of.
struct DeclaredState: Equatable {
    /// The rows of each table as JSON text, in the order of the text.
    var tables: [String: [String]] = [:]

    init(_ connection: PostgresConnection) throws {
        let names = try connection.query(
            """
            SELECT table_name AS tablename FROM information_schema.columns
            WHERE table_schema = 'governance' AND column_name = 'content_hash' ORDER BY 1
            """)
        // One statement, so that it is one state.
        let parts = names.compactMap { $0["tablename"] }.map {
            "SELECT '\($0)' AS name, (to_jsonb(held) - 'source_commit' - 'content_hash')::text AS row FROM governance.\($0) AS held"
        }
        for row in try connection.query(parts.joined(separator: " UNION ALL ") + " ORDER BY 1, 2") {
            tables[row["name"] ?? "", default: []].append(row["row"] ?? "")
        }
    }
}

/// Expects a report that names a changed address of ada, joan as missing, and mallory as added by others.
func expectDriftIsNamed(_ objects: JSONValue?, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let objects = try #require(objects?.arrayValue, sourceLocation: sourceLocation)
    #expect(objects.map { $0["kind"] } == ["User", "User", "User"], sourceLocation: sourceLocation)
    #expect(objects.map { $0["name"] } == ["ada", "joan", "mallory"], sourceLocation: sourceLocation)
    #expect(objects.map { $0["action"] } == ["update", "create", "delete"], sourceLocation: sourceLocation)
    #expect(
        objects.first?["fields"] == [["field": "spec.email", "expected": "ada@acme.example", "actual": "ada@elsewhere.example"]],
        sourceLocation: sourceLocation)
}

extension PostgresConnection {
    /// Changes a row of declared state, deletes one and adds one.
    ///
    /// - Parameter unnoticed: with the triggers off that would tell of it at once.
    func driftByHand(unnoticed: Bool = false) throws {
        try script(
            """
            SET session_replication_role = \(unnoticed ? "replica" : "origin");
            UPDATE governance.users SET email = 'ada@elsewhere.example' WHERE name = 'ada';
            DELETE FROM governance.users WHERE name = 'joan';
            INSERT INTO governance.users SELECT 'mallory', labels, annotations, 'mallory@elsewhere.example', display_name, roles, attributes,
                disabled, identities, source_path, source_line, source_commit, content_hash FROM governance.users WHERE name = 'alan';
            RESET session_replication_role;
            """)
    }

    /// Drops a schema with all that is in it, unless somebody stands in the way.
    func dropped(_ schema: String) throws -> Bool {
        do throws(PostgresError) {
            try script("DROP SCHEMA \(Self.quoteIdentifier(schema)) CASCADE")
            return true
        } catch {
            guard error.sqlState == "40P01" else { throw error }
            return false
        }
    }
}
