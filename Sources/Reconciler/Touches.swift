import GovernanceModel
import JSON
import Postgres

/// Who last changed a declared row that is not his to change, as the database's trigger has written it down.
public struct Touch: Sendable, Equatable {
    /// `INSERT`, `UPDATE`, `DELETE` or `TRUNCATE`.
    public var operation: String
    /// The role that had logged in.
    public var sessionRole: String
    /// The role that it had taken on; `nil` if none.
    public var setRole: String?
    public var application: String
    /// The address that it came from, or `local`.
    public var client: String
    public var serverProcess: Int
    /// RFC 3339.
    public var at: String

    public var json: JSONValue {
        [
            "operation": .string(operation), "role": .string(setRole ?? sessionRole), "sessionRole": .string(sessionRole),
            "application": .string(application), "client": .string(client), "process": .int(Int64(serverProcess)), "at": .string(at),
        ]
    }
}

/// The touches that were there when a plan was made.
struct Touches {
    private var byObject: [String: Touch] = [:]
    private var rows: [(table: String, object: String, exactly: String)] = []

    /// Reads them. To be called before the rows are read, so that none is taken for seen whose change came later.
    init(_ connection: PostgresConnection) throws(PostgresError) {
        for row in try connection.query(SQLTemplates.fill(PackageResources.read_touches_sql, [:])) {
            let (table, object) = (try row.text("table"), try row.text("object"))
            rows.append((table, object, try row.text("exactly")))
            let role = try row.text("set_role")
            byObject["\(table)/\(object)"] = Touch(
                operation: try row.text("operation"), sessionRole: try row.text("session_role"), setRole: role == "none" ? nil : role,
                application: try row.text("application"), client: row["client"] ?? "local",
                serverProcess: try row.int("server_process") ?? 0, at: try row.text("at"))
        }
    }

    /// Whether no other hands are known to have changed anything since they were last settled.
    var isEmpty: Bool { rows.isEmpty }

    /// Tells each difference who made it, as far as that is known.
    func attribute(_ plan: inout SyncPlan) {
        if byObject.isEmpty { return }
        for difference in plan.differences {
            // A team's memberships are rows of their own; the later of two touches is told.
            let found = Self.tables(difference.kind).flatMap { table in
                ["\(table)/\(difference.name)", "\(table)/*"].compactMap { byObject[$0] }
            }
            if let last = found.max(by: { $0.at < $1.at }) { plan.touches[difference.id] = last }
        }
    }

    /// Removes what was seen, because the rows are as they should be again.
    ///
    /// - Parameter left: what still differs: who did it is still to be known.
    func settle(leaving left: SyncPlan, _ connection: PostgresConnection) throws(PostgresError) {
        var kept: Set<String> = []
        for difference in left.differences {
            for table in Self.tables(difference.kind) { kept.formUnion(["\(table)/\(difference.name)", "\(table)/*"]) }
        }
        let gone = rows.filter { !kept.contains("\($0.table)/\($0.object)") }
        if gone.isEmpty { return }
        try connection.execute(
            SQLTemplates.fill(PackageResources.remove_touches_sql, [:]),
            [.textArray(gone.map(\.table)), .textArray(gone.map(\.object)), .textArray(gone.map(\.exactly))])
    }

    private static func tables(_ kind: Kind) -> [String] { TableLayout.all.filter { $0.kind == kind }.map(\.table) }
}
