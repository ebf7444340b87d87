import Logging
import Synchronization

/// What all connections of a service share.
final class ServiceContext: Sendable {
    let configuration: HTTPService.Configuration
    let router: Router
    let metrics: ServiceMetrics
    let logger: Logger
    /// A whole `Server` line.
    let serverLine: [UInt8]
    /// Connections open now.
    let open = Atomic<Int>(0)

    init(configuration: HTTPService.Configuration, router: Router, metrics: ServiceMetrics, logger: Logger) {
        self.configuration = configuration
        self.router = router
        self.metrics = metrics
        self.logger = logger
        self.serverLine = ResponseEncoder.serverLine(configuration.serverName)
    }

    /// Counts a connection in; the count includes it.
    func connectionOpened() -> Int {
        metrics.connections.add(1)
        return open.wrappingAdd(1, ordering: .relaxed).newValue
    }

    func connectionClosed() {
        // Not set to what was counted: of two loops, the one that counted first may set last.
        metrics.connections.add(-1)
        open.wrappingSubtract(1, ordering: .relaxed)
    }
}
