import ControlPlane
import Foundation
import Git
import GovernanceModel
import JSON
import Postgres
import Testing

@testable import Reconciler

/// What someone changes by hand is found, told field by field, and corrected or only reported.
@Suite struct DriftTests {
    /// The example organisation, compiled from a git repository and brought into a database.
    private final class World {
        let database: TestDatabase
        let desired: DesiredState
        let reconciler: Reconciler

        init() throws {
            let acme = try #require(Places.acme, "examples/acme is not above the tests")
            let repository = try TestRepository(copying: acme)
            let compiled = try CommitCompiler().compile(
                try GitRepository(opening: repository.path), commit: try #require(try repository.history().last), now: 1_780_000_000)
            #expect(compiled.bundle != nil, "\(compiled.diagnostics.filter { $0.severity == .error }.map(\.message))")
            desired = compiled.desiredState(bundleDigest: "acme")
            database = try TestDatabase()
            reconciler = database.reconciler()
            #expect(try reconciler.sync(desired, driftMode: .correct).outcome == .applied)
        }

        deinit { reconciler.close() }

        /// Runs `statement` by hand. It must touch one row, be found by both modes as `differences`, be left as it is by `report`, and be
        /// undone by `correct`.
        func tamper(
            _ statement: String, _ parameters: [PostgresValue] = [], finds differences: [SyncPlan.Difference],
            _ location: SourceLocation = #_sourceLocation
        ) throws {
            let before = try database.contents(versions: false)
            let count = try database.owner.execute(statement, parameters)
            #expect(count == 1, "\(statement)", sourceLocation: location)
            let changed = try database.contents()

            let planned = try reconciler.plan(desired)
            #expect(planned.plan.differences == differences, "\(statement)", sourceLocation: location)

            let reported = try reconciler.sync(desired, driftMode: .report)
            #expect(reported.outcome == .reported, "\(statement)", sourceLocation: location)
            #expect(reported.plan.differences == differences, "\(statement)", sourceLocation: location)
            #expect(try database.contents() == changed, "reporting has written something", sourceLocation: location)

            let corrected = try reconciler.sync(desired, driftMode: .correct)
            #expect(corrected.outcome == .corrected, "\(statement)", sourceLocation: location)
            #expect(corrected.plan.differences == differences, "\(statement)", sourceLocation: location)
            #expect(corrected.plan.rowCount == 1, "\(statement)", sourceLocation: location)
            #expect(corrected.revision?.epoch == (planned.revision?.epoch ?? 0) + 1, sourceLocation: location)
            var after = try database.contents(versions: false)
            after["governance.revision true"] = before["governance.revision true"]
            #expect(after == before, "\(statement)", sourceLocation: location)
            #expect(try reconciler.sync(desired, driftMode: .correct).outcome == .unchanged, sourceLocation: location)
        }

        func table(_ layout: TableLayout) throws -> DesiredState.Table {
            try #require(desired.tables.first { $0.layout.table == layout.table })
        }
    }

    private static func field(_ layout: TableLayout, _ column: TableLayout.Column, _ key: [String]) -> String {
        layout.table == TableLayout.members.table ? "spec.members[\(key[1])].role" : column.field
    }

    private static func condition(_ layout: TableLayout) -> String {
        layout.keys.enumerated().map { "\(PostgresConnection.quoteIdentifier($1)) = $\($0 + 1)" }.joined(separator: " AND ")
    }

    private static func parameters(_ key: [String]) -> [PostgresValue] { key.map { .text($0) } }

