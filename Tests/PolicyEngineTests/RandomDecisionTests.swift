import JSON
import PolicyEngine
import Testing

/// The engine on organisations made at random: what must hold whatever the documents say.
@Suite struct RandomDecisionTests {
    private static let requests: [RandomRequest] = {
        var random = Noise(seed: 1)
        return RandomRequest.plain + (0..<400).map { _ in RandomRequest(&random) }
    }()

    private static func decisions(_ world: RandomWorld) throws -> [Decision] {
        let engine = try TestEngine.compile(["world.yaml": world.yaml])
        return try requests.map { try engine.decide($0.bytes(in: world), now: $0.now, id: "x") }
    }

    private static func world(_ seed: Int) -> (world: RandomWorld, random: Noise) {
        var random = Noise(seed: UInt64(seed))
        let world = RandomWorld(&random, RandomWorld.Size.allCases[seed % 4])
        return (world, random)
    }

    private static func names(_ reasons: [Decision.Reason]) -> Set<String> {
        Set(reasons.compactMap { reason in reason.policy.map { "\($0)/\(reason.rule ?? "")" } })
    }

    @Test(arguments: 100..<108) func `one more strict deny never allows`(_ seed: Int) throws {
        var (world, random) = Self.world(seed)
        let before = try Self.decisions(world)
        let rule = RandomWorld.Rule(name: "extra", effect: .deny)
        // In front of all others, so that every place in the index moves.
        world.policies.insert(
            .init(name: "extra", enforcement: "strict", match: RandomWorld.match(&random, most: 2), rules: [rule]), at: 0)
        for (old, new) in zip(before, try Self.decisions(world)) {
            #expect(old.isAllowed || !new.isAllowed)
            #expect(Self.names(new.reasons).subtracting(Self.names(old.reasons)).isSubset(of: ["extra/extra"]))
            if old.isAllowed != new.isAllowed { #expect(Self.names(new.reasons) == ["extra/extra"]) }
        }
    }

    @Test(arguments: 200..<208) func `one permission less never allows`(_ seed: Int) throws {
        var (world, random) = Self.world(seed)
        let before = try Self.decisions(world)
        let role = random.below(world.roles.count)
        world.roles[role].permissions.remove(at: random.below(world.roles[role].permissions.count))
        for (old, new) in zip(before, try Self.decisions(world)) { #expect(old.isAllowed || !new.isAllowed) }
    }

    @Test(arguments: 300..<308) func `a role less never allows where no policy speaks of roles`(_ seed: Int) throws {
        var (world, _) = Self.world(seed)
        func isSilent(_ condition: RandomCondition?) -> Bool { !(condition?.text.contains("subject.roles") ?? false) }
        world.policies.removeAll { policy in
            policy.match.dimensions["roles"] != nil || policy.exceptions.dimensions["roles"] != nil
                || !policy.rules.allSatisfy { isSilent($0.when) } || !policy.variables.isEmpty
        }
        for index in world.roles.indices { world.roles[index].permissions.removeAll { !isSilent($0.when) } }
        world.exemptions = []
        let before = try Self.decisions(world)
        for index in world.subjects.indices where !world.subjects[index].roles.isEmpty { world.subjects[index].roles.removeLast() }
        for (old, new) in zip(before, try Self.decisions(world)) { #expect(old.isAllowed || !new.isAllowed) }
    }

    @Test(arguments: 400..<408) func `a denying rule whose condition errs never allows`(_ seed: Int) throws {
        var (world, random) = Self.world(seed)
        let before = try Self.decisions(world)
        let strict = world.policies.indices.filter { index in
            world.policies[index].enforcement == "strict"
                && world.policies[index].rules.contains { if case .deny = $0.effect { $0.when != nil } else { false } }
        }
        guard !strict.isEmpty else { return }
        let policy = random.one(strict)
        for index in world.policies[policy].rules.indices {
            if case .deny = world.policies[policy].rules[index].effect { world.policies[policy].rules[index].when = .errs }
        }
        for (old, new) in zip(before, try Self.decisions(world)) { #expect(old.isAllowed || !new.isAllowed) }
    }

    @Test(arguments: 500..<508) func `one more exemption takes away its policies and nothing else`(_ seed: Int) throws {
        var (world, random) = Self.world(seed)
        let before = try Self.decisions(world)
        let policies = random.some(world.policies.map(\.name), most: 5) + [world.policies[0].name]
        let subject = random.one(["user:u0", "user:u1", "team:t0", "role:r0", "service-account:s0"])
        world.exemptions.append(
            .init(name: "extra", subject: subject, policies: Set(policies).sorted(), expires: RandomWorld.times[2] + 31_536_000))
        func others(_ reasons: [Decision.Reason]) -> Set<String> {
            Self.names(reasons).filter { name in !policies.contains { name.hasPrefix($0 + "/") } }
        }
        for (old, new) in zip(before, try Self.decisions(world)) {
            #expect(!old.isAllowed || new.isAllowed)
            #expect(others(old.reasons) == others(new.reasons) && others(old.warnings) == others(new.warnings))
            #expect(others(old.records) == others(new.records))
            #expect(Self.names(new.reasons).isSubset(of: Self.names(old.reasons)))
            if !new.exemptions.contains("extra") { #expect(new.reasons.map(\.rule) == old.reasons.map(\.rule)) }
        }
    }
}
