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

    @Test func `attributes whose texts differ only in their normal form stay apart`() throws {
        let text = """
            apiVersion: charter/v1
            kind: Organization
            metadata: {name: acme}
            spec: {displayName: Acme, currency: USD, subjectAttributes: {name: {type: string}, level: {type: string}}}
            ---
            apiVersion: charter/v1
            kind: User
            metadata: {name: a}
            spec: {email: a@b.c, attributes: {name: "\u{E9}", level: "1"}}
            ---
            apiVersion: charter/v1
            kind: User
            metadata: {name: b}
            spec: {email: b@b.c, attributes: {name: "e\u{301}", level: "1"}}

            """
        let bundle = try PolicyBundle(bytes: TestEngine.bundle(["x.yaml": text]))
        let values = (0..<2).map { row in
            (0..<2).map { bundle.word(.list, bundle.index(.subj, row, SubjectColumn.attributes) + $0, 0) }
        }
        #expect(values[0][0] != values[1][0] && values[0][1] == values[1][1])
        // The same text with and without quotes is a text and a number.
        let wrong = text.replacingOccurrences(of: "name: \"e\u{301}\", level: \"1\"", with: "level: 1")
        #expect(wrong != text)
        #expect(throws: TestEngine.NotCompiled.self) { try TestEngine.bundle(["x.yaml": wrong]) }
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
