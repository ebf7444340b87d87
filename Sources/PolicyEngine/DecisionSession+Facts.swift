import PolicyBundle

/// What a log says of a decision, without a detour over `Decision`.
extension DecisionSession {
    /// The names in the request that was decoded last, as long as it stands.
    public struct Names {
        public var subjectType: UnsafeRawBufferPointer
        public var subjectID: UnsafeRawBufferPointer
        public var action: UnsafeRawBufferPointer
        public var resourceType: UnsafeRawBufferPointer
        public var resourceID: UnsafeRawBufferPointer
    }

    public var names: Names {
        let request = request.pointee
        return Names(
            subjectType: request.subjectType.bytes, subjectID: request.subjectID.bytes, action: request.action.bytes,
            resourceType: request.resourceType.bytes, resourceID: request.resourceID.bytes)
    }

    /// A rule that took effect, in the bundle's own memory.
    public struct TakenRule {
        /// Where the decision lists it.
        public enum List: Sendable, CaseIterable { case reasons, warnings, records }

        public var list: List
        public var policy: UnsafeRawBufferPointer
        public var rule: UnsafeRawBufferPointer
        public var severity: UnsafeRawBufferPointer
    }

    /// The rules that took effect and are reasons, warnings or records: obligations are none.
    public var takenRules: [TakenRule] {
        if hits.pointee.ruleCount == 0 { return [] }
        let records = engine.records
        return (0..<hits.pointee.ruleCount).compactMap { number in
            let hit = hits.pointee.rules[number]
            guard let list = placement(hit).list else { return nil }
            let policy = records.record(.poli, Int(hit.policy))
            return TakenRule(
                list: list, policy: records.text(Int(policy[PolicyColumn.name.rawValue])),
                rule: records.text(Int(records.word(.rule, Int(hit.rule), RuleColumn.name))),
                severity: records.text(Int(policy[PolicyColumn.severity.rawValue])))
        }
    }
}
