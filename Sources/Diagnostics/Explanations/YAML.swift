extension DiagnosticCode {
    /// Of `CH11xx`.
    var yamlExplanation: DiagnosticExplanation {
        switch self {
        case .malformedYAML:
            DiagnosticExplanation(
                """
                The text is no YAML from this place on. What went before is checked all the same, what comes after is not.

                Most often: a tab, an indentation that fits no line above, a `: ` inside a text without quotes, or a pattern such as `*` without them.
                """,
                wrong: .documents(
                    """
                    apiVersion: charter/v1
                    kind: User
                    metadata: {name: bob}
                    spec:
                      displayName: Bob
                       email: bob@acme.example
                    """),
                right: .documents(
                    """
                    apiVersion: charter/v1
                    kind: User
                    metadata: {name: bob}
                    spec:
                      displayName: Bob
                      email: bob@acme.example
                    """))
        case .nestedTooDeeply:
            DiagnosticExplanation(
                """
                Values stand in each other more than 64 deep. No document needs that; text made to exhaust a parser does.
                """,
                wrong: .documents(
                    """
                    apiVersion: charter/v1
                    kind: User
                    metadata: {name: bob}
                    spec:
                      email: \(String(repeating: "[", count: 70))bob\(String(repeating: "]", count: 70))
                    """),
                right: .documents(
                    """
                    apiVersion: charter/v1
                    kind: User
                    metadata: {name: bob}
                    spec: {email: bob@acme.example}
                    """))
        case .tooManyNodes:
            DiagnosticExplanation(
                """
                A file holds more than a million values. Split it.
                """, wrong: .told("One file with a list of 2,000,000 entries."), right: .told("Several files, by team or by purpose."))
        case .aliasExpansion:
            DiagnosticExplanation(
                """
                Aliases (`*name`) stand for so much that the document would grow without bound. Such files are made to exhaust a parser.

                Use an alias where it saves repeating a few lines; write out the rest.
                """,
                wrong: .documents(
                    """
                    a: &a [x, x, x, x, x, x, x, x, x, x]
                    b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]
                    c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]
                    d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]
                    e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]
                    f: &f [*e, *e, *e, *e, *e, *e, *e, *e, *e, *e]
                    g: &g [*f, *f, *f, *f, *f, *f, *f, *f, *f, *f]
                    """),
                right: .documents(
                    """
                    apiVersion: charter/v1
                    kind: User
                    metadata: {name: bob}
                    spec: {email: bob@acme.example, roles: &roles [engineer]}
                    ---
                    apiVersion: charter/v1
                    kind: User
                    metadata: {name: cleo}
                    spec: {email: cleo@acme.example, roles: [engineer]}
                    """))
        case .duplicateKey:
            DiagnosticExplanation(
                """
                A mapping has the same key twice. Readers of YAML differ in which of the two they take, so that what was reviewed might not be what holds.
                """,
                wrong: .documents(
                    """
                    apiVersion: charter/v1
                    kind: User
                    metadata: {name: bob}
                    spec:
                      email: bob@acme.example
                      roles: []
                      roles: [engineer]
                    """),
                right: .documents(
                    """
                    apiVersion: charter/v1
                    kind: User
                    metadata: {name: bob}
                    spec:
                      email: bob@acme.example
                      roles: [engineer]
                    """))
        default:
            DiagnosticExplanation(
                """
                Only the tags of YAML's core schema are read (`!!str`, `!!int`, `!!float`, `!!bool`, `!!null`, `!!seq`, `!!map`). Others ask a program to do something, such as to
                read the environment, and then the same commit would mean different things in different places.
                """,
                wrong: .documents(
                    """
                    apiVersion: charter/v1
                    kind: User
                    metadata: {name: bob}
                    spec: {email: !env bob@acme.example}
                    """),
                right: .documents(
                    """
                    apiVersion: charter/v1
                    kind: User
                    metadata: {name: bob}
                    spec: {email: bob@acme.example}
                    """))
        }
    }
}
