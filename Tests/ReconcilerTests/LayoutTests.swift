import GovernanceModel
import Postgres
import Testing

import class TestSupport.Background

@testable import Reconciler

@Suite struct LayoutTests {
    @Test func `every kind has one table`() {
        let kinds = TableLayout.all.filter { $0.table != TableLayout.members.table }.map(\.kind)
        #expect(kinds == Kind.allCases)
        #expect(Set(TableLayout.all.map(\.table)).count == TableLayout.all.count)
    }

    @Test func `migrated tables have exactly the columns and types of the layouts`() throws {
        let database = try TestDatabase()
        let types: [TableLayout.ColumnType: String] = [
            .text: "text", .boolean: "bool", .bigint: "int8", .numeric: "numeric", .textArray: "_text", .jsonb: "jsonb",
        ]
        for layout in TableLayout.all {
            let rows = try database.owner.query(
                """
                SELECT column_name, udt_name, is_nullable, coalesce(collation_name, '') AS collation
                FROM information_schema.columns WHERE table_schema = 'governance' AND table_name = $1 ORDER BY ordinal_position
                """, [.text(layout.table)])
            let found = try rows.map { [try $0.text("column_name"), try $0.text("udt_name")] }
            let keys = layout.keys.map { [$0, "text"] }
            let source = [["source_path", "text"], ["source_line", "int4"], ["source_commit", "text"], ["content_hash", "bytea"]]
            // A column that a later migration has added comes last: statements name columns, and never count on their order.
            let wanted = keys + layout.columns.map { [$0.name, types[$0.type] ?? ""] } + source
            #expect(found.sorted { $0[0] < $1[0] } == wanted.sorted { $0[0] < $1[0] }, "\(layout.table)")
            #expect(Array(found.prefix(keys.count)) == keys, "\(layout.table)")

            // Keys are ordered by their bytes, as here; and a row without source or hash cannot be written at all.
            #expect(try rows.prefix(layout.keys.count).allSatisfy { try $0.text("collation") == "C" }, "\(layout.table)")
            let required = Set(try rows.filter { $0["is_nullable"] == "NO" }.map { try $0.text("column_name") })
            #expect(required.isSuperset(of: layout.keys + source.map { $0[0] }), "\(layout.table)")
        }
    }

    @Test func `the schema holds the layouts' tables and no other`() throws {
        let database = try TestDatabase()
        let rows = try database.owner.query("SELECT table_name FROM information_schema.tables WHERE table_schema = 'governance'")
        let others = [
            "alert_deliveries", "alerts", "bundle_parts", "bundles", "directives", "events", "history", "migrations", "protections",
            "revision",
            "touches",
        ]
        #expect(Set(try rows.map { try $0.text("table_name") }) == Set(TableLayout.all.map(\.table) + others))
    }

    @Test func `each table's primary key is the layout's`() throws {
        let database = try TestDatabase()
        for layout in TableLayout.all {
            let rows = try database.owner.query(
                """
                SELECT attribute.attname FROM pg_index AS index, unnest(index.indkey) WITH ORDINALITY AS part (number, place)
                JOIN pg_attribute AS attribute ON attribute.attnum = part.number
                WHERE index.indisprimary AND index.indrelid = $1::regclass AND attribute.attrelid = index.indrelid ORDER BY part.place
                """, [.text(layout.qualifiedName)])
            #expect(try rows.map { try $0.text("attname") } == layout.keys)
        }
    }

    @Test(arguments: [
        ("costCentre", "cost_centre"), ("baseURL", "base_url"), ("onExceed", "on_exceed"), ("name", "name"),
        ("ServiceAccount", "service_account"),
    ])
    func `a field's column is named in snake case`(field: String, column: String) {
        #expect(TableLayout.snakeCase(field) == column)
    }
}

@Suite struct MigrationTests {
    @Test func `migrating twice writes nothing the second time`() throws {
        let database = try TestDatabase()
        let before = try database.contents()
        try database.reconciler().migrate()
        #expect(try database.contents() == before)
        #expect(before.keys.filter { $0.hasPrefix("governance.migrations") }.count == Migrator.all.count)
    }

    @Test func `a database that a newer program has migrated is refused and left alone`() throws {
        let database = try TestDatabase()
        try database.owner.execute("INSERT INTO governance.migrations (version, checksum) VALUES (999, 'new')")
        let before = try database.contents()
        guard case .newerDatabase(999, known: let known) = reconcilerError({ try database.reconciler().migrate() }) else {
            Issue.record("a newer database was not refused")
            return
        }
        #expect(known < 999)
        #expect(try database.contents() == before)
        let error = ReconcilerError.newerDatabase(version: 999, known: known)
        #expect(!error.isTransient)
        #expect(error.description.contains("999") && error.description.contains("newer program"))
    }

    @Test func `a migration that is not the one that was applied is refused and nothing written`() throws {
        let database = try TestDatabase()
        try database.owner.execute("UPDATE governance.migrations SET checksum = 'other' WHERE version = 1")
        let before = try database.contents()
        guard case .changedMigration(1) = reconcilerError({ try database.reconciler().migrate() }) else {
            Issue.record("a changed migration was not refused")
            return
        }
        #expect(try database.contents() == before)
    }

    @Test func `reconcilers that migrate one database at the same time both succeed`() throws {
        let database = try TestDatabase(migrated: false)
        let configuration = database.configuration
        let calls = (0..<4).map { _ in Background { try Reconciler(configuration).migrate() } }
        for call in calls { try call.value() }
        #expect(try database.owner.query("SELECT version FROM governance.migrations").count == Migrator.all.count)
    }

    @Test func `a migration that fails leaves no half of a schema`() throws {
        let database = try TestDatabase(migrated: false)
        // In the way of one of the migration's tables.
        try database.owner.script("CREATE SCHEMA governance; CREATE TABLE governance.users (name text)")
        let error = try #require(reconcilerError { try database.reconciler().migrate() })
        #expect(!error.isTransient)
        let tables = try database.owner.query("SELECT tablename FROM pg_tables WHERE schemaname = 'governance'")
        #expect(tables.map { $0["tablename"] } == ["users"])
    }
}
