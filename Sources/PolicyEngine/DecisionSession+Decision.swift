import CEL
import PolicyBundle

/// The decision in words.
extension DecisionSession {
    /// What was decided last, with everything that led to it. Allocates.
    ///
    /// - Parameter id: the decision's id.
    public func decision(id: String) -> Decision {
        var decision = Decision(id: id, isAllowed: state.pointee.isAllowed, bundleDigest: engine.digest, commit: engine.commit)
        let bundle = engine.bundle
        if let refusal = refusal() {
            decision.reasons = [refusal]
            if request.pointee.refusal != .none { return decision }
        }
        decision.estimatedCost = request.pointee.cost
        for permission in hits.pointee.permissionErrors {
            let condition = bundle.index(.perm, permission, PermissionColumn.condition)
            decision.errors.append(
                .init(message: message(of: value(condition)), source: source(.perm, permission, PermissionColumn.source)))
        }
        decision.exemptions = hits.pointee.exemptions.sorted().map { bundle.string(.exem, $0, ExemptionColumn.name) }
        var policy: UInt32?
        for number in 0..<hits.pointee.ruleCount {
            let hit = hits.pointee.rules[number]
            // A message may read the variables of its policy.
            if policy != hit.policy { evaluateVariables(Int(hit.policy)) }
            policy = hit.policy
            add(hit, to: &decision)
        }
        scratch.pointee.failedVariables.removeAll()
        return decision
    }

    /// Why nothing was evaluated, or no policy.
    func refusal() -> Decision.Reason? {
        let request = request.pointee
        let (type, id) = (request.subjectType.string, request.subjectID.string)
        switch request.refusal {
        case .unknownSubject: return .init(.unknownSubject, "there is no \(type) `\(id)`")
        case .subjectDisabled: return .init(.subjectDisabled, "the \(type) `\(id)` is disabled")
        case .unknownResource:
            return .init(.unknownResource, "there is no \(request.resourceType.string) `\(request.resourceID.string)`")
        case .unknownAction:
            return .init(
                .unknownAction, "a resource of type `\(request.resourceType.string)` has no action `\(request.action.string)`")
        case .none: break
        }
        if state.pointee.isPermitted { return nil }
        let name = engine.bundle.string(.subj, request.subject, SubjectColumn.name)
        return .init(
            .noPermission,
            "no role of \(type) `\(name)` permits `\(request.action.string)` on \(request.resourceType.string) `\(request.resourceID.string)`"
        )
    }

    private func add(_ hit: HitBuffer.Rule, to decision: inout Decision) {
        let bundle = engine.bundle
        let (policy, rule) = (Int(hit.policy), Int(hit.rule))
        let (policyName, ruleName) = (bundle.string(.poli, policy, PolicyColumn.name), bundle.string(.rule, rule, RuleColumn.name))
        let effect = Effect(rawValue: bundle.word(.rule, rule, RuleColumn.effect)) ?? .deny
        let source = source(.rule, rule, RuleColumn.source)
        if hit.isError {
            let error = message(of: value(bundle.index(.rule, rule, RuleColumn.condition)))
            decision.errors.append(.init(policy: policyName, rule: ruleName, message: error, source: source))
        }
        let placement = Placement(enforcement: bundle.word(.poli, policy, PolicyColumn.enforcement), effect: effect, isError: hit.isError)
        if placement.isObligation { add(hit, effect, to: &decision.obligations) }
        guard let list = placement.list else { return }
        var reason = Decision.Reason(placement.code, ruleMessage(hit, policyName: policyName, ruleName: ruleName))
        reason.policy = policyName
        reason.rule = ruleName
        reason.severity = bundle.string(.poli, policy, PolicyColumn.severity)
        reason.controls = bundle.strings(.poli, policy, PolicyColumn.controls)
        reason.source = source
        switch list {
        case .reasons: decision.reasons.append(reason)
        case .warnings: decision.warnings.append(reason)
        case .records: decision.records.append(reason)
        }
    }

    private func add(_ hit: HitBuffer.Rule, _ effect: Effect, to obligations: inout Obligations) {
        let bundle = engine.bundle
        obligations.add(
            effect, bundle.value(bundle.index(.rule, Int(hit.rule), RuleColumn.obligation)),
            policy: bundle.string(.poli, Int(hit.policy), PolicyColumn.name), rule: bundle.string(.rule, Int(hit.rule), RuleColumn.name))
    }

    /// What the decision obliges its caller to. Allocates.
    public var obligations: Obligations {
        var obligations = Obligations()
        for number in 0..<hits.pointee.ruleCount {
            let hit = hits.pointee.rules[number]
            guard placement(hit).isObligation else { continue }
            add(hit, Effect(rawValue: engine.records.word(.rule, Int(hit.rule), RuleColumn.effect)) ?? .deny, to: &obligations)
        }
        return obligations
    }

    /// What the rule says, or stands in for it.
    func ruleMessage(_ hit: HitBuffer.Rule, policyName: @autoclosure () -> String, ruleName: @autoclosure () -> String) -> String {
        if hit.isError { return "the condition of rule `\(ruleName())` could not be evaluated, which counts as if it held" }
        let message = engine.records.word(.rule, Int(hit.rule), RuleColumn.message)
        if message != BundleFormat.none, case .string(let text) = value(Int(message)) { return text }
        return "rule `\(ruleName())` of policy `\(policyName())`"
    }

    func message(of value: CELValue) -> String {
        if case .error(let error) = value { return error.message }
        return "the condition is not a boolean"
    }

    /// `path:line`.
    private func source<Column: BundleColumn>(_ section: BundleSection, _ row: Int, _ column: Column) -> String {
        let place = engine.bundle.source(engine.bundle.index(section, row, column))
        return "\(place.path):\(place.line)"
    }
}

/// What becomes of a rule that takes effect.
struct Placement {
    typealias List = DecisionSession.TakenRule.List

    var list: List?
    var code: Decision.Reason.Code
    var isObligation: Bool

    /// - Parameter enforcement: as the bundle numbers it: strict, warning, monitor.
    init(enforcement: UInt32, effect: Effect, isError: Bool) {
        isObligation = false
        switch (enforcement, effect) {
        case (2, _): (list, code) = (.records, .policyRecord)
        case (1, _), (_, .warn): (list, code) = (.warnings, .policyWarning)
        case (_, .deny): (list, code) = (.reasons, .policyDenied)
        case (_, .requireApproval):
            (list, code) = (.reasons, .approvalRequired)
            isObligation = true
        case (_, .redact), (_, .limit), (_, .route):
            (list, code) = (isError ? .warnings : nil, .policyWarning)
            isObligation = true
        }
        if isError { code = .conditionError }
    }
}
