extension DiagnosticCode {
    /// Of `CH15xx` and above.
    var meaningExplanation: DiagnosticExplanation {
        let policy = """
            apiVersion: charter/v1
            kind: Policy
            metadata: {name: pause}
            spec:
              type: usage
              rules: [{name: everything, effect: deny}]
            ---

            """
        func exemption(_ expires: String) -> DiagnosticExplanation.Example {
            .documents(
                policy + """
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
        func role(_ permission: String) -> DiagnosticExplanation.Example {
            .documents(
                """
                apiVersion: charter/v1
                kind: Role
                metadata: {name: reader}
                spec:
                  permissions:
                    - \(permission)
                ---
                apiVersion: charter/v1
                kind: User
                metadata: {name: bob}
                spec: {email: bob@acme.example, roles: [reader]}
                """)
        }
        return switch self {
        case .invalidPattern:
            DiagnosticExplanation(
                """
                A pattern of names has one special character, `*`, which stands for any text; resources are written `type:pattern`. Detectors take regular
                expressions of RE2, which knows no look-around and no back-references, and in return never takes long.
                """, wrong: role(#"{actions: ["llm.?"], resources: ["model:openai/*"]}"#),
                right: role(#"{actions: ["llm.*"], resources: ["model:openai/*"]}"#))
        case .invalidTime:
            DiagnosticExplanation(
                """
                Times are written as RFC 3339 has them, `2027-01-31` or `2027-01-31T18:00:00Z`; a date is its first moment in UTC. A date that the calendar does not have
                is an error.
                """, wrong: exemption("2027-02-30"), right: exemption("2099-02-28"))
        case .expiredExemption:
            DiagnosticExplanation(
                """
                The exemption's time is over, and it has no effect any more. The commit stays valid, as time alone must not break it.

                Delete it, or have a later date approved.
                """, wrong: exemption("2020-01-31"), right: exemption("2099-01-31"))
        case .invalidRule:
            DiagnosticExplanation(
                """
                A rule's effect and its fields contradict each other: `redact`, `requireApproval`, `limit` and `route` need the field of the same name, which
                no other effect takes.
                """,
                wrong: .documents(
                    """
                    apiVersion: charter/v1
                    kind: Policy
                    metadata: {name: short-answers}
                    spec:
                      type: usage
                      rules:
                        - {name: long, effect: limit}
                    """),
                right: .documents(
                    """
                    apiVersion: charter/v1
                    kind: Policy
                    metadata: {name: short-answers}
                    spec:
                      type: usage
                      rules:
                        - {name: long, effect: limit, limit: {maxOutputTokens: 4000}}
                    """))
        case .attributeType:
            DiagnosticExplanation(
                """
                The Organization declares which attributes subjects have, their types and their values. Conditions trust that, so no subject may have another one.
                """,
                wrong: .documents(
                    """
                    apiVersion: charter/v1
                    kind: User
                    metadata: {name: bob}
                    spec:
                      email: bob@acme.example
                      attributes: {clearance: top-secret}
                    """),
                right: .documents(
                    """
                    apiVersion: charter/v1
                    kind: User
                    metadata: {name: bob}
                    spec:
                      email: bob@acme.example
                      attributes: {clearance: secret}
                    """))
        case .unmatchedGlob:
            DiagnosticExplanation(
                """
                A pattern matches nothing that is declared: what it grants or guards is nothing. That may be meant, for what is still to come, so it is a warning.
                """, wrong: role(#"{actions: [llm.caht], resources: ["model:openai/*"]}"#),
                right: role(#"{actions: [llm.chat], resources: ["model:openai/*"]}"#))
        case .endedModel:
            DiagnosticExplanation(
                """
                The provider has ended the model: calls of it fail. No role in use permits it, or a policy denies it to everybody, so that nothing is lost
                when it is deleted. Where somebody may still use it, it is `CH1532`.
                """,
                wrong: .documents(
                    """
                    apiVersion: charter/v1
                    kind: Provider
                    metadata: {name: azure}
                    spec: {type: azure-openai, baseURL: "https://acme.openai.azure.com"}
                    ---
                    apiVersion: charter/v1
                    kind: Model
                    metadata: {name: azure/gpt-4}
                    spec:
                      provider: azure
                      upstream: gpt-4
                      deprecation: 2024-06-30
                      prices: [{effectiveFrom: 2024-01-01, input: 30, output: 60}]
                    """),
                right: .documents(
                    """
                    apiVersion: charter/v1
                    kind: Model
                    metadata: {name: openai/gpt-5}
                    spec:
                      provider: openai
                      upstream: gpt-5
                      deprecation: 2099-06-30
                      prices: [{effectiveFrom: 2026-01-01, input: 1.25, output: 10}]
                    """))
        case .bundleTooLarge:
            DiagnosticExplanation(
                """
                A bundle numbers what it holds with 32 bits, and some of it with fewer. An organisation that is larger has to be split into several repositories.
                """, wrong: .told("More documents, or more text, than 4 GiB of a bundle hold."),
                right: .told("A repository for each part of the organisation, run together by `charter fleet`."))
        default:
            DiagnosticExplanation(
                """
                The document is checked and stored, and this version of Charter does nothing with it yet. Nothing has to be changed; but do not rely on it.
                """,
                wrong: .documents(
                    """
                    apiVersion: charter/v1
                    kind: Policy
                    metadata: {name: no-rush}
                    spec:
                      type: rateLimit
                      rules:
                        - {name: rate, effect: limit, limit: {requestsPerMinute: 60}}
                    """),
                right: .documents(
                    """
                    apiVersion: charter/v1
                    kind: Policy
                    metadata: {name: no-rush}
                    spec:
                      type: usage
                      rules:
                        - {name: answers, effect: limit, limit: {maxOutputTokens: 4000}}
                    """))
        }
    }
}
