import DecisionLog
import Diagnostics
import EnforcementServer
import Foundation
import Git
import GovernanceModel
import HTTPService
import JSON
import PolicyBundle
import PolicyEngine
import Postgres
import Reconciler
import ServerLog
import Synchronization
import Waiting
import Webhooks

/// `charter up`: everything of one organisation in one process.
public final class Supervisor: Sendable {
    public struct Configuration: Sendable {
        /// Path or URL of the repository.
        public var repository: String
        public var reference: SourceReference
        /// The folder of the tree that holds the documents; empty for the whole tree.
        public var folder = ""
        public var stateDirectory: String
        /// A Postgres URL; a private cluster in the state folder when `nil`.
        public var database: String?
        /// Whose schemas and roles of the database are meant.
        public var namespace = GovernanceNamespace.standard
        public var host: String
        public var port: Int
        /// Who may call.
        public var access = ServerAccess()
        /// Seconds between two looks at the branch, on average.
        public var pollInterval: Double
        /// Whose commits are believed, whatever any commit says.
        public var operatorTrust: OperatorTrust?
        /// Seconds that a remote repository may take to answer.
        public var fetchTimeout = GitSource.fetchTimeout
        /// Where alerts go, beside where the organisation wants them.
        public var alertReceiver: String?
        /// What messages to that receiver are signed with.
        public var alertSecret: String?
        /// Tells whether messages that say that the repository has changed come from whom they should; without it none are taken.
        public var webhooks: WebhookReceipt?
        /// The address by which clients reach the server, where it is another than the one it listens on.
        public var publicURL: String?
        /// How decisions are logged; `nil` for not at all.
        public var decisionLog: DecisionLogSettings?
        /// The log of the server about itself, and whether requests are in it.
        public var log: ServerLog?
        public var logsRequests = false
        /// Where metrics are sent.
        public var telemetry: TelemetrySettings?
        /// A second bundle that every decision is compared with.
        public var shadow: ReplicaSource?
        public var shadowShare = 1.0

