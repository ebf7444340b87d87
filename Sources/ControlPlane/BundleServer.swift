import Dispatch
import EnforcementServer
import HTTPService
import PolicyEngine

/// `charter serve`: the server alone, with one bundle.
public final class BundleServer: Sendable {
    private let server: EnforcementServer
    private let engine: PolicyEngine
    private let host: String
    private let stopped = DispatchSemaphore(value: 0)

    public init(bundle: BundleSource, host: String, port: Int) throws(ControlError) {
        do {
            engine = try PolicyEngine(try bundle.open())
            server = try EnforcementServer(.init(host: host, port: port), store: BundleStore(), status: ServiceStatus())
        } catch {
            throw ControlError(wrapping: error)
        }
        self.host = host
    }

    /// Serves until `stop`. Blocks the calling thread.
    public func run(_ started: (_ url: String, PolicyEngine) -> Void) throws(ControlError) {
        server.store.activate(engine, at: WallClock.now())
        server.metrics.activations.increment()
        let port = try Blocking.run { [server] in try await server.start() }
        started("http://\(host.contains(":") ? "[\(host)]" : host):\(port)", engine)
        stopped.wait()
        try Blocking.run { [server] in await server.stop() }
    }

    public func stop() { stopped.signal() }
}
