import Conditions
import Diagnostics
import Digest
import EnforcementServer
import Foundation
import Glibc
import GovernanceModel
import JSON
import Reconciler
import Synchronization
import Waiting

/// What has happened and is not in the database yet. Kept in a file of the state folder, so that neither a database that is down nor a restart
/// loses any of it; written into the database once each, as every event has an id.
final class EventJournal: Sendable {
    private struct State {
        var pending: [GovernanceEvent] = []
        var failure: String?
    }

    /// More are not kept: the oldest go first, and that they went is an event too.
    private static let limit = 10_000

    /// Characters of a message.
    private static let longestMessage = 2_000

    private let path: String?
    private let instance: String
    /// The operator's own receiver.
    private let receiver: GovernanceEvent.Receiver?
    private let wanted: WantedState
    private let state: Mutex<State>
    /// Wakes whoever sends alerts.
    let senderWake = WakeUp()

    /// - Parameter path: the file; without it events are kept in memory only.
    init(path: String?, instance: String, receiver: GovernanceEvent.Receiver?, wanted: WantedState) {
        self.path = path
        self.instance = instance
        self.receiver = receiver
        self.wanted = wanted
        let left = path.flatMap { FileManager.default.contents(atPath: $0) }.map(EventCoding.events) ?? []
        state = Mutex(State(pending: left))
        // A line that a kill has cut short would spoil the next.
        if !left.isEmpty { state.withLock { rewrite(&$0) } }
    }

    /// How many events wait for the database.
    var count: Int { state.withLock { $0.pending.count } }

    // MARK: What happens

    /// A condition has become another.
    func changed(_ change: ServiceStatus.Change, commit: String?) {
        let condition = change.condition
        guard EventRules.isNews(change) else { return }
        let isBad = change.scope == "organization" ? EventRules.isBad(condition) : condition.type == "Ready" && condition.status == .no
        let details: JSONValue = [
            "scope": .string(change.scope), "type": .string(condition.type), "status": .string(condition.status.rawValue),
        ]
        add(
            isWarning: isBad, reason: condition.reason, message: condition.message, commit: commit, details: details,
            alert: change.scope == "organization" && isBad ? EventRules.alert(condition, commit: commit) : nil)
    }

    func applied(_ result: SyncResult, _ desired: DesiredState) {
        add(
            isWarning: false, reason: "CommitApplied", message: "commit \(desired.commit.prefix(12)) was applied: \(result.plan.summary)",
            commit: desired.commit, details: ["epoch": .int(result.revision?.epoch ?? 0), "rows": .int(Int64(result.plan.rowCount))],
            alert: nil)
    }

    func corrected(_ plan: SyncPlan, _ desired: DesiredState) {
        drift("DriftCorrected", plan, desired, severity: "medium", "was corrected")
    }

    /// Drift that was found when a new commit was applied, and is gone with it.
    func overtaken(_ plan: SyncPlan, _ desired: DesiredState) {
        drift("DriftOvertaken", plan, desired, severity: "medium", "is as a new commit says by now")
    }

    /// Drift that is left.
    func reported(_ plan: SyncPlan, _ desired: DesiredState) { drift("DriftReported", plan, desired, severity: "medium", "is left so") }

    private func drift(_ reason: String, _ plan: SyncPlan, _ desired: DesiredState, severity: String, _ fate: String) {
        let names = plan.differences.prefix(3).map(\.id).joined(separator: ", ")
        let more = plan.differences.count > 3 ? " and \(plan.differences.count - 3) more" : ""
        let who = Set(plan.touches.values.map { "\($0.setRole ?? $0.sessionRole) (\($0.application))" }).sorted().prefix(3)
        var shown = plan
        shown.differences = Array(plan.differences.prefix(20))
        let all = Fingerprint(of: plan.differences.map(\.id).joined(separator: "\n")).description
        add(
            isWarning: true, reason: reason,
            message: "\(names)\(more) had been changed\(who.isEmpty ? "" : " by \(who.joined(separator: ", "))") and \(fate)",
            commit: desired.commit, details: ["objects": Self.masked(shown.json)],
            alert: .init(topic: "\(reason)/\(all)", source: "drift", severity: severity, receivers: []))
    }

