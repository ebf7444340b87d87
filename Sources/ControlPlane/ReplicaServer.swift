import BundleFollowing
import DecisionLog
import Dispatch
import EnforcementServer
import Foundation
import HTTPService
import PolicyEngine
import Reconciler
import Signing
import Waiting

/// `charter serve`: the server alone, with bundles that others have made. Any number of them serve the same.
public final class ReplicaServer: Sendable {
    public struct Configuration: Sendable {
        public var source: ReplicaSource
        public var rules = BundleRules()
        /// Between two looks at the source; as its kind wants it by default.
        public var interval: Duration?
        /// The folder that keeps the last good bundle for a restart.
        public var state: String?
        /// Where it is reported which bundle is in force here.
        public var database: ReplicaDatabase?
        public var shadow: ReplicaSource?
        public var shadowShare = 1.0
        /// How decisions are logged, into the database too if there is one; `nil` for not at all.
        public var decisionLog: DecisionLogSettings?
        /// Where metrics are sent.
        public var telemetry: TelemetrySettings?
        public var server: EnforcementServer.Configuration
        /// Who may call it.
        public var access = ServerAccess()

        /// Where the digests of API keys are kept for a start without the database, where there is no state folder.
        public var keyCopy: String?

        public init(source: ReplicaSource, server: EnforcementServer.Configuration) {
            self.source = source
            self.server = server
        }
    }

    public enum Event: Sendable {
        /// - Parameter engine: `nil` while no bundle has come yet.
        case serving(url: String, engine: PolicyEngine?)
        case info(String)
        case warning(String)
    }

    private let configuration: Configuration
    private let emit: @Sendable (Event) -> Void
    private let server: EnforcementServer
    private let feed: any BundleFeed
    private let subscription: BundleSubscription
    private let shadow: ShadowFollower?
    private let declared: DeclaredStore?
    private let state: StateDirectory?
    private let instance: String
    private let access: RunningAccess
    private let log: DecisionLog?
    private let runtime: RuntimeStore?
    private let stopping = StopFlag()
    private let stopped = DispatchSemaphore(value: 0)
    private let reportWake = WakeUp()
    private let metrics: MetricsPusher?
    private let logWake = WakeUp()

    public init(_ configuration: Configuration, emit: @escaping @Sendable (Event) -> Void) throws(ControlError) {
        self.configuration = configuration
        self.emit = emit
        feed = try configuration.source.feed(interval: configuration.interval)
        access = try RunningAccess(configuration.access, hasDatabase: configuration.database != nil) { emit(.warning($0)) }
        do {
            shadow = try configuration.shadow.map { source in
                try ShadowFollower(source, share: configuration.shadowShare, trustedKeys: configuration.rules.trustedKeys) {
                    text, isTrouble in
                    emit(isTrouble ? .warning(text) : .info(text))
                }
            }
            var settings = configuration.server
            settings.shadow = shadow?.bundle
            settings.apply(access)
            declared = configuration.database == nil ? nil : DeclaredStore()
            settings.declared = declared
            state = try configuration.state.map { try StateDirectory($0) }
            log = try configuration.decisionLog?.open(hasDatabase: configuration.database != nil) { emit(.warning($0)) }
            runtime = configuration.database == nil ? nil : RuntimeStore()
            settings.log = log
            settings.runtime = runtime
            server = try EnforcementServer(settings, store: BundleStore(), status: ServiceStatus())
            metrics = try MetricsPusher(configuration.telemetry, server.registry) { emit($1 ? .warning($0) : .info($0)) }
            instance = try state?.instance() ?? UUID().uuidString.lowercased()
            let kept = try state.map { try KeptBundle(folder: $0.path + "/bundles") }
            let arrivals = BundleArrivals(server, changed: { [reportWake] in reportWake.signal() }, emit: emit)
            subscription = try BundleSubscription(feed, rules: configuration.rules, kept: kept) { arrivals.take($0) }
        } catch let failure as KeptBundle.Failure {
            throw ControlError(.input, "the state folder cannot be used: \(failure)")
        } catch {
            throw ControlError(wrapping: error)
        }
    }

    /// Serves until `stop`. Blocks the calling thread.
    public func run() throws(ControlError) {
        server.status.update { [feed] facts in
            facts.sourceNoun = "source"
            facts.sourceState = .pending
            facts.source = .init(description: feed.name, reference: "bundle", path: "")
        }
        // What was kept is in force at once; the source is asked after that.
        if !subscription.restore(), let trouble = subscription.look(), subscription.current == nil {
            if trouble is BundleRefusal || configuration.source.isLocal { throw ControlError(.input, "\(trouble)") }
        }
        shadow?.start()
        defer { shadow?.stop() }
        try configuration.decisionLog?.start(log, configuration.database?.configuration)
        metrics?.begin()
        defer { metrics?.end() }
        if let database = configuration.database {
            runtime?.open(database.configuration)
            declared?.open(database.configuration)
        }
        // After the server: what was answered is written.
        defer {
            log?.stop(within: DecisionLogSettings.stopTime)
            runtime?.close()
            declared?.close()
        }
        try access.start(database: configuration.database?.configuration, copy: state?.apiKeys ?? configuration.keyCopy)
        defer { access.stop() }
        let port = try Blocking.run { [server] in try await server.start() }
        defer { try? Blocking.run { [server] in await server.stop() } }
        let url = access.url(configuration.server.host, port)
        emit(.serving(url: url, engine: subscription.current?.engine))
        subscription.start(yields: true)
        let listener = listen()
        let reporting = DispatchGroup()
        if let database = configuration.database {
            DispatchQueue(label: "charter.reports").async(group: reporting) { [self] in report(to: database, url) }
        }
        if let log { DispatchQueue(label: "charter.log").async(group: reporting) { [self] in watch(log) } }
        stopped.wait()
        stopping.set()
        reportWake.signal()
        logWake.signal()
        (feed as? DatabaseFeed)?.interrupt()
        subscription.stop()
        listener?.join()
        reporting.wait()
    }

    /// Can be called from any thread, more than once.
    public func stop() { stopped.signal() }

    /// Hears of a new revision without waiting for the next look.
    private func listen() -> ChangeListener? {
        guard case .database(let configuration, _) = configuration.source else { return nil }
        let listener = ChangeListener(
            configuration, stopping: stopping, own: { nil }, heard: { [subscription] in subscription.wake() })
        // On a thread that may wait for a database that does not answer.
        listener.start(connectsFirst: false)
        return listener
    }

    /// Says in the server's status how the log stands, until the end.
    private func watch(_ log: DecisionLog) {
        let watch = LogWatch(log, server.status)
        while !stopping.isSet {
            watch.look()
            logWake.wait(.seconds(1))
        }
    }

    /// Nanoseconds between two reports.
    private static let reportInterval: Int64 = 15_000_000_000

    /// Says into the database which bundle is in force here, until the end.
    private func report(to database: ReplicaDatabase, _ url: String) {
        let reconciler = Reconciler(database.configuration)
        defer { reconciler.close() }
        let reporter = InstanceReporter(instance: instance, reconciler: reconciler, server: server, wanted: WantedState())
        reporter.served(at: url)
        let complaint = LastText()
        while !stopping.isSet {
            do throws(ReconcilerError) {
                try reporter.report()
                if complaint.set(nil) { emit(.info("reports: working again")) }
            } catch {
                if complaint.set(error.description) { emit(.warning("reports: \(error)")) }
            }
            reportWake.wait(nanoseconds: Self.reportInterval)
        }
        reporter.withdraw()
    }
}
