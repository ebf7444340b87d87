import Dispatch
import EnforcementServer
import HTTPService
import PolicyEngine

/// `charter serve`: the server alone, with one bundle.
public final class BundleServer: Sendable {
    private let server: EnforcementServer
    private let engine: PolicyEngine
    private let host: String
    private let access: RunningAccess
    private let stopped = DispatchSemaphore(value: 0)

    /// - Parameter warn: told of what goes wrong while it runs.
    public init(
        bundle: BundleSource, host: String, port: Int, access: ServerAccess = ServerAccess(), warn: @escaping @Sendable (String) -> Void
    ) throws(ControlError) {
        self.access = try RunningAccess(access, hasDatabase: false, warn: warn)
        do {
            engine = try PolicyEngine(try bundle.open())
            var settings = EnforcementServer.Configuration(host: host, port: port)
            settings.apply(self.access)
            server = try EnforcementServer(settings, store: BundleStore(), status: ServiceStatus())
        } catch {
            throw ControlError(wrapping: error)
        }
        self.host = host
    }

    /// Serves until `stop`. Blocks the calling thread.
    public func run(_ started: (_ url: String, PolicyEngine) -> Void) throws(ControlError) {
        try access.start()
        defer { access.stop() }
        server.store.activate(engine, at: WallClock.now())
        server.metrics.activations.increment()
        let port = try Blocking.run { [server] in try await server.start() }
        started(access.url(host, port), engine)
        stopped.wait()
        try Blocking.run { [server] in await server.stop() }
    }

    public func stop() { stopped.signal() }
}
