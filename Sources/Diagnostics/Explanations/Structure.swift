extension DiagnosticCode {
    /// Of `CH12xx`.
    var structureExplanation: DiagnosticExplanation {
        let user = DiagnosticExplanation.Example.documents(
            """
            apiVersion: charter/v1
            kind: User
            metadata: {name: bob}
            spec: {email: bob@acme.example}
            """)
        return switch self {
        case .notADocument:
            DiagnosticExplanation(
                """
                Every document is a mapping with `apiVersion`, `kind`, `metadata` and `spec`. A file may hold several, with `---` between them, and nothing else.

                A file that is no document, such as the values of a chart, goes into another folder, or gets another ending.
                """,
                wrong: .documents(
                    """
                    - bob@acme.example
                    - cleo@acme.example
                    """), right: user)
        case .unsupportedVersion:
            DiagnosticExplanation(
                """
                `apiVersion` says by which rules a document is read. This program knows `charter/v1`; a document of a later version needs a later program.
                """,
                wrong: .documents(
                    """
                    apiVersion: v1
                    kind: User
                    metadata: {name: bob}
                    spec: {email: bob@acme.example}
                    """), right: user)
        case .unknownKind:
            DiagnosticExplanation(
                """
                There is no such kind of document. Kinds are written with capitals, as in `ServiceAccount`; `charter schemas` writes the schemas of all.
                """,
                wrong: .documents(
                    """
                    apiVersion: charter/v1
                    kind: Users
                    metadata: {name: bob}
                    spec: {email: bob@acme.example}
                    """), right: user)
        case .unknownField:
            DiagnosticExplanation(
                """
                A field does not exist, or not here. It is an error because a misspelt field would be a rule that nobody applies. The help says what it
                may have been meant for.
                """,
                wrong: .documents(
                    """
                    apiVersion: charter/v1
                    kind: User
                    metadata: {name: bob}
                    spec: {email: bob@acme.example, role: [engineer]}
                    """),
                right: .documents(
                    """
                    apiVersion: charter/v1
                    kind: User
                    metadata: {name: bob}
                    spec: {email: bob@acme.example, roles: [engineer]}
                    """))
        case .missingField:
            DiagnosticExplanation(
                """
                A field that every document of the kind needs is not given. The help says what it is for.
                """,
                wrong: .documents(
                    """
                    apiVersion: charter/v1
                    kind: User
                    metadata: {name: bob}
                    spec: {displayName: Bob}
                    """), right: user)
        case .wrongType:
            DiagnosticExplanation(
                """
                A value is of another type than the field's. YAML takes `yes`, `1.0` and `2026-01-01` for what they look like: a text that looks like a number needs quotes. A
                list of one is still a list.
                """,
                wrong: .documents(
                    """
                    apiVersion: charter/v1
                    kind: User
                    metadata: {name: bob}
                    spec: {email: bob@acme.example, roles: engineer}
                    """),
                right: .documents(
                    """
                    apiVersion: charter/v1
                    kind: User
                    metadata: {name: bob}
                    spec: {email: bob@acme.example, roles: [engineer]}
                    """))
        case .invalidValue:
            DiagnosticExplanation(
                """
                The value has the right type and is none of those that the field allows: an unknown choice, a number out of range, a text of another form. The
                help tells what is allowed.
                """,
                wrong: .documents(
                    """
                    apiVersion: charter/v1
                    kind: Team
                    metadata: {name: sales}
                    spec:
                      members: [{user: ada, role: owner}]
                    """),
                right: .documents(
                    """
                    apiVersion: charter/v1
                    kind: Team
                    metadata: {name: sales}
                    spec:
                      members: [{user: ada, role: maintainer}]
                    """))
        default:
            DiagnosticExplanation(
                """
                Names are lower-case letters, digits, `-`, `.` and `_`, begin and end with a letter or a digit, and have 128 characters at most. A model's is
                `provider/model`. What people are to see goes into `displayName`.
                """,
                wrong: .documents(
                    """
                    apiVersion: charter/v1
                    kind: User
                    metadata: {name: Bob Smith}
                    spec: {email: bob@acme.example}
                    """),
                right: .documents(
                    """
                    apiVersion: charter/v1
                    kind: User
                    metadata: {name: bob-smith}
                    spec: {email: bob@acme.example, displayName: Bob Smith}
                    """))
        }
    }
}
