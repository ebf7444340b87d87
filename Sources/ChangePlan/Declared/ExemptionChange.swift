import GovernanceModel

/// An exemption that was granted, changed or taken back.
public struct ExemptionChange: Sendable, Equatable {
    /// What somebody is free from.
    public struct Terms: Sendable, Equatable {
        /// `team:research`.
        public var subject: String
        /// Sorted.
        public var policies: [String]
        public var expires: String
        public var approver: String
        public var reason: String
    }

    public var name: String
    /// nil for one that is granted.
    public var before: Terms?
    /// nil for one that is taken back.
    public var after: Terms?

    /// By name.
    static func all(_ base: Governance, _ head: Governance) -> [ExemptionChange] {
        head.changes(.exemption, from: base).compactMap { change in
            guard let name = (change.new ?? change.old)?.plainName else { return nil }
            let (before, after) = (change.old.map(terms), change.new.map(terms))
            return before == after ? nil : ExemptionChange(name: name, before: before, after: after)
        }
    }

    private static func terms(_ document: Document) -> Terms {
        let exemption = Exemption(spec: document.spec)
        return Terms(
            subject: exemption.subject.value, policies: exemption.policies.map(\.value).sorted(), expires: exemption.expires.value,
            approver: exemption.approver.value, reason: document.spec.requiredString("reason").value)
    }
}
