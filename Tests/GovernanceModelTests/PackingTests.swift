import Diagnostics
import GovernanceModel
import JSON
import Testing

/// Documents are kept packed: nothing of what was written, and of where, is lost by that.
@Suite struct PackingTests {
    private func user(_ spec: String, before: String = "") -> ParsedFile {
        DocumentReader.read(Array("\(before)apiVersion: charter/v1\nkind: User\nmetadata: {name: a}\nspec: \(spec)\n".utf8), path: "a.yaml")
    }

    @Test(arguments: [1, 127, 128, 16_383, 16_384, 70_000]) func `places far down and far to the right are exact`(count: Int) throws {
        let comments = String(repeating: "#\n", count: count)
        let text = String(repeating: "é", count: count)
        let document = try #require(
            user("{displayName: '\(text)', email: a@acme.example, attributes: {deep: [{x: [1, '2']}]}}", before: comments).documents.first)
        #expect(document.line == count + 1 && document.span.line == count + 1)
        let name = try #require(document.spec.string("displayName"))
        #expect(name.value == text)
        #expect(name.span == SourceSpan(path: "a.yaml", line: count + 4, column: 21, endLine: count + 4, endColumn: 23 + count))
        let email = User(spec: document.spec).email
        #expect(email.span.column == 23 + count + 9 && email.value == "a@acme.example")
        #expect(JSONWriter.text(document.spec["attributes"]?.json ?? .null) == #"{"deep":[{"x":[1,"2"]}]}"#)
    }

    @Test func `a mapping of many fields keeps them all, in the order of the file`() throws {
        let names = (0..<300).map { "k\(($0 * 7) % 300)" }
        let fields = names.map { "\($0): '\($0)'" }.joined(separator: ", ")
        let document = try #require(user("{email: a@acme.example, attributes: {\(fields)}}").documents.first)
        #expect(User(spec: document.spec).attributes.map(\.key.value) == names)
        #expect(User(spec: document.spec).attributes.allSatisfy { $0.value.string?.value == $0.key.value })
        #expect(document.json["attributes"]?.objectValue?.members.map(\.name) == names)
    }

    @Test func `a literal block keeps its indentation`() throws {
        let text = "\n  email: a@acme.example\n  displayName: |\n      two\n      lines\n"
        let document = try #require(user(text).documents.first)
        let name = try #require(document.spec.string("displayName"))
        #expect(name.value == "two\nlines\n" && name.textIndentation == 6)
    }

    @Test func `aliases that stand for more than memory should hold are refused`() throws {
        let text = String(repeating: "x", count: 1 << 20)
        let aliases = (0..<70).map { "k\($0): *x" }.joined(separator: ", ")
        let file = user("{email: a@acme.example, attributes: {first: &x '\(text)', \(aliases)}}")
        #expect(file.documents.isEmpty && file.broken.map(\.name) == ["a"])
        #expect(file.diagnostics.map(\.code) == [.aliasExpansion])
        let few = (0..<7).map { "k\($0): *x" }.joined(separator: ", ")
        #expect(user("{email: a@acme.example, attributes: {first: &x '\(text)', \(few)}}").documents.count == 1)
    }

    @Test func `what a document says of others is found wherever it stands`() throws {
        let text = """
            apiVersion: charter/v1
            kind: Exemption
            metadata: {name: e}
            spec: {subject: 'team:core', policies: [one, two], reason: r, approver: ada, expires: 2099-01-01}
            ---
            apiVersion: charter/v1
            kind: Policy
            metadata: {name: p}
            spec: {type: usage, match: {models: ['openai/*']}, rules: [{name: r, effect: route, route: {model: openai/a}}], controls: [soc2/CC6/1]}
            """
        let documents = DocumentReader.read(Array(text.utf8), path: "a.yaml").documents
        #expect(
            documents.map { $0.references.map { "\($0.kind)/\($0.name.value)" } } == [
                ["team/core", "policy/one", "policy/two", "user/ada"], ["model/openai/a", "complianceFramework/soc2"],
            ])
        #expect(documents.first?.references.first?.name.span.column == 17)
    }
}
