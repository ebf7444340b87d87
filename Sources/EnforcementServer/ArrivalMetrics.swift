import HTTPService

/// The metrics of how bundles arrive.
public struct ArrivalMetrics: Sendable {
    /// By outcome: `activated`, `confirmed`, `unchanged`, `refused`, `unreachable`.
    public let looks: MetricFamily<Counter>
    public let refusals: MetricFamily<Counter>

    init(_ registry: MetricsRegistry, store: BundleStore) throws(MetricsError) {
        looks = try registry.counter(
            "charter_bundle_looks_total", help: "Looks at the source of bundles, by what came of them.", labels: ["outcome"])
        refusals = try registry.counter(
            "charter_bundles_refused_total", help: "Bundles that came and were not put in force, by reason.", labels: ["reason"])
        try registry.gauge(
            "charter_bundle_arrived_timestamp_seconds", help: "When the bundle in force came from its source; 0 if it was made here."
        ) {
            store.current?.provision.map { Double($0.arrivedAt) / 1e9 } ?? 0
        }
        try registry.gauge(
            "charter_bundle_restored",
            help: "Whether the bundle in force is one that an earlier run has kept, and its source was not heard of since."
        ) {
            store.current?.provision?.isRestored == true ? 1 : 0
        }
    }
}
