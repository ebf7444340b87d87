import Dispatch
import HTTPService
import JSON
import PolicyEngine
import Synchronization

/// A second bundle, which decides nothing.
public final class ShadowBundle: Sendable {
    /// Holds it once it has come.
    public let store = BundleStore()
    /// How many decisions are compared: 1 for all, 0.1 for each tenth.
    public let share: Double

    /// - Parameter share: more than 0, and 1 at most.
    public init(share: Double = 1) { self.share = min(1, max(0, share)) }
}

/// Decides again, by the second bundle, what was decided by the one in force, and counts where they differ. It never changes an answer.
///
/// The answering path only copies the request. As a decision follows from bundle, request and time alone, both are made again from these, on another
/// thread. If that thread falls behind, decisions are left out and counted.
final class ShadowComparison: Sendable {
    enum Outcome: String, CaseIterable {
        case same
        case allowToDeny = "allow_to_deny"
        case denyToAllow = "deny_to_allow"
        /// The same answer with other reasons, obligations or warnings.
        case otherReasons = "other_reasons"
        /// The second bundle cannot read the request.
        case error
    }

    private struct Pending {
        var request: [UInt8]
        var now: Int64
        var engine: PolicyEngine
    }

    private struct State {
        var waiting: [Pending] = []
        var bytes = 0
        var isDraining = false
        /// The newest comes last.
        var examples: [ShadowExample] = []
        /// For deciding again by the bundle that was in force last.
        var sessions: (engine: PolicyEngine, pool: DecisionSessionPool)?
    }

    /// What waits to be compared at most.
    private static let mostWaiting = 1_024
    private static let mostBytes = 16 << 20
    private static let mostExamples = 100

    private let bundle: ShadowBundle
    private let decisions: MetricFamily<Counter>
    private let counters: [Outcome: Counter]
    private let skipped: Counter
    private let number = Atomic<UInt64>(0)
    private let state = Mutex(State())
    private let worker = DispatchQueue(label: "charter.shadow", qos: .utility)

    init(_ bundle: ShadowBundle, _ registry: MetricsRegistry) throws(MetricsError) {
        self.bundle = bundle
        let decisions = try registry.counter(
            "charter_shadow_decisions_total", help: "Decisions compared with those of the shadow bundle, by what came of it.",
            labels: ["outcome"])
        self.decisions = decisions
        counters = Dictionary(uniqueKeysWithValues: Outcome.allCases.map { ($0, decisions.labels($0.rawValue)) })
        skipped = try registry.counter(
            "charter_shadow_skipped_total", help: "Decisions that were to be compared and were not, as too many waited."
        ).labels()
        try registry.gauge("charter_shadow_loaded_timestamp_seconds", help: "When the shadow bundle was loaded; 0 if there is none.") {
            bundle.store.current.map { Double($0.loadedAt) / 1e9 } ?? 0
        }
    }

    /// Takes note of a request that `engine` has decided at `now`.
    func compare(_ request: UnsafeRawBufferPointer, now: Int64, _ engine: PolicyEngine) {
        guard bundle.store.current != nil, isChosen() else { return }
        // No room is no reason to copy.
        let isFull = state.withLock { $0.waiting.count >= Self.mostWaiting || $0.bytes + request.count > Self.mostBytes }
        if isFull { return skipped.increment() }
        let pending = Pending(request: Array(request), now: now, engine: engine)
        let begins = state.withLock { state in
            state.waiting.append(pending)
            state.bytes += request.count
            defer { state.isDraining = true }
            return !state.isDraining
        }
        if begins { worker.async { [self] in drain() } }
    }

    private func isChosen() -> Bool {
        if bundle.share >= 1 { return true }
        let count = Double(number.wrappingAdd(1, ordering: .relaxed).oldValue & 0xFFFF_FFFF)
        return ((count + 1) * bundle.share).rounded(.down) > (count * bundle.share).rounded(.down)
    }

    private func drain() {
        while true {
            let batch = state.withLock { state in
                defer { (state.waiting, state.bytes) = ([], 0) }
                state.isDraining = !state.waiting.isEmpty
                return state.waiting
            }
            if batch.isEmpty { return }
            for pending in batch { decide(pending) }
        }
    }

    private func decide(_ pending: Pending) {
        guard let shadow = bundle.store.current else { return }
        // The same bundle decides the same.
        if shadow.engine.digest == pending.engine.digest { return count(.same) }
        guard let own = try? Self.decision(pending, by: sessions(of: pending.engine)) else { return }
        let other: Decision
        do throws(RequestError) {
            other = try Self.decision(pending, by: shadow.sessions)
        } catch {
            keep(ShadowExample(pending.request, pending.now, .error, own, shadow.engine.digest, error: error.description))
            return count(.error)
        }
        let outcome: Outcome =
            if own.isAllowed != other.isAllowed { own.isAllowed ? .allowToDeny : .denyToAllow } else if own.differs(from: other) {
                .otherReasons
            } else { .same }
        // Whoever sees the count finds the example.
        if outcome != .same { keep(ShadowExample(pending.request, pending.now, outcome, own, shadow.engine.digest, other)) }
        count(outcome)
    }

    private func sessions(of engine: PolicyEngine) -> DecisionSessionPool {
        state.withLock { state in
            if let known = state.sessions, known.engine === engine { return known.pool }
            let pool = DecisionSessionPool(engine)
            state.sessions = (engine, pool)
            return pool
        }
    }

    private static func decision(_ pending: Pending, by sessions: DecisionSessionPool) throws(RequestError) -> Decision {
        try sessions.withSession { session throws(RequestError) in
            // What a request is decoded to may point into its bytes.
            let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, pending.request.count), alignment: 8)
            defer { bytes.deallocate() }
            bytes.copyBytes(from: pending.request)
            try session.decode(UnsafeRawBufferPointer(rebasing: bytes[..<pending.request.count]), now: pending.now)
            session.decide()
            return session.decision(id: "")
        }
    }

    private func count(_ outcome: Outcome) { counters[outcome]?.increment() }

    private func keep(_ example: ShadowExample) {
        state.withLock { state in
            if state.examples.count == Self.mostExamples { state.examples.removeFirst() }
            state.examples.append(example)
        }
    }

    /// The body of `GET /v1/shadow`.
    var json: JSONValue {
        let examples = state.withLock { $0.examples }
        let entry = bundle.store.current
        return [
            "bundle": entry.map {
                [
                    "digest": .string("sha256:\($0.engine.digest)"), "commit": .string($0.engine.commit),
                    "loadedAt": .string(TimeText.rfc3339($0.loadedAt)),
                ]
            } ?? .null,
            "share": .double(bundle.share),
            "decisions": .object(
                JSONObject(Outcome.allCases.map { ($0.rawValue, .int(Int64(counters[$0]?.value ?? 0))) })),
            "skipped": .int(Int64(skipped.value)), "examples": .array(examples.reversed().map(\.json)),
        ]
    }
}

extension Decision {
    /// Whether there is another cause for the answer, or something else that comes with it. What messages say is left out.
    fileprivate func differs(from other: Decision) -> Bool {
        func causes(_ reasons: [Reason]) -> [[String?]] { reasons.map { [$0.code.rawValue, $0.policy, $0.rule] } }
        return causes(reasons) != causes(other.reasons) || causes(warnings) != causes(other.warnings)
            || obligations != other.obligations || errors.map { [$0.policy, $0.rule] } != other.errors.map { [$0.policy, $0.rule] }
    }
}
