import Conditions
import JSON
import Synchronization

/// What stands behind `/v1/status`, `/readyz` and `/v1/drift`, written by whoever drives the server.
public final class ServiceStatus: Sendable {
    /// A condition that has become another.
    public struct Change: Sendable {
        /// `organization` or `source`.
        public var scope: String
        public var condition: Condition
        public var previous: Condition?
    }

    private struct State {
        var facts = ServiceFacts()
        var organization = ConditionSet()
        var source = ConditionSet()
        var changes: [Change] = []
        var history: [ServiceFacts.DriftReport] = []
    }

    /// How many reports of past drift are kept in memory.
    private static let historyLimit = 100
    /// How many changes are kept for whoever takes them.
    private static let changesLimit = 1_000

    private let state = Mutex(State())

    public init() {}

    /// What is known.
    public var facts: ServiceFacts { state.withLock { $0.facts } }

    /// Takes note of new facts; the conditions follow.
    public func update(_ change: (inout ServiceFacts) -> Void) {
        let time = TimeText.rfc3339(WallClock.now())
        state.withLock { state in
            let refused = state.facts.refusal?.commit
            change(&state.facts)
            let count = state.changes.count
            Self.weigh(&state, at: time)
            // Another commit that is refused for the same reason flips nothing, and is to be told all the same.
            if let refusal = state.facts.refusal, refusal.commit != refused, state.changes.count == count,
                let ready = state.organization["Ready"],
                ready.reason == refusal.reason
            {
                state.changes.append(Change(scope: "organization", condition: ready, previous: nil))
            }
        }
    }

    private static func weigh(_ state: inout State, at time: String) {
        // What an earlier run has left holds until this one knows better.
        if state.facts.isStarting, !state.organization.all.isEmpty { return }
        let generation = state.facts.generation
        let organization = state.organization.update(ServiceConditions.organization(state.facts), generation: generation, at: time)
        let source = state.source.update(ServiceConditions.source(state.facts), generation: generation, at: time)
        state.changes += source.map { Change(scope: "source", condition: $0.new, previous: $0.old) }
        state.changes += organization.map { Change(scope: "organization", condition: $0.new, previous: $0.old) }
        if state.changes.count > changesLimit { state.changes.removeFirst(state.changes.count - changesLimit) }
    }

    /// The conditions that have become others since the last call, the oldest first.
    public func takeChanges() -> [Change] {
        state.withLock { state in
            defer { state.changes = [] }
            return state.changes
        }
    }

    /// Goes on with the conditions of an earlier run, so that their times go on to count.
    ///
    /// - Parameter json: what `conditionsJSON` gave then.
    public func recall(_ json: JSONValue) {
        let time = TimeText.rfc3339(WallClock.now())
        state.withLock { state in
            state.organization = ConditionSet(json: json["organization"] ?? [])
            state.source = ConditionSet(json: json["source"] ?? [])
            state.changes = []
            Self.weigh(&state, at: time)
        }
    }

    /// Records a check for drift at `time` that found nothing (`nil`) or `report`.
    /// - Returns: whether that is new: drift that is only reported is found again at every check.
    @discardableResult
    public func checked(at time: String, found report: ServiceFacts.DriftReport?) -> Bool {
        let now = TimeText.rfc3339(WallClock.now())
        return state.withLock { state in
            state.facts.lastCheck = time
            let isKnown = report?.outcome == "reported" && state.facts.openDrift?.objects == report?.objects
            state.facts.openDrift = report?.outcome == "reported" ? report : nil
            Self.weigh(&state, at: now)
            guard let report else { return false }
            // One entry for it, with its last time.
            if isKnown, !state.history.isEmpty { state.history.removeLast() }
            state.history.append(report)
            if state.history.count > Self.historyLimit { state.history.removeFirst() }
            return !isKnown
        }
    }

    /// The drift that stands uncorrected, as a count of objects.
    public var openDriftCount: Int {
        state.withLock { $0.facts.openDrift?.objects.arrayValue?.count ?? 0 }
    }

    public var hasRefusal: Bool { state.withLock { $0.facts.refusal != nil } }

    /// The conditions with the scope that each is of.
    public var conditions: [(scope: String, condition: Condition)] {
        state.withLock { state in
            state.organization.all.map { ("organization", $0) } + state.source.all.map { ("source", $0) }
        }
    }

    /// For `recall`.
    public var conditionsJSON: JSONValue {
        state.withLock { ["organization": $0.organization.json, "source": $0.source.json] }
    }

    /// The body of `GET /v1/status`.
    public var json: JSONValue {
        state.withLock { state in
            let facts = state.facts
            var object: JSONObject = [
                "organization": .string(facts.organization),
                "inForce": facts.inForce.map { ["commit": .string($0.commit), "digest": .string("sha256:\($0.digest)")] } ?? .null,
                "pin": facts.pin?.json ?? .null, "suspended": facts.suspension?.json ?? .null, "conditions": state.organization.json,
            ]
            if let source = facts.source {
                object["source"] = [
                    "description": .string(source.description), "reference": .string(source.reference), "path": .string(source.path),
                    "seen": facts.seen.map { .string($0) } ?? .null, "conditions": state.source.json,
                ]
            }
            return .object(object)
        }
    }

    /// The body of `GET /v1/drift`.
    public var driftJSON: JSONValue {
        state.withLock { state in
            [
                "drifted": .bool(state.facts.openDrift != nil), "checkedAt": state.facts.lastCheck.map { .string($0) } ?? .null,
                "objects": state.facts.openDrift?.objects ?? [], "fights": JSONValue(state.facts.fights),
                "servers": JSONValue(state.facts.differingServers),
                "history": .array(
                    state.history.reversed().map {
                        [
                            "time": .string($0.time), "commit": .string($0.commit), "outcome": .string($0.outcome), "objects": $0.objects,
                        ]
                    }),
            ]
        }
    }

    /// The details of `GET /readyz`.
    public var readinessJSON: JSONObject {
        let facts = facts
        var checks = JSONObject()
        checks["database"] = Self.json(facts.database)
        if case .failing(let reason, let message, _) = facts.sourceState {
            checks[facts.sourceNoun] = ["status": "failing", "reason": .string(reason), "message": .string(message)]
        }
        if let refusal = facts.refusal {
            checks["commit"] = [
                "status": "refused", "reason": .string(refusal.reason), "commit": .string(refusal.commit), "time": .string(refusal.time),
                "errorCount": .int(Int64(refusal.errorCount)), "errors": JSONValue(refusal.errors),
                "message": "the newest commit is not put in force; the last good bundle stays",
            ]
        } else {
            checks["commit"] = ["status": "ok"]
        }
        return checks
    }

    private static func json(_ database: ServiceFacts.DatabaseState) -> JSONValue {
        switch database {
        case .none: ["status": "none"]
        case .pending: ["status": "pending"]
        case .synced(let commit, let epoch, let time):
            ["status": "ok", "commit": .string(commit), "epoch": .int(epoch), "time": .string(time)]
        case .failing(let reason, let message, let since, _):
            ["status": "failing", "reason": .string(reason), "message": .string(message), "since": .string(since)]
        }
    }
}
