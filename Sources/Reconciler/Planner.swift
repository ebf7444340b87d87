import Digest
import Foundation
import GovernanceModel
import Postgres

/// Compares what the database holds, column by column, with what a commit wants. Only reads.
struct Planner {
    let connection: PostgresConnection
    let desired: DesiredState

    /// One round trip if nothing differs: each table's digest is computed by the database from its columns.
    func plan() throws(PostgresError) -> SyncPlan {
        let statement = desired.tables.map { Self.fill(PackageResources.table_digest_sql, $0.layout) }.joined(separator: "\nUNION ALL\n")
        let held = try connection.query(statement)
        var digests: [String: String] = [:]
        for row in held { digests[try row.text("table_name")] = row["digest"] }
        var plan = SyncPlan()
        var found = Differences()
        for table in desired.tables where digests[table.layout.table] != table.digest.description {
            let tablePlan = try compare(table, &found)
            if !tablePlan.deletes.isEmpty || !tablePlan.writes.isEmpty { plan.tables.append(tablePlan) }
        }
        plan.differences = found.merged()
        return plan
    }

    private func compare(_ table: DesiredState.Table, _ found: inout Differences) throws(PostgresError) -> SyncPlan.TablePlan {
        let layout = table.layout
        var held: [ExactText: String] = [:]
        for row in try connection.query(Self.fill(PackageResources.row_hashes_sql, layout)) {
            held[ExactText(row["key"] ?? "")] = row["hash"] ?? ""
        }
        var plan = SyncPlan.TablePlan(layout: layout)
        var changed: [ExactText: StoredRow] = [:]
        for row in table.rows {
            let key = ExactText(ColumnExpressions.keyText(row.key))
            guard let hash = held.removeValue(forKey: key) else {
                plan.writes.append(row)
                found.add(layout, row.key, .create, Self.allFields(layout, row.key, expected: row.values.map(\.canonicalText), actual: nil))
                continue
            }
            if hash != Hexadecimal.encode(row.hash) {
                plan.writes.append(row)
                changed[key] = row
            }
        }
        plan.deletes = held.keys.sorted().map(\.text)
        let interesting = plan.deletes + changed.keys.map(\.text)
        guard !interesting.isEmpty else { return plan }
        let rows = try connection.query(Self.fill(PackageResources.row_values_sql, layout), [.textArray(interesting)])
        for row in rows {
            let key = layout.keys.indices.map { row[1 + $0] ?? "" }
            let actual = layout.columns.indices.map { row[1 + key.count + $0] }
            if let wanted = changed[ExactText(row["key"] ?? "")] {
                found.add(
                    layout, key, .update, Self.changedFields(layout, key, expected: wanted.values.map(\.canonicalText), actual: actual))
            } else {
                found.add(layout, key, .delete, Self.allFields(layout, key, expected: nil, actual: actual))
            }
        }
        return plan
    }

    private static func changedFields(
        _ layout: TableLayout, _ key: [String], expected: [String?], actual: [String?]
    ) -> [SyncPlan.FieldDifference] {
        let fields = layout.columns.indices.compactMap { index -> SyncPlan.FieldDifference? in
            if expected[index].map(ExactText.init) == actual[index].map(ExactText.init) { return nil }
            return .init(field: field(layout, index, key), expected: expected[index], actual: actual[index])
        }
        // The hashes differ although no column does: where the row says it comes from was changed.
        return fields.isEmpty ? [.init(field: "source", expected: "unchanged", actual: "changed by hand")] : fields
    }

    private static func allFields(
        _ layout: TableLayout, _ key: [String], expected: [String?]?, actual: [String?]?
    ) -> [SyncPlan.FieldDifference] {
        layout.columns.indices.compactMap { index in
            let (left, right) = (expected?[index] ?? nil, actual?[index] ?? nil)
            // What is absent or empty on both sides is not worth telling.
            guard let value = left ?? right, value != "{}" else { return nil }
            return .init(field: field(layout, index, key), expected: left, actual: right)
        }
    }

    private static func field(_ layout: TableLayout, _ column: Int, _ key: [String]) -> String {
        layout.table == TableLayout.members.table
            ? "spec.members[\(key.last ?? "")].\(layout.columns[column].field)" : layout.columns[column].field
    }

    static func fill(_ template: [UInt8], _ layout: TableLayout) -> String {
        SQLTemplates.fill(
            template,
            [
                "table": layout.table, "qualified": layout.qualifiedName, "hash": ColumnExpressions.hash(layout),
                "checked_hash": ColumnExpressions.checkedHash, "keys": ColumnExpressions.keys(layout),
                "key_text": ColumnExpressions.keyText(layout),
                "canonical": layout.columns.map { ColumnExpressions.canonical($0) }.joined(separator: ", "),
            ])
    }
}

/// Collects differences by object, memberships into their team.
struct Differences {
    private var byObject: [ExactText: SyncPlan.Difference] = [:]
    private var memberships: [ExactText: [SyncPlan.FieldDifference]] = [:]

    mutating func add(_ layout: TableLayout, _ key: [String], _ action: SyncPlan.Action, _ fields: [SyncPlan.FieldDifference]) {
        let name = key.first ?? ""
        if layout.table == TableLayout.members.table {
            memberships[ExactText(name), default: []] += fields
        } else {
            byObject[Self.id(layout.kind, name)] = .init(kind: layout.kind, name: name, action: action, fields: fields)
        }
    }

    private static func id(_ kind: Kind, _ name: String) -> ExactText { ExactText("\(kind.rawValue)/\(name)") }

    func merged() -> [SyncPlan.Difference] {
        var all = byObject
        for (team, fields) in memberships {
            let key = Self.id(.team, team.text)
            var difference = all[key] ?? .init(kind: .team, name: team.text, action: .update, fields: [])
            difference.fields += fields.sorted { $0.field < $1.field }
            all[key] = difference
        }
        return all.values.sorted { ($0.kind, $0.name) < ($1.kind, $1.name) }
    }
}