        public init(
            repository: String, reference: SourceReference, stateDirectory: String, database: String?, host: String, port: Int,
            pollInterval: Double
        ) {
            self.repository = repository
            self.reference = reference
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
        /// What is followed, for people.
        public var reference: String
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

    let configuration: Configuration
    let emit: @Sendable (Event) -> Void
    let stopping = StopFlag()
    let wanted = WantedState()

    public init(_ configuration: Configuration, emit: @escaping @Sendable (Event) -> Void) {
        self.configuration = configuration
        self.emit = emit
    }

    /// Ends `run` soon; can be called from any thread, more than once.
    public func stop() {
        stopping.set()
        wanted.followerWake.signal()
        wanted.keeperWake.signal()
    }

    /// Starts everything, follows the branch until `stop`, then takes everything down in the opposite order. Blocks the calling thread.
    public func run() throws(ControlError) {
        let state = try StateDirectory(configuration.stateDirectory)
        var source = GitSource(
            configuration.repository, reference: configuration.reference, folder: configuration.folder, mirror: state.mirror)
        source.fetchTimeout = configuration.fetchTimeout
        let access = try RunningAccess(configuration.access, hasDatabase: true) { [emit] in emit(.warning($0)) }
        let log = try configuration.decisionLog?.open(hasDatabase: true) { emit(.warning($0)) }
        let runtime = RuntimeStore()
        let declared = DeclaredStore()
        defer {
            runtime.close()
            declared.close()
        }
        let shadow = try configuration.shadow.map { source throws(ControlError) in try makeShadow(source) } ?? nil
        defer { shadow?.stop() }
        let server = try makeServer(access, log, runtime, declared, shadow?.bundle)
        let metrics = try MetricsPusher(configuration.telemetry, server.registry) { [emit] in emit($1 ? .warning($0) : .info($0)) }
        let instance = try state.instance()
        let journal = EventJournal(
            path: state.events, instance: instance,
            receiver: configuration.alertReceiver.map { .init(url: $0, secretVariable: AlertSender.operators) }, wanted: wanted)
        let trust = TrustGate(folder: configuration.folder, operatorTrust: configuration.operatorTrust)
        let follower = BranchFollower(source: source, state: state, server: server, wanted: wanted, trust: trust) { [emit] in
            emit(.warning($0))
        }
        server.status.update { facts in
            facts.isStarting = true
            facts.sourceState = .pending
        }
        try fetch(source, state, follower)
        if stopping.isSet { return }
        // The database first: the first commit is weighed against what it holds.
        let database = try Database.open(
            configuration.database, directory: state.postgres, namespace: configuration.namespace, takesOver: true
        ) { emit(.step($0)) }
        defer { database.close { emit(.info($0)) } }
        if stopping.isSet { return }
        let reporter = InstanceReporter(instance: instance, reconciler: database.reconciler, server: server, wanted: wanted)
        let held = try prepare(database, follower, reporter, server)
        try configuration.decisionLog?.start(log, database.configuration)
        runtime.open(database.configuration)
        declared.open(database.configuration)
        metrics?.begin()
        defer { metrics?.end() }
        // After the server and before the database: what was answered is written.
        defer { log?.stop(within: DecisionLogSettings.stopTime) }
        emit(.step("compiling \(source.description)"))
        let first = try firstCommit(follower, held: held)
        shadow?.start()
        try access.start(database: database.configuration, copy: state.apiKeys)
        defer { access.stop() }
        let port = try Blocking.run { try await server.start() }
        defer { try? Blocking.run { await server.stop() } }
        if stopping.isSet { return }
        let url = configuration.access.url(configuration.host, port)
        reporter.served(at: url)
        emit(.step("reconciling \(database.description)"))
        let followed = GitSource(
            configuration.repository, reference: follower.reference ?? configuration.reference, folder: configuration.folder,
            mirror: state.mirror)
        let keeper = DatabaseKeeper(reconciler: database.reconciler, server: server, wanted: wanted, source: followed, journal: journal)
        if let repository = try? source.open() { keeper.recall(from: repository) }
        let keeping = Keeping(keeper: keeper, reporter: reporter, journal: journal, database: database, server: server)
        let interrupter = database.reconciler.interrupter
        let listener = ChangeListener(
            database.configuration, stopping: stopping, own: { interrupter.serverProcess },
            heard: { [wanted] in wanted.keeperWake.signal() })
        listener.start()
        // What woke it so far is looked at now.
        wanted.keeperWake.wait(nanoseconds: 0)
        let check = try keeping.round()
        server.status.update { $0.isStarting = false }
        keeping.report()
        tell(check, applied: false)
        emit(.up(summary(first, url: url, database: database, result: check?.result, server: server, wanted: wanted)))
        run(follower, keeping, listener, LogWatch(log, server.status))
        emit(.info("stopping"))
        reporter.withdraw()
    }

    /// Brings the database's schema up to date, and hears from it what the first commit has to know.
    ///
    /// - Returns: the commit that the database holds.
    private func prepare(
        _ database: Database, _ follower: BranchFollower, _ reporter: InstanceReporter, _ server: EnforcementServer
    ) throws(ControlError) -> String? {
        do throws(ReconcilerError) {
            try database.reconciler.migrate()
            wanted.protected = Set(try database.reconciler.protections().map { [$0.kind, $0.name] })
            try reporter.recall()
            let (directives, revision) = try database.reconciler.orders()
            wanted.directives = directives
            server.status.update { facts in
                facts.pin = directives.pin.map(ServiceFacts.Order.init)
                facts.suspension = directives.suspension.map(ServiceFacts.Order.init)
            }
            // While a commit is pinned, who is trusted is told by what was held before.
            if let revision { follower.weigh(against: directives.pin?.anchor ?? revision.commit) }
            return revision?.commit
        } catch {
            throw ControlError(error)
        }
    }

    // MARK: Running

    /// The branch is followed on this thread, the database kept on another, and alerts sent on a third: a database that hangs must not hold
    /// back a revocation, nor a remote that hangs the search for drift, nor a receiver that hangs either of them.
    private func run(_ follower: BranchFollower, _ keeping: Keeping, _ listener: ChangeListener, _ log: LogWatch) {
        let keeper = Worker("database") { [self] in keep(keeping) }
        let sender = Worker("alerts") { [self, journal = keeping.journal, configuration = keeping.database.configuration] in
            send(journal, configuration)
        }
        let complaints = Complaints(emit: emit)
        var pace = FetchPace(interval: configuration.pollInterval)
        while !stopping.isSet {
            let isFetching = pace.begin()
            let isGood = complaints.attempt("repository", isStopping: stopping) { () throws(ControlError) in
                // What was ordered waits for no remote.
                if isFetching, wanted.hasOrders { tell(try follower.look()) }
                if isFetching { try follower.refresh { stopping.isSet } }
                tell(try follower.look())
            }
            log.look()
            // What has happened is to be told before the next look at the database.
            if keeping.note() { wanted.keeperWake.signal() }
            wanted.followerWake.wait(nanoseconds: pace.pause(isGood: isGood))
        }
        wanted.keeperWake.signal()
        keeping.journal.senderWake.signal()
        let interrupter = keeping.database.reconciler.interrupter
        while !keeper.hasEnded(within: 0.5) { interrupter.interrupt() }
        sender.join()
        listener.join()
    }

    /// Nanoseconds between two reports, however rarely the database is looked at.
    private static let reportInterval: Int64 = 30_000_000_000
    /// The longest pause after a look, in seconds.
    private static let longestPause = 5.0

    private func keep(_ keeping: Keeping) {
        let complaints = Complaints(emit: emit)
        let retention = RetentionKeeper(keeping.database.configuration, wanted)
        var next = ContinuousClock.now + .nanoseconds(keeping.keeper.interval)
        while true {
            let isWoken = wanted.keeperWake.wait(min(next - .now, .nanoseconds(Self.reportInterval)))
            if stopping.isSet { return }
            let start = ContinuousClock.now
            if isWoken || start >= next {
                complaints.attempt("database", isStopping: stopping) { () throws(ControlError) in try keepOnce(keeping) }
                next = .now + .nanoseconds(keeping.keeper.interval)
                // Whoever sends one notification after the other does not make it look all the time.
                pause((.now - start) / 2)
            } else {
                keeping.report()
            }
            complaints.attempt("retention", isStopping: stopping) { () throws(ControlError) in
                do throws(PostgresError) {
                    if let removed = try retention.look() { emit(.info(removed)) }
                } catch {
                    throw ControlError(.tryAgain, error.description)
                }
            }
            complaints.attempt("events", isStopping: stopping) { () throws(ControlError) in
                if let failure = keeping.takeFailure() { throw ControlError(.tryAgain, failure) }
            }
        }
    }

    private func keepOnce(_ keeping: Keeping) throws(ControlError) {
        let check: DatabaseKeeper.Check?
        do throws(ControlError) {
            check = try keeping.round()
        } catch {
            // A private Postgres has nobody else to start it again.
            guard !stopping.isSet, try keeping.database.revive({ emit(.step($0)) }) else { throw error }
            check = try keeping.round()
        }
        tell(check, applied: true)
    }

    private func pause(_ time: Duration) {
        let end = ContinuousClock.now + min(time, .seconds(Self.longestPause))
        while !stopping.isSet, ContinuousClock.now < end { Thread.sleep(forTimeInterval: 0.02) }
    }

    private func send(_ journal: EventJournal, _ configuration: PostgresConfiguration) {
        let reconciler = Reconciler(configuration)
        defer { reconciler.close() }
        let sender = AlertSender(
            reconciler: reconciler, operatorReceiver: self.configuration.alertReceiver,
            operatorSecret: self.configuration.alertSecret)
        let complaints = Complaints(emit: emit)
        while !stopping.isSet {
            complaints.attempt("alerts", isStopping: stopping) { () throws(ControlError) in
                let failures: [String]
                do throws(ReconcilerError) {
                    failures = try sender.send { stopping.isSet }
                } catch {
                    throw ControlError(error)
                }
                if let first = failures.first { throw ControlError(.tryAgain, first) }
            }
            journal.senderWake.wait(nanoseconds: 5_000_000_000)
        }
    }
}

/// What looks after the database, on one thread.
final class Keeping {
    let keeper: DatabaseKeeper
    let reporter: InstanceReporter
    let journal: EventJournal
    let database: Database
    private let server: EnforcementServer
    private var failure: String?

