import DecisionLog
import HTTPService

/// The metrics of decisions, bundles and reconciling.
public struct ServerMetrics: Sendable {
    public let allowed: Counter
    public let denied: Counter
    public let badRequests: Counter
    public let activations: Counter
    public let refusals: MetricFamily<Counter>
    public let reconciles: MetricFamily<Counter>
    public let driftedObjects: MetricFamily<Counter>
    public let failures: MetricFamily<Counter>
    public let sourceFailures: MetricFamily<Counter>
    public let reconcileSeconds: MetricFamily<Histogram>
    public let sourceFetches: Counter
    public let webhooks: MetricFamily<Counter>

    public init(
        _ registry: MetricsRegistry, store: BundleStore, status: ServiceStatus, log: DecisionLog? = nil
    ) throws(MetricsError) {
        if let log { try Self.add(log, to: registry) }
        let decisions = try registry.counter("charter_decisions_total", help: "Requests decided, by answer.", labels: ["decision"])
        allowed = decisions.labels("allow")
        denied = decisions.labels("deny")
        badRequests = try registry.counter("charter_bad_requests_total", help: "Decision requests that could not be read.").labels()
        activations = try registry.counter("charter_bundle_activations_total", help: "Bundles put in force.").labels()
        refusals = try registry.counter(
            "charter_commits_refused_total", help: "Commits that were not put in force, by reason.", labels: ["reason"])
        reconciles = try registry.counter("charter_reconciles_total", help: "Runs of the reconciler, by outcome.", labels: ["outcome"])
        failures = try registry.counter(
            "charter_reconcile_failures_total", help: "Runs of the reconciler that failed, by reason.", labels: ["reason"])
        sourceFailures = try registry.counter(
            "charter_source_failures_total", help: "Looks at the repository that failed, by reason.", labels: ["reason"])
        sourceFetches = try registry.counter(
            "charter_source_fetches_total", help: "Fetches from the remote repository, failed ones too."
        ).labels()
        webhooks = try registry.counter(
            "charter_webhooks_total", help: "Messages that say that the repository has changed, by scheme and what became of them.",
            labels: ["scheme", "outcome"])
        driftedObjects = try registry.counter(
            "charter_drifted_objects_total", help: "Objects found different from the commit in force.", labels: ["kind"])
        try registry.gauge("charter_bundle_loaded_timestamp_seconds", help: "When the bundle in force was loaded.") {
            store.current.map { Double($0.loadedAt) / 1e9 } ?? 0
        }
        try registry.gauge("charter_bundle_size_bytes", help: "Size of the bundle in force.") {
            store.current.map { Double($0.engine.bundle.size) } ?? 0
        }
        try registry.gauge("charter_commit_refused", help: "Whether the newest commit is refused and an older one is in force.") {
            status.hasRefusal ? 1 : 0
        }
        try registry.gauges(
            "charter_condition", help: "Conditions of the organisation and of its source, each 1 with the status that it has.",
            labels: ["scope", "type", "status", "reason"]
        ) {
            status.conditions.map { ([$0.scope, $0.condition.type, $0.condition.status.rawValue, $0.condition.reason], 1) }
        }
        try registry.gauge("charter_database_epoch", help: "The epoch of the database's revision, as far as it is known; 0 before.") {
            Double(status.facts.generation)
        }
        try registry.gauge("charter_suspended", help: "Whether an operator has suspended reconciling.") {
            status.facts.suspension == nil ? 0 : 1
        }
        try registry.gauge("charter_pinned", help: "Whether an operator has pinned a commit.") { status.facts.pin == nil ? 0 : 1 }
        try registry.gauge("charter_fought_objects", help: "Objects that are changed back so often that they are not corrected any more.") {
            Double(status.facts.fights.count)
        }
        try registry.gauge("charter_differing_servers", help: "Servers on whose reports stands another bundle than the revision's.") {
            Double(status.facts.differingServers.count)
        }
        reconcileSeconds = try registry.histogram(
            "charter_reconcile_duration_seconds", help: "How long runs of the reconciler took, by outcome.", labels: ["outcome"],
            buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60])
        try registry.gauge("charter_open_drift_objects", help: "Objects that differ from the commit in force and are not corrected.") {
            Double(status.openDriftCount)
        }
    }

    /// Of the decision log.
    private static func add(_ log: DecisionLog, to registry: MetricsRegistry) throws(MetricsError) {
        try registry.gauge("charter_decision_log_taken_decisions", help: "Decisions taken into the log since its spool was made.") {
            Double(log.counts.taken)
        }
        try registry.gauge(
            "charter_decision_log_unsampled_decisions", help: "Permissions left out of the log by sampling, since the start."
        ) {
            Double(log.counts.unsampled)
        }
        try registry.gauge("charter_decision_log_spool_bytes", help: "Size of the spool's files that hold decisions.") { Double(log.bytes) }
        let gauges: [(name: String, help: String, value: @Sendable (DecisionLog.SinkStatus) -> Double)] = [
            ("backlog_decisions", "Decisions that wait for a sink.", { Double($0.backlog) }),
            ("lost_decisions", "Decisions that a sink will never get, since the spool was made.", { Double($0.lost) }),
            ("sink_failing", "Whether a sink takes nothing at present.", { $0.failure == nil ? 0 : 1 }),
        ]
        for gauge in gauges {
            try registry.gauges("charter_decision_log_\(gauge.name)", help: gauge.help, labels: ["sink"]) {
                log.status.map { ([$0.name], gauge.value($0)) }
            }
        }
    }
}
