extension DiagnosticCode {
    /// Of policies and roles that do not do what they seem to.
    var policiesExplanation: DiagnosticExplanation {
        func policy(_ match: String) -> DiagnosticExplanation.Example {
            .documents(
                """
                apiVersion: charter/v1
                kind: Policy
                metadata: {name: pause}
                spec:
                  type: usage
                  match: {\(match)}
                  rules: [{name: everything, effect: deny}]
                """)
        }
        func rules(_ lines: String) -> DiagnosticExplanation.Example {
            .documents(
                """
                apiVersion: charter/v1
                kind: Policy
                metadata: {name: costs}
                spec:
                  type: cost
                  rules:
                    \(lines)
                """)
        }
        func model(_ deprecation: String) -> DiagnosticExplanation.Example {
            .documents(
                """
                apiVersion: charter/v1
                kind: Model
                metadata: {name: openai/gpt-4}
                spec:
                  provider: openai
                  upstream: gpt-4
                  deprecation: \(deprecation)
                  prices: [{effectiveFrom: 2024-01-01, input: 30, output: 60}]
                """)
        }
        return switch self {
        case .idlePolicy:
            DiagnosticExplanation(
                """
                No request can match the policy, so that it guards nothing: dimensions of its `match` have nothing in common, its `not` leaves out all the rest, nobody who
                is enabled is in its teams and roles, its actions cannot be done with its resources, or everybody is exempt from it.

                All dimensions of a `match` must hold, one of the entries of each is enough, and one dimension below `not` is enough to be left out.
                """, wrong: policy(#"models: ["openai/*"], not: {providers: [openai]}"#),
                right: policy(#"models: ["openai/*"], providers: [openai]"#))
        case .shadowedRule:
            DiagnosticExplanation(
                """
                Whenever the rule takes effect, another one denies the request in any case: without it every decision would be the same. The other rule is a `deny` of a strict
                policy that is about the same requests or more, from which nobody is exempt, and its condition follows from this one's.

                It is a note where the rule has a message of its own, as that is still told.
                """,
                wrong: rules(
                    """
                    - {name: costly, when: estimate.cost > 1.0, effect: deny}
                        - {name: very-costly, when: estimate.cost > 10.0, effect: deny}
                    """),
                right: rules(
                    """
                    - {name: costly, when: estimate.cost > 1.0, effect: warn}
                        - {name: very-costly, when: estimate.cost > 10.0, effect: deny}
                    """))
        default:
            DiagnosticExplanation(
                """
                The provider has ended the model, and roles that somebody has still permit it: whoever uses it is allowed to, and gets an error from the provider. Narrow the
                roles, or deny the model in a policy that names its successor, or route to that.
                """, wrong: model("2024-06-30"), right: model("2099-06-30"))
        }
    }
}
