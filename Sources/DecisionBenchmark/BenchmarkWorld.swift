import JSON

/// An organisation of any size, and requests to it, made from a seed: the workload of `charter bench decisions`.
///
/// Departments are teams with teams below them; a user is in one team, has three roles of its own and gets those of its department. Half of the
/// policies name a department, half a role; each names some providers' models and one condition. However many policies there are, about ten of
/// them match a request.
public struct BenchmarkWorld: Sendable {
    public var policies: Int
    public var users: Int
    public var teams: Int
    public var requests: Int
    public var seed: UInt64

    public init(policies: Int, users: Int, teams: Int, requests: Int, seed: UInt64) {
        self.policies = policies
        self.users = users
        self.teams = teams
        self.requests = requests
        self.seed = seed
    }

    static let providers = ["anthropic", "azure", "bedrock", "cohere", "google", "openai"]
    static let modelsOfProvider = 8
    private static let special = ["admin", "lead", "approver", "auditor", "oncall", "contractor"]

    private var departments: Int { max(1, policies / 20) }
    private var roles: Int { max(3, policies * 15 / 100) }
    private var teamCount: Int { max(departments, teams) }

    // MARK: Documents

    /// A generator of its own for each document, so that none depends on those before it.
    private func random(_ kind: UInt64, _ number: Int) -> SplitMix {
        SplitMix(seed: seed &* 0x9E37_79B9_7F4A_7C15 &+ kind << 56 &+ UInt64(number))
    }

    /// The files of the repository, made one by one: a million users do not fit into one text.
    public func files(_ body: (_ path: String, _ text: String) throws -> Void) rethrows {
        try body("organization.yaml", organization)
        try body("models.yaml", models)
        try chunks(roles, "roles", role, body)
        try chunks(teamCount, "teams", team, body)
        try chunks(policies, "policies", policy, body)
        try chunks(users, "users", user, body)
    }

    private func chunks(
        _ count: Int, _ folder: String, _ make: (Int) -> String, _ body: (_ path: String, _ text: String) throws -> Void
    ) rethrows {
        for start in stride(from: 0, to: count, by: 50) {
            let documents = (start..<min(count, start + 50)).map { "apiVersion: charter/v1\n" + make($0) }
            try body("\(folder)/\(start / 50).yaml", documents.joined(separator: "---\n"))
        }
    }

    private var organization: String {
        """
        apiVersion: charter/v1
        kind: Organization
        metadata: {name: bench}
        spec:
          displayName: Bench
          currency: USD
          subjectAttributes: {region: {type: string, values: [eu, us]}, level: {type: int}}

        """
    }

    private var models: String {
        var documents: [String] = []
        for (number, provider) in Self.providers.enumerated() {
            documents.append("kind: Provider\nmetadata: {name: \(provider)}\nspec: {type: openai}\n")
            for model in 0..<Self.modelsOfProvider {
                documents.append(
                    """
                    kind: Model
                    metadata: {name: \(provider)/model-\(model)}
                    spec:
                      provider: \(provider)
                      upstream: model-\(model)
                      regions: [\(number % 2 == 0 ? "eu" : "us")]
                      maxOutput: 8000
                      tags: [\(model % 2 == 0 ? "standard" : "premium")]
                      prices: [{effectiveFrom: "2026-01-01", input: \(model + 1), output: \(model * 4 + 4)}]

                    """)
            }
        }
        return documents.map { "apiVersion: charter/v1\n" + $0 }.joined(separator: "---\n")
    }

    private func role(_ number: Int) -> String {
        let name = number < Self.special.count && roles > Self.special.count ? Self.special[number] : "role-\(number)"
        return """
            kind: Role
            metadata: {name: \(name)}
            spec: {permissions: [{actions: ["llm.*"], resources: ["model:*"]}]}

            """
    }

    private func roleName(_ number: Int) -> String {
        number < Self.special.count && roles > Self.special.count ? Self.special[number] : "role-\(number)"
    }

