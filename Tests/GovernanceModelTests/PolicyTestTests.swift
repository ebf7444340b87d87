import Foundation
import GovernanceModel
import JSON
import Testing

/// What the cases of a test come to, put together from pieces and rows.
@Suite struct PolicyTestTests {
    private static func reader(_ spec: String) throws -> PolicyTestReader {
        let indented = spec.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n")
        let text = "apiVersion: charter/v1\nkind: PolicyTest\nmetadata: {name: t}\nspec:\n\(indented)\n"
        let file = DocumentReader.read(Array(text.utf8), path: "t.yaml")
        return PolicyTestReader(try #require(file.documents.first, "\(file.diagnostics)").spec)
    }

    private static let fixtures = """
        fixtures:
          subjects: {ada: {type: user, id: ada, properties: {device: laptop}}}
          resources: {gpt: "model:openai/gpt"}
          contexts: {small: {inputTokens: 1, tags: {a: x, b: y}}, eu: {region: eu}, both: [small, eu, {inputTokens: 2}]}
          requests: {chat: {subject: ada, action: llm.chat, context: small}}

        """

    /// Requests as they stand in a case or in the cells of a row, with what they come to.
    @Test(arguments: [
        (
            "{subject: ada, action: llm.chat, resource: gpt}",
            #""subject":{"type":"user","id":"ada","properties":{"device":"laptop"}},"action":{"name":"llm.chat"},"resource":{"type":"model","id":"openai/gpt"}"#
        ),
        (
            "{subject: 'user:a:b', action: {name: x}, resource: gpt}",
            #""subject":{"type":"user","id":"a:b"},"action":{"name":"x"},"resource":{"type":"model","id":"openai/gpt"}"#
        ),
        (
            "{from: chat, subject: 'user:bob', resource: gpt}",
            #""subject":{"type":"user","id":"bob"},"action":{"name":"llm.chat"},"resource":{"type":"model","id":"openai/gpt"},"context":{"inputTokens":1,"tags":{"a":"x","b":"y"}}"#
        ),
        (
            "{from: chat, subject: 'user:bob', resource: gpt, context: {tags: {c: z}}}",
            #""subject":{"type":"user","id":"bob"},"action":{"name":"llm.chat"},"resource":{"type":"model","id":"openai/gpt"},"context":{"inputTokens":1,"tags":{"c":"z"}}"#
        ),
        (
            "{from: chat, subject: 'user:bob', resource: gpt, context: [eu, {inputTokens: ~}]}",
            #""subject":{"type":"user","id":"bob"},"action":{"name":"llm.chat"},"resource":{"type":"model","id":"openai/gpt"},"context":{"tags":{"a":"x","b":"y"},"region":"eu"}"#
        ),
        (
            "{subject: 'user:bob', action: a, resource: gpt, context: both}",
            #""subject":{"type":"user","id":"bob"},"action":{"name":"a"},"resource":{"type":"model","id":"openai/gpt"},"context":{"inputTokens":2,"tags":{"a":"x","b":"y"},"region":"eu"}"#
        ),
    ]) func `a request is put together from its pieces`(_ request: String, _ expected: String) throws {
        let reader = try Self.reader(Self.fixtures + "cases: [{name: c, request: \(request), expect: {decision: deny}}]")
        #expect(reader.diagnostics.allSatisfy { $0.severity == .warning }, "\(reader.diagnostics)")
        #expect(reader.cases.map { JSONWriter.text($0.request) } == ["{\(expected)}"])
    }

    @Test func `defaults are under everything else`() throws {
        let reader = try Self.reader(
            """
            fixtures: {requests: {r: {context: {b: 2, c: 2}}}}
            defaults: {subject: "user:ada", action: llm.chat, resource: "tool:x", context: {a: 1, b: 1, c: 1, d: 1}}
            cases:
              - {name: one, request: {from: r, context: {c: 3}}, expect: {decision: deny}}
              - {name: two, request: r, expect: {decision: deny}}
            tables:
              - name: t
                request: {context: {b: 4, c: 4}}
                expect: {decision: allow}
                columns: [request, context, context.d]
                rows: [[r, {c: 5}, 6], [~, ~, ~]]
            """)
        #expect(reader.diagnostics == [])
        #expect(
            reader.cases.map { $0.request["context"].map { JSONWriter.text($0) } } == [
                #"{"a":1,"b":2,"c":3,"d":1}"#, #"{"a":1,"b":2,"c":2,"d":1}"#, #"{"a":1,"b":2,"c":5,"d":6}"#, #"{"a":1,"b":4,"c":4,"d":1}"#,
            ])
        #expect(reader.cases.map(\.expected.isAllowed) == [false, false, true, true])
    }

