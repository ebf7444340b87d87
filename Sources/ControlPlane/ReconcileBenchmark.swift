import EnforcementServer
import Foundation
import Git
import GovernanceModel
import PolicyBundle
import PolicyEngine
import Postgres
import Reconciler

/// `charter bench reconcile`: how long it takes until a database holds what a commit says, beside a plain COPY of the same rows.
///
/// Works in a temporary folder: a repository made for it, and a private Postgres with default settings.
public struct ReconcileBenchmark {
    private let folder: String
    private let users: Int

    /// - Parameter folder: where `prepare` has made the repository.
    public init(folder: String, users: Int) {
        self.folder = folder
        self.users = users
    }

    private static let branch = "main"
    private var repositoryPath: String { folder + "/repository.git" }

    /// Makes the repository, in a process of its own so that its memory is not measured.
    public func prepare() throws {
        let world = ReconcileBenchmarkWorld(users: users)
        try GitRepository.createBare(at: repositoryPath)
        _ = try commit(nil, world.files())
    }

    private func commit(_ parent: GitObjectID?, _ files: [(path: String, text: String)]) throws -> GitObjectID {
        try GitRepository(opening: repositoryPath).writeCommit(
            onto: parent, changes: files.map { ($0.path, Array($0.text.utf8)) }, message: "Change the organisation", authorName: "bench",
            authorEmail: "bench@bench.example", time: WallClock.now() / 1_000_000_000, updating: "refs/heads/\(Self.branch)")
    }

    /// Measures. The process should have done nothing else before.
    public func measure(progress: (String) -> Void) throws -> BenchmarkReport {
        let world = ReconcileBenchmarkWorld(users: users)
        progress("starting a private Postgres")
        let cluster = try PrivateCluster.start(directory: folder + "/postgres")
        defer { try? cluster.stop() }
        let database = try cluster.configuration(database: "bench")
        let source = GitSource(repositoryPath, branch: Self.branch, mirror: "")
        let server = try EnforcementServer(.init(host: "127.0.0.1", port: 0), store: BundleStore(), status: ServiceStatus())
        let wanted = WantedState()
        let follower = BranchFollower(source: source, state: nil, server: server, wanted: wanted) { _ in }
        let reconciler = Reconciler(database)
        defer { reconciler.close() }
        try reconciler.migrate()
        let keeper = DatabaseKeeper(reconciler: reconciler, server: server, wanted: wanted)
        var metrics: [(name: String, value: Double)] = []
        let clock = ContinuousClock()
        func time<Value>(_ name: String, _ work: () throws -> Value) rethrows -> Value {
            let start = clock.now
            let value = try work()
            metrics.append((name, Double((clock.now - start).nanoseconds) / 1e6))
            return value
        }
        func take(_ outcome: SyncResult.Outcome) throws -> SyncResult {
            guard let check = try keeper.check(), check.result.outcome == outcome else {
                throw ControlError(.internalError, "the database was not \(outcome.rawValue)")
            }
            return check.result
        }

        progress("first sync")
        var head = try GitRepository(opening: repositoryPath).resolve("refs/heads/\(Self.branch)")
        let start = clock.now
        guard case .inForce? = try time("compile_ms", { try follower.look() }) else {
            throw ControlError(.internalError, "the commit was not put in force")
        }
        let first = try time("first_apply_ms") { try take(.applied) }
        metrics.append(("first_sync_ms", Double((clock.now - start).nanoseconds) / 1e6))
        progress("a plain COPY of the same rows")
        guard let desired = wanted.current?.desired else { throw ControlError(.internalError, "no commit is in force") }
        let baseline = try CopyBaseline.measure(desired, database)
        metrics.append(("copy_baseline_ms", baseline.milliseconds))
        progress("nothing changed")
        for _ in 0..<4 { _ = try take(.unchanged) }
        _ = try time("noop_full_ms") { try take(.unchanged) }
        guard try time("noop_digest_ms", { try follower.look() == nil && reconciler.revision()?.commit == head.description }) else {
            throw ControlError(.internalError, "the branch has moved")
        }
        progress("one document changed")
        head = try commit(head, [world.userFile(0) { $0 == 7 ? 2 : 1 }])
        let one = try time("one_change_ms") {
            _ = try follower.look()
            return try take(.applied)
        }
        progress("a tenth of the users changed")
        let changed = min(10_000, users)
        let files = (0..<(changed + world.usersOfFile - 1) / world.usersOfFile)
        head = try commit(head, files.map { world.userFile($0) { $0 < changed ? 3 : 1 } })
        let many = try time("ten_thousand_changes_ms") {
            _ = try follower.look()
            return try take(.applied)
        }
        metrics.append(("resident_bytes", Double(ProcessMemory.mostResidentBytes)))
        return BenchmarkReport(
            bench: "reconcile", metrics: metrics,
            parameters: [
                "users": .int(Int64(users)), "teams": .int(Int64(world.teams)), "rows": .int(Int64(first.plan.rowCount)),
                "copiedRows": .int(Int64(baseline.rows)), "rowsOfOneChange": .int(Int64(one.plan.rowCount)),
                "rowsOfManyChanges": .int(Int64(many.plan.rowCount)),
            ])
    }
}
