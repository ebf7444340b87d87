import Testing

@testable import Reconciler

/// A commit that is planned from the one before, of which the database is said to hold every row, while other hands have changed some.
@Suite struct KnownStateTests {
    private struct World {
        let database: TestDatabase
        let reconciler: Reconciler
        var organization = SmallOrganization()
        let before: DesiredState

        init() throws {
            database = try TestDatabase()
            reconciler = database.reconciler()
            before = try organization.desired("a")
            _ = try reconciler.sync(before, driftMode: .correct)
        }

        /// The commit that changes Ada, hires Dan and lets Cleo go.
        mutating func next() throws -> DesiredState {
            organization.files["ada.yaml"] = SmallOrganization.document("User", "ada", "{email: ada@new.example, roles: [reader]}")
            organization.files["cleo.yaml"] = nil
            organization.files["dan.yaml"] = SmallOrganization.document("User", "dan", "{email: dan@example.org}")
            return try organization.desired("b")
        }

        /// Changes what no trigger may see.
        func secretly(_ statements: String) throws {
            try database.owner.script("SET session_replication_role = replica; \(statements); RESET session_replication_role")
        }

        func close() { reconciler.close() }
    }

    @Test func `what other hands have changed is known from the triggers, so that everything is compared, told and overtaken`() throws {
        var world = try World()
        defer { world.close() }
        try world.database.owner.execute("UPDATE governance.users SET email = 'bob@elsewhere.example' WHERE name = 'bob'")
        let desired = try world.next()
        let result = try world.reconciler.sync(desired, driftMode: .report, after: world.before)
        #expect(result.hasComparedAll && result.overtaken.differences.map(\.name) == ["bob"])
        #expect(result.overtaken.touches["User/bob"]?.operation == "UPDATE")
        #expect(result.plan.differences.map(\.name) == ["ada", "bob", "cleo", "dan"])
        #expect(try world.reconciler.plan(desired).plan.isEmpty)
        // That is settled: the next commit is planned from this one.
        world.organization.files["bob.yaml"] = SmallOrganization.document("User", "bob", "{email: bob@new.example}")
        let next = try world.reconciler.sync(try world.organization.desired("c"), driftMode: .report, after: desired)
        #expect(!next.hasComparedAll && next.plan.differences.map(\.name) == ["bob"])
    }

    @Test func `rows that a commit touches are read, so that what no trigger has seen is told and overtaken there`() throws {
        var world = try World()
        defer { world.close() }
        try world.secretly(
            """
            UPDATE governance.users SET email = 'ada@elsewhere.example' WHERE name = 'ada';
            DELETE FROM governance.users WHERE name = 'cleo';
            INSERT INTO governance.users
            SELECT (jsonb_populate_record(held, '{"name": "dan"}')).* FROM governance.users AS held WHERE name = 'bob';
            """)
        let desired = try world.next()
        let result = try world.reconciler.sync(desired, driftMode: .report, after: world.before)
        #expect(result.outcome == .applied && !result.hasComparedAll)
        #expect(result.overtaken.differences.map { "\($0.action) \($0.name)" } == ["update ada", "create cleo", "delete dan"])
        #expect(
            result.overtaken.differences[0].fields
                == [.init(field: "spec.email", expected: "ada@example.org", actual: "ada@elsewhere.example")])
        // Dan is there already, and Cleo is not: what is written is what differs.
        #expect(result.plan.differences.map { "\($0.action) \($0.name)" } == ["update ada", "update dan"])
        #expect(result.plan.rowCount == 2 && result.plan.losses.objects == 0)
        #expect(try world.reconciler.plan(desired).plan.isEmpty)
    }

    @Test func `what no trigger has seen in other rows is left to the next check for drift`() throws {
        var world = try World()
        defer { world.close() }
        try world.secretly("UPDATE governance.users SET email = 'bob@elsewhere.example' WHERE name = 'bob'")
        let desired = try world.next()
        let result = try world.reconciler.sync(desired, driftMode: .correct, after: world.before)
        #expect(result.outcome == .applied && result.overtaken.isEmpty && !result.hasComparedAll)
        #expect(try world.reconciler.plan(desired).plan.differences.map(\.name) == ["bob"])
        let rest = try world.reconciler.sync(desired, driftMode: .correct, after: desired)
        #expect(rest.outcome == .corrected && rest.plan.rowCount == 1 && rest.hasComparedAll)
        #expect(try world.reconciler.plan(desired).plan.isEmpty)
    }

    @Test func `a state that the database's revision does not name is not relied on`() throws {
        var world = try World()
        defer { world.close() }
        let desired = try world.next()
        // Another reconciler has been at work since: of what is known here, little is true.
        var other = SmallOrganization()
        other.files["bob.yaml"] = SmallOrganization.document("User", "bob", "{email: bob@other.example}")
        _ = try world.reconciler.sync(try other.desired("c"), driftMode: .correct)
        let result = try world.reconciler.sync(desired, driftMode: .correct, after: world.before)
        #expect(result.hasComparedAll && result.plan.differences.map(\.name) == ["ada", "bob", "cleo", "dan"])
        #expect(try world.reconciler.plan(desired).plan.isEmpty)
    }

    @Test func `a revision with a digest of another kind is written anew, and no row is`() throws {
        let world = try World()
        defer { world.close() }
        // As a version of Charter that summed up rows in another way would have left it.
        try world.database.owner.execute("UPDATE governance.revision SET content_digest = repeat('0', 64)")
        let before = try world.database.contents()
        let first = try world.reconciler.sync(world.before, driftMode: .report, after: world.before)
        #expect(first.outcome == .applied && first.plan.isEmpty && first.overtaken.isEmpty && first.revision?.epoch == 2)
        #expect(TestDatabase.changes(before, try world.database.contents()) == ["governance.revision true"])
        #expect(try world.reconciler.sync(world.before, driftMode: .report).outcome == .unchanged)
    }

    @Test func `a refused plan has one digest, whichever way it was found`() throws {
        var world = try World()
        defer { world.close() }
        for number in 0..<40 {
            world.organization.files["u\(number).yaml"] = SmallOrganization.document(
                "User", "u\(number)", "{email: u\(number)@example.org}")
        }
        let many = try world.organization.desired("b")
        _ = try world.reconciler.sync(many, driftMode: .correct, after: world.before)
        for number in 0..<30 { world.organization.files["u\(number).yaml"] = nil }
        let few = try world.organization.desired("c")
        let error = reconcilerError { try world.reconciler.sync(few, driftMode: .correct, after: many) }
        guard case .refused(let known)? = error,
            case .refused(let whole)? = reconcilerError({ try world.reconciler.sync(few, driftMode: .correct) })
        else {
            Issue.record("not refused: \(String(describing: error))")
            return
        }
        #expect(known == whole && known.deletions == 30)
        let approval = DeletionApproval(deletions: 30, planDigest: whole.digest)
        let result = try world.reconciler.sync(few, driftMode: .correct, approval: approval, after: many)
        #expect(result.outcome == .applied && !result.hasComparedAll && result.plan.losses.objects == 30)
        #expect(try world.reconciler.plan(few).plan.isEmpty)
    }
}