    /// Without what looks like a secret: details go to receivers.
    private static func masked(_ json: JSONValue) -> JSONValue {
        switch json {
        case .string(let text): .string(SecretScanner.mask(text))
        case .array(let items): .array(items.map(masked))
        case .object(let object): .object(JSONObject(object.members.map { ($0.name, masked($0.value)) }))
        default: json
        }
    }

    private func add(
        isWarning: Bool, reason: String, message: String, commit: String?, details: JSONValue, alert: GovernanceEvent.Alert?
    ) {
        let now = WallClock.now()
        var event = GovernanceEvent(
            id: DecisionID.make(now: now), at: TimeText.rfc3339(now), instance: instance, isWarning: isWarning, reason: reason,
            message: String(message.prefix(Self.longestMessage)), commit: commit, details: details, alert: alert)
        if let alert { event.alert?.receivers = receivers(alert) }
        state.withLock { state in
            state.pending.append(event)
            guard state.pending.count > Self.limit else { return append(event, &state) }
            state.failure = "more than \(Self.limit) events wait for the database; the oldest are lost"
            state.pending.removeFirst(state.pending.count - Self.limit * 9 / 10)
            rewrite(&state)
        }
    }

    private func receivers(_ alert: GovernanceEvent.Alert) -> [GovernanceEvent.Receiver] {
        let routes = (wanted.current?.alertRoutes ?? []).filter { $0.takes(source: alert.source, severity: alert.severity) }
        let declared = routes.flatMap(\.webhooks).map { GovernanceEvent.Receiver(url: $0.url, secretVariable: $0.secretVariable) }
        return (receiver.map { [$0] } ?? []) + declared
    }

    // MARK: Into the database

    /// Writes what waits into the database.
    func flush(_ reconciler: Reconciler) throws(ReconcilerError) {
        while true {
            let batch = state.withLock { Array($0.pending.prefix(200)) }
            if batch.isEmpty { return }
            do throws(ReconcilerError) {
                try reconciler.record(batch)
                forget(batch)
            } catch {
                guard !error.isTransient else { throw error }
                try flushOneByOne(batch, reconciler)
            }
            if batch.contains(where: { $0.alert != nil }) { senderWake.signal() }
        }
    }

    /// One that is refused for its own sake does not hold up the others.
    private func flushOneByOne(_ batch: [GovernanceEvent], _ reconciler: Reconciler) throws(ReconcilerError) {
        var refused: [(event: GovernanceEvent, error: ReconcilerError)] = []
        for event in batch {
            do throws(ReconcilerError) {
                try reconciler.record([event])
                forget([event])
            } catch {
                guard !error.isTransient else { throw error }
                refused.append((event, error))
            }
        }
        guard let first = refused.first else { return }
        // Where none is taken, it is not for the events' sake.
        if refused.count == batch.count, batch.count > 1 || first.error.needsHelp { throw first.error }
        forget(refused.map(\.event))
        state.withLock { $0.failure = "the database refuses the event \(first.event.reason), which is lost: \(first.error)" }
    }

    private func forget(_ events: [GovernanceEvent]) {
        let written = Set(events.map(\.id))
        state.withLock { state in
            state.pending.removeAll { written.contains($0.id) }
            rewrite(&state)
        }
    }

    /// Why the file could not be written, told once.
    func takeFailure() -> String? {
        state.withLock { state in
            defer { state.failure = nil }
            return state.failure
        }
    }

    private func append(_ event: GovernanceEvent, _ state: inout State) {
        guard let path else { return }
        let file = open(path, O_CREAT | O_APPEND | O_WRONLY | O_CLOEXEC, 0o600)
        guard file >= 0 else {
            state.failure = "`\(path)` cannot be written: \(String(cString: strerror(errno)))"
            return
        }
        defer { close(file) }
        let line = EventCoding.line(event)
        let isWritten = line.withUnsafeBytes { write(file, $0.baseAddress, $0.count) } == line.count && fsync(file) == 0
        if !isWritten { state.failure = "`\(path)` cannot be written: \(String(cString: strerror(errno)))" }
    }

    private func rewrite(_ state: inout State) {
        guard let path else { return }
        do throws(ControlError) {
            try AtomicFile.write(state.pending.flatMap(EventCoding.line), to: path, mode: 0o600)
        } catch {
            state.failure = error.message
        }
    }
}

