import Diagnostics
import EnforcementServer
import Foundation
import Git
import GovernanceModel
import HTTPService
import JSON
import PolicyBundle
import PolicyEngine
import Reconciler
import Synchronization

/// `charter up`: everything of one organisation in one process.
public final class Supervisor: Sendable {
    public struct Configuration: Sendable {
        /// Path or URL of the repository.
        public var repository: String
        public var branch: String?
        public var stateDirectory: String
        /// A Postgres URL; a private cluster in the state folder when `nil`.
        public var database: String?
        public var host: String
        public var port: Int
        /// Seconds between two looks at the branch.
        public var pollInterval: Double

        public init(
            repository: String, branch: String?, stateDirectory: String, database: String?, host: String, port: Int, pollInterval: Double
        ) {
            self.repository = repository
            self.branch = branch
            self.stateDirectory = stateDirectory
            self.database = database
            self.host = host
            self.port = port
            self.pollInterval = pollInterval
        }
    }

    /// What is told while it runs.
    public enum Event: Sendable {
        /// A step of the start.
        case step(String)
        /// Findings of a commit, with the texts they point into; `isRefused` if the commit is not put in force.
        case findings([Diagnostic], sources: [String: [UInt8]], isRefused: Bool)
        case up(Summary)
        case info(String)
        case warning(String)
    }

    /// What is up.
    public struct Summary: Sendable {
        public var url: String
        public var repository: String
        public var branch: String
        public var commit: String
        public var digest: String
        public var documents: Int
        public var database: String
        public var applied: String
        public var refusedCommit: String?
        /// Commands made from the bundle in force.
        public var commands: [TryCommand]
    }

    /// A shell command worth trying, and what it shows.
    public struct TryCommand: Sendable {
        public var what: String
        public var command: String
    }

    private let configuration: Configuration
    private let emit: @Sendable (Event) -> Void
    private let wake = DispatchSemaphore(value: 0)
    private let databaseWake = DispatchSemaphore(value: 0)
    private let stopping = StopFlag()

    public init(_ configuration: Configuration, emit: @escaping @Sendable (Event) -> Void) {
        self.configuration = configuration
        self.emit = emit
    }

    /// Ends `run` soon; can be called from any thread, more than once.
    public func stop() {
        stopping.set()
        wake.signal()
    }

    /// Starts everything, follows the branch until `stop`, then takes everything down in the opposite order. Blocks the calling thread.
    public func run() throws(ControlError) {
        let state = try StateDirectory(configuration.stateDirectory)
        let source = GitSource(configuration.repository, branch: configuration.branch, mirror: state.mirror)
        let server = try makeServer()
        let wanted = WantedState()
        let follower = BranchFollower(source: source, state: state, server: server, wanted: wanted) { [emit] in emit(.warning($0)) }
        try fetch(source, state, follower)
        if stopping.isSet { return }
        // The database first: the first commit is weighed against what it holds.
        let database = try Database.open(configuration.database, directory: state.postgres, takesOver: true) { emit(.step($0)) }
        defer { database.close { emit(.info($0)) } }
        if stopping.isSet { return }
        let reconciler = database.reconciler
        do throws(ReconcilerError) {
            try reconciler.migrate()
            wanted.protected = Set(try reconciler.protections().map { [$0.kind, $0.name] })
            if let revision = try reconciler.revision() { follower.weigh(against: revision.commit) }
        } catch {
            throw ControlError(error)
        }
        emit(.step("compiling \(source.description)"))
        let first = try firstCommit(follower)
        let port = try Blocking.run { try await server.start() }
        defer { try? Blocking.run { await server.stop() } }
        if stopping.isSet { return }
        emit(.step("reconciling \(database.description)"))
        let followed = GitSource(configuration.repository, branch: follower.branch, mirror: state.mirror)
        let keeper = DatabaseKeeper(reconciler: reconciler, server: server, wanted: wanted, source: followed)
        if let repository = try? source.open() { keeper.recall(from: repository) }
        let check = try keeper.check()
        tellOvertaken(check)
        emit(
            .up(
                summary(
                    first, port: port, database: database, result: check?.result, branch: follower.branch, server: server, wanted: wanted)))
        follow(follower, keeper, database)
        emit(.info("stopping"))
    }

    // MARK: Start

    /// Brings the mirror up to date. With a mirror of an earlier run, a remote that is out of reach only delays news.
    private func fetch(_ source: GitSource, _ state: StateDirectory, _ follower: BranchFollower) throws(ControlError) {
        guard source.isRemote else { return }
        emit(.step("fetching \(source.description)"))
        do throws(ControlError) {
            try follower.refresh { stopping.isSet }
        } catch {
            if stopping.isSet { return }
            guard error.status == .tryAgain, FileManager.default.fileExists(atPath: state.mirror) else { throw error }
            emit(.warning("repository: \(error.message); going on with what was fetched before"))
        }
    }

