import PolicyBundle

/// What a decision depends on beside the words of the request, and each part of it by itself: for those who compare bundles.
extension DecisionSession {
    /// What is about a subject, an action and a resource.
    public struct Scope: Sendable, Equatable {
        /// Why nothing else matters: the subject or the resource is unknown, or the action is none of the resource's.
        public var isRefused = false
        /// Whether some permission without a condition grants.
        public var isPermitted = false
        /// Rows of `perm`: permissions with a condition that would grant; none where one without a condition does.
        public var permissions: [Int] = []
        /// Places in the match index of the policies that match, exempt or not.
        public var places: [Int] = []
        /// Rows of `exem`: exemptions of the subject, expired or not.
        public var exemptions: [Int] = []

        public init() {}

        /// Whether the subject can be allowed at all.
        public var isPermittable: Bool { !isRefused && (isPermitted || !permissions.isEmpty) }
    }

    /// What the request that was decoded last is in the scope of: the same whatever its properties and context say.
    public func scope() -> Scope {
        var scope = Scope()
        guard request.pointee.refusal == .none else {
            scope.isRefused = true
            return scope
        }
        forgetDecision()
        scope.isPermitted = isPermittedWithoutCondition()
        if !scope.isPermitted { scope.permissions = conditionalPermissions() }
        // The index leaves out policies whose conditions cannot hold with what the request says, unless it is recorded what is tried.
        let isTraced = state.pointee.isTraced
        state.pointee.isTraced = true
        collectCandidates()
        listPlaces()
        state.pointee.isTraced = isTraced
        let needed = flagsToCheck
        for number in 0..<state.pointee.placeCount {
            let place = Int(places[number])
            let flags = engine.records.word(.hotp, place, HotPolicyColumn.flags)
            if flags & needed == 0 || matches(policy(at: place)) { scope.places.append(place) }
        }
        scope.places.sort()
        if engine.index.exemptionCount > 0 {
            findExemptions(areExpiredOnesWanted: true)
            scope.exemptions = scratch.pointee.exemptions
        }
        return scope
    }

    /// The row of `poli` of the policy at a place in the match index.
    private func policy(at place: Int) -> Int { Int(engine.records.word(.plac, place, PlaceColumn.policy)) }

    /// Whether the policy at a row of `poli` is about the request that was decoded last.
    public func isMatched(by policy: Int) -> Bool { request.pointee.refusal == .none && matches(policy) }

    /// Whether it is about the action and the resource of the request that was decoded last, for whichever subject.
    public func mayMatchSomebody(by policy: Int) -> Bool { request.pointee.refusal == .none && mayMatchSomebody(policy) }

    /// Whether the condition of a permission holds for the request that was decoded last.
    ///
    /// - Parameter permission: a row of `perm` from its scope.
    public func isGranted(by permission: Int) -> Bool {
        guard request.pointee.refusal == .none else { return false }
        let condition = engine.records.word(.perm, permission, PermissionColumn.condition)
        return condition == BundleFormat.none || evaluate(Int(condition), engine.bundle.conditions.runner(activation)) == .isTrue
    }

    /// What one policy alone does to the request that was decoded last.
    ///
    /// - Parameters:
    ///   - place: its place in the match index, from the request's scope.
    ///   - countsExemptions: whether it does nothing to a subject that is exempt from it.
    public func effect(ofPolicyAt place: Int, countsExemptions: Bool = true) -> PolicyEffect {
        guard request.pointee.refusal == .none else { return .none }
        evaluate(policyAt: place, countsExemptions: countsExemptions)
        var hardest = PolicyEffect.none
        for number in 0..<hits.pointee.ruleCount { hardest = max(hardest, effect(hits.pointee.rules[number])) }
        forgetDecision()
        return hardest
    }

    private func effect(_ hit: HitBuffer.Rule) -> PolicyEffect {
        let placement = placement(hit)
        switch placement.list {
        case .reasons: return .denial
        case .warnings: return .warning
        case .records: return .record
        case nil: return placement.isObligation ? .obligation : .none
        }
    }
}

/// How hard a policy took effect, from not at all to a denial.
public enum PolicyEffect: Int, Comparable, Sendable {
    case none, record, obligation, warning, denial

    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}
