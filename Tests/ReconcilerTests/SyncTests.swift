import GovernanceModel
import Postgres
import Testing

@testable import Reconciler

@Suite struct SyncTests {
    @Test func `the first sync writes every document, its source and the revision`() throws {
        let database = try TestDatabase()
        let reconciler = database.reconciler()
        defer { reconciler.close() }
        #expect(try reconciler.revision() == nil)
        let desired = try SmallOrganization().desired()
        let result = try reconciler.sync(desired, driftMode: .correct)
        #expect(result.outcome == .applied)
        #expect(result.plan.count(.create) == desired.documentCount)
        #expect(result.plan.differences.count == desired.documentCount)
        #expect(result.plan.rowCount == desired.documentCount + 2)

        let revision = try #require(result.revision)
        #expect(revision.epoch == 1)
        #expect(revision.commit == desired.commit)
        #expect(revision.contentDigest == desired.digest.description)
        #expect(revision.bundleDigest == "bundle")
        #expect(revision.documentCount == 6)
        #expect(revision.appliedAt.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/) != nil)
        #expect(try reconciler.revision() == revision)

        let ada = try #require(try database.owner.query("SELECT * FROM governance.users WHERE name = 'ada'").first)
        #expect(ada["email"] == "ada@example.org")
        #expect(try ada.textArray("roles") == ["reader"])
        #expect(ada["disabled"] == nil)
        #expect([ada["source_path"], ada["source_line"], ada["source_commit"]] == ["ada.yaml", "1", desired.commit])
        let members = try database.owner.query("SELECT \"user\", role FROM governance.team_members WHERE team = 'atlas' ORDER BY 1")
        #expect(members.map { [$0["user"], $0["role"]] } == [["ada", "maintainer"], ["bob", "member"]])
    }

    @Test func `a second sync of the same commit writes nothing at all`() throws {
        let database = try TestDatabase()
        let desired = try SmallOrganization().desired()
        let reconciler = database.reconciler()
        defer { reconciler.close() }
        let first = try reconciler.sync(desired, driftMode: .correct)
        let before = try database.contents()
        // By the same reconciler, and by one that knows nothing of the first.
        for other in [reconciler, database.reconciler()] {
            let result = try other.sync(desired, driftMode: .correct)
            #expect(result.outcome == .unchanged)
            #expect(result.plan.isEmpty && result.plan.differences.isEmpty && result.plan.rowCount == 0)
            #expect(result.revision == first.revision)
            other.close()
        }
        #expect(try database.contents() == before)
    }

    /// Applies one change to a synced database: the rows written must be those that changed.
    private func change(
        _ mutate: (inout SmallOrganization) -> Void, expecting rows: Set<String>, _ differences: [SyncPlan.Difference],
        _ location: SourceLocation = #_sourceLocation
    ) throws {
        let database = try TestDatabase()
        let reconciler = database.reconciler()
        defer { reconciler.close() }
        var organization = SmallOrganization()
        _ = try reconciler.sync(try organization.desired("a"), driftMode: .correct)
        let before = try database.contents()
        mutate(&organization)
        let desired = try organization.desired("b")

        let planned = try reconciler.plan(desired)
        #expect(try database.contents() == before, sourceLocation: location)
        #expect(planned.plan.differences == differences, sourceLocation: location)

        let result = try reconciler.sync(desired, driftMode: .correct)
        #expect(result.outcome == .applied, sourceLocation: location)
        #expect(result.plan.differences == differences, sourceLocation: location)
        #expect(result.plan.rowCount == rows.count, sourceLocation: location)
        #expect(result.revision?.epoch == 2, sourceLocation: location)
        let after = try database.contents()
        #expect(TestDatabase.changes(before, after) == rows.union(["governance.revision true"]), sourceLocation: location)
        for row in rows where after[row] != nil {
            #expect(after[row]?.contains(desired.commit) == true, "\(row) does not name the commit", sourceLocation: location)
        }
        #expect(try reconciler.plan(desired).plan.isEmpty, sourceLocation: location)
    }

