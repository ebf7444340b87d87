import CEL
import JSON
import Patterns
import PolicyBundle

/// One request on its way to a decision.
struct Evaluation {
    private let engine: PolicyEngine
    private let facts: RequestFacts
    private let now: Int64
    private var slots: [CELValue?]
    let estimatedCost: Int64?

    init(
        engine: PolicyEngine, request: DecisionRequest, subject: Int, resource: PolicyEngine.ResolvedResource, now: Int64
    ) throws(RequestError) {
        self.engine = engine
        self.now = now
        facts = Self.facts(engine.bundle, request, subject, resource)
        let properties = try ResourceProperties(request.resource.properties, of: resource)
        let filler = SlotFiller(
            engine: engine, request: request, subject: subject, facts: facts, properties: properties, now: now)
        let estimate = try filler.estimate()
        estimatedCost = estimate.cost
        slots = try filler.slots(estimate)
    }

    mutating func decide(_ decision: inout Decision) {
        guard isPermitted(&decision) else {
            decision.reasons.append(
                .init(
                    .noPermission,
                    "no role of \(facts.subjectType) `\(facts.subjectName)` permits `\(facts.action)` on \(facts.resourceType) `\(facts.resourceID)`"
                ))
            return
        }
        let exempt = exemptedPolicies()
        for (row, policy) in engine.policies.enumerated() where policy.match.matchesAll(facts) && !policy.exceptions.matchesAny(facts) {
            if let exemption = exempt[row] {
                if !decision.exemptions.contains(exemption) { decision.exemptions.append(exemption) }
                continue
            }
            evaluate(policy, &decision)
        }
        decision.exemptions.sort()
        decision.isAllowed = decision.reasons.isEmpty
    }

    // MARK: Permission

    private func isPermitted(_ decision: inout Decision) -> Bool {
        for role in facts.roles {
            for permission in engine.permissions[role] where applies(permission) {
                guard let condition = permission.condition else { return true }
                switch CELMachine.evaluate(condition, slots: slots) {
                case .bool(true): return true
                case .bool(false): break
                case .error(let error):
                    decision.errors.append(.init(message: error.message, source: permission.source))
                default: decision.errors.append(.init(message: "the condition is not a boolean", source: permission.source))
                }
            }
        }
        return false
    }

    private func applies(_ permission: PreparedPermission) -> Bool {
        permission.actions.contains { Glob.matches(facts.action, $0) }
            && permission.resources.contains { $0.matches(type: facts.resourceType, id: facts.resourceID) }
    }

    // MARK: Policies

    /// The policies that an unexpired exemption removes, with the exemption's name; of several the first by name.
    private func exemptedPolicies() -> [Int: String] {
        let bundle = engine.bundle
        var found: [Int: String] = [:]
        for row in 0..<bundle.count(.exem) {
            guard bundle.int64(.exem, row, ExemptionColumn.expiresLow) > now / 1_000_000_000, isSubject(ofExemption: row) else { continue }
            for policy in bundle.list(.exem, row, ExemptionColumn.policies) where found[policy] == nil {
                found[policy] = bundle.string(.exem, row, ExemptionColumn.name)
            }
        }
        return found
    }

    private func isSubject(ofExemption row: Int) -> Bool {
        let bundle = engine.bundle
        let name = bundle.string(.exem, row, ExemptionColumn.subject)
        switch bundle.word(.exem, row, ExemptionColumn.subjectKind) {
        case 0: return facts.subjectType == "user" && facts.subjectName == name
        case 1: return facts.subjectType == "service-account" && facts.subjectName == name
        case 2: return facts.teams.contains { bundle.string(.team, $0, TeamColumn.name) == name }
        default: return facts.roles.contains { bundle.string(.role, $0, RoleColumn.name) == name }
        }
    }

    private mutating func evaluate(_ policy: PreparedPolicy, _ decision: inout Decision) {
        let base = engine.slots.count
        for (index, variable) in policy.variables.enumerated() {
            slots[base + index] = CELMachine.evaluate(variable, slots: slots)
        }
        for rule in policy.rules {
            guard let condition = rule.condition else {
                apply(rule, of: policy, code: nil, &decision)
                continue
            }
            switch CELMachine.evaluate(condition, slots: slots) {
            case .bool(true): apply(rule, of: policy, code: nil, &decision)
            case .bool(false): break
            // An unsure condition is taken to hold: whatever the rule guards against is not let through.
            case .error(let error):
                decision.errors.append(.init(policy: policy.name, rule: rule.name, message: error.message, source: rule.source))
                apply(rule, of: policy, code: .conditionError, &decision)
            default:
                decision.errors.append(
                    .init(policy: policy.name, rule: rule.name, message: "the condition is not a boolean", source: rule.source))
                apply(rule, of: policy, code: .conditionError, &decision)
            }
        }
    }

    private func apply(_ rule: PreparedPolicy.Rule, of policy: PreparedPolicy, code: Decision.Reason.Code?, _ decision: inout Decision) {
        var reason = Decision.Reason(code ?? .policyDenied, message(rule, policy, isError: code == .conditionError))
        reason.policy = policy.name
        reason.rule = rule.name
        reason.severity = policy.severity
        reason.controls = policy.controls
        reason.source = rule.source
        switch (policy.enforcement, rule.effect) {
        case (.monitor, _):
            reason.code = code ?? .policyRecord
            decision.records.append(reason)
        case (.warning, _), (.strict, .warn):
            reason.code = code ?? .policyWarning
            decision.warnings.append(reason)
        case (.strict, .deny):
            decision.reasons.append(reason)
        case (.strict, .requireApproval):
            reason.code = code ?? .approvalRequired
            decision.reasons.append(reason)
            decision.obligations.add(rule.effect, rule.obligation, policy: policy.name, rule: rule.name)
        case (.strict, .redact), (.strict, .limit), (.strict, .route):
            decision.obligations.add(rule.effect, rule.obligation, policy: policy.name, rule: rule.name)
            if code == .conditionError { decision.warnings.append(reason) }
        }
    }

    private func message(_ rule: PreparedPolicy.Rule, _ policy: PreparedPolicy, isError: Bool) -> String {
        if isError { return "the condition of rule `\(rule.name)` could not be evaluated, which counts as if it held" }
        if let message = rule.message, case .string(let text) = CELMachine.evaluate(message, slots: slots) { return text }
        return "rule `\(rule.name)` of policy `\(policy.name)`"
    }

    private static func facts(
        _ bundle: PolicyBundle, _ request: DecisionRequest, _ subject: Int, _ resource: PolicyEngine.ResolvedResource
    ) -> RequestFacts {
        var model: Int?
        if case .model(let row) = resource { model = row }
        return RequestFacts(
            subjectType: request.subject.type, subjectName: bundle.string(.subj, subject, SubjectColumn.name),
            teams: bundle.list(.subj, subject, SubjectColumn.teams), roles: bundle.list(.subj, subject, SubjectColumn.roles),
            action: request.action, resourceType: request.resource.type, resourceID: request.resource.id, model: model,
            provider: model.map { bundle.index(.modl, $0, ModelColumn.provider) },
            tags: model.map { bundle.strings(.modl, $0, ModelColumn.tags) } ?? [])
    }
}
