import NIOHTTP1
import Synchronization

/// The service's own metrics.
struct ServiceMetrics: Sendable {
    let connections: Gauge
    /// By the route's index.
    let routes: [RouteMetrics]
    /// For what reached no route.
    let none: RouteMetrics

    init(_ registry: MetricsRegistry, router: Router) throws(MetricsError) {
        let requests = try registry.counter(
            "charter_http_requests_total", help: "HTTP requests answered.", labels: ["method", "route", "status"])
        let durations = try registry.histogram(
            "charter_http_request_duration_seconds", help: "Time from a request's head to its response.", labels: ["route"])
        connections = try registry.gauge("charter_http_connections", help: "Open HTTP connections.").labels()
        routes = router.routes.map { RouteMetrics($0.pattern, requests: requests, durations: durations) }
        none = RouteMetrics("none", requests: requests, durations: durations)
    }
}

/// The cells of one route, so that a request does not look its labels up.
final class RouteMetrics: Sendable {
    private struct Key: Hashable {
        var method: String
        var status: UInt
    }

    let route: String
    private let requests: MetricFamily<Counter>
    private let duration: Histogram
    private let cells = Mutex<[Key: Counter]>([:])
    /// Of express answers: POST, 200.
    private let express = Mutex<Counter?>(nil)

    init(_ route: String, requests: MetricFamily<Counter>, durations: MetricFamily<Histogram>) {
        self.route = route
        self.requests = requests
        self.duration = durations.labels(route)
    }

    /// Counts an express answer to a POST.
    func recordExpress(seconds: Double) {
        let counter = express.withLock { express in
            if let express { return express }
            let counter = requests.labels("POST", route, "200")
            express = counter
            return counter
        }
        counter.increment()
        duration.observe(seconds)
    }

    /// Counts a response; `method` is `nil` where the head could not be read.
    func record(method: HTTPMethod?, status: UInt, seconds: Double) {
        let key = Key(method: method?.rawValue ?? "none", status: status)
        let counter = cells.withLock { cells in
            if let counter = cells[key] { return counter }
            let counter = requests.labels(key.method, route, "\(status)")
            cells[key] = counter
            return counter
        }
        counter.increment()
        duration.observe(seconds)
    }
}
