import Synchronization

/// The metrics of one process, rendered in the Prometheus text format 0.0.4.
///
/// Metrics are registered once and their cells kept; increments then touch only atomics. Registering a name again with the same
/// shape returns the metric already there; with another shape it is a ``MetricsError/conflict(_:)``.
public final class MetricsRegistry: Sendable {
    /// What a `Content-Type` header says of ``render()``'s bytes.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// Upper bounds in seconds that suit request durations, 250 µs to 10 s.
    public static let durationBuckets: [Double] = [
        0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]

    enum Family: Sendable {
        case counter(MetricFamily<Counter>)
        case gauge(MetricFamily<Gauge>)
        case histogram(MetricFamily<Histogram>, bounds: [Double])
        case collected(CollectedGauges)
    }

    private let families = Mutex<[String: Family]>([:])

    /// An empty registry.
    public init() {}

    /// A counter family; `name` ends in `_total`.
    public func counter(_ name: String, help: String, labels: [String] = []) throws(MetricsError) -> MetricFamily<Counter> {
        try validate(name, labels: labels, isCounter: true)
        let family = try register(name) { .counter(MetricFamily(name: name, help: help, labelNames: labels) { Counter() }) }
        guard case .counter(let found) = family, found.help == help, found.labelNames == labels else {
            throw MetricsError.conflict(name)
        }
        return found
    }

    /// A gauge family.
    public func gauge(_ name: String, help: String, labels: [String] = []) throws(MetricsError) -> MetricFamily<Gauge> {
        try gaugeFamily(name, help: help, labels: labels, read: nil)
    }

    /// A gauge without labels whose value is read from `read` at each rendering. A closure given for a name already there is dropped.
    public func gauge(_ name: String, help: String, read: @escaping @Sendable () -> Double) throws(MetricsError) {
        _ = try gaugeFamily(name, help: help, labels: [], read: read)
    }

    /// Gauges whose label values and numbers are read from `read` at each rendering: what is no longer read is no longer shown. A closure given for
    /// a name already there is dropped.
    public func gauges(
        _ name: String, help: String, labels: [String], read: @escaping @Sendable () -> [(labels: [String], value: Double)]
    ) throws(MetricsError) {
        try validate(name, labels: labels, isCounter: false)
        let family = try register(name) { .collected(CollectedGauges(name: name, help: help, labelNames: labels, read: read)) }
        guard case .collected(let found) = family, found.help == help, found.labelNames == labels else {
            throw MetricsError.conflict(name)
        }
    }

    /// A histogram family with the upper bounds `buckets`, rising, without `+Inf`.
    public func histogram(
        _ name: String, help: String, labels: [String] = [], buckets: [Double] = MetricsRegistry.durationBuckets
    ) throws(MetricsError) -> MetricFamily<Histogram> {
        try validate(name, labels: labels, isCounter: false)
        if labels.contains("le") { throw .invalidLabel("le", metric: name) }
        let rising = zip(buckets, buckets.dropFirst()).allSatisfy { $0 < $1 }
        guard rising, buckets.allSatisfy(\.isFinite) else { throw .invalidBuckets(metric: name) }
        // A histogram `x` also occupies these names in the output.
        for suffix in ["_bucket", "_sum", "_count"] where has(name + suffix) { throw .conflict(name + suffix) }
        let family = try register(name) {
            .histogram(MetricFamily(name: name, help: help, labelNames: labels) { Histogram(bounds: buckets) }, bounds: buckets)
        }
        guard case .histogram(let found, let bounds) = family, found.help == help, found.labelNames == labels, bounds == buckets else {
            throw MetricsError.conflict(name)
        }
        return found
    }

    /// The families ordered by name.
    var snapshot: [Family] {
        families.withLock { families in families.sorted { $0.key < $1.key }.map(\.value) }
    }

    private func has(_ name: String) -> Bool {
        families.withLock { $0[name] != nil }
    }

    private func gaugeFamily(
        _ name: String, help: String, labels: [String], read: (@Sendable () -> Double)?
    ) throws(MetricsError) -> MetricFamily<Gauge> {
        try validate(name, labels: labels, isCounter: false)
        let family = try register(name) { .gauge(MetricFamily(name: name, help: help, labelNames: labels) { Gauge(read: read) }) }
        guard case .gauge(let found) = family, found.help == help, found.labelNames == labels else {
            throw MetricsError.conflict(name)
        }
        return found
    }

    private func register(_ name: String, make: () -> Family) throws(MetricsError) -> Family {
        let made = make()
        let found: Family? = families.withLock { families in
            for suffix in ["_bucket", "_sum", "_count"] where name.hasSuffix(suffix) {
                if case .histogram = families[String(name.dropLast(suffix.count))] { return nil }
            }
            if let present = families[name] { return present }
            families[name] = made
            return made
        }
        guard let found else { throw MetricsError.conflict(name) }
        return found
    }

    private func validate(_ name: String, labels: [String], isCounter: Bool) throws(MetricsError) {
        guard Self.isName(name, colons: true) else { throw .invalidName(name) }
        guard name.hasSuffix("_total") == isCounter else { throw .misplacedTotalSuffix(name) }
        var seen: Set<String> = []
        for label in labels {
            guard Self.isName(label, colons: false), !label.hasPrefix("__"), seen.insert(label).inserted else {
                throw .invalidLabel(label, metric: name)
            }
        }
    }

    private static func isName(_ text: String, colons: Bool) -> Bool {
        var isFirst = true
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): break
            case UInt8(ascii: ":") where colons: break
            case UInt8(ascii: "0")...UInt8(ascii: "9") where !isFirst: break
            default: return false
            }
            isFirst = false
        }
        return !isFirst
    }
}