    init(keeper: DatabaseKeeper, reporter: InstanceReporter, journal: EventJournal, database: Database, server: EnforcementServer) {
        self.keeper = keeper
        self.reporter = reporter
        self.journal = journal
        self.database = database
        self.server = server
    }

    /// Makes the database equal to what is in force, and leaves in it what there is to be said, also of a failure.
    func round() throws(ControlError) -> DatabaseKeeper.Check? {
        defer { report() }
        return try keeper.check()
    }

    /// Leaves in the database how it stands and what has happened, as far as it takes that; what it does not take waits.
    func report() {
        note()
        do throws(ReconcilerError) {
            try reporter.report()
            note()
            try journal.flush(database.reconciler)
            failure = nil
        } catch {
            failure = error.description
        }
    }

    /// Why it could not be said how it stands.
    func takeFailure() -> String? { journal.takeFailure() ?? failure }

    /// Writes down which conditions have become others. May be called on any thread.
    /// - Returns: whether there is anything to be told.
    @discardableResult
    func note() -> Bool {
        let facts = server.status.facts
        let changes = server.status.takeChanges()
        for change in changes { journal.changed(change, commit: facts.refusal?.commit ?? facts.inForce?.commit) }
        return !changes.isEmpty
    }
}

/// Work whose objects belong to one thread, handed over to it whole.
// INVARIANT of `@unchecked`: `work` is called once, on the thread that it was handed to; what it captures is not used elsewhere meanwhile, but for
// what is safe to use from any thread.
private final class Worker: @unchecked Sendable {
    private let work: () -> Void
    private let ended = WakeUp()

