import Testing

@testable import PolicyBundle
@testable import PolicyEngine

/// What a bundle from outside may do to a server that has not checked its signature: be refused, or be harmless. A trap in here is a mistake in
/// the verifier or in the reader.
@Suite struct HostileBundleTests {
    static let documents = """
        apiVersion: charter/v1
        kind: Organization
        metadata: {name: acme}
        spec:
          displayName: Acme
          currency: USD
          subjectAttributes: {projects: {type: stringList}, since: {type: timestamp}}
          contextAttributes: {stage: {type: string, values: [draft, final]}}
          resourceTypes: [{name: tool, actions: [call], properties: {size: {type: int}, kind: {type: string, values: [a, b]}}}]
        ---
        apiVersion: charter/v1
        kind: Provider
        metadata: {name: p}
        spec: {type: openai, region: eu}
        ---
        apiVersion: charter/v1
        kind: Model
        metadata: {name: p/m}
        spec: {provider: p, upstream: m, tags: [a, b], maxOutput: 9, prices: [{effectiveFrom: 2026-01-01, input: 1, output: 2}]}
        ---
        apiVersion: charter/v1
        kind: Role
        metadata: {name: r}
        spec: {permissions: [{actions: ["*"], resources: ["model:*", "tool:*"], when: 'subject.id.matches("^[a-z]+$")'}]}
        ---
        apiVersion: charter/v1
        kind: Team
        metadata: {name: t}
        spec: {roles: [r], members: [{user: ada}]}
        ---
        apiVersion: charter/v1
        kind: User
        metadata: {name: ada}
        spec: {email: a@b.c, identities: [x], attributes: {projects: [k, l], since: 2025-01-01}}
        ---
        apiVersion: charter/v1
        kind: Policy
        metadata: {name: q}
        spec:
          type: usage
          match: {teams: [t], not: {tags: [z]}}
          variables: [{name: v, expression: 'subject.attributes.projects.filter(x, x in ["k", "m"])'}]
          rules:
            - {name: a, when: 'size(variables.v) > 1 || now - subject.attributes.since < duration("1h")', effect: deny, message: '"no " + variables.v[0]'}
            - {name: b, effect: limit, limit: {maxOutputTokens: 5}}
        ---
        apiVersion: charter/v1
        kind: Exemption
        metadata: {name: e}
        spec: {subject: "role:r", policies: [q], reason: z, approver: ada, expires: 2026-01-01}

        """

    private static func bundle() throws -> [UInt8] { try TestEngine.bundle(["a.yaml": documents]) }

    @Test func `the bundle that is mutated is accepted as it is, and its rules are reached`() throws {
        let engine = try PolicyEngine(PolicyBundle(bytes: Self.bundle()))
        let request = TestEngine.request("ada", "llm.chat", "p/m")
        let decision = try engine.decide(request, now: 1_767_300_000_000_000_000, id: "x")
        #expect(decision.isAllowed && decision.obligations.limits == ["maxOutputTokens": 5] && decision.errors.isEmpty)
        #expect(try HostileBundle.exercise(Self.bundle()))
    }

    @Test func `without a new digest every changed byte is refused`() throws {
        let bytes = try Self.bundle()
        for position in stride(from: 0, to: bytes.count, by: 7) {
            var changed = bytes
            changed[position] ^= 0x20
            #expect(throws: BundleError.self) { try PolicyBundle(bytes: changed) }
        }
    }

    /// Run in eight parts at the same time.
    @Test(arguments: 0..<8) func `with a new digest every changed byte is refused or harmless`(_ part: Int) throws {
        let bytes = try Self.bundle()
        var random = Noise(seed: UInt64(part))
        var accepted = 0
        for position in stride(from: part, to: bytes.count, by: 8) where !BundleFormat.digestRange.contains(position) {
            var changed = bytes
            changed[position] = changed[position] &+ UInt8(1 + random.below(255))
            HostileBundle.seal(&changed)
            if try HostileBundle.exercise(changed) { accepted += 1 }
        }
        #expect(accepted > 0, "what is not checked by anything must be harmless, and some bytes are text")
    }

    @Test(arguments: [UInt32.max, 0, 0x8000_0000, 1, 0x7fff_ffff]) func `with a new digest every replaced word is refused or harmless`(
        _ word: UInt32
    ) throws {
        let bytes = try Self.bundle()
        for position in stride(from: 0, to: bytes.count, by: 4) where !BundleFormat.digestRange.contains(position) {
            var changed = bytes
            withUnsafeBytes(of: word.littleEndian) { changed.replaceSubrange(position..<position + 4, with: $0) }
            HostileBundle.seal(&changed)
            try HostileBundle.exercise(changed)
        }
    }

    @Test(arguments: 0..<4) func `with a new digest many changed words are refused or harmless`(_ seed: Int) throws {
        let bytes = try Self.bundle()
        var random = Noise(seed: UInt64(100 + seed))
        let words = bytes.count / 4
        for _ in 0..<300 {
            var changed = bytes
            for _ in 0...random.below(4) {
                // One word in place of another is the likeliest way past the checks.
                let (from, to) = (random.below(words) * 4, random.below(words) * 4)
                changed.replaceSubrange(to..<to + 4, with: bytes[from..<from + 4])
            }
            HostileBundle.seal(&changed)
            try HostileBundle.exercise(changed)
        }
    }

    @Test func `with a new digest every truncated or prolonged bundle is refused`() throws {
        let bytes = try Self.bundle()
        for length in 0..<bytes.count where length % 5 == 0 || length < 700 {
            var cut = Array(bytes[..<length])
            HostileBundle.seal(&cut)
            #expect(throws: BundleError.self) { try PolicyBundle(bytes: cut) }
            if length >= 24 {
                // The same with a size in the header that fits.
                withUnsafeBytes(of: UInt64(length).littleEndian) { cut.replaceSubrange(16..<24, with: $0) }
                HostileBundle.seal(&cut)
                #expect(throws: BundleError.self) { try PolicyBundle(bytes: cut) }
            }
        }
        var long = bytes + [0, 0, 0, 0, 0, 0, 0, 0]
        withUnsafeBytes(of: UInt64(long.count).littleEndian) { long.replaceSubrange(16..<24, with: $0) }
        HostileBundle.seal(&long)
        #expect(throws: BundleError.self) { try PolicyBundle(bytes: long) }
    }

    @Test func `a policy with more variables than any condition reads is harmless`() throws {
        let bytes = try Self.bundle()
        let bundle = try PolicyBundle(bytes: bytes)
        let variables = bundle.index(.poli, 0, PolicyColumn.variables)
        #expect(bundle.index(.poli, 0, PolicyColumn.variableCount) == 1)
        // The list section holds small numbers around the list of variables: any of them may be taken for a condition.
        for count in 2..<40 {
            for first in max(0, variables - 20)..<variables + 20 {
                var changed = bytes
                let record = HostileBundle.place(of: .poli, in: bytes)
                withUnsafeBytes(of: UInt32(first).littleEndian) {
                    changed.replaceSubrange(
                        record + PolicyColumn.variables.rawValue * 4..<record + PolicyColumn.variables.rawValue * 4 + 4, with: $0)
                }
                withUnsafeBytes(of: UInt32(count).littleEndian) {
                    changed.replaceSubrange(
                        record + PolicyColumn.variableCount.rawValue * 4..<record + PolicyColumn.variableCount.rawValue * 4 + 4, with: $0)
                }
                HostileBundle.seal(&changed)
                if (try? PolicyBundle(bytes: changed)) != nil { try HostileBundle.exercise(changed) }
            }
        }
    }
}
