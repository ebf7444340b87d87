extension DiagnosticCode {
    /// Of `CH17xx`.
    var templatesExplanation: DiagnosticExplanation {
        switch self {
        case .unknownParameter:
            DiagnosticExplanation(
                """
                A policy gives a parameter that its template does not declare, or a template's body has a placeholder for one. Either way the value
                would go nowhere.

                Mend the name, or declare the parameter. A text that holds `${` and means just that writes `$${`.
                """,
                wrong: Self.template(parameters: Self.most, rule: "estimate.cost > ${most}", use: "{moost: 0.1}", and: ", most: 0.2"),
                right: Self.template(parameters: Self.most, rule: "estimate.cost > ${most}", use: "{most: 0.1}"))
        case .missingParameter:
            DiagnosticExplanation(
                """
                A parameter without a `default` must be given by every policy that is made from the template. Give it under `with`, or give the parameter a
                default that is right for most.
                """,
                wrong: Self.template(parameters: Self.most, rule: "estimate.cost > ${most}", use: "{}"),
                right: Self.template(parameters: Self.most, rule: "estimate.cost > ${most}", use: "{most: 0.1}"))
        case .parameterType:
            DiagnosticExplanation(
                """
                A value has another type than the parameter: a policy's, or the template's own `default`, `values`, `minimum` or `maximum`. Nothing is converted: `"5"`
                is a text and `5` a number.
                """,
                wrong: Self.template(parameters: Self.most, rule: "estimate.cost > ${most}", use: #"{most: "a lot"}"#),
                right: Self.template(parameters: Self.most, rule: "estimate.cost > ${most}", use: "{most: 0.1}"))
        case .parameterValue:
            DiagnosticExplanation(
                """
                A value has the right type and is not allowed all the same: it is not among the parameter's `values`, is below its `minimum` or above its `maximum`, does not
                match its `pattern` as a whole, or is a list with too few or too many items. So the template's author has drawn a line for those who use it.
                """,
                wrong: Self.template(
                    parameters: "[{name: most, type: double, minimum: 0, maximum: 1}]", rule: "estimate.cost > ${most}", use: "{most: 5}"),
                right: Self.template(
                    parameters: "[{name: most, type: double, minimum: 0, maximum: 1}]", rule: "estimate.cost > ${most}", use: "{most: 0.5}")
            )
        case .invalidParameter:
            DiagnosticExplanation(
                """
                What a template says of a parameter contradicts itself: a constraint that its type does not have, or limits that no value is between.
                """,
                wrong: Self.template(
                    parameters: "[{name: most, type: double, pattern: '[0-9]+'}]", rule: "estimate.cost > ${most}", use: "{most: 0.5}"),
                right: Self.template(
                    parameters: "[{name: most, type: double, minimum: 0}]", rule: "estimate.cost > ${most}", use: "{most: 0.5}"))
        case .misplacedParameter:
            DiagnosticExplanation(
                """
                A placeholder stands where the value of its parameter cannot: in the name of a field, in a field of another type, a list in the middle of a text, or in a condition as a
                part of a word.

                In a condition a placeholder stands for a whole value, which is put in as a literal: `subject.id == ${name}`, without quotes. Between quotes it stands
                for text.
                """,
                wrong: Self.template(
                    parameters: "[{name: field, type: string}]", rule: "context.${field} > 5", use: "{field: inputTokens}"),
                right: Self.template(
                    parameters: "[{name: most, type: int}]", rule: "context.inputTokens > ${most}", use: "{most: 5}"))
        case .unusedParameter:
            DiagnosticExplanation(
                """
                A template declares a parameter and has no placeholder for it. Whoever gives a value believes that something follows from it. Remove the
                parameter, or use it.
                """,
                wrong: Self.template(parameters: Self.most, rule: "estimate.cost > 0.5", use: "{most: 0.1}"),
                right: Self.template(parameters: Self.most, rule: "estimate.cost > ${most}", use: "{most: 0.1}"))
        case .nestedTemplate:
            DiagnosticExplanation(
                """
                The body of a template is a policy with rules of its own. It cannot be made from another template: what a policy does would have to be followed through
                several files. Write the rules out; two policies can each be made from a template.
                """,
                wrong: .documents(
                    """
                    apiVersion: charter/v1
                    kind: PolicyTemplate
                    metadata: {name: cheap}
                    spec:
                      policy:
                        template: {name: cost-cap}
                    """),
                right: .documents(
                    """
                    apiVersion: charter/v1
                    kind: PolicyTemplate
                    metadata: {name: cheap}
                    spec:
                      policy:
                        type: cost
                        rules: [{name: cap, when: estimate.cost > 0.1, effect: deny}]
                    """))
        default:
            DiagnosticExplanation(
                """
                A long list that stands in many places of a template would make a policy larger than the limit of one mebibyte. Give shorter lists: globs, teams or tags instead of
                single names.
                """, wrong: .told("A list of 100,000 names, used in twenty rules."), right: .told("A team, in `match.teams`."))
        }
    }

    private static let most = "[{name: most, type: double}]"

    /// A template and a policy that is made from it.
    private static func template(parameters: String, rule: String, use: String, and more: String = "") -> DiagnosticExplanation.Example {
        let with = more.isEmpty ? use : use.dropLast() + more + "}"
        return .documents(
            """
            apiVersion: charter/v1
            kind: PolicyTemplate
            metadata: {name: cost-cap}
            spec:
              parameters: \(parameters)
              policy:
                type: cost
                rules:
                  - {name: cap, when: '\(rule)', effect: deny}
            ---
            apiVersion: charter/v1
            kind: Policy
            metadata: {name: cheap}
            spec:
              template: {name: cost-cap, with: \(with)}
            """)
    }
}
