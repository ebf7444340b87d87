/// A rule set that denies, warns or obliges.
public struct Policy: Sendable {
    public static let types = ["cost", "security", "compliance", "usage", "rateLimit", "contentFilter"]
    public static let severities = ["low", "medium", "high", "critical"]
    public static let effects = ["deny", "warn", "redact", "requireApproval", "limit", "route"]

    static let dimensions: [Field] = [
        .optional("actions", .list(.string(.glob(of: nil)), minimum: 1), "Actions."),
        .optional("subjects", .list(.string(.typedGlob), minimum: 1), "Subjects as `user:glob` or `service-account:glob`."),
        .optional("teams", .list(.string(.glob(of: .team)), minimum: 1), "Teams of the subject; a team includes the teams below it."),
        .optional("roles", .list(.string(.glob(of: .role)), minimum: 1), "Roles of the subject, inherited ones included."),
        .optional("resources", .list(.string(.typedGlob), minimum: 1), "Resources as `type:glob`."),
        .optional("models", .list(.string(.glob(of: .model)), minimum: 1), "Models; other resources never match."),
        .optional("providers", .list(.string(.glob(of: .provider)), minimum: 1), "Providers of the model."),
        .optional("tags", .list(.string(.glob(of: nil)), minimum: 1), "Tags of the model."),
    ]

    static let match = ObjectSchema(
        "Which requests the policy is about: all given dimensions must match, a list means any of its entries.",
        dimensions + [
            .optional(
                "not", .object(ObjectSchema("Requests that are left out: those that match any of these dimensions.", dimensions)),
                "Exceptions.")
        ])

    static let rule = ObjectSchema(
        "One rule; rules are independent of each other.",
        [
            .required("name", .string(.name), "The rule's name, unique in its policy."),
            .optional("when", .string(.condition), "The condition under which the effect takes place; always, when absent."),
            .required("effect", .enumeration(effects), "What the rule does."),
            .optional("message", .string(.message), "A CEL expression of type `string` that tells the caller why."),
            .optional(
                "redact",
                .object(
                    ObjectSchema(
                        "What is taken out of the request.",
                        [
                            .required("detectors", .list(.reference(.detector), minimum: 1), "What is looked for."),
                            .optional("mode", .enumeration(["mask", "hash", "remove"]), "What it is replaced by; `mask` by default."),
                        ])), "For `redact`."),
            .optional(
                "requireApproval",
                .object(
                    ObjectSchema(
                        "Who may approve.", [.required("roles", .list(.reference(.role), minimum: 1), "Roles that may approve.")])),
                "For `requireApproval`."),
            .optional(
                "limit",
                .object(
                    ObjectSchema(
                        "The limits.", rule: .atLeastOne(["maxOutputTokens", "maxInputTokens", "requestsPerMinute", "tokensPerMinute"]),
                        [
                            .optional("maxOutputTokens", .integer(1...1_000_000_000), "The most tokens of the answer."),
                            .optional("maxInputTokens", .integer(1...1_000_000_000), "The most tokens of the input."),
                            .optional("requestsPerMinute", .integer(1...1_000_000_000), "The most requests a minute."),
                            .optional("tokensPerMinute", .integer(1...1_000_000_000_000), "The most tokens a minute."),
                        ])), "For `limit`."),
            .optional(
                "route",
                .object(
                    ObjectSchema("Where the request goes instead.", [.required("model", .reference(.model), "The model used instead.")])),
                "For `route`."),
        ])

    public static let schema = ObjectSchema(
        "A rule set that denies, warns or obliges.",
        rule: .alternatives([
            ObjectSchema.Alternative(field: "rules", needs: ["type"], excludes: []),
            ObjectSchema.Alternative(field: "template", needs: [], excludes: ["variables"]),
        ]),
        [
            .optional("type", .enumeration(types), "What the policy guards; that of the template, when absent."),
            .optional("description", .string(.text), "What the policy is for."),
            .optional("enforcement", .enumeration(["strict", "warning", "monitor"]), "How hard the policy holds; `strict` by default."),
            .optional("severity", .enumeration(severities), "How grave a violation is; `medium` by default."),
            .optional("match", .object(match), "Which requests the policy is about; all, when absent."),
            .optional(
                "variables",
                .list(
                    .object(
                        ObjectSchema(
                            "A named expression.",
                            [
                                .required("name", .string(.text), "The name, used as `variables.name`."),
                                .required("expression", .string(.expression), "A CEL expression; it may use the variables before it."),
                            ]))), "Named expressions that rules share."),
            .optional("rules", .list(.object(rule), minimum: 1), "What the policy does."),
            .optional(
                "template",
                .object(
                    ObjectSchema(
                        "A template that the policy is made from.",
                        [
                            .required("name", .reference(.policyTemplate), "The template."),
                            .optional("with", .map(.any), "Values of the template's parameters."),
                        ])), "A template instead of rules."),
            .optional("controls", .list(.string(.control)), "Compliance controls that the policy implements, as `framework/control`."),
        ])

    /// What a template's body comes to: a policy that is made from no template.
    static let body = ObjectSchema(
        schema.doc, rule: .alternatives([ObjectSchema.Alternative(field: "rules", needs: ["type"], excludes: [])]),
        schema.fields.filter { $0.name != "template" })

    public let spec: SpecNode

    public init(spec: SpecNode) { self.spec = spec }

    public enum Enforcement: String, Sendable { case strict, warning, monitor }

    /// The lists of one `match` or `not`.
    public struct Match: Sendable {
        public var actions: [Located<String>]
        public var subjects: [Located<String>]
        public var teams: [Located<String>]
        public var roles: [Located<String>]
        public var resources: [Located<String>]
        public var models: [Located<String>]
        public var providers: [Located<String>]
        public var tags: [Located<String>]

        init(_ node: SpecNode?) {
            func list(_ name: String) -> [Located<String>] { node?.strings(name) ?? [] }
            actions = list("actions")
            subjects = list("subjects")
            teams = list("teams")
            roles = list("roles")
            resources = list("resources")
            models = list("models")
            providers = list("providers")
            tags = list("tags")
        }
    }

    public struct Variable: Sendable {
        public var name: Located<String>
        public var expression: Located<String>
    }

    public struct Rule: Sendable {
        public var name: Located<String>
        public var when: Located<String>?
        public var effect: Located<String>
        public var message: Located<String>?
        public var node: SpecNode
    }

    /// Given by the policy or by its template.
    public var type: String { spec.requiredString("type").value }
    public var enforcement: Enforcement { spec.string("enforcement").flatMap { Enforcement(rawValue: $0.value) } ?? .strict }
    public var severity: String { spec.string("severity")?.value ?? "medium" }
    public var match: Match { Match(spec["match"]) }
    public var exceptions: Match { Match(spec["match"]?["not"]) }
    public var controls: [Located<String>] { spec.strings("controls") }
    /// The name of the template, of a policy as it stands in git. What it is expanded to has none.
    public var template: Located<String>? { spec["template"]?.string("name") }
    public var variables: [Variable] {
        spec.list("variables").map { Variable(name: $0.requiredString("name"), expression: $0.requiredString("expression")) }
    }
    public var rules: [Rule] {
        spec.list("rules").map {
            Rule(
                name: $0.requiredString("name"), when: $0.string("when"), effect: $0.requiredString("effect"),
                message: $0.string("message"),
                node: $0)
        }
    }
}
