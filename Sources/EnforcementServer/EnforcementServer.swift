import DecisionLog
import HTTPService
import JSON
import Logging
import NIOHTTP1
import Reconciler
import ServerLog

/// HTTP in front of the engine.
public final class EnforcementServer: Sendable {
    public let store: BundleStore
    public let status: ServiceStatus
    public let metrics: ServerMetrics
    public let arrivals: ArrivalMetrics
    /// All metrics, of HTTP too.
    public let registry: MetricsRegistry
    private let service: HTTPService
    /// What it answers, for tests of who is let in.
    let routes: [APIRoutes.Listed]

    /// Where it listens, and who is let in.
    public struct Configuration: Sendable {
        /// An address of this machine.
        public var host: String
        /// 0 for any free one.
        public var port: Int
        /// How callers prove who they are; without it everybody is let in.
        public var access: CallerAccessSettings?
        /// The certificate to be shown; without one it is plain HTTP.
        public var tls: TLSIdentity?
        /// Who takes messages that say that the repository has changed; without it they are answered 404.
        public var hooks: HookReceiver?
        /// The log of the server about itself; with `logsRequests` a line for each request is in it.
        public var ownLog: ServerLog?
        public var logsRequests = false
        /// Where decisions are logged.
        public var log: DecisionLog?
        /// Where what was recorded is read.
        public var runtime: RuntimeStore?
        /// Where what is declared is read.
        public var declared: DeclaredStore?
        /// What checks documents; only where a compiler is.
        public var changeCheck: (any ChangeCheck)?
        /// The URL by which clients reach it, as discovery tells them; without it, what a request calls the server.
        public var publicURL: String?
        /// A second bundle that every decision is compared with.
        public var shadow: ShadowBundle?

        public init(host: String, port: Int) {
            self.host = host
            self.port = port
        }
    }

    public init(_ configuration: Configuration, store: BundleStore, status: ServiceStatus) throws(MetricsError) {
        let registry = MetricsRegistry()
        self.registry = registry
        let metrics = try ServerMetrics(registry, store: store, status: status, log: configuration.log)
        let logger = Self.logger(configuration.ownLog)
        self.store = store
        self.status = status
        self.metrics = metrics
        arrivals = try ArrivalMetrics(registry, store: store)
        let access = configuration.access
        let gate: any CallerGate = if let access { try AccessGate(access, store: store, registry: registry) } else { OpenGate() }
        let requests = configuration.logsRequests ? configuration.ownLog : nil
        var routes = APIRoutes(gate, namesCallers: requests != nil)
        let work = WorkQueue()
        let intake = BodyIntake(work: work)
        let search = SearchService(store: store, metrics: metrics)
        let shadow = try configuration.shadow.map { shadow throws(MetricsError) in try ShadowComparison(shadow, registry) } ?? nil
        let service = DecisionService(store: store, metrics: metrics, log: configuration.log, shadow: shadow)
        routes.addDecisions(service)
        routes.addRuntime(configuration.runtime)
        routes.addDeclared(configuration.declared)
        routes.addValidation(configuration.changeCheck)
        routes.addDocument()
        routes.addBatches(service, intake)
        routes.addExplanations(service, intake)
        routes.addSearches(search, work)
        routes.addAuthZEN(service, search, intake, publicURL: configuration.publicURL, isTLS: configuration.tls != nil)
        routes.addOPA(service, intake)
        try routes.addOPALogs(configuration.log, registry, intake)
        routes.addEnvoy(service)
        routes.addState(store: store, status: status, registry: registry, tls: configuration.tls)
        routes.addBundleContent(store: store, status: status)
        routes.addShadow(shadow)
        let hooks = HookEndpoint(receiver: configuration.hooks, metrics: metrics)
        routes.open(.POST, "/v1/hooks/{scheme}") { .ready(hooks.answer($0)) }
        self.routes = routes.listed
        var listening = HTTPService.Configuration(host: configuration.host, port: configuration.port)
        listening.tls = configuration.tls
        listening.access = requests.map { log in { @Sendable in log.write($0) } }
        self.service = HTTPService(configuration: listening, router: routes.router, metrics: registry, logger: logger)
    }

    /// What is told of HTTP: troubles, and all else only where somebody looks for trouble.
    private static func logger(_ log: ServerLog?) -> Logger {
        guard let log else {
            var logger = Logger(label: "charter.http")
            logger.logLevel = .warning
            return logger
        }
        return log.logger("charter.http", level: log.level < .info ? log.level : .warning)
    }

    /// Starts listening; returns the port.
    public func start() async throws(HTTPServiceError) -> Int {
        try await service.start().port ?? 0
    }

    /// Answers what is under way, then closes every connection.
    public func stop() async { await service.stop() }

    static func unavailable() -> HTTPResponse {
        .problem(Problem(status: .serviceUnavailable, detail: "no bundle is in force yet; try again in a moment"))
    }

    static func json(_ value: JSONValue, status: HTTPResponseStatus = .ok) -> HTTPResponse {
        .json(JSONWriter.bytes(value), status: status)
    }
}
