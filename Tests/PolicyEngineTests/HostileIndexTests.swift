import JSON
import Testing

@testable import PolicyBundle
@testable import PolicyEngine

/// As `HostileBundleTests`, for what only many policies show: an index of several words, anchors of every kind, equality groups, exemptions, shared
/// conditions, variables.
@Suite struct HostileIndexTests {
    private static let documents: String = {
        var random = Noise(seed: 3)
        var world = RandomWorld(&random, .crowd)
        world.policies = Array(world.policies.prefix(70))
        for index in world.policies.indices {
            world.policies[index].enforcement = "strict"
            // Every fourth has no key to be looked up by, so that there are anchors of other kinds.
            let dimensions = [["teams": ["t0"]], ["roles": ["r0"]], ["subjects": ["user:u0"]], ["subjects": ["user:*"]], [:]]
            world.policies[index].match.dimensions = dimensions[index % 5]
            if index % 4 == 0 { world.policies[index].rules = [.init(name: "rule", effect: .warn, when: .has("context.purpose"))] }
            if index % 7 == 0 { world.policies[index].exceptions.dimensions = ["teams": ["t1"], "roles": ["r1"]] }
        }
        world.teams[0].members = ["u0", "u1"]
        world.teams[0].roles = ["r0"]
        world.roles[0].permissions = [
            .init(actions: ["*"], resources: ["*:*"]), .init(actions: ["un*"], resources: ["tool:x*"], when: .errs),
        ]
        world.exemptions = ["user:u0", "team:t0", "role:r0"].enumerated().map { number, subject in
            .init(name: "e\(number)", subject: subject, policies: ["policy\(number + 1)"], expires: RandomWorld.times[2])
        }
        return world.yaml
    }()

    private static func bundle() throws -> [UInt8] { try TestEngine.bundle(["a.yaml": documents]) }

    /// With a value that policies are looked up by, without one, and of other subjects and resources.
    private static let requests: [[UInt8]] = [
        ("user", "u0", "llm.chat", "p0/m0", "model", ["purpose": "a", "environment": "b"]),
        ("user", "u1", "unheard", "p1/m1", "model", [:]),
        ("user", "u1", "tool.call", "x", "tool", ["purpose": "none"]), ("service-account", "s0", "read", "y", "dataset", [:]),
    ].map { (type: String, subject: String, action: String, resource: String, resourceType: String, context: JSONObject) in
        JSONWriter.bytes(TestEngine.request(subject, action, resource, type: type, resourceType: resourceType, context: context))
    }

    /// What the engine scans without looking where it goes.
    private static let sections: [BundleSection] = [
        .indx, .hotp, .anch, .post, .bits, .grnt, .eqgr, .eqva, .eqvh, .exem, .list, .perm, .clss, .team, .role, .rule, .subj,
    ]

