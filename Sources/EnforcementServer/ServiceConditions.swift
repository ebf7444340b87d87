import Conditions

/// What the facts come to: `Ready`, `Reconciling`, `Stalled`, `Drifted` and, where decisions are logged, `DecisionsUnrecorded` of the organisation,
/// `Ready` and `Stalled` of its source.
enum ServiceConditions {
    typealias Finding = ConditionSet.Finding

    static func organization(_ facts: ServiceFacts) -> [Finding] {
        [ready(facts), reconciling(facts), stalled(facts), drifted(facts)] + (facts.log.map { [unrecorded($0)] } ?? [])
    }

    private static func unrecorded(_ log: ServiceFacts.LogState) -> Finding {
        if log.lost > 0 {
            let why = log.refusals.isEmpty ? "" : ": \(list(log.refusals))"
            return Finding(
                "DecisionsUnrecorded", .yes, "DecisionsLost", "\(log.lost) decision(s) were answered and will not be recorded\(why)")
        }
        if !log.failing.isEmpty {
            return Finding("DecisionsUnrecorded", .yes, "SinkUnavailable", "decisions wait on disk: \(list(log.failing))")
        }
        return Finding("DecisionsUnrecorded", .no, "Recorded", "decisions are recorded as they are made")
    }

    static func source(_ facts: ServiceFacts) -> [Finding] {
        switch facts.sourceState {
        case .none: []
        case .pending:
            [Finding("Ready", .unknown, "Pending", "the \(facts.sourceNoun) has not been read yet"), isNotStalled]
        case .ready:
            [
                Finding("Ready", .yes, "Read", facts.seen.map { "commit \($0.prefix(12)) was read" } ?? "the \(facts.sourceNoun) was read"),
                isNotStalled,
            ]
        case .failing(let reason, let message, let needsHelp):
            [
                Finding("Ready", .no, reason, message),
                needsHelp ? Finding("Stalled", .yes, reason, message) : isNotStalled,
            ]
        }
    }

    private static let isNotStalled = Finding("Stalled", .no, "Progressing", "nothing waits for a person")

    /// Why the newest of what is declared cannot be what decides and what the database holds.
    private static func obstacle(_ facts: ServiceFacts) -> (reason: String, message: String, needsHelp: Bool)? {
        if case .failing(let reason, let message, let needsHelp) = facts.sourceState {
            return ("SourceFailed", "\(reason): \(message)", needsHelp)
        }
        if case .failing(let reason, let message, _, let needsHelp) = facts.database { return (reason, message, needsHelp) }
        if let order = facts.suspension {
            return ("Suspended", "suspended by \(order.by) since \(order.since)" + (order.reason.isEmpty ? "" : ": \(order.reason)"), false)
        }
        if let refusal = facts.refusal {
            let more = refusal.errorCount > 1 ? " (and \(refusal.errorCount - 1) more)" : ""
            let whose = refusal.commit.isEmpty ? "" : "commit \(refusal.commit.prefix(12)): "
            return (refusal.reason, "\(whose)\(refusal.errors.first ?? "refused")\(more)", true)
        }
        return nil
    }

    private static func ready(_ facts: ServiceFacts) -> Finding {
        if let obstacle = obstacle(facts) { return Finding("Ready", .no, obstacle.reason, obstacle.message) }
        guard let inForce = facts.inForce else { return Finding("Ready", .unknown, "Pending", "no bundle is in force yet") }
        let commit = "commit \(inForce.commit.prefix(12))"
        switch facts.database {
        case .none: return Finding("Ready", .yes, "InForce", "\(commit) is in force")
        case .pending, .failing: return Finding("Ready", .unknown, "Pending", "the database has not been made equal to \(commit) yet")
        case .synced(let held, let epoch, _):
            if held != inForce.commit { return Finding("Ready", .yes, "Applying", "\(commit) is in force, and about to be applied") }
            if let pin = facts.pin, pin.commit == inForce.commit {
                return Finding("Ready", .yes, "Pinned", "\(commit) is in force and applied; pinned by \(pin.by) since \(pin.since)")
            }
            return Finding("Ready", .yes, "Applied", "\(commit) is in force and applied as epoch \(epoch)")
        }
    }

    private static func reconciling(_ facts: ServiceFacts) -> Finding {
        if let order = facts.suspension { return Finding("Reconciling", .no, "Suspended", "suspended by \(order.by) since \(order.since)") }
        if facts.isWorking { return Finding("Reconciling", .yes, "Progressing", "a commit is being compiled or applied") }
        if let obstacle = obstacle(facts), !obstacle.needsHelp {
            return Finding("Reconciling", .yes, "Retrying", "tried again until it works: \(obstacle.message)")
        }
        return Finding("Reconciling", .no, "Idle", "there is nothing to do")
    }

    private static func stalled(_ facts: ServiceFacts) -> Finding {
        if let obstacle = obstacle(facts), obstacle.needsHelp { return Finding("Stalled", .yes, obstacle.reason, obstacle.message) }
        if !facts.fights.isEmpty {
            return Finding("Stalled", .yes, "DriftFight", "somebody keeps changing \(list(facts.fights)); correcting it has stopped")
        }
        return isNotStalled
    }

    private static func drifted(_ facts: ServiceFacts) -> Finding {
        if !facts.fights.isEmpty {
            return Finding("Drifted", .yes, "DriftFight", "\(list(facts.fights)) is changed back each time that it is corrected")
        }
        if let drift = facts.openDrift {
            return Finding("Drifted", .yes, "DriftReported", "\(drift.objects.arrayValue?.count ?? 0) object(s) differ from the commit")
        }
        if !facts.differingServers.isEmpty {
            return Finding("Drifted", .yes, "ServersDiffer", "another bundle is in force on \(list(facts.differingServers))")
        }
        if case .failing(let reason, _, _, _) = facts.database {
            return Finding("Drifted", .unknown, reason, "the database cannot be looked at")
        }
        guard facts.lastCheck != nil else { return Finding("Drifted", .unknown, "NotChecked", "the database was not looked at yet") }
        return Finding("Drifted", .no, "InSync", "the database holds what the commit says")
    }

    private static func list(_ names: [String]) -> String {
        names.prefix(3).joined(separator: ", ") + (names.count > 3 ? " and \(names.count - 3) more" : "")
    }
}