    /// A value that nobody declares, as SQL and as it is reported.
    private static func foreign(_ type: TableLayout.ColumnType) -> (sql: String, text: String) {
        switch type {
        case .text: ("E'by \\'hand\\'\\n✋'", "by 'hand'\n✋")
        case .boolean: ("NULL", "")
        case .bigint: ("9007199254740993", "9007199254740993")
        case .numeric: ("1234567.8900", "1234567.89")
        case .textArray: ("ARRAY['by', 'hand \"✋\"']", #"["by","hand \"✋\""]"#)
        case .jsonb: (#"'{"zz": 1.50, "a": ["✋"]}'"#, #"{"a": ["✋"], "zz": 1.50}"#)
        }
    }

    @Test(arguments: TableLayout.all.map(\.table))
    func `every column changed by hand is found and corrected`(table name: String) throws {
        let layout = try #require(TableLayout.all.first { $0.table == name })
        let world = try World()
        let row = try #require(try world.table(layout).rows.last, "the example has no \(name)")
        let key = row.texts(layout).key
        for (index, column) in layout.columns.enumerated() {
            let expected = row.texts(layout).values[index]
            var (sql, text) = Self.foreign(column.type)
            if column.type == .boolean { (sql, text) = expected == "true" ? ("false", "false") : ("true", "true") }
            try world.tamper(
                "UPDATE \(layout.qualifiedName) SET \(PostgresConnection.quoteIdentifier(column.name)) = \(sql) WHERE \(Self.condition(layout))",
                Self.parameters(key),
                finds: [
                    .init(
                        kind: layout.kind, name: key[0], action: .update,
                        fields: [.init(field: Self.field(layout, column, key), expected: expected, actual: text)])
                ])
            // A value that was taken away.
            guard expected != nil, !["labels", "annotations", "role"].contains(column.name) else { continue }
            try world.tamper(
                "UPDATE \(layout.qualifiedName) SET \(PostgresConnection.quoteIdentifier(column.name)) = NULL WHERE \(Self.condition(layout))",
                Self.parameters(key),
                finds: [
                    .init(
                        kind: layout.kind, name: key[0], action: .update,
                        fields: [.init(field: column.field, expected: expected, actual: nil)])
                ])
        }
    }

    @Test(arguments: TableLayout.all.map(\.table))
    func `every change by hand to a row's source is found and corrected`(table name: String) throws {
        let layout = try #require(TableLayout.all.first { $0.table == name })
        let world = try World()
        let row = try #require(try world.table(layout).rows.first)
        let rowKey = row.texts(layout).key
        for change in [
            "source_path = source_path || 'x'", "source_line = source_line + 1", "source_commit = 'by hand'", "content_hash = sha256('x')",
            "content_hash = ''",
        ] {
            try world.tamper(
                "UPDATE \(layout.qualifiedName) SET \(change) WHERE \(Self.condition(layout))", Self.parameters(rowKey),
                finds: [
                    .init(
                        kind: layout.kind, name: rowKey[0], action: .update,
                        fields: [.init(field: "source", expected: "unchanged", actual: "changed by hand")])
                ])
        }
    }

    @Test(arguments: TableLayout.all.map(\.table))
    func `a row deleted by hand is found and written again`(table name: String) throws {
        let layout = try #require(TableLayout.all.first { $0.table == name })
        let world = try World()
        let row = try #require(try world.table(layout).rows.first)
        let rowKey = row.texts(layout).key
        let isMember = layout.table == TableLayout.members.table
        let fields = zip(layout.columns, row.texts(layout).values).compactMap { column, value -> SyncPlan.FieldDifference? in
            guard let text = value, text != "{}" else { return nil }
            return .init(field: Self.field(layout, column, rowKey), expected: text, actual: nil)
        }
        #expect(!fields.isEmpty)
        try world.tamper(
            "DELETE FROM \(layout.qualifiedName) WHERE \(Self.condition(layout))", Self.parameters(rowKey),
            finds: [.init(kind: layout.kind, name: rowKey[0], action: isMember ? .update : .create, fields: fields)])
    }

    @Test(arguments: TableLayout.all.map(\.table))
    func `a row inserted by hand is found and deleted`(table name: String) throws {
        let layout = try #require(TableLayout.all.first { $0.table == name })
        let world = try World()
        let row = try #require(try world.table(layout).rows.first)
        let rowKey = row.texts(layout).key
        let isMember = layout.table == TableLayout.members.table
        let fields = zip(layout.columns, row.texts(layout).values).compactMap { column, value -> SyncPlan.FieldDifference? in
            guard let text = value, text != "{}" else { return nil }
            return .init(field: Self.field(layout, column, [rowKey[0], "intruder"]), expected: nil, actual: text)
        }
        let key = layout.keys.last ?? ""
        try world.tamper(
            """
            INSERT INTO \(layout.qualifiedName)
            SELECT (jsonb_populate_record(held, jsonb_build_object('\(key)', 'intruder'))).* FROM \(layout.qualifiedName) AS held
            WHERE \(Self.condition(layout))
            """, Self.parameters(rowKey),
            finds: [
                .init(kind: layout.kind, name: isMember ? rowKey[0] : "intruder", action: isMember ? .update : .delete, fields: fields)
            ])
    }

    private static let strangeNames = [
        "", " ", "\n", "a\nb", "ada\nx", "ada\r\nx", "\r", "a\tb", "it's", "\"quoted\"", "back\\slash", "{a,b}", "NULL", "$1", "é",
        "e\u{301}",
        "🏳️‍🌈", "ada ", "Ada", "\u{1}", "['x']", "x/y", String(repeating: "n", count: 2000),
    ]

    @Test(arguments: TableLayout.all.filter { $0.keys.count == 1 }.map(\.table))
    func `rows with strange keys and nothing in them are found by their names and deleted in one go`(table name: String) throws {
        let layout = try #require(TableLayout.all.first { $0.table == name })
        let world = try World()
        let before = try world.database.contents(versions: false)
        for name in Self.strangeNames {
            try world.database.owner.execute(
                """
                INSERT INTO \(layout.qualifiedName) (name, labels, annotations, source_path, source_line, source_commit, content_hash)
                VALUES ($1, '{}', '{}', '', 0, '', '')
                """, [.text(name)])
        }
        let result = try world.reconciler.sync(world.desired, driftMode: .correct)
        #expect(result.outcome == .corrected)
        #expect(result.plan.rowCount == Self.strangeNames.count)
        #expect(Set(result.plan.differences.map { ExactText($0.name) }) == Set(Self.strangeNames.map { ExactText($0) }))
        #expect(result.plan.differences.allSatisfy { $0.kind == layout.kind && $0.action == .delete && $0.fields.isEmpty })
        var after = try world.database.contents(versions: false)
        after["governance.revision true"] = before["governance.revision true"]
        #expect(after == before)
        #expect(try world.reconciler.sync(world.desired, driftMode: .correct).outcome == .unchanged)
    }

    @Test func `memberships with strange keys are told apart and deleted in one go`() throws {
        let world = try World()
        let team = try #require(try world.table(TableLayout.members).rows.first?.texts(TableLayout.members).key[0])
        let keys =
            [
                ["a\nb", "c"], ["a", "b\nc"], ["a\r", "\nb"], ["a", "b"], [team, "x\ny"], ["\(team)\nx", "y"], ["", ""],
                ["\"a\", \"b\"", "c"],
            ]
            + Self.strangeNames.map { [team, $0] } + Self.strangeNames.map { [$0, "ada"] }
        let unique = Set(keys.map { $0.map(ExactText.init) })
        for key in unique {
            try world.database.owner.execute(
                "INSERT INTO governance.team_members VALUES ($1, $2, 'owner', '', 0, '', '')", key.map { .text($0.text) })
        }
        let result = try world.reconciler.sync(world.desired, driftMode: .correct)
        #expect(result.outcome == .corrected)
        #expect(result.plan.rowCount == unique.count)
        let fields = result.plan.differences.flatMap { difference in
            difference.fields.map { [difference.name, $0.field, $0.expected ?? "absent", $0.actual ?? "absent"].map(ExactText.init) }
        }
        #expect(
            Set(fields)
                == Set(unique.map { [$0[0], ExactText("spec.members[\($0[1].text)].role"), ExactText("absent"), ExactText("owner")] }))
        #expect(result.plan.differences.allSatisfy { $0.kind == .team && $0.action == .update })
        #expect(try world.reconciler.sync(world.desired, driftMode: .correct).outcome == .unchanged)
    }

    @Test func `a text changed to another spelling of the same letters is found with both`() throws {
        let database = try TestDatabase()
        let reconciler = database.reconciler()
        defer { reconciler.close() }
        var organization = SmallOrganization()
        organization.files["cleo.yaml"] = SmallOrganization.document("User", "cleo", "{email: cleo@example.org, displayName: \"Cléo\"}")
        let desired = try organization.desired()
        _ = try reconciler.sync(desired, driftMode: .correct)
        try database.owner.execute("UPDATE governance.users SET display_name = $1 WHERE name = 'cleo'", ["Cle\u{301}o"])
        let difference = try #require(try reconciler.sync(desired, driftMode: .correct).plan.differences.first)
        #expect(difference.fields.map(\.field) == ["spec.displayName"])
        #expect(difference.fields[0].expected.map { Array($0.utf8) } == Array("Cl\u{e9}o".utf8))
        #expect(difference.fields[0].actual.map { Array($0.utf8) } == Array("Cle\u{301}o".utf8))
    }

    @Test func `arrays that hold nothing or have another shape are found`() throws {
        let world = try World()
        let users = try #require(TableLayout.all.first { $0.kind == .user })
        let row = try #require(try world.table(users).rows.first { $0.texts(users).values[4] != nil })
        for (sql, text) in [
            ("ARRAY[NULL]::text[]", "[null]"), ("ARRAY[['a', 'b'], ['c', 'd']]", #"[["a","b"],["c","d"]]"#), ("'{}'", "[]"),
        ] {
            try world.tamper(
                "UPDATE governance.users SET roles = \(sql) WHERE name = $1", Self.parameters(row.texts(users).key),
                finds: [
                    .init(
                        kind: .user, name: row.texts(users).key[0], action: .update,
                        fields: [.init(field: "spec.roles", expected: row.texts(users).values[4], actual: text)])
                ])
        }
    }

    @Test func `everything deleted by hand is written again`() throws {
        let world = try World()
        let before = try world.database.contents(versions: false)
        try world.database.owner.script("TRUNCATE \(TableLayout.all.map(\.qualifiedName).joined(separator: ", "))")
        let result = try world.reconciler.sync(world.desired, driftMode: .correct)
        #expect(result.outcome == .corrected)
        #expect(result.plan.count(.create) == world.desired.documentCount)
        var after = try world.database.contents(versions: false)
        after["governance.revision true"] = before["governance.revision true"]
        #expect(after == before)
    }

    @Test func `a revision changed by hand is put right`() throws {
        for change in ["commit_id = 'x'", "content_digest = 'x'", "bundle_digest = 'x'"] {
            let world = try World()
            try world.database.owner.script("UPDATE governance.revision SET \(change)")
            #expect(try world.reconciler.sync(world.desired, driftMode: .report).outcome == .applied)
            let revision = try world.reconciler.revision()
            #expect(revision?.epoch == 2)
            #expect(revision?.commit == world.desired.commit)
            #expect(revision?.bundleDigest == "acme")
        }
    }

    @Test func `differences are printed as JSON with nothing for what is absent`() throws {
        let difference = SyncPlan.Difference(
            kind: .user, name: "ada", action: .update, fields: [.init(field: "spec.email", expected: "a", actual: nil)])
        let plan = SyncPlan(differences: [difference])
        #expect(
            JSONWriter.text(plan.json)
                == #"[{"kind":"User","name":"ada","action":"update","fields":[{"field":"spec.email","expected":"a","actual":null}]}]"#)
    }
}