    private func makeServer() throws(ControlError) -> EnforcementServer {
        do throws(MetricsError) {
            return try EnforcementServer(host: configuration.host, port: configuration.port, store: BundleStore(), status: ServiceStatus())
        } catch {
            throw ControlError(.internalError, "\(error)")
        }
    }

    private struct FirstCommit {
        var commit: String
        var digest: String
        var documents: Int
        var refused: String?
    }

    /// Puts the newest commit in force; if it is refused, the last good bundle of an earlier run.
    private func firstCommit(_ follower: BranchFollower) throws(ControlError) -> FirstCommit {
        switch try follower.look() {
        case .inForce(let compiled, let digest):
            emit(.findings(compiled.diagnostics, sources: compiled.snapshot.sources, isRefused: false))
            return FirstCommit(
                commit: compiled.commit.id.description, digest: digest, documents: compiled.snapshot.governance.count, refused: nil)
        case .withheld(let compiled, let plan):
            tellWithheld(compiled, plan)
            // INVARIANT: it was held against that bundle, so that there is one.
            guard let restored = follower.restoreLastGood() else {
                throw ControlError(.input, "the last good bundle cannot be used, and the newest commit takes too much away from it")
            }
            return FirstCommit(
                commit: restored.commit, digest: restored.digest, documents: Int(restored.bundle.word(.meta, 0, MetaColumn.documents)),
                refused: compiled.commit.id.description)
        case .refused(let compiled):
            emit(.findings(compiled.diagnostics, sources: compiled.snapshot.sources, isRefused: true))
            guard let restored = follower.restoreLastGood() else {
                throw ControlError(
                    .input, "commit \(compiled.commit.id.description.prefix(12)) has errors, and there is no earlier bundle to fall back to"
                )
            }
            return FirstCommit(
                commit: restored.commit, digest: restored.digest, documents: Int(restored.bundle.word(.meta, 0, MetaColumn.documents)),
                refused: compiled.commit.id.description)
        case nil: throw ControlError(.internalError, "the branch has no commit")
        }
    }

    private func commands(_ url: String, _ database: Database, _ server: EnforcementServer, _ wanted: WantedState) -> [TryCommand] {
        guard let engine = server.store.current?.engine else { return [] }
        let examples = ExampleRequests.find(engine, now: WallClock.now())
        func curl(_ body: JSONValue) -> String {
            "curl -s \(url)/v1/decisions -H 'Content-Type: application/json' \\\n      -d '\(JSONWriter.text(body))'"
        }
        var commands: [TryCommand] = []
        if let allowed = examples.allowed { commands.append(TryCommand(what: "a request that is allowed", command: curl(allowed.body))) }
        if let denied = examples.denied {
            commands.append(TryCommand(what: "one that is denied (\(denied.reason))", command: curl(denied.body)))
        }
        // Users come before service accounts.
        if let wanted = wanted.current, engine.bundle.count(.subj) > 0,
            engine.bundle.word(.subj, 0, SubjectColumn.flags) & SubjectColumn.serviceAccount == 0
        {
            let name = engine.bundle.string(.subj, 0, SubjectColumn.name)
            let change = "UPDATE governance.users SET email = 'someone@else.example' WHERE name = '\(name)'"
            let fate = wanted.driftMode == .correct ? "found and corrected" : "found and reported"
            let seconds = wanted.driftInterval / 1_000_000_000 + 1
            commands.append(
                TryCommand(
                    what: "drift: a change by hand, which is \(fate)",
                    command: "\(database.psql) -c \"\(change)\"; sleep \(seconds); curl -s \(url)/v1/drift"))
        }
        return commands
    }

    private func summary(
        _ first: FirstCommit, port: Int, database: Database, result: SyncResult?, branch: String?, server: EnforcementServer,
        wanted: WantedState
    ) -> Summary {
        let host = configuration.host.contains(":") ? "[\(configuration.host)]" : configuration.host
        let url = "http://\(host):\(port)"
        let applied =
            switch result?.outcome {
            case nil: "nothing"
            case .unchanged?: "nothing: the database already holds this commit"
            case .reported?: "nothing: drift is only reported"
            case .applied?, .corrected?: result?.plan.summary ?? ""
            }
        return Summary(
            url: url, repository: GitMirror.redact(configuration.repository), branch: branch ?? "HEAD", commit: first.commit,
            digest: first.digest, documents: first.documents, database: database.description, applied: applied,
            refusedCommit: first.refused, commands: commands(url, database, server, wanted))
    }

    // MARK: Running

