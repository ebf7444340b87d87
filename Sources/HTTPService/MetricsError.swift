/// Why a metric could not be registered.
public enum MetricsError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The name is outside `[a-zA-Z_:][a-zA-Z0-9_:]*`.
    case invalidName(String)
    /// A counter's name must end in `_total`, and no other kind's may.
    case misplacedTotalSuffix(String)
    /// The label is outside `[a-zA-Z_][a-zA-Z0-9_]*`, begins with `__`, appears twice, or is `le` on a histogram.
    case invalidLabel(String, metric: String)
    /// Bucket bounds must be finite and rise strictly.
    case invalidBuckets(metric: String)
    /// The name is taken by a metric of another kind, help text, label set or bucket set.
    case conflict(String)

    public var description: String {
        switch self {
        case .invalidName(let name): "metric name `\(name)` is not of the form [a-zA-Z_:][a-zA-Z0-9_:]*"
        case .misplacedTotalSuffix(let name): "metric `\(name)`: counters end in `_total` and other kinds do not"
        case .invalidLabel(let label, let metric): "metric `\(metric)`: label `\(label)` is malformed, reserved or repeated"
        case .invalidBuckets(let metric): "metric `\(metric)`: bucket bounds must be finite and rise strictly"
        case .conflict(let name): "metric `\(name)` is registered already with another shape"
        }
    }
}