    private func team(_ number: Int) -> String {
        // A department has members of its own only where there are no teams below any.
        let hasMembers = number >= departments || teamCount == departments
        let parent = number < departments ? [] : ["parent: team-\(number % departments)"]
        let spec = parent + (hasMembers ? members(number) : [])
        return "kind: Team\nmetadata: {name: team-\(number)}\nspec: {\(spec.joined(separator: ", "))}\n"
    }

    /// A user is in the team of its number, counted round; where there are departments alone, in one of these.
    private func members(_ team: Int) -> [String] {
        let below = teamCount == departments ? teamCount : teamCount - departments
        let first = teamCount == departments ? team : team - departments
        let members = stride(from: first, to: users, by: below).map { "{user: user-\($0)}" }
        return members.isEmpty ? [] : ["members: [\(members.joined(separator: ", "))]"]
    }

    private func user(_ number: Int) -> String {
        var random = random(1, number)
        let own = Set((0..<3).map { _ in random.below(roles) }).sorted().map(roleName)
        let region = random.below(2) == 0 ? "eu" : "us"
        return """
            kind: User
            metadata: {name: user-\(number)}
            spec: {email: user-\(number)@bench.example, roles: [\(own.joined(separator: ", "))], attributes: {region: \(region), level: \(number % 9)}}

            """
    }

    private func policy(_ number: Int) -> String {
        var random = random(2, number)
        let isForTeam = number % 2 == 0
        let who = isForTeam ? "teams: [team-\(number / 2 % departments)]" : "roles: [\(roleName(number / 2 % roles))]"
        // With few policies every one has to match for ten to do so.
        let isSmall = policies <= 20
        let providers = Self.providers.filter { _ in isSmall || random.below(2) == 0 }
        let models = (providers.isEmpty ? [Self.providers[number % Self.providers.count]] : providers).map { "\"\($0)/*\"" }
        let tokens = 8_000 + 500 * random.below(200)
        let role = Self.special[random.below(Self.special.count)]
        let region = random.below(50) == 0 ? "us" : "eu"
        let enforcement = ["strict", "strict", "warning", "monitor"][random.below(4)]
        return """
            kind: Policy
            metadata: {name: policy-\(number)}
            spec:
              type: usage
              enforcement: \(enforcement)
              match: {\(who), models: [\(models.joined(separator: ", "))]}
              rules:
                - name: large-or-abroad
                  when: context.inputTokens > \(tokens) && !("\(role)" in subject.roles) || resource.region != "\(region)"
                  effect: deny
                  message: '"too large, or in the wrong region"'

            """
    }

    // MARK: Requests

    /// A request of about one kilobyte, as JSON.
    public func request(_ number: Int) -> JSONValue {
        var random = random(3, number)
        let provider = Self.providers[random.below(Self.providers.count)]
        // Most are small: between 2⁶ and 2¹⁵, evenly by magnitude.
        let tokens = (1 << (6 + random.below(9))) + random.below(64)
        let padding = String(repeating: "lorem ipsum dolor sit amet ", count: 13)
        return [
            "subject": ["type": "user", "id": .string("user-\(random.below(max(1, users)))")],
            "action": ["name": "llm.chat"],
            "resource": [
                "type": "model", "id": .string("\(provider)/model-\(random.below(Self.modelsOfProvider))"),
                "properties": ["region": random.below(50) == 0 ? "us" : "eu"],
            ],
            "context": [
                "inputTokens": .int(Int64(tokens)), "maxOutputTokens": .int(Int64(128 << random.below(5))),
                "dataClassification": .string(["public", "internal", "confidential"][random.below(3)]), "environment": "production",
                "purpose": "customer-support", "sessionId": .string("session-\(random.below(1 << 30))"), "stream": true,
                "tools": ["search", "calculator", "calendar"],
                "tags": ["project": .string("project-\(random.below(100))"), "costCentre": "4711", "application": "assistant"],
                "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "note": .string(padding),
            ],
        ]
    }
}

/// A fixed sequence of numbers from a seed (Steele, Lea and Flood 2014).
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }
}