    /// The branch is followed on this thread and the database kept on another: a database that hangs must not hold back a revocation, nor a
    /// remote that hangs the search for drift.
    private func follow(_ follower: BranchFollower, _ keeper: DatabaseKeeper, _ database: Database) {
        let ended = DispatchSemaphore(value: 0)
        let interrupter = database.reconciler.interrupter
        let keep = Confined { [self] in
            keepDatabase(keeper, database)
            ended.signal()
        }
        Thread.detachNewThread { keep.work() }
        let complaints = Complaints(emit: emit)
        while !stopping.isSet {
            complaints.attempt("repository", isStopping: stopping) { () throws(ControlError) in
                try follower.refresh { stopping.isSet }
                if try look(follower) { databaseWake.signal() }
            }
            _ = wake.wait(timeout: .now() + configuration.pollInterval)
        }
        databaseWake.signal()
        while ended.wait(timeout: .now() + .milliseconds(500)) != .success { interrupter.interrupt() }
    }

    private func keepDatabase(_ keeper: DatabaseKeeper, _ database: Database) {
        let complaints = Complaints(emit: emit)
        while true {
            _ = databaseWake.wait(timeout: .now() + .nanoseconds(Int(clamping: keeper.interval)))
            if stopping.isSet { return }
            complaints.attempt("database", isStopping: stopping) { () throws(ControlError) in try check(keeper, database) }
        }
    }

    private func look(_ follower: BranchFollower) throws(ControlError) -> Bool {
        switch try follower.look() {
        case nil: return false
        case .inForce(let compiled, let digest)?:
            let commit = "\(compiled.commit.id.description.prefix(12)) is in force: \(compiled.commit.summary)"
            emit(.info("commit \(commit), bundle sha256:\(digest.prefix(12))"))
            return true
        case .withheld(let compiled, let plan)?:
            tellWithheld(compiled, plan)
            return false
        case .refused(let compiled)?:
            emit(.findings(compiled.diagnostics, sources: compiled.snapshot.sources, isRefused: true))
            emit(.warning("commit \(compiled.commit.id.description.prefix(12)) is refused; the last good bundle stays in force"))
            return false
        }
    }

    private func check(_ keeper: DatabaseKeeper, _ database: Database) throws(ControlError) {
        let found: DatabaseKeeper.Check?
        do throws(ControlError) {
            found = try keeper.check()
        } catch {
            // A private Postgres has nobody else to start it again.
            guard !stopping.isSet, try database.revive({ emit(.step($0)) }) else { throw error }
            found = try keeper.check()
        }
        tellOvertaken(found)
        guard let check = found, check.isNews else { return }
        let plan = check.result.plan
        switch check.result.outcome {
        case .unchanged: break
        case .applied: emit(.info("applied to the database: \(plan.summary)\n\(plan.text(limit: 10, showsFields: false))"))
        case .corrected: emit(.warning("drift corrected: \(plan.differences.count) object(s)\n\(plan.text(limit: 10))"))
        case .reported: emit(.warning("drift, left as it is: \(plan.differences.count) object(s)\n\(plan.text(limit: 10))"))
        }
    }

    private func tellWithheld(_ compiled: CompiledCommit, _ plan: RefusedPlan) {
        let way = plan.canBeApproved ? "; if that is meant, `charter reconcile` names the plan to approve" : ""
        emit(
            .warning(
                "commit \(compiled.commit.id.description.prefix(12)) is withheld, and the last good bundle stays in force: "
                    + plan.reasons.joined(separator: "; ") + way))
    }

    private func tellOvertaken(_ check: DatabaseKeeper.Check?) {
        guard let plan = check?.overtaken else { return }
        emit(.warning("drift, overtaken by the new commit: \(plan.differences.count) object(s)\n\(plan.text(limit: 10))"))
    }
}

/// Work whose objects belong to one thread, handed over to it whole.
private final class Confined: @unchecked Sendable {
    // INVARIANT: `work` is called once, on the thread that it was handed to; what it captures is not used elsewhere meanwhile.
    let work: () -> Void

    init(_ work: @escaping () -> Void) { self.work = work }
}

/// Tells of a failure once, and of its end.
private final class Complaints {
    private let emit: (Supervisor.Event) -> Void
    private var standing: [String: String] = [:]

    init(emit: @escaping (Supervisor.Event) -> Void) { self.emit = emit }

    func attempt(_ what: String, isStopping: StopFlag, _ body: () throws(ControlError) -> Void) {
        do throws(ControlError) {
            try body()
            if standing.removeValue(forKey: what) != nil { emit(.info("\(what): working again")) }
        } catch {
            if isStopping.isSet { return }
            if standing.updateValue(error.message, forKey: what) != error.message { emit(.warning("\(what): \(error.message)")) }
        }
    }
}

/// A flag that is set once and read by many.
final class StopFlag: Sendable {
    private let flag = Atomic(false)
    var isSet: Bool { flag.load(ordering: .acquiring) }
    func set() { flag.store(true, ordering: .releasing) }
}
