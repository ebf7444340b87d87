import Foundation
import PolicyBundle
import PolicyEngine
import Testing

/// One model, one sequence of bytes.
@Suite struct BundleCompilationTests {
    private static func files() throws -> [String: String] {
        [
            "base.yaml": try CaseTests.text("base.yaml"), "match.yaml": try CaseTests.text("match.yaml"),
            "obligations.yaml": try CaseTests.text("obligations.yaml"),
        ]
    }

    @Test func `two compilations give the same bytes`() throws {
        let first = try TestEngine.bundle(Self.files())
        for _ in 0..<5 { #expect(try TestEngine.bundle(Self.files()) == first) }
    }

    @Test func `the order in which files are read does not matter`() throws {
        #expect(try TestEngine.bundle(Self.files()) == TestEngine.bundle(Self.files(), order: { $0 > $1 }))
    }

    @Test func `the order of documents matters for the places of the source map alone`() throws {
        let text = try CaseTests.text("base.yaml")
        let turned = text.components(separatedBy: "---\n").reversed().joined(separator: "---\n")
        let (a, b) = (
            try PolicyBundle(bytes: TestEngine.bundle(["x.yaml": text])), try PolicyBundle(bytes: TestEngine.bundle(["x.yaml": turned]))
        )
        for section in BundleSection.allCases where section != .srce && section != .strb {
            #expect(a.count(section) == b.count(section))
            for row in 0..<a.count(section) {
                for column in 0..<section.stride where section != .subj || column != SubjectColumn.line.rawValue {
                    #expect(a.word(section, row, column) == b.word(section, row, column), "\(section) \(row) \(column)")
                }
            }
        }
    }

    @Test func `a condition whose texts differ only in their normal form keeps both`() throws {
        let policy = """
            apiVersion: charter/v1
            kind: Policy
            metadata: {name: p}
            spec:
              type: usage
              rules:
                - {name: composed, when: 'context.purpose == "\u{e9}"', effect: deny}
                - {name: decomposed, when: 'context.purpose == "e\u{301}"', effect: warn}

            """
        let engine = try TestEngine.compile(["base.yaml": CaseTests.text("base.yaml"), "policy.yaml": policy])
        let composed = TestEngine.request("ada", "llm.chat", "openai/gpt", context: ["purpose": "\u{e9}"])
        let decomposed = TestEngine.request("ada", "llm.chat", "openai/gpt", context: ["purpose": "e\u{301}"])
        #expect(try engine.decide(composed, now: 0, id: "x").reasons.map(\.rule) == ["composed"])
        #expect(try engine.decide(decomposed, now: 0, id: "x").warnings.map(\.rule) == ["decomposed"])
    }

    @Test func `one condition with both normal forms of a text keeps both where the general machine evaluates it`() throws {
        // A variable that fails leaves the condition to that machine.
        let policy = """
            apiVersion: charter/v1
            kind: Policy
            metadata: {name: p}
            spec:
              type: usage
              variables: [{name: cost, expression: 'estimate.cost'}]
              rules:
                - {name: both, when: 'context.purpose == "\u{e9}" && context.region == "e\u{301}"', effect: deny}

            """
        let engine = try TestEngine.compile(["base.yaml": CaseTests.text("base.yaml"), "policy.yaml": policy])
        let request = TestEngine.request("ada", "llm.chat", "openai/gpt", context: ["purpose": "\u{e9}", "region": "e\u{301}"])
        #expect(try engine.decide(request, now: 0, id: "x").reasons.map(\.rule) == ["both"])
        let other = TestEngine.request("ada", "llm.chat", "openai/gpt", context: ["purpose": "\u{e9}", "region": "\u{e9}"])
        #expect(try engine.decide(other, now: 0, id: "x").isAllowed)
    }

    @Test func `an engine refuses a bundle whose conditions read what it does not know`() throws {
        var writer = BundleWriter()
        _ = writer.append(.meta, [MetaColumn.organization: writer.string("")])
        writer.slot(path: "weather.rain", type: "bool")
        let bundle = try PolicyBundle(bytes: try writer.finish())
        #expect(throws: BundleError.self) { try PolicyEngine(bundle) }
    }
}
