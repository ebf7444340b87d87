extension RandomWorld {
    private static let roleNames = (0..<6).map { "r\($0)" }
    private static let actionGlobs = [
        "llm.*", "llm.chat", "tool.call", "*", "*.call", "un*", "*hear*", "odd*one", "read", "llm.un*of", "**",
    ]
    private static let resourceGlobs = [
        "model:*", "model:p0/*", "model:p1/m1", "tool:*", "tool:x*", "*:*", "to*:x", "dataset:*", "d*:*y", "*:x", "model:*/m2",
    ]

    init(_ random: inout Noise, _ size: Size = .small) {
        types = [
            ResourceType(name: "tool", actions: ["llm.chat", "tool.call", "odd*one"], isOpen: false),
            ResourceType(name: "dataset", actions: ["read", "llm.chat"], isOpen: random.isOnce(in: 2)),
        ]
        makeSubjects(&random)
        makeRoles(&random)
        makeModels(&random)
        let count =
            switch size {
            case .small: 4 + random.below(12)
            case .medium: 60 + random.below(80)
            case .large: 190 + random.below(200)
            case .crowd: 90 + random.below(60)
            }
        let shared = (0..<4).map { _ in RandomCondition.make(&random) }
        policies = (0..<count).map { number in
            var policy = Self.policy("policy\(number)", shared, isKeyed: size == .crowd && !random.isOnce(in: 8), &random)
            if size == .crowd, !random.isOnce(in: 6) {
                if random.isOnce(in: 3) {
                    policy.match.dimensions["roles"] = random.one([["r0"], ["r0", "r2"]])
                } else {
                    policy.match.dimensions["teams"] = random.one([["t0"], ["t0", "t2"]])
                }
            }
            return policy
        }
        makeExemptions(&random)
    }

    // MARK: Who asks

    private mutating func makeSubjects(_ random: inout Noise) {
        let users = (0..<6).map { "u\($0)" }
        for (number, name) in users.enumerated() { subjects.append(Self.subject("user", name, number, &random)) }
        for number in 0..<3 { subjects.append(Self.subject("service-account", "s\(number)", number, &random)) }
        for number in 0..<6 {
            teams.append(
                Team(
                    name: "t\(number)", parent: number > 0 && !random.isOnce(in: 3) ? "t\(random.below(number))" : nil,
                    members: random.some(users, most: 2), roles: random.some(Self.roleNames, most: 1)))
        }
    }

    private static func subject(_ type: String, _ name: String, _ number: Int, _ random: inout Noise) -> Subject {
        Subject(
            type: type, name: name, roles: random.some(roleNames, most: 2), isDisabled: type == "user" && number == 5,
            identities: number == 0 ? ["oidc|\(type)"] : [], level: random.isOnce(in: 2) ? Int64(random.below(6)) : nil,
            clearance: random.isOnce(in: 2) ? random.one(RandomCondition.values) : nil)
    }

    private mutating func makeRoles(_ random: inout Noise) {
        for number in 0..<6 {
            var permissions = (0..<1 + random.below(3)).map { _ in
                Permission(
                    actions: random.few(Self.actionGlobs, most: 2),
                    resources: random.few(Self.resourceGlobs, most: 2),
                    when: random.isOnce(in: 2) ? RandomCondition.make(&random) : nil)
            }
            // Some may do almost everything, so that most requests come to the policies.
            if random.isOnce(in: 3) {
                permissions.append(Permission(actions: ["*"], resources: ["*:*"], when: random.isOnce(in: 3) ? .make(&random) : nil))
            }
            let inherits = number > 0 ? random.some(Array(Self.roleNames[..<number]), most: 2) : []
            roles.append(Role(name: "r\(number)", inherits: inherits, permissions: permissions))
        }
    }

    // MARK: What is asked for

    private mutating func makeModels(_ random: inout Noise) {
        for number in 0..<5 {
            let prices = Self.times.filter { _ in random.isOnce(in: 2) }.map {
                Price(from: $0, input: Int64(random.below(9_000_000)), output: Int64(random.below(9_000_000)))
            }
            models.append(
                Model(
                    name: "p\(number % 2)/m\(number)", provider: "p\(number % 2)",
                    tags: random.some(["fast", "cheap", "eu-only"], most: 2),
                    maxOutput: random.isOnce(in: 2) ? Int64(1 + random.below(5)) : nil,
                    // They need not be in the order of time.
                    prices: random.isOnce(in: 2) ? prices.reversed() : prices))
        }
    }

    // MARK: Policies

    /// - Parameter isKeyed: whether conditions need a value of the request.
    static func policy(_ name: String, _ shared: [RandomCondition], isKeyed: Bool, _ random: inout Noise) -> Policy {
        var policy = Policy(
            name: name, enforcement: random.one(["strict", "strict", "warning", "monitor"]), match: match(&random, most: isKeyed ? 1 : 3),
            exceptions: random.isOnce(in: 3) ? match(&random, most: 2) : Match(), rules: [])
        var names = RandomCondition.Variables()
        if random.isOnce(in: 5) {
            for number in 0...random.below(3) {
                let name = "variables.v\(number)"
                if random.isOnce(in: 3) {
                    let paths = RandomCondition.texts.map(\.path) + names.texts
                    policy.variables.append(Variable(name: name, value: .text(random.one(paths))))
                    names.texts.append(name)
                } else {
                    policy.variables.append(Variable(name: name, value: .condition(.make(&random, depth: 1, names))))
                    names.conditions.append(name)
                }
            }
        }
        for number in 0..<(random.isOnce(in: 4) ? 1 + random.below(4) : 1) {
            var condition: RandomCondition?
            if isKeyed {
                condition = .key(&random, names)
            } else if !random.isOnce(in: 6) {
                condition = random.isOnce(in: 3) ? random.one(shared) : .make(&random, names)
            }
            policy.rules.append(
                Rule(name: "rule\(number)", effect: effect(&random), when: condition, message: message(&random, names)))
        }
        return policy
    }

    private static func effect(_ random: inout Noise) -> Effect {
        switch random.below(12) {
        case 0: return .redact(detectors: [random.one(detectors)], mode: random.one(["mask", "hash", "remove"]))
        case 1: return .requireApproval(roles: [random.one(roleNames)])
        case 2:
            let names = ["maxInputTokens", "maxOutputTokens", "requestsPerMinute", "tokensPerMinute"]
            var limits: [String: Int64] = [:]
            for _ in 0...random.below(3) { limits[random.one(names)] = Int64(1 + random.below(9)) }
            return .limit(limits)
        case 3: return .route(model: random.one(["p0/m0", "p1/m1", "p0/m2"]))
        case 4, 5: return .warn
        default: return .deny
        }
    }

    private static func message(_ random: inout Noise, _ names: RandomCondition.Variables) -> Message? {
        switch random.below(8) {
        case 0: .about("context.purpose")
        case 1: .constant("a \"constant\"\n\\é")
        case 2, 3: names.texts.last.map { .about($0) }
        default: nil
        }
    }

    static func match(_ random: inout Noise, most: Int) -> Match {
        let candidates: [(String, [String])] = [
            ("actions", actionGlobs),
            (
                "subjects",
                [
                    "user:*", "user:u1", "user:u*", "service-account:*", "*:u2", "service-account:s0", "service-account:s*", "*:*", "u*:*",
                    "user:u0",
                    "service-account:u1",
                ]
            ),
            ("teams", ["t0", "t1", "t*", "x*", "t5", "*2"]), ("roles", ["r0", "r3", "r*", "*x", "r1", "*4"]), ("resources", resourceGlobs),
            ("models", ["p0/*", "p1/m1", "*", "*/m2", "none*"]), ("providers", ["p0", "p*", "q*"]), ("tags", ["fast", "*only", "e*"]),
        ]
        var match = Match()
        for _ in 0..<random.below(most + 1) {
            let (name, globs) = random.one(candidates)
            match.dimensions[name] = random.few(globs, most: 2)
        }
        return match
    }

    private mutating func makeExemptions(_ random: inout Noise) {
        for number in 0..<random.below(5) {
            let subject = random.one([
                "user:u0", "user:u1", "user:u2", "service-account:s0", "team:t0", "team:t1", "role:r0", "role:r1", "team:t5",
            ])
            let names = random.few(policies.map(\.name), most: 2 + policies.count / 4)
            exemptions.append(Exemption(name: "e\(number)", subject: subject, policies: names, expires: random.one(Self.times)))
        }
    }
}
