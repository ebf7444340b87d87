import DecisionLog
import EnforcementServer

/// Looks now and then at how the decision log stands.
///
/// Not for use by two threads at once.
final class LogWatch {
    /// How long a loss is told of.
    private static let memory = Duration.seconds(600)

    private let log: DecisionLog?
    private let status: ServiceStatus
    /// What was lost when it was last looked at, and before what is told of began.
    private var lost: UInt64?
    private var base: UInt64 = 0
    private var lastLoss: ContinuousClock.Instant?

    init(_ log: DecisionLog?, _ status: ServiceStatus) {
        self.log = log
        self.status = status
    }

    func look() {
        guard let log else { return }
        let sinks = log.status
        let now = ContinuousClock.now
        let total = sinks.reduce(0) { $0 + $1.lost }
        if lost == nil { base = total }
        if let lost, total > lost { lastLoss = now }
        lost = total
        if lastLoss.map({ now - $0 > Self.memory }) ?? true {
            lastLoss = nil
            base = total
        }
        var state = ServiceFacts.LogState()
        state.lost = total - base
        state.failing = sinks.compactMap { sink in sink.failure.map { "`\(sink.name)` with \(sink.backlog) waiting: \($0)" } }
        state.refusals = sinks.compactMap { sink in sink.refusal.map { "`\(sink.name)`: \($0)" } }
        if status.facts.log != state { status.update { $0.log = state } }
    }
}
