import JSON
import Postgres
import TestSupport
import Testing

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
