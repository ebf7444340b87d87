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
            if !table.writes.isEmpty { try write(table.writes, table.layout) }
        }
    }

    private func write(_ rows: [StoredRow], _ layout: TableLayout) throws {
        let stage = "staged_\(layout.table)"
        let own = layout.columns.map(\.name) + ["source_path", "source_line", "source_commit", "content_hash"]
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
        _ = try connection.copyIn(into: stage, columns: all) { writer in
            for row in rows { try copy(row, layout, writer) }
        }
        try run(PackageResources.update_rows_sql)
        try run(PackageResources.insert_rows_sql)
    }

    private func copy(_ row: StoredRow, _ layout: TableLayout, _ writer: PostgresCopyWriter) throws(PostgresError) {
        try writer.beginRow()
        for key in row.key { try writer.text(key) }
        for (value, column) in zip(row.values, layout.columns) {
            switch value {
            case .null: try writer.null()
            case .text(let text): try writer.text(text)
            case .bool(let flag): try writer.bool(flag)
            case .int(let number): try writer.int8(number)
            case .decimal(let text): try writer.numeric(text)
            case .textArray(let items): try writer.textArray(items)
            case .json: try writer.jsonb(column.type == .jsonb ? value.canonicalText : nil)
            }
        }
        try writer.text(row.path)
        try writer.int4(Int32(clamping: row.line))
        try writer.text(desired.commit)
        try writer.bytes(row.contentHash(commit: desired.commit))
    }
}
