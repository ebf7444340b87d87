import JSON
import PolicyEngine
import Testing

/// The engine on organisations made at random: against the plain evaluator, and against what must hold whatever the documents say.
@Suite struct RandomDecisionTests {
    private static let requests: [(subject: String, action: String, type: String, resource: String)] = [
        "u0", "u1", "u2", "u3", "u4", "eve",
    ].flatMap { subject in
        RandomWorld.actions.flatMap { action in
            [("model", "p0/m0"), ("model", "p1/m1"), ("model", "p0/m2"), ("model", "p9/m9"), ("tool", "x"), ("tool", "y"), ("planet", "x")]
                .map {
                    (subject, action, $0, $1)
                }
        }
    }

    private static func decisions(_ world: RandomWorld) throws -> [Decision] {
        let engine = try TestEngine.compile(["world.yaml": world.yaml])
        return try requests.map {
            try engine.decide(TestEngine.request($0.subject, $0.action, $0.resource, resourceType: $0.type), now: 0, id: "x")
        }
    }

    private static func names(_ reasons: [Decision.Reason]) -> Set<String> {
        Set(reasons.compactMap { reason in reason.policy.map { "\($0)/\(reason.rule ?? "")" } })
    }

    @Test(arguments: 0..<40) func `the engine decides as the plain evaluator does`(_ seed: Int) throws {
        var random = Noise(seed: UInt64(seed))
        let world = RandomWorld(&random)
        let naive = NaiveEvaluator(world: world)
        for (request, decision) in zip(Self.requests, try Self.decisions(world)) {
            let expected = naive.decide(
                subject: request.subject, action: request.action, resourceType: request.type, resource: request.resource)
            let code = decision.reasons.first.flatMap { $0.policy == nil ? $0.code.rawValue : nil }
            let found = NaiveEvaluator.Answer(
                isAllowed: decision.isAllowed, code: code, denials: Self.names(decision.reasons), warnings: Self.names(decision.warnings),
                records: Self.names(decision.records))
            #expect(found == expected, "\(request)\n\(world.yaml)")
        }
    }

    @Test func `the random organisations show every kind of answer`() {
        var codes: Set<String> = []
        for seed in 0..<40 {
            var random = Noise(seed: UInt64(seed))
            let naive = NaiveEvaluator(world: RandomWorld(&random))
            for request in Self.requests {
                let answer = naive.decide(
                    subject: request.subject, action: request.action, resourceType: request.type, resource: request.resource)
                codes.insert(answer.code ?? (answer.isAllowed ? "allowed" : "denied"))
                if !answer.warnings.isEmpty { codes.insert("warned") }
                if !answer.records.isEmpty { codes.insert("recorded") }
            }
        }
        #expect(
            codes == [
                "allowed", "denied", "warned", "recorded", "unknown-subject", "subject-disabled", "unknown-resource", "unknown-action",
                "no-permission",
            ])
    }

    @Test(arguments: 100..<112) func `one more strict deny never allows`(_ seed: Int) throws {
        var random = Noise(seed: UInt64(seed))
        var world = RandomWorld(&random)
        let before = try Self.decisions(world)
        let rule = RandomWorld.Rule(name: "extra", effect: "deny", when: nil)
        world.policies.append(
            .init(name: "extra", enforcement: "strict", match: RandomWorld.match(&random, most: 2), exceptions: .init(), rules: [rule]))
        for (old, new) in zip(before, try Self.decisions(world)) {
            #expect(old.isAllowed || !new.isAllowed)
            if old.isAllowed != new.isAllowed { #expect(Self.names(new.reasons) == ["extra/extra"]) }
        }
    }

    @Test(arguments: 200..<212) func `one permission less never allows`(_ seed: Int) throws {
        var random = Noise(seed: UInt64(seed))
        var world = RandomWorld(&random)
        let before = try Self.decisions(world)
        guard let role = world.roles.indices.first(where: { !world.roles[$0].permissions.isEmpty }) else { return }
        world.roles[role].permissions.removeFirst()
        for (old, new) in zip(before, try Self.decisions(world)) { #expect(old.isAllowed || !new.isAllowed) }
    }

    @Test(arguments: 300..<306) func `a role less never allows where no policy speaks of roles`(_ seed: Int) throws {
        var random = Noise(seed: UInt64(seed))
        var world = RandomWorld(&random)
        for index in world.policies.indices {
            world.policies[index].match.dimensions["roles"] = nil
            world.policies[index].exceptions.dimensions["roles"] = nil
        }
        let before = try Self.decisions(world)
        for index in world.users.indices where !world.users[index].roles.isEmpty { world.users[index].roles.removeLast() }
        for (old, new) in zip(before, try Self.decisions(world)) { #expect(old.isAllowed || !new.isAllowed) }
    }
}