/// Which conditions somebody must be told of, and how urgently.
enum EventRules {
    /// Whether a change is worth an event: what belongs to every commit is not, as that it was applied is one.
    static func isNews(_ change: ServiceStatus.Change) -> Bool {
        if change.condition.type == "Reconciling" { return false }
        // Before anything was looked at.
        if change.previous == nil, change.condition.status == .unknown { return false }
        let isCalm = change.condition.status == calm(change.condition.type) && change.condition.reason != "Pinned"
        guard isCalm else { return true }
        return change.previous.map { $0.status != change.condition.status || $0.reason == "Pinned" } ?? false
    }

    private static func calm(_ type: String) -> Condition.Status { type == "Ready" ? .yes : .no }

    static func isBad(_ condition: Condition) -> Bool {
        switch condition.type {
        case "Ready": condition.status == .no && condition.reason != "Suspended"
        case "Stalled", "Drifted", "DecisionsUnrecorded": condition.status == .yes
        default: false
        }
    }

    static func alert(_ condition: Condition, commit: String?) -> GovernanceEvent.Alert? {
        func alert(_ source: String, _ severity: String) -> GovernanceEvent.Alert {
            .init(topic: "\(condition.reason)/\(commit ?? "")", source: source, severity: severity, receivers: [])
        }
        switch (condition.type, condition.reason) {
        case ("Ready", let reason) where critical.contains(reason): return alert("reconcile", "critical")
        case ("Ready", let reason) where reason.hasPrefix("Commit") || reason == "SourceFailed": return alert("reconcile", "high")
        case ("Ready", _): return alert("reconcile", "medium")
        case ("DecisionsUnrecorded", "DecisionsLost"): return alert("reconcile", "critical")
        case ("DecisionsUnrecorded", "SinkUnavailable"): return alert("reconcile", "medium")
        case ("Drifted", "DriftFight"), ("Drifted", "ServersDiffer"): return alert("drift", "high")
        // What stalls is told by `Ready` or by `Drifted`, and drift that is reported by itself.
        default: return nil
        }
    }

    /// Somebody may be trying to get in something that he may not.
    private static let critical: Set<String> = [
        "HistoryRewritten", "CommitUnsigned", "SignatureInvalid", "SignerNotTrusted", "SignerExpired", "SamePerson",
    ]
}

/// Events as lines of a file.
enum EventCoding {
    static func line(_ event: GovernanceEvent) -> [UInt8] {
        var object: JSONObject = [
            "id": .string(event.id), "at": .string(event.at), "instance": .string(event.instance), "warning": .bool(event.isWarning),
            "reason": .string(event.reason), "message": .string(event.message), "commit": event.commit.map { .string($0) } ?? .null,
            "details": event.details,
        ]
        if let alert = event.alert {
            object["alert"] = [
                "topic": .string(alert.topic), "source": .string(alert.source), "severity": .string(alert.severity),
                "receivers": .array(
                    alert.receivers.map { ["url": .string($0.url), "secretEnv": $0.secretVariable.map { .string($0) } ?? .null] }),
            ]
        }
        return JSONWriter.bytes(.object(object)) + [UInt8(ascii: "\n")]
    }

    /// The events of a file. A line that is none, such as the last one of a process that was killed, is left out.
    static func events(_ data: Data) -> [GovernanceEvent] {
        data.split(separator: UInt8(ascii: "\n")).compactMap { line in
            guard let json = try? JSONParser.parse(Array(line)), let id = json["id"]?.stringValue, let at = json["at"]?.stringValue,
                let instance = json["instance"]?.stringValue, case .bool(let isWarning)? = json["warning"],
                let reason = json["reason"]?.stringValue, let message = json["message"]?.stringValue, let details = json["details"]
            else { return nil }
            return GovernanceEvent(
                id: id, at: at, instance: instance, isWarning: isWarning, reason: reason, message: message,
                commit: json["commit"]?.stringValue, details: details, alert: json["alert"].flatMap(alert))
        }
    }

    private static func alert(_ json: JSONValue) -> GovernanceEvent.Alert? {
        guard let topic = json["topic"]?.stringValue, let source = json["source"]?.stringValue,
            let severity = json["severity"]?.stringValue
        else { return nil }
        let receivers = (json["receivers"]?.arrayValue ?? []).compactMap { receiver in
            receiver["url"]?.stringValue.map { GovernanceEvent.Receiver(url: $0, secretVariable: receiver["secretEnv"]?.stringValue) }
        }
        return .init(topic: topic, source: source, severity: severity, receivers: receivers)
    }
}
