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
