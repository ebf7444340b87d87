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
        /// A shell command that opens the database.
        public var psql: String
        public var applied: String
        public var refusedCommit: String?
        /// Shell commands worth trying, each with what it shows.
        public var commands: [(what: String, command: String)]
    }

    private let configuration: Configuration
    private let emit: @Sendable (Event) -> Void
    private let wake = DispatchSemaphore(value: 0)
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
        if source.isRemote {
            emit(.step("fetching \(source.description)"))
            try source.refresh()
        }
        let server = try makeServer()
        let loop = ControlLoop(source: source, state: state, server: server) { [emit] in emit(.warning($0)) }
        emit(.step("compiling \(source.description)"))
        let first = try firstCommit(loop)
        let port = try Blocking.run { try await server.start() }
        defer { try? Blocking.run { await server.stop() } }
        if stopping.isSet { return }
        let database = try Database.open(configuration.database, directory: state.postgres, takesOver: true) { emit(.step($0)) }
        defer { database.close { emit(.info($0)) } }
        if stopping.isSet { return }
        emit(.step("reconciling \(database.description)"))
        do throws(ReconcilerError) { try database.reconciler.migrate() } catch { throw ControlError(error) }
        loop.attach(database.reconciler)
        let result = try loop.reconcile()
        emit(.up(summary(first, port: port, database: database, result: result?.result, branch: loop.branch, store: server.store)))
        follow(loop, source)
        emit(.info("stopping"))
    }

    // MARK: Start

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
    private func firstCommit(_ loop: ControlLoop) throws(ControlError) -> FirstCommit {
        switch try loop.followBranch() {
        case .inForce(let compiled, let digest):
            emit(.findings(compiled.diagnostics, sources: compiled.snapshot.sources, isRefused: false))
            return FirstCommit(
                commit: compiled.commit.id.description, digest: digest, documents: compiled.snapshot.governance.count, refused: nil)
        case .refused(let compiled):
            emit(.findings(compiled.diagnostics, sources: compiled.snapshot.sources, isRefused: true))
            guard let restored = loop.restoreLastGoodBundle() else {
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

    private func commands(_ url: String, _ database: Database, _ store: BundleStore) -> [(what: String, command: String)] {
        guard let engine = store.current?.engine else { return [] }
        let examples = ExampleRequests.find(engine, now: WallClock.now())
        func curl(_ body: JSONValue) -> String {
            "curl -s \(url)/v1/decisions -H 'Content-Type: application/json' \\\n      -d '\(JSONWriter.text(body))'"
        }
        var commands: [(what: String, command: String)] = []
        if let allowed = examples.allowed { commands.append(("a request that is allowed", curl(allowed.body))) }
        if let denied = examples.denied { commands.append(("one that is denied (\(denied.reason))", curl(denied.body))) }
        if engine.bundle.count(.subj) > 0 {
            let name = engine.bundle.string(.subj, 0, SubjectColumn.name)
            let change = "UPDATE governance.users SET email = 'someone@else.example' WHERE name = '\(name)'"
            commands.append(
                (
                    "drift: a change by hand, which is found and corrected",
                    "\(database.psql) -c \"\(change)\"; sleep 6; curl -s \(url)/v1/drift"
                ))
        }
        return commands
    }

    private func summary(
        _ first: FirstCommit, port: Int, database: Database, result: SyncResult?, branch: String?, store: BundleStore
    ) -> Summary {
        let host = configuration.host.contains(":") ? "[\(configuration.host)]" : configuration.host
        let url = "http://\(host):\(port)"
        return Summary(
            url: url, repository: GitMirror.redact(configuration.repository), branch: branch ?? "HEAD", commit: first.commit,
            digest: first.digest, documents: first.documents, database: database.description, psql: database.psql,
            applied: result.map {
                $0.outcome == .unchanged ? "nothing: the database already holds this commit" : $0.plan.summary
            }
                ?? "nothing: the newest commit is refused", refusedCommit: first.refused,
            commands: commands(url, database, store))
    }

    // MARK: Running

    private func follow(_ loop: ControlLoop, _ source: GitSource) {
        let clock = ContinuousClock()
        var nextPoll = clock.now
        var nextCheck = clock.now.advanced(by: .nanoseconds(loop.driftInterval))
        var complaints: [String: String] = [:]
        /// Tells of a failure once, and of its end.
        func attempt(_ what: String, _ body: () throws(ControlError) -> Void) {
            do throws(ControlError) {
                try body()
                if complaints.removeValue(forKey: what) != nil { emit(.info("\(what): working again")) }
            } catch {
                if complaints.updateValue(error.message, forKey: what) != error.message { emit(.warning("\(what): \(error.message)")) }
            }
        }
        while !stopping.isSet {
            let now = clock.now
            if now >= nextPoll {
                nextPoll = now.advanced(by: .seconds(configuration.pollInterval))
                var isNew = false
                attempt("repository") { () throws(ControlError) in
                    try source.refresh()
                    isNew = try look(loop)
                }
                if isNew { nextCheck = now }
            }
            if now >= nextCheck {
                nextCheck = clock.now.advanced(by: .nanoseconds(loop.driftInterval))
                attempt("database") { () throws(ControlError) in try check(loop) }
            }
            let pause = min(nextPoll, nextCheck) - clock.now
            if pause > .zero { _ = wake.wait(timeout: .now() + .nanoseconds(Int(clamping: pause.nanoseconds))) }
        }
    }

    private func look(_ loop: ControlLoop) throws(ControlError) -> Bool {
        switch try loop.followBranch() {
        case nil: return false
        case .inForce(let compiled, let digest)?:
            emit(
                .info(
                    "commit \(compiled.commit.id.description.prefix(12)) is in force: \(compiled.commit.summary), bundle sha256:\(digest.prefix(12))"
                ))
            return true
        case .refused(let compiled)?:
            emit(.findings(compiled.diagnostics, sources: compiled.snapshot.sources, isRefused: true))
            emit(.warning("commit \(compiled.commit.id.description.prefix(12)) is refused; the last good bundle stays in force"))
            return false
        }
    }

    private func check(_ loop: ControlLoop) throws(ControlError) {
        guard let check = try loop.reconcile(), check.isNews else { return }
        let plan = check.result.plan
        switch check.result.outcome {
        case .unchanged: break
        case .applied: emit(.info("applied to the database: \(plan.summary)\n\(plan.text(limit: 10, showsFields: false))"))
        case .corrected: emit(.warning("drift corrected: \(plan.differences.count) object(s)\n\(plan.text(limit: 10))"))
        case .reported:
            emit(.warning("drift, left as it is: \(plan.differences.count) object(s)\n\(plan.text(limit: 10))"))
        }
    }
}

/// A flag that is set once and read by many.
final class StopFlag: Sendable {
    private let flag = Atomic(false)
    var isSet: Bool { flag.load(ordering: .acquiring) }
    func set() { flag.store(true, ordering: .releasing) }
}