    init(_ name: String, _ work: @escaping () -> Void) {
        self.work = work
        Thread.detachNewThread { [self] in
            Thread.current.name = name
            self.work()
            ended.signal()
        }
    }

    func hasEnded(within seconds: Double) -> Bool { ended.wait(.seconds(seconds)) }

    func join() {
        while !ended.wait(.seconds(60)) {}
    }
}

/// Tells of a failure once, and of its end.
private final class Complaints {
    private let emit: (Supervisor.Event) -> Void
    private var standing: [String: String] = [:]

    init(emit: @escaping (Supervisor.Event) -> Void) { self.emit = emit }

    /// - Returns: whether it went well.
    @discardableResult
    func attempt(_ what: String, isStopping: StopFlag, _ body: () throws(ControlError) -> Void) -> Bool {
        do throws(ControlError) {
            try body()
            if standing.removeValue(forKey: what) != nil { emit(.info("\(what): working again")) }
            return true
        } catch {
            if isStopping.isSet { return false }
            if standing.updateValue(error.message, forKey: what) != error.message { emit(.warning("\(what): \(error.message)")) }
            return false
        }
    }
}

/// A flag that is set once and read by many.
final class StopFlag: Sendable {
    private let flag = Atomic(false)
    var isSet: Bool { flag.load(ordering: .acquiring) }
    func set() { flag.store(true, ordering: .releasing) }
}
