import Postgres

/// Writes a plan's rows. Runs inside the caller's transaction.
struct Applier {
    let connection: PostgresConnection
    let desired: DesiredState

    func apply(_ plan: SyncPlan) throws {
        for table in plan.tables {
            if !table.deletes.isEmpty {
                _ = try connection.execute(Planner.fill(PackageResources.delete_rows_sql, table.layout), [.textArray(table.deletes)])
            }
            if table.writes.isEmpty { continue }
            if table.isEmptyNow {
                // Nobody else writes under the lock but by hand, and a row that comes in between is refused by the key.
                _ = try copy(table.writes, table.layout, into: "governance.\(table.layout.table)")
            } else {
                try write(table.writes, table.layout)
            }
        }
    }

    private func write(_ rows: [StoredRow], _ layout: TableLayout) throws {
        let stage = "staged_\(layout.table)"
        let own = layout.columns.map(\.name) + RowImage.sourceColumns
        let all = layout.keys + own
        func quoted(_ names: [String], _ alias: String = "") -> String {
            names.map { alias + PostgresConnection.quoteIdentifier($0) }.joined(separator: ", ")
        }
        let sameKey = layout.keys.map(PostgresConnection.quoteIdentifier).map { "held.\($0) = staged.\($0)" }.joined(separator: " AND ")
        func run(_ template: [UInt8]) throws {
            _ = try connection.execute(
                SQLTemplates.fill(
                    template,
                    [
                        "qualified": layout.qualifiedName, "stage": PostgresConnection.quoteIdentifier(stage), "columns": quoted(own),
                        "stage_columns": quoted(own, "staged."), "all_columns": quoted(all), "same_key": sameKey,
                    ]))
        }
        try run(PackageResources.stage_table_sql)
        _ = try copy(rows, layout, into: stage)
        try run(PackageResources.update_rows_sql)
        try run(PackageResources.insert_rows_sql)
    }

    /// Copies rows into a table with the layout's columns, and tells how many.
    func copy(_ rows: [StoredRow], _ layout: TableLayout, into table: String) throws -> Int {
        let fields = PostgresFieldBuffer()
        return try connection.copyIn(into: table, columns: RowImage.columns(layout)) { writer in
            for row in rows {
                RowImage.complete(row, commit: desired.commit, in: fields)
                try writer.row(fields.bytes)
            }
        }
    }
}
