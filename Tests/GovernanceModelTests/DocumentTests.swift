import Diagnostics
import GovernanceModel
import JSON
import Testing

@Suite struct DocumentTests {
    private func read(_ spec: String, kind: String = "Budget") -> ParsedFile {
        DocumentReader.read(
            Array("apiVersion: charter/v1\nkind: \(kind)\nmetadata: {name: a, labels: {x: y}}\nspec: \(spec)\n".utf8), path: "a.yaml")
    }

    @Test func `a document's JSON holds exact numbers and the schema's order`() throws {
        let file = read("{limit: 1e3, period: month, scope: {organization: true}, alertThresholds: [50, 0x50]}")
        let document = try #require(file.documents.first)
        #expect(
            JSONWriter.text(.object(document.json))
                == #"{"scope":{"organization":true},"period":"month","limit":1000,"alertThresholds":[50,80]}"#)
        #expect(document.id == "Budget/a" && document.labels == ["x": "y"])
    }

    static let decimals: [(text: String, isValid: Bool)] = [
        ("0", true), ("0.000000001", true), ("1e-9", true), ("9223372036", true), ("1E3", true), (".5", true), ("0.0000000001", false),
        ("-1", false), ("1e-10", false),
        ("9223372037", false), ("1e99", false), ("1e-9223372036854775808", false), ("1e9223372036854775808", false), (".inf", false),
        (".nan", false),
        ("\"1\"", false), ("0x10", false), ("one", false), ("~", false), ("[1]", false),
    ]

    @Test(arguments: decimals) func `a decimal is exact or an error`(_ text: String, _ isValid: Bool) {
        #expect(read("{limit: \(text), period: month, scope: {organization: true}}").diagnostics.isEmpty == isValid)
    }

    static let integers: [(text: String, isValid: Bool)] = [
        ("1", true), ("1000", true), ("+7", true), ("0x10", true), ("0o17", true), ("0", false), ("1001", false), ("-1", false),
        ("1.0", false), ("1e2", false),
        ("99999999999999999999", false), ("\"5\"", false), ("true", false),
    ]

    @Test(arguments: integers) func `an integer is within its range or an error`(_ text: String, _ isValid: Bool) {
        #expect(read("{limit: 1, period: month, scope: {organization: true}, alertThresholds: [\(text)]}").diagnostics.isEmpty == isValid)
    }

    @Test func `a span is that of the value in the file`() throws {
        let document = try #require(read("{email: ada@acme.example, roles: [one]}", kind: "User").documents.first)
        let user = User(spec: document.spec)
        #expect(user.email.span == SourceSpan(path: "a.yaml", line: 4, column: 15, endLine: 4, endColumn: 31))
        #expect(user.roles.first?.span == SourceSpan(path: "a.yaml", line: 4, column: 41, endLine: 4, endColumn: 44))
        #expect(document.name.span == SourceSpan(path: "a.yaml", line: 3, column: 18, endLine: 3, endColumn: 19))
        #expect(document.references.map(\.name.value) == ["one"])
    }

    @Test func `a broken document hides no other, and what refers to it is not blamed`() {
        let broken = read("{email: wrong}", kind: "User")
        #expect(broken.documents.isEmpty && broken.broken.map(\.name) == ["a"])
        let team = DocumentReader.read(
            Array("apiVersion: charter/v1\nkind: Team\nmetadata: {name: t}\nspec: {members: [{user: a}, {user: b}]}\n".utf8), path: "t.yaml"
        )
        let (_, diagnostics) = Governance.link([broken, team])
        #expect(diagnostics.filter { $0.code == .unresolvedReference }.map(\.message) == ["there is no User `b`"])
    }

    @Test func `everything required may be left out only where it is optional`() {
        for kind in Kind.allCases {
            let file = read("{}", kind: kind.rawValue)
            let required = kind.schema.fields.contains(where: \.isRequired) || kind.schema.rule != nil
            #expect(file.diagnostics.contains { $0.code == .missingField } == required || kind == .model, "\(kind)")
        }
    }
}
