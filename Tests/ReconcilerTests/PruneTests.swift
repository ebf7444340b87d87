import GovernanceModel
import JSON
import Postgres
import Testing

import struct TestSupport.SeededGenerator

@testable import Reconciler

/// A commit that takes too much away is refused, and nothing is written.
@Suite struct PruneTests {
    /// An organisation of users with a role each, in teams of ten.
    private struct World {
        var users: [String] = (0..<100).map { "user-\($0)" }
        var administrators = ["user-0", "user-1"]
        var memberships = true
        var protected: [String] = []
        var settings = ""
        var text: String {
            var documents = [
                """
                kind: Organization
                metadata: {name: acme}
                spec: {displayName: Acme, currency: USD\(settings.isEmpty ? "" : ", reconcile: {\(settings)}")}
                """,
                "kind: Role\nmetadata: {name: admin}\nspec: {}", "kind: Role\nmetadata: {name: reader}\nspec: {}",
                "kind: Role\nmetadata: {name: chief}\nspec: {inherits: [admin]}",
            ]
            for user in users {
                let mark = protected.contains(user) ? ", annotations: {charter.dev/protect: \"true\"}" : ""
                let role = administrators.contains(user) ? "chief" : "reader"
                documents.append(
                    "kind: User\nmetadata: {name: \(user)\(mark)}\nspec: {email: \(user)@acme.example, roles: [\(role)]}")
            }
            for team in 0..<10 {
                let members = memberships ? users.filter { $0.hasSuffix("\(team)") }.map { "{user: \($0)}" } : []
                documents.append(
                    "kind: Team\nmetadata: {name: team-\(team)}\nspec: {members: [\(members.joined(separator: ", "))]}")
            }
            return documents.map { "apiVersion: charter/v1\n\($0)\n" }.joined(separator: "---\n")
        }

        func desired(_ commit: String) throws -> DesiredState {
            let (governance, diagnostics) = Governance.link([DocumentReader.read(Array(text.utf8), path: "acme.yaml")])
            try #require(!diagnostics.contains { $0.severity == .error }, "\(diagnostics)")
            return DesiredState(governance: governance, commit: String(repeating: commit, count: 40), bundleDigest: "bundle-\(commit)")
        }
    }

    private let database: TestDatabase
    private let reconciler: Reconciler

    init() throws {
        database = try TestDatabase()
        reconciler = database.reconciler()
        _ = try reconciler.sync(try World().desired("a"), driftMode: .correct)
    }

