import HTTPService
import JSON
import Logging
import Synchronization

/// Writes down who was let in, and who was not.
final class AccessRecord: Sendable {
    /// Lines a second: whoever is refused must not be able to fill a disk.
    private static let linesPerSecond = 10

    private let authentications: MetricFamily<Counter>
    private let accepted: [String: Counter]
    private let limited: Counter
    private let logger: Logger
    private let lines = Mutex((second: Int64(0), count: 0, left: 0))

    init(_ registry: MetricsRegistry) throws(MetricsError) {
        authentications = try registry.counter(
            "charter_authentication_total", help: "Requests by how their sender proved who he is, and what came of it.",
            labels: ["method", "outcome"])
        var accepted: [String: Counter] = [:]
        for method in ["key", "token", "certificate"] { accepted[method] = authentications.labels(method, "accepted") }
        self.accepted = accepted
        limited = try registry.counter(
            "charter_rate_limited_requests_total", help: "Requests that were refused because their sender has sent too many."
        ).labels()
        var logger = Logger(label: "charter.access")
        logger.logLevel = .notice
        self.logger = logger
    }

    func accepted(_ method: String) { accepted[method]?.increment() }

    func limited(_ caller: Caller) { limited.increment() }

    /// - Parameter who: as far as it was proved; never a credential.
    func refused(_ method: String, _ outcome: String, who: String? = nil, _ operation: APIOperation, _ request: HTTPRequest) {
        authentications.labels(method, outcome).increment()
        let second = WallClock.now() / 1_000_000_000
        let left: Int? = lines.withLock { lines in
            if lines.second != second { lines = (second, 0, lines.left) }
            guard lines.count < Self.linesPerSecond else {
                lines.left += 1
                return nil
            }
            lines.count += 1
            defer { lines.left = 0 }
            return lines.left
        }
        guard let left else { return }
        var metadata: Logger.Metadata = ["method": "\(method)", "outcome": "\(outcome)", "operation": "\(operation.action)"]
        // As JSON, so that no name can begin a line of its own.
        if let who { metadata["who"] = "\(JSONWriter.quote(String(who.prefix(200))))" }
        if let address = request.remoteIP { metadata["from"] = "\(address)" }
        if left > 0 { metadata["leftOut"] = "\(left)" }
        logger.notice("not let in", metadata: metadata)
    }
}
