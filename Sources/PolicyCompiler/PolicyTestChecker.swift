import Diagnostics
import GovernanceModel

/// Checks that the rules and exemptions exist that tests expect to see. A test that expects none of a rule which is not there would pass for ever.
enum PolicyTestChecker {
    static func findings(_ governance: Governance) -> [Diagnostic] {
        governance.all(.policyTest).flatMap { document in
            PolicyTestReader(document.spec).mentions.compactMap { finding($0, governance) }
        }
    }

    private static func finding(_ mention: PolicyTest.Mention, _ governance: Governance) -> Diagnostic? {
        if let exemption = mention.exemption { return missing(.exemption, exemption, mention.span, governance) }
        guard let name = mention.policy else { return nil }
        guard let document = governance.policy(name) else { return missing(.policy, name, mention.span, governance) }
        guard let rule = mention.rule else { return nil }
        let rules = Policy(spec: document.spec).rules.map(\.name.value)
        if rules.contains(rule) { return nil }
        return Diagnostic(
            .unresolvedReference, "the policy `\(name)` has no rule `\(rule)`", at: mention.span,
            related: [.init(span: document.name.span, message: "the policy is defined here")],
            help: Suggestion.help(for: rule, among: rules) ?? "its rules: \(rules.joined(separator: ", "))")
    }

    private static func missing(_ kind: Kind, _ name: String, _ span: SourceSpan, _ governance: Governance) -> Diagnostic? {
        if governance.find(kind, name) != nil { return nil }
        return Diagnostic(
            .unresolvedReference, "there is no \(kind.rawValue) `\(name)`", at: span,
            help: Suggestion.help(for: name, among: governance.all(kind).map(\.plainName)) ?? "define it, or remove the reference")
    }
}