    /// The plan is refused, for reasons that hold these words, and the database stays as it is.
    @discardableResult
    private func refused(
        _ world: World, _ words: [String], commit: String = "b", approval: DeletionApproval? = nil,
        _ location: SourceLocation = #_sourceLocation
    ) throws -> RefusedPlan? {
        let before = try database.contents()
        let desired = try world.desired(commit)
        let error = reconcilerError { try reconciler.sync(desired, driftMode: .correct, approval: approval) }
        #expect(try database.contents() == before, sourceLocation: location)
        guard case .refused(let plan)? = error else {
            Issue.record("not refused: \(String(describing: error))", sourceLocation: location)
            return nil
        }
        #expect(plan.reasons.count == words.count, "\(plan.reasons)", sourceLocation: location)
        for (reason, word) in zip(plan.reasons, words) { #expect(reason.contains(word), "\(reason)", sourceLocation: location) }
        return plan
    }

    private func applied(_ world: World, commit: String = "b", approval: DeletionApproval? = nil) throws {
        #expect(try reconciler.sync(try world.desired(commit), driftMode: .correct, approval: approval).outcome == .applied)
    }

    @Test func `a fifth may go, one more may not`() throws {
        var world = World()
        // Of 114 documents 22 may go, of 100 memberships and 100 roles of users 40: two with each user.
        world.users.removeLast(21)
        let plan = try #require(try refused(world, ["42 of 200 memberships and role grants, more than the 40"]))
        #expect(plan.deletions == 63 && plan.canBeApproved)
        world.users.append("user-79")
        try applied(world, commit: "c")
    }

    @Test func `memberships and role grants are counted by themselves`() throws {
        var world = World()
        world.memberships = false
        #expect(try #require(try refused(world, ["100 of 200 memberships and role grants, more than the 40"])).canBeApproved)
    }

    @Test func `a few may always go, unless the organisation says otherwise`() throws {
        var world = World()
        world.settings = "deletions: {share: 0, atMost: 5}"
        try applied(world)
        world.users.removeLast(6)
        try refused(world, ["6 of 114 documents, more than the 5", "12 of 200 memberships"], commit: "c")
        world.users += ["user-94", "user-95", "user-96", "user-97"]
        try applied(world, commit: "d")
    }

    @Test func `a commit cannot allow itself what the one before does not`() throws {
        var world = World()
        world.settings = "deletions: {share: 100, atMost: 1000000}"
        world.users.removeLast(90)
        try refused(world, ["90 of 114 documents", "180 of 200 memberships"])
    }

    @Test func `what was approved is carried out, and nothing else`() throws {
        var world = World()
        world.users.removeLast(50)
        let plan = try #require(try refused(world, ["50 of 114", "100 of 200"]))
        #expect(plan.deletions == 150)
        // Too few, another plan, and another commit with the same loss.
        try refused(world, ["50 of 114", "100 of 200"], approval: .init(deletions: 149, planDigest: plan.digest))
        try refused(
            world, ["50 of 114", "100 of 200"], approval: .init(deletions: 150, planDigest: String(repeating: "0", count: 64)))
        try refused(world, ["50 of 114", "100 of 200"], commit: "c", approval: .init(deletions: 150, planDigest: plan.digest))
        // The database has changed since.
        try database.owner.execute("UPDATE governance.users SET email = 'x@acme.example' WHERE name = 'user-3'")
        try refused(world, ["50 of 114", "100 of 200"], approval: .init(deletions: 150, planDigest: plan.digest))
        try database.owner.execute("UPDATE governance.users SET email = 'user-3@acme.example' WHERE name = 'user-3'")
        try applied(world, approval: .init(deletions: 150, planDigest: plan.digest))
    }

    @Test func `a protection outlives its annotation`() throws {
        var world = World()
        world.protected = ["user-7"]
        try applied(world)
        world.protected = []
        try applied(world, commit: "c")
        #expect(
            try reconciler.protections().map { [$0.kind, $0.name, $0.commit] } == [["User", "user-7", String(repeating: "b", count: 40)]])
        world.users.removeAll { $0 == "user-7" }
        let plan = try #require(try refused(world, ["User `user-7` is protected"], commit: "d"))
        #expect(!plan.canBeApproved)
        try refused(world, ["User `user-7` is protected"], commit: "d", approval: .init(deletions: 9, planDigest: plan.digest))
        // The role that writes declared state cannot lift it.
        #expect(sqlState("SET ROLE charter_reconciler; DELETE FROM governance.protections", on: database.owner) == "42501")
        try database.owner.script("RESET ROLE")
        #expect(try reconciler.removeProtection(.user, "user-7"))
        #expect(try !reconciler.removeProtection(.user, "user-7"))
        try applied(world, commit: "d")
    }

    @Test func `what other hands have added goes without a limit, by a correction and by the next commit`() throws {
        for commit in ["a", "b"] {
            try database.owner.execute(
                """
                INSERT INTO governance.team_members ("team", "user", "role", source_path, source_line, source_commit, content_hash)
                SELECT 'team-0', 'mallory-' || number, 'maintainer', '', 1, '', '' FROM generate_series(1, 500) AS numbers (number)
                """)
            try database.owner.execute("UPDATE governance.users SET roles = array_fill('admin'::text, ARRAY[60]) WHERE name = 'user-5'")
            let result = try reconciler.sync(try World().desired(commit), driftMode: .correct)
            #expect(result.outcome == (commit == "a" ? .corrected : .applied))
            #expect(result.plan.losses == Losses(heldObjects: 114, objects: 0, heldEdges: 200, edges: 0))
        }
    }

