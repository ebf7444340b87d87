import HTTPService
import JSON
import Logging
import NIOCore
import NIOHTTP1
import PolicyBundle

/// HTTP in front of the engine.
public final class EnforcementServer: Sendable {
    public let store: BundleStore
    public let status: ServiceStatus
    public let metrics: ServerMetrics
    private let service: HTTPService

    /// - Parameters:
    ///   - host: an address of this machine; without authentication only a loopback address should be given.
    ///   - port: 0 for any free one.
    ///   - hooks: who takes messages that say that the repository has changed; without it they are answered 404.
    public init(
        host: String, port: Int, store: BundleStore, status: ServiceStatus, hooks: HookReceiver? = nil
    ) throws(MetricsError) {
        let registry = MetricsRegistry()
        let metrics = try ServerMetrics(registry, store: store, status: status)
        var logger = Logger(label: "charter.http")
        logger.logLevel = .warning
        self.store = store
        self.status = status
        self.metrics = metrics
        var router = Router()
        let decisions = DecisionEndpoint(store: store, metrics: metrics)
        router.on(.POST, "/v1/decisions") { .ready(decisions.answer($0)) }
        let hookEndpoint = HookEndpoint(receiver: hooks, metrics: metrics)
        router.on(.POST, "/v1/hooks/{scheme}") { .ready(hookEndpoint.answer($0)) }
        router.on(.GET, "/v1/drift") { _ in .ready(Self.json(status.driftJSON)) }
        router.on(.GET, "/v1/status") { _ in .ready(Self.json(status.json)) }
        router.on(.GET, "/v1/bundle") { _ in .ready(Self.bundle(store)) }
        router.on(.GET, "/healthz") { _ in .ready(Self.json(["status": "ok"])) }
        router.on(.GET, "/readyz") { _ in .ready(Self.readiness(store, status)) }
        router.on(.GET, "/metrics") { _ in .ready(.metrics(registry)) }
        service = HTTPService(
            configuration: .init(host: host, port: port), router: router, metrics: registry, logger: logger)
    }

    /// Starts listening; returns the port.
    public func start() async throws(HTTPServiceError) -> Int {
        try await service.start().port ?? 0
    }

    /// Answers what is under way, then closes every connection.
    public func stop() async { await service.stop() }

    private static func bundle(_ store: BundleStore) -> HTTPResponse {
        guard let entry = store.current else { return unavailable() }
        let bundle = entry.engine.bundle
        return json([
            "digest": .string("sha256:\(entry.engine.digest)"), "commit": .string(entry.engine.commit),
            "organization": .string(bundle.meta(.organization)), "documents": .int(Int64(bundle.word(.meta, 0, MetaColumn.documents))),
            "policies": .int(Int64(bundle.count(.poli))), "subjects": .int(Int64(bundle.count(.subj))), "bytes": .int(Int64(bundle.size)),
            "compiler": .string(bundle.meta(.compiler)), "loadedAt": .string(TimeText.rfc3339(entry.loadedAt)),
        ])
    }

    private static func readiness(_ store: BundleStore, _ status: ServiceStatus) -> HTTPResponse {
        let entry = store.current
        var checks: JSONObject = [
            "bundle": entry.map {
                ["status": "ok", "digest": .string("sha256:\($0.engine.digest)"), "commit": .string($0.engine.commit)]
            } ?? ["status": "missing"]
        ]
        for member in status.readinessJSON.members { checks[member.name] = member.value }
        return json(["ready": .bool(entry != nil), "checks": .object(checks)], status: entry == nil ? .serviceUnavailable : .ok)
    }

    static func unavailable() -> HTTPResponse {
        .problem(Problem(status: .serviceUnavailable, detail: "no bundle is in force yet; try again in a moment"))
    }

    static func json(_ value: JSONValue, status: HTTPResponseStatus = .ok) -> HTTPResponse {
        .json(JSONWriter.bytes(value), status: status)
    }
}
