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
        let count = open.wrappingAdd(1, ordering: .relaxed).newValue
        metrics.connections.set(Double(count))
        return count
    }

    func connectionClosed() {
        metrics.connections.set(Double(open.wrappingSubtract(1, ordering: .relaxed).newValue))
    }
}
