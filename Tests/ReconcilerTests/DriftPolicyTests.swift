import GovernanceModel
import JSON
import Postgres
import Testing

@testable import Reconciler

/// What is done about drift, by kind, and when somebody keeps changing it back.
@Suite struct DriftPolicyTests {
    private final class World {
        let database: TestDatabase
        let reconciler: Reconciler
        let desired: DesiredState

        init() throws {
            database = try TestDatabase()
            reconciler = database.reconciler()
            desired = try SmallOrganization().desired()
            _ = try reconciler.sync(desired, driftMode: .correct)
        }

        deinit { reconciler.close() }

        func email() throws -> String? {
            try database.owner.query("SELECT email FROM governance.users WHERE name = 'ada'").first?["email"]
        }

        func drift() throws { try database.owner.execute("UPDATE governance.users SET email = 'x@y.example' WHERE name = 'ada'") }
    }

    @Test func `each kind is corrected or reported as its own mode says`() throws {
        let world = try World()
        try world.drift()
        try world.database.owner.script(
            """
            UPDATE governance.teams SET display_name = 'Other' WHERE name = 'atlas';
            DELETE FROM governance.team_members WHERE "user" = 'bob';
            """)
        let result = try world.reconciler.sync(world.desired, driftMode: DriftPolicy(mode: .report, modes: [.team: .correct]))
        #expect(result.outcome == .corrected)
        #expect(result.plan.differences.map(\.id) == ["Team/atlas"])
        #expect(result.left.differences.map(\.id) == ["User/ada"])
        #expect(try world.email() == "x@y.example")
        #expect(try world.database.owner.query("SELECT display_name FROM governance.teams").first?["display_name"] == "Atlas")
        #expect(try world.database.owner.query("SELECT FROM governance.team_members").count == 2)
        // History tells what was done, not what was left.
        #expect(try world.reconciler.history().first?.plan.arrayValue?.count == 1)

        let again = try world.reconciler.sync(world.desired, driftMode: DriftPolicy(mode: .report, modes: [.team: .correct]))
        #expect(again.outcome == .reported)
        #expect(again.left.differences.map(\.id) == ["User/ada"])
        #expect(try world.reconciler.sync(world.desired, driftMode: .correct).outcome == .corrected)
        #expect(try world.email() == "ada@example.org")
    }

    @Test func `a field that is changed back again and again is left, until a commit or an operator says otherwise`() throws {
        let world = try World()
        var policy = DriftPolicy.correct
        policy.fightAfter = 3
        for _ in 0..<3 {
            try world.drift()
            #expect(try world.reconciler.sync(world.desired, driftMode: policy).outcome == .corrected)
        }
        try world.drift()
        // Another object is corrected all the same.
        try world.database.owner.execute("DELETE FROM governance.users WHERE name = 'cleo'")
        let fought = try world.reconciler.sync(world.desired, driftMode: policy)
        #expect(fought.outcome == .corrected)
        #expect(fought.fights == ["User/ada"])
        #expect(fought.plan.differences.map(\.id) == ["User/cleo"])
        #expect(fought.left.differences.map(\.id) == ["User/ada"])
        #expect(try world.email() == "x@y.example")
        let still = try world.reconciler.sync(world.desired, driftMode: policy)
        #expect(still.outcome == .reported)
        #expect(still.fights == ["User/ada"])

        // Another field of the same object is no fight, but the object is left as a whole: it is one row.
        #expect(try world.reconciler.resume(reason: "talked to them", operator: "test") == false)
        let resumed = try world.reconciler.sync(world.desired, driftMode: policy)
        #expect(resumed.outcome == .corrected)
        #expect(resumed.fights.isEmpty)
        #expect(try world.email() == "ada@example.org")

        for _ in 0..<2 {
            try world.drift()
            #expect(try world.reconciler.sync(world.desired, driftMode: policy).outcome == .corrected)
        }
        try world.drift()
        #expect(try world.reconciler.sync(world.desired, driftMode: policy).outcome == .reported)
        var organization = SmallOrganization()
        organization.files["dora.yaml"] = SmallOrganization.document("User", "dora", "{email: dora@example.org}")
        let next = try organization.desired("b")
        #expect(try world.reconciler.sync(next, driftMode: policy).outcome == .applied)
        #expect(try world.email() == "ada@example.org")
        try world.drift()
        #expect(try world.reconciler.sync(next, driftMode: policy).outcome == .corrected)
    }