    @Test func `a row is a case with a name and a place of its own`() throws {
        let reader = try Self.reader(
            Self.fixtures + """
                tables:
                  - name: who
                    now: 2026-01-01
                    request: {action: llm.chat}
                    columns: [subject, resource.properties.region, context.tags.a, context.stream, now, decision]
                    expect: {code: no-permission, obligations: {limit: {maxOutputTokens: 5}, route: true}}
                    rows:
                      - [ada, ~, x, true, ~, deny]
                      - ["user:bob", eu, ~, ~, 2026-02-01, allow]
                  - name: named
                    request: {from: chat, resource: gpt}
                    columns: [name, decision, policies, reasons]
                    rows: [[a first one, deny, p, [p/r, no-permission]]]
                """)
        let missing = reader.diagnostics.filter { $0.severity == .error }.map(\.message)
        #expect(missing == ["the request of `who: ada, tags.a=x, stream=true` has no `resource`"])
        #expect(
            reader.cases.map(\.name.value) == [
                "who: ada, tags.a=x, stream=true", "who: user:bob, resource.properties.region=eu, at 2026-02-01", "named: a first one",
            ])
        #expect(reader.cases.map(\.name.span.line) == [17, 18, 22])
        #expect(reader.cases.map(\.now) == [1_767_225_600, 1_769_904_000, nil])
        #expect(
            reader.cases.map { JSONWriter.text($0.request["context"] ?? .null) } == [
                #"{"tags":{"a":"x"},"stream":true}"#, "null", #"{"inputTokens":1,"tags":{"a":"x","b":"y"}}"#,
            ])
        #expect(reader.cases[1].request["resource"] == ["properties": ["region": "eu"]])
        let first = reader.cases[0].expected
        #expect(first.code == "no-permission" && first.obligations == .exactly([("limit", ["maxOutputTokens": 5]), ("route", nil)]))
        #expect(reader.cases[2].expected.policies == ["p"] && reader.cases[2].expected.reasons == ["p/r", "no-permission"])
        #expect(reader.mentions.map { [$0.policy, $0.rule] } == [["p", nil], ["p", "r"]])
    }

    @Test func `twenty rows are twenty lines`() throws {
        let rows = (1...20).map { "      - [\"user:u\($0)\", allow]\n" }.joined()
        let reader = try Self.reader(
            "tables:\n  - name: t\n    request: {action: a, resource: \"tool:x\"}\n    columns: [subject, decision]\n    rows:\n" + rows)
        #expect(reader.diagnostics == [] && Set(reader.cases.map(\.name.value)).count == 20)
        #expect(Set(reader.cases.map(\.name.span.line)).count == 20)
    }

    @Test func `a path of a hundred thousand parts is refused, and not followed`() throws {
        let path = "context" + String(repeating: ".a", count: 100_000)
        let reader = try Self.reader(
            "tables: [{name: t, request: {subject: \"user:ada\", action: a, resource: \"tool:x\"}, columns: [\(path), decision], rows: [[1, allow]]}]"
        )
        #expect(reader.diagnostics.map(\.message) == ["the column has more than 16 parts"] && reader.cases.isEmpty)
    }
}
