extension DiagnosticCode {
    /// Of `CH13xx`.
    var namesExplanation: DiagnosticExplanation {
        switch self {
        case .duplicateName:
            DiagnosticExplanation(
                """
                Two documents of one kind have the same name, in whatever files. Documents do not add to each other: rename one, or write both as one.
                """,
                wrong: .documents(
                    """
                    apiVersion: charter/v1
                    kind: User
                    metadata: {name: bob}
                    spec: {email: bob@acme.example}
                    ---
                    apiVersion: charter/v1
                    kind: User
                    metadata: {name: bob}
                    spec: {email: bob.jones@acme.example}
                    """),
                right: .documents(
                    """
                    apiVersion: charter/v1
                    kind: User
                    metadata: {name: bob}
                    spec: {email: bob@acme.example}
                    ---
                    apiVersion: charter/v1
                    kind: User
                    metadata: {name: bob-jones}
                    spec: {email: bob.jones@acme.example}
                    """))
        case .unresolvedReference:
            DiagnosticExplanation(
                """
                A document names another one that is not there: misspelt, deleted, or not yet written. What refers to nothing would be a rule for nobody, so the commit is
                refused as a whole.

                Mend the name, or add the document in the same commit.
                """,
                wrong: .documents(
                    """
                    apiVersion: charter/v1
                    kind: User
                    metadata: {name: bob}
                    spec: {email: bob@acme.example, roles: [enginer]}
                    """),
                right: .documents(
                    """
                    apiVersion: charter/v1
                    kind: User
                    metadata: {name: bob}
                    spec: {email: bob@acme.example, roles: [engineer]}
                    """))
        case .cyclicReference:
            DiagnosticExplanation(
                """
                Teams that are each other's parents, or roles that inherit from each other, have no top. Take one of the references out of the circle; all
                of its places are told.
                """,
                wrong: .documents(
                    """
                    apiVersion: charter/v1
                    kind: Role
                    metadata: {name: author}
                    spec: {inherits: [editor]}
                    ---
                    apiVersion: charter/v1
                    kind: Role
                    metadata: {name: editor}
                    spec: {inherits: [author]}
                    """),
                right: .documents(
                    """
                    apiVersion: charter/v1
                    kind: Role
                    metadata: {name: author}
                    spec: {inherits: [engineer]}
                    ---
                    apiVersion: charter/v1
                    kind: Role
                    metadata: {name: editor}
                    spec: {inherits: [author]}
                    ---
                    apiVersion: charter/v1
                    kind: User
                    metadata: {name: bob}
                    spec: {email: bob@acme.example, roles: [editor]}
                    """))
        case .organizationCount:
            DiagnosticExplanation(
                """
                A repository is one organisation and has exactly one document of the kind Organization: it declares the currency, the attributes and the
                resource types by which everything else is checked.

                A second organisation gets a repository, or a folder, of its own; `charter fleet` runs several.
                """,
                wrong: .documents(
                    """
                    apiVersion: charter/v1
                    kind: Organization
                    metadata: {name: acme-labs}
                    spec: {displayName: Acme Labs, currency: EUR}
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
        case .duplicateIdentity:
            DiagnosticExplanation(
                """
                Requests may name a subject by an identity of elsewhere, such as the `sub` of a token. If two subjects claim one, nobody can tell who asks.
                """,
                wrong: .documents(
                    """
                    apiVersion: charter/v1
                    kind: User
                    metadata: {name: bob}
                    spec: {email: bob@acme.example, identities: ["oidc|17"]}
                    ---
                    apiVersion: charter/v1
                    kind: User
                    metadata: {name: cleo}
                    spec: {email: cleo@acme.example, identities: ["oidc|17"]}
                    """),
                right: .documents(
                    """
                    apiVersion: charter/v1
                    kind: User
                    metadata: {name: bob}
                    spec: {email: bob@acme.example, identities: ["oidc|17"]}
                    ---
                    apiVersion: charter/v1
                    kind: User
                    metadata: {name: cleo}
                    spec: {email: cleo@acme.example, identities: ["oidc|18"]}
                    """))
        default:
            DiagnosticExplanation(
                """
                A list has one entry twice, or two of one name. Either one of them is too many, or it was meant to be another.
                """,
                wrong: .documents(
                    """
                    apiVersion: charter/v1
                    kind: Policy
                    metadata: {name: no-secrets}
                    spec:
                      type: security
                      rules:
                        - {name: secret, when: context.dataClassification == "restricted", effect: deny}
                        - {name: secret, when: context.dataClassification == "internal", effect: warn}
                    """),
                right: .documents(
                    """
                    apiVersion: charter/v1
                    kind: Policy
                    metadata: {name: no-secrets}
                    spec:
                      type: security
                      rules:
                        - {name: secret, when: context.dataClassification == "restricted", effect: deny}
                        - {name: internal, when: context.dataClassification == "internal", effect: warn}
                    """))
        }
    }
}
