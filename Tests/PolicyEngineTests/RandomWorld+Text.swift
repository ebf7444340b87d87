extension RandomWorld {
    /// The documents of the world.
    var yaml: String {
        let types = types.map {
            "{name: \($0.name), actions: \(Self.list($0.actions)), open: \($0.isOpen), properties: {kind: {type: string}}}"
        }
        var documents = [
            """
            kind: Organization
            metadata: {name: acme}
            spec:
              displayName: Acme
              currency: USD
              subjectAttributes: {level: {type: int}, clearance: {type: string}}
              contextAttributes: {stage: {type: string, values: [draft, final]}}
              resourceTypes: [\(types.joined(separator: ", "))]
            """
        ]
        documents += ["p0", "p1"].map { "kind: Provider\nmetadata: {name: \($0)}\nspec: {type: openai}" }
        documents += Self.detectors.map { "kind: Detector\nmetadata: {name: \($0)}\nspec: {builtins: [email]}" }
        documents += models.map(Self.text)
        documents += subjects.map(Self.text)
        documents += teams.map(Self.text)
        documents += roles.map(Self.text)
        documents += policies.map(Self.text)
        documents += exemptions.map {
            let spec = "{subject: \"\($0.subject)\", policies: \(Self.list($0.policies)), reason: r, approver: u0, "
            return "kind: Exemption\nmetadata: {name: \($0.name)}\nspec: \(spec)expires: \"\(Self.day($0.expires))\"}"
        }
        return documents.map { "apiVersion: charter/v1\n" + $0 + "\n" }.joined(separator: "---\n")
    }

    private static func text(_ model: Model) -> String {
        func decimal(_ thousandths: Int64) -> String { "\(thousandths / 1000).\(String(thousandths % 1000 + 1000).dropFirst())" }
        let prices = model.prices.map {
            "{effectiveFrom: \"\(day($0.from))\", input: \(decimal($0.input)), output: \(decimal($0.output))}"
        }
        let most = model.maxOutput.map { ", maxOutput: \($0)" } ?? ""
        let spec =
            "{provider: \(model.provider), upstream: x, tags: \(list(model.tags)), prices: [\(prices.joined(separator: ", "))]\(most)}"
        return "kind: Model\nmetadata: {name: \(model.name)}\nspec: \(spec)"
    }

    private static func text(_ subject: Subject) -> String {
        var attributes: [String] = []
        if let level = subject.level { attributes.append("level: \(level)") }
        if let clearance = subject.clearance { attributes.append("clearance: \"\(clearance)\"") }
        let isUser = subject.type == "user"
        let spec =
            "{\(isUser ? "email: a@b.c" : "owner: u0"), roles: \(list(subject.roles)), disabled: \(subject.isDisabled), identities: \(list(subject.identities)), attributes: {\(attributes.joined(separator: ", "))}}"
        return "kind: \(isUser ? "User" : "ServiceAccount")\nmetadata: {name: \(subject.name)}\nspec: \(spec)"
    }

    private static func text(_ team: Team) -> String {
        let members = team.members.map { "{user: \($0)}" }.joined(separator: ", ")
        let parent = team.parent.map { "parent: \($0), " } ?? ""
        return "kind: Team\nmetadata: {name: \(team.name)}\nspec: {\(parent)roles: \(list(team.roles)), members: [\(members)]}"
    }

    private static func text(_ role: Role) -> String {
        // A line each, so that errors tell them apart.
        let permissions = role.permissions.map {
            "\n    {actions: \(list($0.actions)), resources: \(list($0.resources))\(when($0.when))}"
        }
        return
            "kind: Role\nmetadata: {name: \(role.name)}\nspec:\n  inherits: \(list(role.inherits))\n  permissions: [\(permissions.joined(separator: ","))\n  ]"
    }

    private static func text(_ policy: Policy) -> String {
        var match = dimensions(policy.match)
        if !policy.exceptions.dimensions.isEmpty { match.append("not: {\(dimensions(policy.exceptions).joined(separator: ", "))}") }
        let variables = policy.variables.map { variable in
            let expression =
                switch variable.value {
                case .condition(let condition): condition.text
                case .text(let path): path
                }
            return "{name: \(variable.name.dropFirst("variables.".count)), expression: '\(expression)'}"
        }
        let rules = policy.rules.map { rule in
            let message = rule.message.map { ", message: '\(text($0))'" } ?? ""
            return "\n    - {name: \(rule.name)\(text(rule.effect))\(when(rule.when))\(message)}"
        }
        return """
            kind: Policy
            metadata: {name: \(policy.name)}
            spec:
              type: usage
              enforcement: \(policy.enforcement)
              match: {\(match.joined(separator: ", "))}
              variables: [\(variables.joined(separator: ", "))]
              rules: \(rules.joined())
            """
    }

    private static func text(_ message: Message) -> String {
        switch message {
        case .constant(let text): "\"" + text.flatMap { $0 == "\n" ? ["\\", "n"] : "\"\\".contains($0) ? ["\\", $0] : [$0] } + "\""
        case .about(let path): "\"about \\\"\" + " + path
        }
    }

    private static func text(_ effect: Effect) -> String {
        switch effect {
        case .deny: ", effect: deny"
        case .warn: ", effect: warn"
        case .redact(let detectors, let mode): ", effect: redact, redact: {detectors: \(list(detectors)), mode: \(mode)}"
        case .requireApproval(let roles): ", effect: requireApproval, requireApproval: {roles: \(list(roles))}"
        case .limit(let limits):
            ", effect: limit, limit: {\(limits.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", "))}"
        case .route(let model): ", effect: route, route: {model: \(model)}"
        }
    }

    private static func dimensions(_ match: Match) -> [String] {
        match.dimensions.sorted { $0.key < $1.key }.map { "\($0.key): \(list($0.value))" }
    }

    private static func list(_ texts: [String]) -> String { "[" + texts.map { "\"\($0)\"" }.joined(separator: ", ") + "]" }

    private static func when(_ condition: RandomCondition?) -> String { condition.map { ", when: '\($0.text)'" } ?? "" }
}
