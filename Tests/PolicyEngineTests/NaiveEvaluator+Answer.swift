@testable import PolicyEngine

extension NaiveEvaluator {
    /// What is compared of a decision.
    struct Answer: Equatable {
        var isAllowed = false
        /// Why nothing was evaluated, or no policy.
        var code: Decision.Reason.Code?
        /// `policy/rule code message` of each.
        var denials: Set<String> = []
        var warnings: Set<String> = []
        var records: Set<String> = []
        /// `policy/rule` of each.
        var errors: Set<String> = []
        var permissionErrors = 0
        var exemptions: Set<String> = []
        var obligations = Obligations()
        /// In 10⁻⁹ of the currency.
        var cost: Int64?
    }
}

extension NaiveEvaluator.Answer {
    init(_ decision: Decision) {
        func names(_ reasons: [Decision.Reason]) -> Set<String> {
            Set(reasons.compactMap { reason in reason.policy.map { "\($0)/\(reason.rule ?? "") \(reason.code) \(reason.message)" } })
        }
        isAllowed = decision.isAllowed
        code = decision.reasons.first.flatMap { $0.policy == nil ? $0.code : nil }
        denials = names(decision.reasons)
        warnings = names(decision.warnings)
        records = names(decision.records)
        errors = Set(decision.errors.compactMap { error in error.policy.map { "\($0)/\(error.rule ?? "")" } })
        permissionErrors = decision.errors.count { $0.policy == nil }
        exemptions = Set(decision.exemptions)
        obligations = decision.obligations
        cost = decision.estimatedCost
    }

    /// Adds what a rule obliges to.
    mutating func oblige(_ effect: RandomWorld.Effect, _ policy: String, _ rule: String) {
        switch effect {
        case .redact(let detectors, let mode):
            let modes = ["mask", "hash", "remove"]
            for detector in detectors {
                let both = [obligations.redact[detector], mode].compactMap(\.self)
                obligations.redact[detector] = modes.last { both.contains($0) }
            }
        case .limit(let limits): obligations.limits.merge(limits) { min($0, $1) }
        case .route(let model):
            let routes = [obligations.route, Obligations.Route(policy: policy, rule: rule, model: model)].compactMap(\.self)
            obligations.route = routes.min { ($0.policy, $0.rule) < ($1.policy, $1.rule) }
        case .deny, .warn, .requireApproval: break
        }
    }
}
