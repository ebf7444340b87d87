extension DiagnosticCode {
    /// Of `CH14xx`.
    var conditionsExplanation: DiagnosticExplanation {
        func policy(_ condition: String) -> DiagnosticExplanation.Example {
            .documents(
                """
                apiVersion: charter/v1
                kind: Policy
                metadata: {name: cleared-only}
                spec:
                  type: security
                  rules:
                    - name: not-cleared
                      when: \(condition)
                      effect: deny
                """)
        }
        let right = policy(#"subject.attributes.clearance != "secret""#)
        return switch self {
        case .conditionSyntax:
            DiagnosticExplanation(
                """
                A condition is an expression of CEL, the Common Expression Language, and this text is none. The caret stands where it stops to be one.

                `charter cel` evaluates an expression on the spot. In YAML, a condition with `: ` or ` #` in it needs quotes, or a block (`when: |`).
                """, wrong: policy(#"subject.attributes.clearance != "secret" &&"#), right: right)
        case .conditionType:
            DiagnosticExplanation(
                """
                Conditions are checked against what subjects, requests and resources look like: the attributes that the Organization declares, the fields of the
                context, and the types of all. A name that does not exist, or a text compared with a number, is found here and not when somebody asks.

                A `when` has to be of type `bool`, a `message` of type `string`.
                """, wrong: policy(#"subject.attributes.clearence != "secret""#), right: right)
        default:
            DiagnosticExplanation(
                """
                The condition is nested deeper, or larger, than conditions may be: every request pays for it. Split it into rules, or name parts of it as
                `variables`. A long list of names is shorter as a team, a role, a tag or an attribute.
                """,
                wrong: policy(
                    String(repeating: "(", count: 300) + #"subject.attributes.clearance != "secret""# + String(repeating: ")", count: 300)),
                right: right)
        }
    }
}
