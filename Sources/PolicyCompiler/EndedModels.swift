import CEL
import Diagnostics
import GovernanceModel
import Patterns

/// Models that their providers have ended: whether anybody may still use them.
struct EndedModels {
    private let governance: Governance
    private let holders: RoleHolders
    private let reach: PolicyReach
    private let conditions: CompiledConditions
    /// That the time of a request is now or later.
    private let fromNowOn: CELFormula?

    /// - Parameter now: seconds since 1970.
    init(
        _ governance: Governance, _ holders: RoleHolders, _ reach: PolicyReach, _ conditions: CompiledConditions,
        environment: CELEnvironment, now: Int64
    ) {
        self.governance = governance
        self.holders = holders
        self.reach = reach
        self.conditions = conditions
        let knowledge = CELKnowledge(slots: ["now": CELKnowledge.Slot(isAlwaysPresent: true)])
        fromNowOn = (try? CELExpression("now >= timestamp(\(now))", in: environment)).flatMap {
            CELReasoner(knowledge: knowledge).reading(of: $0)?.formula
        }
    }

    /// - Parameter end: its `deprecation`, which is past.
    func finding(_ model: Document, _ end: Located<String>) -> Diagnostic {
        let permitting = permitting(model.plainName)
        if permitting.isEmpty || isDenied(model.plainName) {
            return Diagnostic(
                .endedModel, "the model `\(model.plainName)` has ended: its `deprecation` is past", at: end.span,
                help: "remove it, or correct the date if the provider has put it off")
        }
        let most = 5
        let names = permitting.prefix(most).map { "`\($0.role)`" }.joined(separator: ", ")
        let more = permitting.count > most ? " and \(permitting.count - most) more" : ""
        return Diagnostic(
            .endedModelInUse,
            "the model `\(model.plainName)` has ended, and \(permitting.count == 1 ? "the role" : "the roles") \(names)\(more) still permit\(permitting.count == 1 ? "s" : "") it",
            at: end.span, related: permitting.prefix(most).map { Diagnostic.Related(span: $0.span, message: "permitted here") },
            help: "take it from the roles or deny it in a policy, and tell its users of another one")
    }

    /// The roles in use of which a permission covers the model, with its place.
    private func permitting(_ model: String) -> [(role: String, span: SourceSpan)] {
        zip(governance.all(.role), holders.isUsed).compactMap { document, isUsed in
            guard isUsed else { return nil }
            for permission in Role(spec: document.spec).permissions {
                guard permission.actions.contains(where: { action in Model.actions.contains { Glob.matches($0, action.value) } }) else {
                    continue
                }
                let glob = permission.resources.first { resource in
                    let glob = MatchDimensions.TypedGlob(resource.value)
                    return Glob.matches("model", glob.type) && Glob.matches(model, glob.glob)
                }
                if let glob { return (document.plainName, glob.span) }
            }
            return nil
        }
    }

    /// Whether a strict policy denies it to everybody, from now on at the latest.
    private func isDenied(_ model: String) -> Bool {
        guard let entry = reach.universe.models.firstIndex(where: { $0.name == model }), let fromNowOn else { return false }
        return reach.policies.contains { matched in
            guard matched.policy.enforcement == .strict, !matched.hasSubjects, matched.exceptions.actions == nil,
                reach.universe.covers(matched.match, not: matched.exceptions, entry: entry) == .yes,
                matched.match.actions.map({ globs in Model.actions.allSatisfy { action in globs.contains { Glob.matches(action, $0) } } })
                    ?? true
            else { return false }
            let formulas = conditions.logic(ofPolicy: matched.document.plainName).rules
            return zip(matched.policy.rules, formulas).contains { rule, formula in
                rule.effect.value == "deny" && formula.map { fromNowOn.implies($0) } == true
            }
        }
    }
}
