import EnforcementServer
import JSON
import Postgres
import Testing

@testable import ControlPlane
@testable import Reconciler

/// What running Charters say of themselves, and to each other.
@Suite struct InstanceTests {
    /// What of a Charter follows a repository and keeps a database, without threads.
    private final class Charter {
        let server: EnforcementServer
        let wanted = WantedState()
        let reconciler: Reconciler
        let follower: BranchFollower
        let keeper: DatabaseKeeper

        init(_ repository: TestRepository, _ database: TestDatabase) throws {
            server = try EnforcementServer(.init(host: "127.0.0.1", port: 0), store: BundleStore(), status: ServiceStatus())
            reconciler = database.reconciler()
            let source = GitSource(repository.path, branch: nil, mirror: "")
            follower = BranchFollower(source: source, state: nil, server: server, wanted: wanted) { _ in }
            keeper = DatabaseKeeper(reconciler: reconciler, server: server, wanted: wanted, source: source)
        }

        deinit { reconciler.close() }
    }

    @Test func `a server with another bundle is drift, after a while, unless it is silent`() throws {
        let repository = try TestRepository(copying: Places.acme)
        let database = try TestDatabase()
        let charter = try Charter(repository, database)
        let (reconciler, wanted, follower, keeper) = (charter.reconciler, charter.wanted, charter.follower, charter.keeper)
        _ = try follower.look()
        _ = try keeper.check()
        let reporter = InstanceReporter(instance: "one", reconciler: reconciler, server: charter.server, wanted: wanted)
        let other = database.reconciler()
        defer { other.close() }
        func report(_ digest: String) throws {
            try other.report(
                InstanceReport(
                    instance: "two", host: "elsewhere", process: 7, url: "", commit: nil, bundleDigest: digest, conditions: [:],
                    startedAt: "2026-01-01T00:00:00Z"))
        }
        func differing() throws -> [String] {
            try reporter.report()
            return charter.server.status.facts.differingServers
        }
        try database.owner.execute("UPDATE governance.revision SET applied_at = now()")
        try report("0000")
        #expect(try differing() == [], "it has half a minute")
        try database.owner.execute("UPDATE governance.revision SET applied_at = now() - interval '1 minute'")
        #expect(try differing() == ["elsewhere:7 (sha256:0000)"])
        let drifted = charter.server.status.conditions.first { $0.condition.type == "Drifted" }?.condition
        #expect(drifted?.reason == "ServersDiffer")
        #expect(drifted?.status == .yes)
        try database.owner.execute("UPDATE runtime.instances SET reported_at = now() - interval '1 hour' WHERE instance = 'two'")
        #expect(try differing() == [])
        try report(try #require(wanted.current?.desired.bundleDigest))
        #expect(try differing() == [])
        let known = try reconciler.instances()
        #expect(Set(known.map(\.report.instance)) == ["one", "two"])
        reporter.withdraw()
        #expect(try reconciler.instances().filter(\.hasEnded).map(\.report.instance) == ["one"], "it is known what it said at the end")
        try report("0000")
        try other.withdraw(instance: "two")
        #expect(try differing() == [], "what has ended differs from nobody")
    }

    @Test func `who has not fetched yet what another has applied does not go back behind it`() throws {
        let origin = try TestRepository(copying: Places.acme)
        let behind = try TestRepository(cloning: origin.path)
        let database = try TestDatabase()
        let (fast, slow) = (try Charter(origin, database), try Charter(behind, database))
        _ = try fast.follower.look()
        _ = try fast.keeper.check()
        _ = try slow.follower.look()
        #expect(try slow.keeper.check()?.result.outcome == .unchanged)
        try origin.write(SmallOrganization.document("User", "newcomer", "{email: n@acme.example}"), to: "users/newcomer.yaml")
        let next = try origin.commit()
        _ = try fast.follower.look()
        #expect(try fast.keeper.check()?.result.outcome == .applied)
        #expect(try slow.keeper.check() == nil)
        #expect(try slow.reconciler.revision()?.commit == next.description)
        try behind.git(["pull", "-q"])
        #expect(try slow.keeper.check() == nil, "the follower is told first")
        guard case .inForce(let compiled, _)? = try slow.follower.look() else {
            Issue.record("it is not put in force")
            return
        }
        #expect(compiled.commit.id == next)
        #expect(try slow.keeper.check()?.result.outcome == .unchanged)
    }

    @Test func `two versions that make other bundles of one commit do not write one after the other for ever`() throws {
        let repository = try TestRepository(copying: Places.acme)
        let database = try TestDatabase()
        let charter = try Charter(repository, database)
        let (reconciler, wanted, follower, keeper) = (charter.reconciler, charter.wanted, charter.follower, charter.keeper)
        _ = try follower.look()
        #expect(try keeper.check()?.result.outcome == .applied)
        // Another version has written its own.
        var other = try #require(wanted.current?.desired)
        other.bundleDigest = "0000"
        #expect(try reconciler.sync(other, driftMode: .correct).outcome == .applied)
        let epoch = try reconciler.revision()?.epoch
        #expect(try keeper.check()?.result.outcome == .unchanged)
        #expect(try reconciler.revision()?.epoch == epoch)
        // Drift is found all the same.
        try database.owner.execute("UPDATE governance.users SET email = 'x' WHERE name = 'ada'")
        #expect(try keeper.check()?.result.outcome == .corrected)
        // The next commit is written with this one's digest.
        try repository.write(SmallOrganization.document("User", "newcomer", "{email: n@acme.example}"), to: "users/newcomer.yaml")
        try repository.commit()
        _ = try follower.look()
        #expect(try keeper.check()?.result.outcome == .applied)
        #expect(try reconciler.revision()?.bundleDigest == wanted.current?.desired.bundleDigest)
    }
}
