import JSON
import Testing

@testable import PolicyEngine

/// The engine with its index, the engine without it and the plain evaluator, on organisations and requests made at random.
@Suite struct EngineDifferentialTests {
    /// What has been seen, so that the test does not pass because nothing happened.
    struct Tally {
        var decisions = 0
        var seen: [String: Int] = [:]

        mutating func note(_ what: String, if isSo: Bool = true) { if isSo { seen[what, default: 0] += 1 } }

        mutating func note(_ engine: PolicyEngine) {
            note("several words", if: engine.index.policyWords > 1)
            note("many words", if: engine.index.policyWords > 3)
            note("equality groups", if: engine.index.groupCount > 0)
            note("memos", if: engine.index.memoCount > 0)
            note("anchors", if: engine.records.count(.anch) > 0)
        }

        mutating func note(_ answer: NaiveEvaluator.Answer) {
            note(answer.code.map { $0.rawValue } ?? (answer.isAllowed ? "allowed" : "denied"))
            note("warned", if: !answer.warnings.isEmpty)
            note("recorded", if: !answer.records.isEmpty)
            note("error", if: !answer.errors.isEmpty)
            note("error of a permission", if: answer.permissionErrors > 0)
            note("exempt", if: !answer.exemptions.isEmpty)
            note("obliged", if: !answer.obligations.isEmpty)
            note("priced", if: answer.cost != nil)
        }
    }

    private static let parts = 4

    /// Run in parts at the same time. A failure names the seed that makes its world the first.
    @Test(arguments: 0..<parts) func `the engine decides with and without its index as the plain evaluator does`(_ part: Int) throws {
        if part == 0 { print("engine seed \(FuzzRun.seed), \(FuzzRun.decisions) decisions") }
        var tally = Tally()
        var number = part
        while tally.decisions < FuzzRun.decisions / Self.parts {
            let seed = FuzzRun.seed &+ UInt64(number)
            var random = Noise(seed: seed)
            guard try Self.compare(&random, Self.size(of: seed), &tally, "ENGINE_FUZZ_SEED=\(seed)") else { return }
            number += Self.parts
        }
        if part == 0 { print("engine: " + tally.seen.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")) }
        guard FuzzRun.decisions >= 100_000 else { return }
        let expected: Set<String> = [
            "several words", "many words", "equality groups", "memos", "anchors", "allowed", "denied", "unknown-subject",
            "subject-disabled",
            "unknown-resource", "unknown-action", "no-permission", "warned", "recorded", "error", "error of a permission", "exempt",
            "obliged",
            "priced",
        ]
        #expect(Set(tally.seen.keys) == expected)
    }

    /// Most are small: they are made quickly, and show most. Every part has some of each.
    private static func size(of seed: UInt64) -> RandomWorld.Size {
        switch seed / UInt64(parts) % 16 {
        case 0: .large
        case 1, 6, 11: .crowd
        case 4: .medium
        default: .small
        }
    }

    /// One world. False if there was a difference.
    private static func compare(
        _ random: inout Noise, _ size: RandomWorld.Size, _ tally: inout Tally, _ name: String
    ) throws -> Bool {
        let world = RandomWorld(&random, size)
        let engine = try TestEngine.compile(["world.yaml": world.yaml])
        let naive = NaiveEvaluator(world: world)
        let session = DecisionSession(engine)
        tally.note(engine)
        for _ in 0..<(size == .small ? 600 : 120) {
            let request = RandomRequest(&random)
            let bytes = request.bytes(in: world)
            let found = try Self.found(session, bytes, now: request.now, again: random.below(3))
            let expected = naive.decide(request)
            let answer = NaiveEvaluator.Answer(found.decision)
            tally.decisions += 1
            tally.note(expected)
            guard answer == expected, found.trace == found.plainTrace, found.json == JSONWriter.bytes(found.decision.json) else {
                Issue.record(
                    """
                    \(name): \(String(decoding: bytes, as: UTF8.self)) at \(request.now)
                    expected \(expected)
                    found \(answer)
                    \(found.trace), without the index \(found.plainTrace)
                    \(String(decoding: found.json, as: UTF8.self))
                    as a value \(JSONWriter.text(found.decision.json))
                    """)
                return false
            }
        }
        return true
    }

    private struct Found {
        var decision: Decision
        var json: [UInt8]
        var trace: Trace
        /// Of the decision without the index.
        var plainTrace: Trace
    }

    /// - Parameter again: 0 to read the request again before it is decided without the index, 1 not to, 2 to decide without the index first.
    private static func found(_ session: DecisionSession, _ bytes: [UInt8], now: Int64, again: Int) throws -> Found {
        try bytes.withUnsafeBytes { bytes in
            try session.decode(bytes, now: now)
            var plain = Trace()
            if again == 2 {
                _ = session.decide(usingIndex: false)
                plain = Trace(session)
            }
            session.decide()
            let trace = Trace(session)
            let json = Array(session.json(id: "x"))
            let decision = session.decision(id: "x")
            if again == 0 { try session.decode(bytes, now: now) }
            if again < 2 {
                _ = session.decide(usingIndex: false)
                plain = Trace(session)
            }
            return Found(decision: decision, json: json, trace: trace, plainTrace: plain)
        }
    }

    /// What a session holds of a decision: all that its words are made from.
    private struct Trace: Equatable {
        var isAllowed = false
        var isPermitted = false
        /// Policy, rule, and whether its condition is an error.
        var rules: [[UInt32]] = []
        var permissionErrors: [Int] = []
        var exemptions: [Int] = []

        init() {}

        init(_ session: DecisionSession) {
            let hits = session.hits.pointee
            isAllowed = session.isAllowed
            isPermitted = session.state.pointee.isPermitted
            rules = (0..<hits.ruleCount).map { [hits.rules[$0].policy, hits.rules[$0].rule, hits.rules[$0].isError ? 1 : 0] }
            permissionErrors = hits.permissionErrors
            exemptions = hits.exemptions.sorted()
        }
    }
}
