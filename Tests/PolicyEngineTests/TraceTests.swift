import JSON
import PolicyBundle
import Testing

@testable import PolicyEngine

/// What is recorded of a decision.
@Suite struct TraceTests {
    private static let policies = """
        apiVersion: charter/v1
        kind: Policy
        metadata: {name: one-rule}
        spec:
          type: usage
          rules: [{name: large, when: 'context.inputTokens > 100 && !("admin" in subject.roles) || context.region != "eu"', effect: deny}]
        ---
        apiVersion: charter/v1
        kind: Policy
        metadata: {name: several}
        spec:
          type: usage
          variables: [{name: far, expression: 'context.region != "eu"'}]
          rules:
            - {name: far, when: variables.far, effect: warn}
            - {name: always, effect: warn}
            - {name: erring, when: 'context.purpose == "x"', effect: warn}
        ---
        apiVersion: charter/v1
        kind: Policy
        metadata: {name: elsewhere}
        spec:
          type: usage
          match: {actions: [llm.image]}
          rules: [{name: r, effect: deny}]

        """

    private static func session() throws -> (DecisionSession, DecisionTrace) {
        let engine = try TestEngine.compile(["base.yaml": CaseTests.text("base.yaml"), "p.yaml": policies])
        return (DecisionSession(engine), DecisionTrace(engine))
    }

    private static func decide(_ session: DecisionSession, _ context: JSONObject) throws {
        try JSONWriter.bytes(TestEngine.request("ada", "llm.chat", "openai/gpt", context: context)).withUnsafeBytes { bytes in
            try session.decode(bytes, now: 0)
            session.decide()
        }
    }

    @Test func `a decision is explained by what was tried`() throws {
        let (session, trace) = try Self.session()
        session.trace = trace
        try Self.decide(session, ["inputTokens": 500, "region": "eu"])
        let explanation = Explanation(trace)
        #expect(explanation.policies.map(\.name) == ["one-rule", "several"])
        let large = try #require(explanation.policies.first?.rules.first)
        #expect(large.outcome == .held && large.condition?.hasPrefix("context.inputTokens > 100") == true)
        #expect(large.predicates.map(\.text) == ["context.inputTokens > 100", #""admin" in subject.roles"#, #"context.region != "eu""#])
        #expect(large.predicates.map(\.values) == [["true"], ["false"], ["not evaluated"]])
        #expect(explanation.policies.last?.rules.map(\.outcome) == [.failed, .held, .erred])
        #expect(explanation.json.arrayValue?.count == 2)
    }

    /// A predicate that does not hold and one that cannot be evaluated both lead to the next.
    @Test(arguments: ["", " && context.purpose != context.region", " && size(context.region) > 0"])
    func `what failed is told from what could not be evaluated`(
        more: String
    ) throws {
        let policy = """
            apiVersion: charter/v1
            kind: Policy
            metadata: {name: a}
            spec:
              type: usage
              rules: [{name: r, when: '(context.inputTokens > 100 || context.purpose == "x")\(more)', effect: warn}]

            """
        let engine = try TestEngine.compile(["base.yaml": CaseTests.text("base.yaml"), "p.yaml": policy])
        let session = DecisionSession(engine)
        for (context, values) in [
            (["purpose": "x", "region": "eu"], ["error", "true"]),
            (["inputTokens": 5, "purpose": "x", "region": "eu"], ["false", "true"]),
            (["inputTokens": 500, "purpose": "y", "region": "eu"], ["true", "not evaluated"]), (["region": "eu"], ["error", "error"]),
            (["inputTokens": 5, "region": "eu"], ["false", "error"]), (["purpose": "y", "region": "eu"], ["error", "false"]),
        ] as [(JSONObject, [String])] {
            let trace = DecisionTrace(engine)
            session.trace = trace
            try Self.decide(session, context)
            let rule = try #require(Explanation(trace).policies.first?.rules.first)
            #expect(rule.predicates.prefix(2).map { $0.values.joined(separator: " ") } == values, "\(context)")
        }
    }

    @Test func `the bits of several decisions add up, and are forgotten when asked`() throws {
        let (session, trace) = try Self.session()
        session.trace = trace
        try Self.decide(session, ["inputTokens": 5, "region": "eu"])
        try Self.decide(session, ["inputTokens": 500, "region": "us"])
        try Self.decide(session, ["region": "us"])
        let large = try #require(Explanation(trace).policies.first?.rules.first)
        #expect(large.predicates.map(\.values) == [["true", "false", "error"], ["false"], ["true", "false"]])
        // Rules are numbered by the names of their policies: `elsewhere` comes first.
        #expect(trace[0] == [] && trace[1] == [.held, .failed])
        trace.reset()
        #expect(Explanation(trace).policies.isEmpty)
    }

    /// Recorded by decision tables where there are any, and by graphs alone.
    @Test func `the same is recorded with and without the index, on random organisations`() throws {
        var random = Noise(seed: FuzzRun.seed)
        var (decisions, predicates, byTable) = (0, 0, 0)
        while decisions < 4_000 {
            let world = RandomWorld(&random, .small)
            let engine = try TestEngine.compile(["world.yaml": world.yaml])
            let (session, plain) = (DecisionSession(engine), DecisionSession(engine))
            let (trace, plainTrace) = (DecisionTrace(engine), DecisionTrace(engine))
            (session.trace, plain.trace) = (trace, plainTrace)
            for _ in 0..<50 {
                let request = RandomRequest(&random)
                try request.bytes(in: world).withUnsafeBytes { bytes in
                    try session.decode(bytes, now: request.now)
                    try plain.decode(bytes, now: request.now)
                    #expect(session.decide() == plain.decide(usingIndex: false), "ENGINE_FUZZ_SEED=\(FuzzRun.seed)")
                }
                decisions += 1
                if random.below(4) > 0 { continue }
                let (found, expected) = (Recorded(trace), Recorded(plainTrace))
                #expect(found == expected, "ENGINE_FUZZ_SEED=\(FuzzRun.seed): \(world.yaml)")
                guard found == expected else { return }
                predicates += found.values.count { !$0.isEmpty }
                byTable += (0..<engine.bundle.count(.prog)).count { trace.combinations[$0] != 0 }
                #expect((0..<engine.bundle.count(.prog)).allSatisfy { plainTrace.combinations[$0] == 0 })
                trace.reset()
                plainTrace.reset()
            }
        }
        #expect(predicates > 100 && byTable > 100)
    }

    private struct Recorded: Equatable {
        var policies: [Bool]
        var rules: [UInt8]
        /// Of every predicate of every condition.
        var values: [[String]]

        init(_ trace: DecisionTrace) {
            policies = (0..<trace.counts.policies).map { trace.isEvaluated(policy: $0) }
            rules = (0..<trace.counts.rules).map { trace[$0].rawValue }
            values = (0..<trace.counts.conditions).flatMap { trace.predicates(ofCondition: $0).map(\.values) }
        }
    }

    @Test func `what is recorded changes no decision`() throws {
        let (session, trace) = try Self.session()
        let (plain, _) = try Self.session()
        session.trace = trace
        for tokens in [Int64(5), 500] {
            for region in ["eu", "us"] {
                let context: JSONObject = ["inputTokens": .int(tokens), "region": .string(region)]
                try Self.decide(session, context)
                try Self.decide(plain, context)
                #expect(session.decision(id: "x") == plain.decision(id: "x"))
            }
        }
        session.trace = nil
        trace.reset()
        try Self.decide(session, ["inputTokens": 500])
        #expect(Explanation(trace).policies.isEmpty)
    }
}
