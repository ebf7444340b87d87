import GovernanceModel

/// A compliance control that other policies implement than before.
public struct ControlChange: Sendable, Equatable {
    /// `framework/control`.
    public var control: String
    /// The policies that implement it; nil for a control that was not there.
    public var before: [String]?
    /// nil for a control that is not there any more.
    public var after: [String]?

    /// Whether it had no policy, or was not there, and has one now.
    public var isCovered: Bool { (before ?? []).isEmpty && !(after ?? []).isEmpty }
    /// Whether it is there without a policy, and had one.
    public var isUncovered: Bool { !(before ?? []).isEmpty && after?.isEmpty ?? false }

    /// By name.
    static func all(_ base: Governance, _ head: Governance) -> [ControlChange] {
        let (before, after) = (coverage(base), coverage(head))
        return Set(before.keys).union(after.keys).sorted().compactMap { control in
            before[control] == after[control] ? nil : ControlChange(control: control, before: before[control], after: after[control])
        }
    }

    private static func coverage(_ governance: Governance) -> [String: [String]] {
        var policies: [String: Set<String>] = [:]
        for policy in governance.policies {
            for control in policy.spec.texts("controls") { policies[control, default: []].insert(policy.plainName) }
        }
        var coverage: [String: [String]] = [:]
        for framework in governance.all(.complianceFramework) {
            for control in ComplianceFramework(spec: framework.spec).controls {
                let name = "\(framework.plainName)/\(control.id.value)"
                coverage[name] = Set(control.policies.map(\.value)).union(policies[name] ?? []).sorted()
            }
        }
        return coverage
    }
}
