/// A small organisation made at random, as plain values: text for the compiler, and data for `NaiveEvaluator`.
struct RandomWorld {
    struct User {
        var name: String
        var roles: [String]
        var isDisabled: Bool
    }

    struct Team {
        var name: String
        var parent: String?
        var members: [String]
        var roles: [String]
    }

    struct Role {
        var name: String
        var inherits: [String]
        var permissions: [Permission]
    }

    struct Permission {
        var actions: [String]
        var resources: [String]
        /// A constant condition, or one that always fails.
        var when: Condition?
    }

    enum Condition: String {
        case holds = "true"
        case fails = "false"
        case errs = "1 / 0 == context.inputTokens"
    }

    struct Model {
        var name: String
        var provider: String
        var tags: [String]
    }

    struct Match {
        var dimensions: [String: [String]] = [:]
    }

    struct Rule {
        var name: String
        var effect: String
        var when: Condition?
    }

    struct Policy {
        var name: String
        var enforcement: String
        var match: Match
        var exceptions: Match
        var rules: [Rule]
    }

    var users: [User]
    var teams: [Team]
    var roles: [Role]
    var models: [Model]
    var policies: [Policy]

    static let actions = ["llm.chat", "llm.embed", "tool.call", "other"]
    /// Those that the type `tool` declares.
    static let toolActions = ["llm.chat", "tool.call"]

    init(_ random: inout Noise) {
        func some(_ candidates: [String], most: Int, _ random: inout Noise) -> [String] {
            var found: [String] = []
            for _ in 0..<random.below(most + 1) {
                let one = random.one(candidates)
                if !found.contains(one) { found.append(one) }
            }
            return found
        }
        func condition(_ random: inout Noise) -> Condition? {
            [nil, nil, nil, .holds, .fails, .errs][random.below(6)]
        }
        func atLeastOne(_ candidates: [String], _ random: inout Noise) -> [String] {
            [random.one(candidates)]
        }
        let roleNames = (0..<5).map { "r\($0)" }
        users = (0..<5).map { User(name: "u\($0)", roles: [], isDisabled: $0 == 4) }
        for index in users.indices { users[index].roles = some(roleNames, most: 1, &random) }
        teams = []
        for index in 0..<5 {
            teams.append(
                Team(
                    name: "t\(index)", parent: index > 0 && random.below(3) > 0 ? "t\(random.below(index))" : nil,
                    members: some(users.map(\.name), most: 2, &random), roles: some(roleNames, most: 1, &random)))
        }
        roles = []
        let globs = ["llm.*", "llm.chat", "tool.call", "*", "*.call"]
        let resources = ["model:*", "model:p0/*", "model:p1/m1", "tool:*", "tool:x*", "*:*", "to*:x"]
        for index in 0..<5 {
            let permissions = (0..<random.below(3)).map { _ in
                Permission(actions: atLeastOne(globs, &random), resources: atLeastOne(resources, &random), when: condition(&random))
            }
            roles.append(
                Role(
                    name: "r\(index)", inherits: index > 0 ? some(Array(roleNames[..<index]), most: 2, &random) : [],
                    permissions: permissions))
        }
        models = (0..<4).map { Model(name: "p\($0 % 2)/m\($0)", provider: "p\($0 % 2)", tags: []) }
        for index in models.indices { models[index].tags = some(["fast", "cheap", "eu-only"], most: 2, &random) }
        policies = []
        for index in 0..<5 {
            let rules = (0..<1 + random.below(2)).map {
                Rule(name: "rule\($0)", effect: random.one(["deny", "deny", "warn"]), when: condition(&random))
            }
            policies.append(
                Policy(
                    name: "policy\(index)", enforcement: random.one(["strict", "strict", "warning", "monitor"]),
                    match: Self.match(&random, most: 3), exceptions: random.below(3) == 0 ? Self.match(&random, most: 2) : Match(),
                    rules: rules))
        }
    }

    static func match(_ random: inout Noise, most: Int) -> Match {
        let candidates: [(String, [String])] = [
            ("actions", ["llm.*", "llm.chat", "tool.*", "*"]), ("subjects", ["user:*", "user:u1", "user:u*", "service-account:*", "*:u2"]),
            ("teams", ["t0", "t1", "t*", "x*"]), ("roles", ["r0", "r3", "r*", "*x"]), ("resources", ["model:*", "tool:x*", "model:p1/*"]),
            ("models", ["p0/*", "p1/m1", "*", "*/m2", "none*"]), ("providers", ["p0", "p*", "q*"]), ("tags", ["fast", "*only", "e*"]),
        ]
        var match = Match()
        for _ in 0..<random.below(most + 1) {
            let (name, globs) = random.one(candidates)
            var list = [random.one(globs)]
            let second = random.one(globs)
            if random.below(2) == 0, second != list[0] { list.append(second) }
            match.dimensions[name] = list
        }
        return match
    }

    // MARK: Text

    /// The documents of the world.
    var yaml: String {
        var documents = [
            """
            kind: Organization
            metadata: {name: acme}
            spec: {displayName: Acme, currency: USD, resourceTypes: [{name: tool, actions: \(Self.list(Self.toolActions))}]}
            """
        ]
        documents += ["p0", "p1"].map { "kind: Provider\nmetadata: {name: \($0)}\nspec: {type: openai}" }
        documents += models.map {
            "kind: Model\nmetadata: {name: \($0.name)}\nspec: {provider: \($0.provider), upstream: x, tags: \(Self.list($0.tags))}"
        }
        documents += users.map {
            "kind: User\nmetadata: {name: \($0.name)}\nspec: {email: a@b.c, roles: \(Self.list($0.roles)), disabled: \($0.isDisabled)}"
        }
        documents += teams.map { team in
            let members = team.members.map { "{user: \($0)}" }.joined(separator: ", ")
            let parent = team.parent.map { "parent: \($0), " } ?? ""
            return "kind: Team\nmetadata: {name: \(team.name)}\nspec: {\(parent)roles: \(Self.list(team.roles)), members: [\(members)]}"
        }
        documents += roles.map { role in
            let permissions = role.permissions.map {
                "{actions: \(Self.list($0.actions)), resources: \(Self.list($0.resources))\(Self.when($0.when))}"
            }
            let spec = "{inherits: \(Self.list(role.inherits)), permissions: [\(permissions.joined(separator: ", "))]}"
            return "kind: Role\nmetadata: {name: \(role.name)}\nspec: \(spec)"
        }
        documents += policies.map { policy in
            let rules = policy.rules.map { "{name: \($0.name), effect: \($0.effect)\(Self.when($0.when))}" }.joined(separator: ", ")
            var match = Self.dimensions(policy.match)
            if !policy.exceptions.dimensions.isEmpty {
                match.append("not: {\(Self.dimensions(policy.exceptions).joined(separator: ", "))}")
            }
            let spec = "{type: usage, enforcement: \(policy.enforcement), match: {\(match.joined(separator: ", "))}, rules: [\(rules)]}"
            return "kind: Policy\nmetadata: {name: \(policy.name)}\nspec: \(spec)"
        }
        return documents.map { "apiVersion: charter/v1\n" + $0 + "\n" }.joined(separator: "---\n")
    }

    private static func dimensions(_ match: Match) -> [String] {
        match.dimensions.sorted { $0.key < $1.key }.map { "\($0.key): \(list($0.value))" }
    }

    private static func list(_ texts: [String]) -> String { "[" + texts.map { "\"\($0)\"" }.joined(separator: ", ") + "]" }

    private static func when(_ condition: Condition?) -> String { condition.map { ", when: \"\($0.rawValue)\"" } ?? "" }
}
