import EnforcementServer
import Foundation
import Git
import GovernanceModel
import JSON
import PolicyBundle
import PolicyEngine
import Postgres
import Reconciler

/// `charter bench thread`: how long each stage takes from a git repository to enforced decisions.
///
/// Works on a copy of the repository and in a private Postgres, both in a temporary folder.
public struct ThreadBenchmark {
    private let repository: String
    private let runs: Int

    public init(repository: String, runs: Int) {
        self.repository = repository
        self.runs = runs
    }

    public func run(progress: (String) -> Void) throws -> BenchmarkReport {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("charter-bench-\(UUID().uuidString.prefix(8))").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }

        progress("copying the repository")
        let origin = GitSource(repository, branch: nil, mirror: "")
        let original = try origin.open()
        let commit = try origin.newestCommit(original)
        let copy = folder + "/copy"
        try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: original.gitDirectory, toPath: copy + "/.git")

        progress("reading, compiling and loading \(runs) times")
        var samples = Samples()
        var compiled: CompiledCommit?
        for _ in 0..<runs { compiled = try compileOnce(copy, commit, &samples) }
        guard let compiled, let bundle = compiled.bundle else {
            throw ControlError(.input, "the newest commit has errors; run `charter validate`")
        }

        progress("starting a private Postgres")
        let cluster = try PrivateCluster.start(directory: folder + "/postgres")
        defer { try? cluster.stop() }
        progress("reconciling \(runs) times")
        let desired = compiled.desiredState(bundleDigest: try PolicyBundle(bytes: bundle).digest.description)
        for number in 0..<runs { try reconcileOnce(try cluster.configuration(database: "bench\(number)"), desired, &samples) }
        progress("changing one file \(runs) times")
        try changes(copy, try cluster.configuration(database: "bench0"), &samples)
        return BenchmarkReport(
            bench: "thread", metrics: samples.medians,
            parameters: [
                "documents": .int(Int64(compiled.snapshot.governance.count)), "files": .int(Int64(compiled.snapshot.fileCount)),
                "commit": .string(commit.description), "bundleBytes": .int(Int64(bundle.count)), "runs": .int(Int64(runs)),
            ])
    }

    private func compileOnce(_ copy: String, _ commit: GitObjectID, _ samples: inout Samples) throws -> CompiledCommit {
        let compiler = CommitCompiler(keepsParsed: false)
        let compiled = try compiler.compile(try GitRepository(opening: copy), commit: commit, now: WallClock.now() / 1_000_000_000)
        let timings = compiled.snapshot.timings
        samples.add("read_git_ms", timings.read)
        samples.add("parse_ms", timings.parse)
        samples.add("check_ms", timings.link)
        samples.add("compile_ms", compiled.compileTime)
        guard let bytes = compiled.bundle else { return compiled }
        let file = copy + "/bundle.charter"
        try samples.time("write_bundle_ms") { try AtomicFile.write(bytes, to: file) }
        try samples.time("load_bundle_ms") { _ = try PolicyEngine(try PolicyBundle.open(path: file)) }
        return compiled
    }

    private func reconcileOnce(_ database: PostgresConfiguration, _ desired: DesiredState, _ samples: inout Samples) throws {
        let reconciler = Reconciler(database)
        defer { reconciler.close() }
        try reconciler.migrate()
        let first = try samples.time("first_reconcile_ms") { try reconciler.sync(desired, driftMode: .correct) }
        guard first.outcome == .applied else { throw ControlError(.internalError, "the first reconcile applied nothing") }
        let second = try samples.time("noop_reconcile_ms") { try reconciler.sync(desired, driftMode: .correct) }
        guard second.outcome == .unchanged else { throw ControlError(.internalError, "the second reconcile was not a no-op") }
    }

    /// From a commit being there to the new bundle being in force, and to the database holding it; looking for the commit is included,
    /// waiting between two looks is not.
    private func changes(_ copy: String, _ database: PostgresConfiguration, _ samples: inout Samples) throws {
        let repository = try GitRepository(opening: copy)
        // A branch of its own: the copy may have none but remote-tracking ones.
        let branch = "charter-bench"
        var head = try GitSource(copy, branch: nil, mirror: "").newestCommit(repository)
        let source = GitSource(copy, branch: branch, mirror: "")
        let server = try EnforcementServer(.init(host: "127.0.0.1", port: 0), store: BundleStore(), status: ServiceStatus())
        let wanted = WantedState()
        let follower = BranchFollower(source: source, state: nil, server: server, wanted: wanted) { _ in }
        let keeper = DatabaseKeeper(reconciler: Reconciler(database), server: server, wanted: wanted)
        for number in 0...runs {
            let user = """
                apiVersion: charter/v1
                kind: User
                metadata: {name: charter-bench}
                spec: {email: charter-bench@example.org, displayName: "number \(number)"}

                """
            head = try repository.writeCommit(
                onto: head, changes: [("charter-bench.yaml", Array(user.utf8))], message: "Change one file", authorName: "bench",
                authorEmail: "bench@example.org", time: WallClock.now() / 1_000_000_000, updating: "refs/heads/\(branch)")
            let clock = ContinuousClock()
            let start = clock.now
            guard case .inForce? = try follower.look() else { throw ControlError(.internalError, "the change was not put in force") }
            let enforced = clock.now - start
            guard try keeper.check()?.result.outcome == .applied else { throw ControlError(.internalError, "the change was not applied") }
            // The first adds the file and warms the cache of parsed files; the others are what a running Charter does.
            if number == 0 { continue }
            samples.add("change_to_enforced_ms", enforced.nanoseconds)
            samples.add("change_to_reconciled_ms", (clock.now - start).nanoseconds)
        }
    }
}

/// Samples of several metrics.
private struct Samples {
    private var order: [String] = []
    private var values: [String: [Double]] = [:]

    mutating func add(_ name: String, _ nanoseconds: Int64) {
        if values[name] == nil { order.append(name) }
        values[name, default: []].append(Double(nanoseconds) / 1e6)
    }

    mutating func time<Value>(_ name: String, _ work: () throws -> Value) rethrows -> Value {
        let clock = ContinuousClock()
        let start = clock.now
        let value = try work()
        add(name, (clock.now - start).nanoseconds)
        return value
    }

    var medians: [(name: String, value: Double)] {
        order.map { name in
            let sorted = (values[name] ?? []).sorted()
            return (name, sorted[sorted.count / 2])
        }
    }
}