    @Test func `different fields of one object are no fight`() throws {
        let world = try World()
        var policy = DriftPolicy.correct
        policy.fightAfter = 2
        for column in ["email", "display_name", "email", "display_name"].prefix(3) {
            try world.database.owner.execute("UPDATE governance.users SET \(column) = 'other' WHERE name = 'ada'")
            #expect(try world.reconciler.sync(world.desired, driftMode: policy).outcome == .corrected, "\(column)")
        }
        try world.database.owner.execute("UPDATE governance.users SET display_name = 'other' WHERE name = 'ada'")
        #expect(try world.reconciler.sync(world.desired, driftMode: policy).outcome == .corrected)
    }

    @Test func `a row that is added or taken away again and again is a fight too`() throws {
        let world = try World()
        var policy = DriftPolicy.correct
        policy.fightAfter = 2
        for _ in 0..<2 {
            try world.database.owner.execute("DELETE FROM governance.team_members WHERE \"user\" = 'bob'")
            #expect(try world.reconciler.sync(world.desired, driftMode: policy).outcome == .corrected)
        }
        try world.database.owner.execute("DELETE FROM governance.team_members WHERE \"user\" = 'bob'")
        let fought = try world.reconciler.sync(world.desired, driftMode: policy)
        #expect(fought.fights == ["Team/atlas"])
    }

    @Test(arguments: ["INSERT", "UPDATE", "DELETE", "TRUNCATE"])
    func `who changed a row is told, whatever was done, and is forgotten when it is as it should be`(_ operation: String) throws {
        let world = try World()
        let statement =
            switch operation {
            case "INSERT":
                "INSERT INTO governance.users SELECT 'mallory', labels, annotations, email, display_name, roles, attributes, disabled, identities, "
                    + "source_path, source_line, source_commit, content_hash FROM governance.users WHERE name = 'ada'"
            case "UPDATE": "UPDATE governance.users SET email = 'x' WHERE name = 'ada'"
            case "DELETE": "DELETE FROM governance.users WHERE name = 'ada'"
            default: "TRUNCATE governance.users"
            }
        try world.database.owner.script("SET application_name = 'meddling'; \(statement)")
        let found = try #require(try world.reconciler.inspect(world.desired))
        #expect(!found.plan.isEmpty)
        for difference in found.plan.differences {
            let touch = try #require(found.plan.touches[difference.id], "\(difference.id)")
            #expect(touch.operation == operation)
            #expect(touch.application == "meddling")
            #expect(touch.sessionRole == "charter")
            #expect(touch.setRole == nil)
        }
        #expect(try world.reconciler.sync(world.desired, driftMode: .correct).outcome == .corrected)
        #expect(try world.database.owner.query("SELECT FROM governance.touches").isEmpty)
        let corrected = try world.reconciler.history().first?.plan.arrayValue?.first
        #expect(corrected?["changedBy"]?["application"] == "meddling")
    }

    @Test func `the reconciler's own writes are not taken for somebody else's`() throws {
        let world = try World()
        #expect(try world.database.owner.query("SELECT FROM governance.touches").isEmpty)
        var organization = SmallOrganization()
        organization.files["ada.yaml"] = nil
        organization.files["atlas.yaml"] = nil
        organization.files["dora.yaml"] = SmallOrganization.document("User", "dora", "{email: dora@example.org}")
        organization.files["bob.yaml"] = SmallOrganization.document("User", "bob", "{email: robert@example.org}")
        _ = try world.reconciler.sync(try organization.desired("b"), driftMode: .correct)
        #expect(try world.database.owner.query("SELECT FROM governance.touches").isEmpty)
    }

    @Test func `what the plan of a drift says of who did it does not change what its digest approves`() throws {
        let world = try World()
        try world.drift()
        let with = try world.reconciler.plan(world.desired)
        var without = with.plan
        without.touches = [:]
        #expect(!with.plan.touches.isEmpty)
        #expect(with.plan.digest(from: with.revision, to: world.desired) == without.digest(from: with.revision, to: world.desired))
    }
}
