import Diagnostics
import GovernanceModel
import PolicyCompiler
import PolicyEngine
import Testing

/// What the compiler says about policies, against what the engine decides, on organisations made at random.
@Suite struct FindingTests {
    private static let requests: [RandomRequest] = {
        var random = Noise(seed: 2)
        return RandomRequest.plain + (0..<600).map { _ in RandomRequest(&random) }
    }()

    private static func decisions(_ world: RandomWorld) throws -> [Decision] {
        let engine = try TestEngine.compile(["world.yaml": world.yaml])
        return try requests.map { try engine.decide($0.bytes(in: world), now: $0.now, id: "x") }
    }

    /// The findings about rules and policies, each with the policy and, where it is about one, the rule.
    private static func findings(_ world: RandomWorld) -> [(finding: Diagnostic, policy: String, rule: String?)] {
        let text = world.yaml
        let (governance, _) = Governance.link([DocumentReader.read(Array(text.utf8), path: "world.yaml")])
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        func name(_ line: Substring, after start: String) -> String? {
            guard line.hasPrefix(start) else { return nil }
            return String(line.dropFirst(start.count).prefix { $0 != "," && $0 != "}" })
        }
        return PolicyCompiler.compile(governance, origin: nil, isLinked: true, now: 0).diagnostics.compactMap { finding in
            var line = finding.span.line - 1
            let rule = name(lines[line], after: "    - {name: ")
            while line > 0, name(lines[line], after: "metadata: {name: ") == nil { line -= 1 }
            return name(lines[line], after: "metadata: {name: ").map { (finding, $0, rule) }
        }
    }

    /// Worlds in which many policies are about nobody, or say the same: few ingredients, and no conditions but short ones.
    private static func world(_ seed: Int) -> RandomWorld {
        var random = Noise(seed: UInt64(seed))
        var world = RandomWorld(&random, .small)
        for number in 0..<60 {
            let effect: RandomWorld.Effect = random.below(3) == 0 ? .warn : .deny
            let rules = (0..<1 + random.below(3)).map { rule in
                RandomWorld.Rule(
                    name: "x\(rule)", effect: effect,
                    when: random.below(4) == 0 ? nil : RandomCondition.make(&random, depth: 1 + random.below(3)))
            }
            world.policies.append(
                .init(
                    name: "more-\(number)", enforcement: "strict", match: RandomWorld.match(&random, most: 3),
                    exceptions: random.below(3) == 0 ? RandomWorld.match(&random, most: 1) : .init(), rules: rules))
        }
        return world
    }

    @Test func `a policy that is said never to apply is named by no decision, and a rule without effect neither`() throws {
        var (idle, ineffective) = (0, 0)
        for seed in 0..<12 {
            let world = Self.world(seed)
            let findings = Self.findings(world)
            let policies = Set(findings.filter { $0.finding.code == .idlePolicy && !$0.finding.message.contains("exempt") }.map(\.policy))
            let rules = Set(findings.filter { $0.finding.message.hasSuffix("has no effect") }.map { "\($0.policy)/\($0.rule ?? "")" })
            idle += policies.count
            ineffective += rules.count
            for decision in try Self.decisions(world) {
                for reason in decision.reasons + decision.warnings + decision.records {
                    #expect(!policies.contains(reason.policy ?? ""), "seed \(seed): \(reason)")
                    #expect(!rules.contains("\(reason.policy ?? "")/\(reason.rule ?? "")"), "seed \(seed): \(reason)")
                }
            }
        }
        #expect(idle > 20 && ineffective > 2, "\(idle) \(ineffective)")
    }

    @Test func `without the rules that are said to change nothing every decision is the same`() throws {
        var count = 0
        for seed in 100..<112 {
            var world = Self.world(seed)
            // An exemption that names a policy to be taken away would name nothing.
            world.exemptions = world.exemptions.filter { exemption in !exemption.policies.contains { $0.hasPrefix("more-") } }
            let before = try Self.decisions(world)
            let shadowed = Self.findings(world).filter { $0.finding.code == .shadowedRule }
            count += shadowed.count
            for (_, policy, rule) in shadowed {
                guard let place = world.policies.firstIndex(where: { $0.name == policy }) else { continue }
                world.policies[place].rules.removeAll { $0.name == rule }
            }
            let named = Set(world.exemptions.flatMap(\.policies))
            for index in world.policies.indices where world.policies[index].rules.isEmpty && named.contains(world.policies[index].name) {
                world.policies[index].rules = [.init(name: "nothing", effect: .warn)]
            }
            world.policies.removeAll { $0.rules.isEmpty }
            for ((old, new), request) in zip(zip(before, try Self.decisions(world)), Self.requests) {
                #expect(old.isAllowed == new.isAllowed, "seed \(seed): \(request)")
            }
        }
        #expect(count > 20, "\(count)")
    }

    /// What the compiler takes for granted of every request.
    @Test func `an input that is said to be always there is there`() throws {
        let paths = [
            "subject.type", "subject.id", "subject.email", "subject.teams", "subject.roles", "action.name", "resource.type", "resource.id",
        ]
        let rules = paths.enumerated().map { "    - {name: r\($0), when: '!has(\($1))', effect: deny}" }.joined(separator: "\n")
        let text = """
            apiVersion: charter/v1
            kind: Policy
            metadata: {name: presence}
            spec:
              type: usage
              rules:
            \(rules)
                - {name: lists, when: 'size(subject.properties) < 0 || size(findings) < 0 || now < timestamp(0)', effect: deny}
                - {name: numbers, when: 'has(context.inputTokens) && context.inputTokens < 0', effect: deny}
                - {name: costs, when: 'has(estimate.cost) && estimate.cost < 0.0', effect: deny}

            """
        var random = Noise(seed: 3)
        let world = RandomWorld(&random, .small)
        let (governance, _) = Governance.link([DocumentReader.read(Array((world.yaml + "---\n" + text).utf8), path: "world.yaml")])
        let found = PolicyCompiler.compile(governance, origin: nil, isLinked: true, now: 0).diagnostics
        #expect(found.count { $0.message.hasSuffix("has no effect") && $0.message.contains("the rule `r") } >= paths.count)
        let engine = try TestEngine.compile(["world.yaml": world.yaml + "---\n" + text])
        for request in Self.requests {
            let decision = try engine.decide(request.bytes(in: world), now: request.now, id: "x")
            #expect(!decision.reasons.contains { $0.policy == "presence" })
        }
    }
}
