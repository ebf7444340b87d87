import PolicyBundle

/// What was decided last in numbers of the bundle's rows: for comparing very many decisions without putting any into words.
extension DecisionSession {
    /// A rule that took effect.
    public struct AppliedRule: Sendable, Equatable {
        /// Row of `rule`.
        public var rule: Int
        /// Where the decision lists it; an obligation may be listed nowhere.
        public var list: TakenRule.List?
        public var code: Decision.Reason.Code
        public var isObligation: Bool
        /// Whether its condition could not be evaluated.
        public var isError: Bool
    }

    /// - Parameter number: below `ruleCount`; rules come in the order of their rows.
    public func appliedRule(_ number: Int) -> AppliedRule {
        let hit = hits.pointee.rules[number]
        let placement = placement(hit)
        return AppliedRule(
            rule: Int(hit.rule), list: placement.list, code: placement.code, isObligation: placement.isObligation, isError: hit.isError)
    }

    /// Why nothing was evaluated, or no policy; nil where policies had the say.
    public var refusalCode: Decision.Reason.Code? {
        switch request.pointee.refusal {
        case .unknownSubject: .unknownSubject
        case .subjectDisabled: .subjectDisabled
        case .unknownResource: .unknownResource
        case .unknownAction: .unknownAction
        case .none: state.pointee.isPermitted ? nil : .noPermission
        }
    }

    /// The estimated cost of what was asked for, in 10⁻⁹ of the currency; nil if it cannot be told.
    public var estimatedCost: Int64? { request.pointee.cost }

    /// Row of `subj`; nil for a subject that there is not.
    public var subjectRow: Int? { request.pointee.refusal == .unknownSubject ? nil : request.pointee.subject }

    /// What a request was about, as far as the bundle knows it: no more kinds of them than it has actions times resources.
    public struct Target: Sendable, Hashable {
        /// Row of `actn`; nil for an action that no document names.
        public var action: Int?
        /// Row of `modl`, or of `rtyp` for a resource of a declared type.
        public var resource: Int
        public var isModel: Bool
    }

    /// - Precondition: the request was not refused for its subject or its resource.
    public var target: Target {
        let (action, model) = (request.pointee.actionNumber, request.pointee.model)
        return Target(
            action: action == engine.index.actionCount ? nil : action,
            resource: model >= 0 ? model : request.pointee.entry - engine.index.modelCount, isModel: model >= 0)
    }
}

extension PolicyEngine {
    /// What a target is called, as permissions name it: `llm.chat on model:openai/gpt-5.4-mini`, `read on todo:*`.
    public func name(of target: DecisionSession.Target) -> (action: String?, resource: String) {
        let action = target.action.map { bundle.string(Int(bundle.word(.actn, $0, 0))) }
        let resource =
            target.isModel
            ? "model:" + bundle.string(.modl, target.resource, ModelColumn.name)
            : bundle.string(.rtyp, target.resource, ResourceTypeColumn.name) + ":*"
        return (action, resource)
    }
}