    @Test func `a changed field writes its row alone and is reported with both values`() throws {
        try change(
            {
                $0.files["ada.yaml"] = SmallOrganization.document(
                    "User", "ada", "{email: ada@example.org, displayName: 'Ada \"L\"', disabled: true}")
            },
            expecting: [#"governance."users" ada"#],
            [
                .init(
                    kind: .user, name: "ada", action: .update,
                    fields: [
                        .init(field: "spec.displayName", expected: "Ada \"L\"", actual: "Ada"),
                        .init(field: "spec.roles", expected: nil, actual: #"["reader"]"#),
                        .init(field: "spec.disabled", expected: "true", actual: nil),
                    ])
            ])
    }

    @Test func `a new document is created with its fields`() throws {
        try change(
            { $0.files["dora.yaml"] = SmallOrganization.document("User", "dora", "{email: dora@example.org}") },
            expecting: [#"governance."users" dora"#],
            [
                .init(
                    kind: .user, name: "dora", action: .create,
                    fields: [.init(field: "spec.email", expected: "dora@example.org", actual: nil)])
            ])
    }

    @Test func `a removed document is deleted`() throws {
        try change(
            { $0.files["cleo.yaml"] = nil }, expecting: [#"governance."users" cleo"#],
            [
                .init(
                    kind: .user, name: "cleo", action: .delete,
                    fields: [.init(field: "spec.email", expected: nil, actual: "cleo@example.org")])
            ])
    }

    @Test func `changed memberships are fields of their team and write no other row`() throws {
        try change(
            {
                $0.files["atlas.yaml"] = SmallOrganization.document(
                    "Team", "atlas", "{displayName: Atlas, members: [{user: cleo}, {user: ada}]}")
            },
            expecting: [
                #"governance."team_members" atlas/ada"#, #"governance."team_members" atlas/bob"#, #"governance."team_members" atlas/cleo"#,
            ],
            [
                .init(
                    kind: .team, name: "atlas", action: .update,
                    fields: [
                        .init(field: "spec.members[ada].role", expected: "member", actual: "maintainer"),
                        .init(field: "spec.members[bob].role", expected: nil, actual: "member"),
                        .init(field: "spec.members[cleo].role", expected: "member", actual: nil),
                    ])
            ])
    }

    @Test func `a team goes together with its memberships`() throws {
        try change(
            { $0.files["atlas.yaml"] = nil },
            expecting: [
                #"governance."team_members" atlas/ada"#, #"governance."team_members" atlas/bob"#, #"governance."teams" atlas"#,
            ],
            [
                .init(
                    kind: .team, name: "atlas", action: .delete,
                    fields: [
                        .init(field: "spec.displayName", expected: nil, actual: "Atlas"),
                        .init(field: "spec.members[ada].role", expected: nil, actual: "maintainer"),
                        .init(field: "spec.members[bob].role", expected: nil, actual: "member"),
                    ])
            ])
    }

    @Test func `a commit without changes to documents writes the revision alone`() throws {
        try change({ _ in }, expecting: [], [])
    }

    @Test func `a document that moved to another file is not written anew`() throws {
        try change({ $0.files["people/cleo.yaml"] = $0.files.removeValue(forKey: "cleo.yaml") }, expecting: [], [])
    }

    @Test func `another bundle of the same commit is recorded`() throws {
        let database = try TestDatabase()
        let reconciler = database.reconciler()
        defer { reconciler.close() }
        _ = try reconciler.sync(try SmallOrganization().desired(bundle: "one"), driftMode: .report)
        let result = try reconciler.sync(try SmallOrganization().desired(bundle: "two"), driftMode: .report)
        #expect(result.outcome == .applied)
        #expect(result.revision?.bundleDigest == "two")
        #expect(result.revision?.epoch == 2)
    }

    @Test func `an empty state is refused and nothing deleted`() throws {
        let database = try TestDatabase()
        let reconciler = database.reconciler()
        defer { reconciler.close() }
        _ = try reconciler.sync(try SmallOrganization().desired(), driftMode: .correct)
        let before = try database.contents()
        let empty = DesiredState(governance: Governance.link([]).governance, commit: String(repeating: "b", count: 40), bundleDigest: "")
        let error = try #require(reconcilerError { try reconciler.sync(empty, driftMode: .correct) })
        guard case .emptyState = error else {
            Issue.record(error)
            return
        }
        #expect(!error.isTransient)
        #expect(try database.contents() == before)
    }

    @Test func `a text that the database cannot hold is an error and changes nothing`() throws {
        let database = try TestDatabase()
        let reconciler = database.reconciler()
        defer { reconciler.close() }
        _ = try reconciler.sync(try SmallOrganization().desired(), driftMode: .correct)
        let before = try database.contents()
        let users = try #require(TableLayout.all.first { $0.kind == .user })
        for value in [StoredValue.text("a\0b"), .json("a\0b"), .textArray(["a\0b"])] {
            var desired = try SmallOrganization().desired("b")
            let index = try #require(desired.tables.firstIndex { $0.layout.table == users.table })
            var values = users.columns.map { $0.type == .jsonb ? StoredValue.json([:]) : .null }
            let column = try #require(
                users.columns.firstIndex { $0.type == (value == .text("a\0b") ? .text : value == .json("a\0b") ? .jsonb : .textArray) })
            values[column] = value
            let blocks = desired.tables[index].blocks
            let bad = RowBlock.make(users, key: [blocks[0].name], values: values)
            desired.tables[index] = .init(layout: users, blocks: [bad] + blocks.dropFirst())
            let error = try #require(reconcilerError { try reconciler.sync(desired, driftMode: .correct) })
            guard case .database = error else {
                Issue.record(error)
                continue
            }
            #expect(!error.isTransient)
            #expect(try database.contents() == before)
        }
    }
}
