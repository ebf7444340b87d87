import GovernanceModel
import Postgres

/// Finds out how the database differs from what a commit wants. Writes nothing but temporary tables.
///
/// The rows are read as they lie, by binary COPY, and each is compared with the bytes that the commit's row would be copied with: no hash that is
/// stored is trusted, none is computed by the database, and what is alike costs little more than reading it.
struct Planner {
    let connection: PostgresConnection
    let desired: DesiredState

    /// Compares everything, column by column.
    func plan() throws -> SyncPlan {
        try Comparison.plan(desired) { table, hold in
            let layout = table.layout
            try connection.copyOut(from: "governance.\(layout.table)", columns: RowImage.columns(layout)) { bytes in
                hold(bytes, RowImage.isUntouched(bytes, layout: layout))
            }
        }
    }

    /// Compares the rows in which the commit differs from what the database was left equal to: the others are as they were, or the next check
    /// for drift finds out.
    ///
    /// - Parameter old: what the database's revision names.
    /// - Returns: the plan, and how these rows differed from `old`; nil if so much differs that comparing everything takes less.
    func plan(from old: DesiredState) throws -> (plan: SyncPlan, overtaken: SyncPlan)? {
        let changes = zip(old.tables, desired.tables).map { TableChange(from: $0, to: $1) }
        let (count, all) = (changes.reduce(0) { $0 + $1.rows.count }, old.tables.reduce(0) { $0 + $1.rowCount })
        if count > max(Self.fewRows, all / 8) { return nil }
        var (plan, overtaken) = (PlanBuilder(), PlanBuilder())
        for change in changes {
            var held = HeldRows()
            if !change.rows.isEmpty { try read(change, into: &held) }
            plan.add(change.findings(holding: held))
            overtaken.add(change.drift(holding: held))
        }
        return (plan.plan(), overtaken.plan())
    }

    /// So few are always looked up one by one.
    private static let fewRows = 1_000

    private func read(_ change: TableChange, into held: inout HeldRows) throws {
        let layout = change.layout
        let columns = RowImage.columns(layout)
        let touched = "touched_\(layout.table)"
        let names = ["qualified": layout.qualifiedName, "touched": PostgresConnection.quoteIdentifier(touched)]
        func list(_ columns: [String], _ alias: String = "") -> String {
            columns.map { alias + PostgresConnection.quoteIdentifier($0) }.joined(separator: ", ")
        }
        _ = try connection.execute(SQLTemplates.fill(PackageResources.touched_table_sql, names.merging(["keys": list(layout.keys)]) { $1 }))
        _ = try connection.copyIn(into: touched, columns: layout.keys) { writer in
            for row in change.rows {
                try (row.new ?? row.old)?.withImage { image in
                    try writer.row(UnsafeRawBufferPointer(rebasing: image[..<RowImage.length(image, fields: layout.keys.count)]))
                }
            }
        }
        // The server has to know how few they are, lest it read the whole table.
        _ = try connection.execute("ANALYZE \(PostgresConnection.quoteIdentifier(touched))")
        let query = SQLTemplates.fill(
            PackageResources.touched_rows_sql, names.merging(["columns": list(columns, "held."), "keys": list(layout.keys)]) { $1 })
        try connection.copyOut(query: query, columnCount: columns.count) { bytes in
            held.add(bytes, layout, isOurs: RowImage.isUntouched(bytes, layout: layout))
        }
    }

    static func fill(_ template: [UInt8], _ layout: TableLayout) -> String {
        SQLTemplates.fill(template, ["qualified": layout.qualifiedName, "key_text": ColumnExpressions.keyText(layout)])
    }
}

extension SyncPlan {
    /// What a commit would bring into tables that hold nothing.
    init(creating desired: DesiredState) { self = Comparison.plan(desired) { _, _ in } }

    /// What a commit would change of another, told from the two alone.
    init(from old: DesiredState, to new: DesiredState) {
        // INVARIANT: the tables of every state are those of `TableLayout.all`, in that order.
        var builder = PlanBuilder()
        for (before, after) in zip(old.tables, new.tables) { builder.add(TableChange(from: before, to: after).findings()) }
        self = builder.plan()
    }
}