    @Test func `a revision that was changed by hand is written past`() throws {
        for change in ["UPDATE governance.revision SET epoch = 0", "DELETE FROM governance.revision"] {
            try database.owner.execute(change)
            let before = try #require(try reconciler.history(limit: 1).first?.epoch)
            try applied(World(), commit: "b")
            try applied(World(), commit: "a")
            #expect(try reconciler.history(limit: 1).first?.epoch == before + 2)
        }
        // Without a revision, what the tables hold is held all the same.
        try database.owner.execute("DELETE FROM governance.revision")
        var world = World()
        world.users.removeLast(50)
        try refused(world, ["50 of 114", "100 of 200"])
    }

    @Test func `a protected row that was deleted by hand comes back`() throws {
        var world = World()
        world.protected = ["user-7"]
        try applied(world)
        try database.owner.execute("DELETE FROM governance.users WHERE name = 'user-7'")
        #expect(try reconciler.sync(try world.desired("b"), driftMode: .correct).outcome == .corrected)
    }

    @Test func `the last administrator stays`() throws {
        var world = World()
        world.administrators = ["user-1"]
        try applied(world)
        world.administrators = []
        let plan = try #require(try refused(world, ["nobody would have the role `admin`"], commit: "c"))
        #expect(!plan.canBeApproved)
        // Nor by being deleted.
        world = World()
        world.administrators = ["user-1"]
        world.users.removeAll { $0 == "user-1" }
        try refused(world, ["nobody would have the role `admin`"], commit: "d")
    }

    @Test func `a commit cannot choose another role for its administrators`() throws {
        var world = World()
        world.settings = "administrators: reader"
        world.administrators = []
        try refused(world, ["nobody would have the role `admin`"])
    }

    @Test func `an organisation without administrators is not asked for any`() throws {
        var world = World()
        world.settings = "administrators: reader"
        try applied(world)
        world.administrators = []
        try applied(world, commit: "c")
        world.settings = ""
        #expect(try #require(try reconciler.revision()).administratorCount == 100)
        try applied(world, commit: "d")
        #expect(try #require(try reconciler.revision()).administratorCount == 0)
        world.users.removeLast(2)
        try applied(world, commit: "e")
    }

    @Test func `what a commit would change is the same told from the two commits and from the database`() throws {
        let seed = UInt64.random(in: 0 ..< .max)
        var generator = SeededGenerator(seed: seed)
        var old = try World().desired("a")
        for _ in 0..<12 {
            var world = World()
            world.users = world.users.filter { _ in Int.random(in: 0..<100, using: &generator) > 8 }
            world.administrators = world.users.filter { _ in Int.random(in: 0..<4, using: &generator) == 0 }
            world.memberships = Int.random(in: 0..<4, using: &generator) > 0
            world.protected = world.users.filter { _ in Int.random(in: 0..<50, using: &generator) == 0 }
            let new = try world.desired("b")
            let (found, _) = try reconciler.plan(new)
            let told = SyncPlan(from: old, to: new)
            #expect(told.differences == found.differences && told.losses == found.losses, "seed \(seed)")
            #expect(told.rowCount == found.rowCount, "seed \(seed)")
            let protected = Set(try reconciler.protections().map { [$0.kind, $0.name] })
            let refusal = new.refusal(replacing: old, protected: protected)
            let error = reconcilerError { try reconciler.sync(new, driftMode: .correct) }
            if case .refused(let plan)? = error {
                #expect(refusal?.reasons == plan.reasons && refusal?.canBeApproved == plan.canBeApproved, "seed \(seed)")
                continue
            }
            #expect(error == nil && refusal == nil, "seed \(seed): \(String(describing: error)) \(String(describing: refusal))")
            old = new
        }
    }

    @Test func `a commit without any document is refused, as before`() throws {
        let (governance, _) = Governance.link([])
        let empty = DesiredState(governance: governance, commit: String(repeating: "e", count: 40), bundleDigest: "x")
        guard case .emptyState? = reconcilerError({ try reconciler.sync(empty, driftMode: .correct) }) else {
            Issue.record("not refused")
            return
        }
    }
}
