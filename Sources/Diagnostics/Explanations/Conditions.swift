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
        case .constantCondition:
            DiagnosticExplanation(
                """
                Whatever a request says, the condition comes to the same. One that is never true makes a rule without effect, and a permission that is never given;
                one that is always true says nothing, and a rule without `when` says it better.

                It is told only where it is proved: from the constants in the condition, from the values that the Organization declares, and from what no two
                comparisons of one input can be at once. A condition that cannot be evaluated counts as one that holds in a rule, and as one that does
                not in a permission: `has(…)` asks whether something is there.
                """, wrong: policy(#"subject.type == "user" || subject.type == "service-account""#), right: right)
        case .contradictoryCondition:
            DiagnosticExplanation(
                """
                Two parts of the condition exclude each other, so that it is never true: nothing equals two texts, and no number is above five and below three.
                `||` may be meant, or `in [..]`.
                """,
                wrong: policy(#"subject.email == "ada@acme.example" && subject.email == "bob@acme.example""#),
                right: policy(#"subject.email in ["ada@acme.example", "bob@acme.example"]"#))
        case .impossibleValue:
            DiagnosticExplanation(
                """
                The input is compared with a text that it never is: not one of its declared `values`, or the name of something that does not exist. A rule with
                a misspelt name guards nothing, and nobody notices.

                Looked at are what the Organization declares with `values`, the types of subjects and resources, and the names of roles, teams, subjects, models, providers,
                the tags, regions and capabilities of models, and actions.
                """, wrong: policy(#"subject.attributes.clearance != "secert""#), right: right)
        case .costlyCondition:
            DiagnosticExplanation(
                """
                On a large request the condition could take more steps than it may: its evaluation would be given up, and count as an error. The estimate is for texts of
                256 bytes and lists of 100 elements, or what the Organization's `conditions` say instead of that; there `steps` sets the limit too.

                A loop within a loop multiplies. Ask `in` instead of looping, and for what git knows use teams, roles, tags and attributes. `charter cel --cost` tells what an
                expression costs.
                """,
                wrong: policy(
                    "context.tools.exists(a, context.tools.exists(b, context.tools.exists(c, a + b == c)))"),
                right: policy(#"context.tools.exists(a, a == "shell")"#))
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
