extension DiagnosticCode {
    /// Of what no document shows by itself.
    var organizationExplanation: DiagnosticExplanation {
        func model(_ more: String) -> DiagnosticExplanation.Example {
            .documents(
                """
                apiVersion: charter/v1
                kind: Model
                metadata: {name: openai/gpt-5.4-mini}
                spec:
                  provider: openai
                  upstream: gpt-5.4-mini
                  \(more)
                """)
        }
        func budgets(_ research: String, _ labs: String) -> DiagnosticExplanation.Example {
            .documents(
                """
                apiVersion: charter/v1
                kind: Team
                metadata: {name: labs}
                spec:
                  members: [{user: ada, role: member}]
                ---
                apiVersion: charter/v1
                kind: Budget
                metadata: {name: acme}
                spec: {scope: {organization: true}, period: month, limit: 10000}
                ---
                apiVersion: charter/v1
                kind: Budget
                metadata: {name: research}
                spec: {scope: {team: research}, period: month, limit: \(research)}
                ---
                apiVersion: charter/v1
                kind: Budget
                metadata: {name: labs}
                spec: {scope: {team: labs}, period: month, limit: \(labs)}
                """)
        }
        func framework(_ control: String) -> DiagnosticExplanation.Example {
            .documents(
                """
                apiVersion: charter/v1
                kind: Policy
                metadata: {name: no-secrets}
                spec:
                  type: security
                  rules:
                    - {name: secret, when: context.dataClassification == "restricted", effect: deny}
                ---
                apiVersion: charter/v1
                kind: ComplianceFramework
                metadata: {name: soc2}
                spec:
                  displayName: SOC 2
                  controls:
                    - \(control)
                """)
        }
        let price = "prices: [{effectiveFrom: 2026-01-01, input: 0.25, output: 2}]"
        return switch self {
        case .unpricedModel:
            DiagnosticExplanation(
                """
                What a request to the model costs is taken for nothing: no condition on `estimate.cost` ever holds for it, and no budget counts it.

                Add what the provider charges, or prices of 0 for a model that is free.
                """, wrong: model("maxOutput: 4096"), right: model(price))
        case .unusedRole:
            DiagnosticExplanation(
                """
                No user, service account or team has the role, and no role in use inherits it: its permissions are nobody's. It is a leftover, or
                somebody was meant to get it.
                """,
                wrong: .documents(
                    """
                    apiVersion: charter/v1
                    kind: Role
                    metadata: {name: painter}
                    spec:
                      permissions:
                        - {actions: [llm.image], resources: ["model:openai/*"]}
                    """),
                right: .documents(
                    """
                    apiVersion: charter/v1
                    kind: Role
                    metadata: {name: painter}
                    spec:
                      permissions:
                        - {actions: [llm.image], resources: ["model:openai/*"]}
                    ---
                    apiVersion: charter/v1
                    kind: User
                    metadata: {name: bob}
                    spec: {email: bob@acme.example, roles: [painter]}
                    """))
        case .emptyTeam:
            DiagnosticExplanation(
                """
                The team has no members, and neither has a team below it: policies and budgets that are about it are about nobody.
                """,
                wrong: .documents(
                    """
                    apiVersion: charter/v1
                    kind: Team
                    metadata: {name: labs}
                    spec: {parent: research}
                    """),
                right: .documents(
                    """
                    apiVersion: charter/v1
                    kind: Team
                    metadata: {name: labs}
                    spec:
                      parent: research
                      members: [{user: ada, role: member}]
                    """))
        case .uncoveredControl:
            DiagnosticExplanation(
                """
                The framework has a control, and no policy implements it: an auditor will ask. Name the policies in the control, or the control in a
                policy, as `framework/control`.

                Where the control names evidence, something else than a policy implements it, and it is a note.
                """, wrong: framework("{id: CC6.1, title: Access is limited}"),
                right: framework("{id: CC6.1, title: Access is limited, policies: [no-secrets]}"))
        case .endingModel:
            DiagnosticExplanation(
                """
                The provider ends the model within 60 days. After that day calls of it fail; a policy that routes requests to its successor makes the change easy.
                """, wrong: model("deprecation: 2026-07-01\n  \(price)"), right: model("deprecation: 2099-07-01\n  \(price)"))
        case .expiringExemption:
            DiagnosticExplanation(
                """
                The exemption expires within 14 days, and its policies hold for its subject again. That is how it was approved; who still needs it has to
                ask in time.
                """,
                wrong: Self.exemption("2026-06-10"), right: Self.exemption("2099-06-10"))
        case .budgetAboveParent:
            DiagnosticExplanation(
                """
                A budget of the same period above this one is smaller: it is used up first, and this one never limits anything. Above a team are the teams that it is
                a part of, then the organisation; above a person the teams that he is in.
                """, wrong: budgets("20000", "4000"), right: budgets("6000", "4000"))
        default:
            DiagnosticExplanation(
                """
                The budgets of the teams below come to more than the one above them allows: if all are used, the last ones find it empty. That may be meant, as when
                an airline sells more seats than it has; then leave it.
                """, wrong: budgets("6000", "6000"), right: budgets("6000", "4000"))
        }
    }

    private static func exemption(_ expires: String) -> DiagnosticExplanation.Example {
        .documents(
            """
            apiVersion: charter/v1
            kind: Policy
            metadata: {name: pause}
            spec:
              type: usage
              rules: [{name: everything, effect: deny}]
            ---
            apiVersion: charter/v1
            kind: Exemption
            metadata: {name: demonstration}
            spec:
              subject: user:ada
              policies: [pause]
              reason: The demonstration for the board
              approver: ada
              expires: \(expires)
            """)
    }
}