    @Test func `the bundle that is mutated has what is to be reached`() throws {
        let bytes = try Self.bundle()
        let engine = try PolicyEngine(PolicyBundle(bytes: bytes))
        let index = engine.index
        #expect(index.policyWords == 2 && index.groupCount > 1 && index.memoCount > 0 && index.exemptionCount == 3)
        #expect(index.always.count > 0 && index.users.count > 0 && engine.records.count(.anch) > 0 && engine.variableSlots > 0)
        #expect(try HostileBundle.exercise(bytes, Self.requests))
        let decisions = try Self.requests.map { try engine.decide($0, now: 1_767_300_000_000_000_000, id: "x") }
        #expect(
            decisions[0].exemptions.count > 1 && decisions.contains { !$0.errors.isEmpty } && decisions.contains { !$0.warnings.isEmpty })
    }

    @Test(arguments: 0..<4) func `with a new digest a replaced word of the index is refused or harmless`(_ part: Int) throws {
        let bytes = try Self.bundle()
        var random = Noise(seed: UInt64(part))
        var accepted = 0
        for section in Self.sections {
            let range = HostileBundle.range(of: section, in: bytes)
            // A few dozen words of each section, others in each part.
            for _ in 0..<min(24, range.count / 4) {
                let place = range.lowerBound + random.below(range.count / 4) * 4
                let near = UInt32(bytes[place]) &+ UInt32(random.below(5)) &- 2
                let word = random.one([.max, 0, 1, 0x8000_0000, near, near, UInt32(random.below(200)), 1 << UInt32(random.below(32))])
                var changed = bytes
                HostileBundle.set(word, at: place, in: &changed)
                HostileBundle.seal(&changed)
                if try HostileBundle.exercise(changed, Self.requests) { accepted += 1 }
            }
        }
        #expect(accepted > 0)
    }

    @Test(arguments: 0..<4) func `with a new digest words of the index in each other's place are refused or harmless`(_ part: Int) throws {
        let bytes = try Self.bundle()
        var random = Noise(seed: UInt64(50 + part))
        var accepted = 0
        for _ in 0..<150 {
            var changed = bytes
            for _ in 0...random.below(3) {
                let range = HostileBundle.range(of: random.one(Self.sections), in: bytes)
                let (from, to) = (
                    range.lowerBound + random.below(range.count / 4) * 4, range.lowerBound + random.below(range.count / 4) * 4
                )
                changed.replaceSubrange(to..<to + 4, with: bytes[from..<from + 4])
            }
            HostileBundle.seal(&changed)
            if try HostileBundle.exercise(changed, Self.requests) { accepted += 1 }
        }
        #expect(accepted > 0)
    }

    @Test func `with a new digest what the index repeats of a policy is refused where it differs`() throws {
        let bytes = try Self.bundle()
        let bundle = try PolicyBundle(bytes: bytes)
        let range = HostileBundle.range(of: .hotp, in: bytes)
        let size = BundleSection.hotp.stride
        var isTable = [false: 0, true: 0]
        for row in 0..<bundle.count(.hotp) {
            isTable[bundle.word(.hotp, row, HotPolicyColumn.resultsHigh) != 0, default: 0] += 1
            // Any word of the decision table, whether the policy denies, and its enforcement.
            var flips = (0..<HotPolicyColumn.flags.rawValue).map { ($0, UInt32(1) << UInt32(row % 32)) }
            flips += [HotPolicyColumn.denies, 1 << HotPolicyColumn.enforcementShift].map { (HotPolicyColumn.flags.rawValue, $0) }
            for (column, bit) in flips {
                var changed = bytes
                let word = bundle.word(.hotp, row, column) ^ bit
                HostileBundle.set(word, at: range.lowerBound + (row * size + column) * 4, in: &changed)
                HostileBundle.seal(&changed)
                #expect(throws: BundleError.self, "row \(row), column \(column)") { try PolicyBundle(bytes: changed) }
            }
        }
        #expect(isTable[true, default: 0] > 10 && isTable[false, default: 0] > 10)
    }

    @Test func `with a new digest bits without a policy and words without a bit are refused`() throws {
        let bytes = try Self.bundle()
        let bundle = try PolicyBundle(bytes: bytes)
        let last = bundle.count(.hotp) - 64
        let range = HostileBundle.range(of: .post, in: bytes)
        for record in stride(from: range.lowerBound, to: range.upperBound, by: 12) {
            // The engine would note a word without a bit again and again, and take a bit behind the last for a policy.
            for words: [UInt32] in [[0, 0, 0], [1, 0, 0], [1, 1 << UInt32(last), 0], [1, 0, 1], [2, 1, 0]] {
                var changed = bytes
                for (number, word) in words.enumerated() { HostileBundle.set(word, at: record + number * 4, in: &changed) }
                HostileBundle.seal(&changed)
                #expect(throws: BundleError.self) { try PolicyBundle(bytes: changed) }
            }
        }
    }
}
