import GovernanceModel
import Postgres

/// A document that no commit may delete.
public struct Protection: Sendable, Equatable {
    public var kind: String
    public var name: String
    /// The commit that asked for it, and when it was applied (RFC 3339).
    public var commit: String
    public var since: String
}

extension Reconciler {
    /// The documents that are protected, by kind and name.
    public func protections() throws(ReconcilerError) -> [Protection] {
        try run { connection in try connection.transaction(readOnly: true) { try Self.readProtections(connection) } }
    }

    /// Lifts a protection; not under the reconciler's own role, which may not.
    ///
    /// - Returns: whether there was one.
    public func removeProtection(_ kind: Kind, _ name: String) throws(ReconcilerError) -> Bool {
        try run { connection in
            try connection.execute(
                SQLTemplates.fill(PackageResources.remove_protection_sql, [:]), [.text(kind.rawValue), .text(name)]) > 0
        }
    }

    static func readProtections(_ connection: PostgresConnection) throws(PostgresError) -> [Protection] {
        var found: [Protection] = []
        for row in try connection.query(SQLTemplates.fill(PackageResources.read_protections_sql, [:])) {
            found.append(
                Protection(
                    kind: try row.text("kind"), name: try row.text("name"), commit: try row.text("since_commit"),
                    since: try row.text("since")))
        }
        return found
    }
}
