import Diagnostics
import JSON

/// Puts the cases of a `PolicyTest` together from its pieces, its defaults and the rows of its tables, and finds what does not fit.
///
/// The structure of the document has been checked; what its schema leaves open is checked here.
public struct PolicyTestReader {
    public private(set) var cases: [PolicyTest.Case] = []
    /// In no order.
    public internal(set) var diagnostics: [Diagnostic] = []
    /// Every policy, rule and exemption that something expected names.
    public internal(set) var mentions: [PolicyTest.Mention] = []
    var fixtures = TestFixtures()
    private(set) var defaults = TestRequest()

    public init(_ spec: SpecNode) {
        readFixtures(spec["fixtures"])
        if let node = spec["defaults"] { defaults = request(node) ?? TestRequest() }
        for node in spec.list("cases") { readCase(node) }
        for node in spec.list("tables") { readTable(node) }
        reportRepeatedNames()
        // With a misspelt name somewhere, the piece that was meant would be called unused.
        if !diagnostics.hasErrors { diagnostics += fixtures.unused }
    }

    private mutating func readCase(_ node: SpecNode) {
        let name = node.requiredString("name")
        var expected = PolicyTest.Expectation()
        if let expect = node["expect"] {
            expected.isAllowed = expect["decision"]?.text == "allow"
            for (field, value) in expect.entries where field.value != "decision" { expectation(field.value, value, &expected) }
        }
        guard let given = node["request"], let request = request(given) else { return }
        add(request.over(defaults), name, at: given.span, now: time(node), expected)
    }

    /// - Parameter span: where a person would add what is missing.
    mutating func add(
        _ request: TestRequest, _ name: Located<String>, at span: SourceSpan, now: Int64?, _ expected: PolicyTest.Expectation
    ) {
        for part in request.missing {
            report(
                .missingField, "the request of `\(name.value)` has no `\(part)`", at: span,
                help: "give it here, or in the test's `defaults`")
        }
        cases.append(PolicyTest.Case(name: name, now: now, request: request.json, expected: expected))
    }

    func time(_ node: SpecNode) -> Int64? { node.string("now").flatMap { Timestamp.seconds($0.value) } }

    private mutating func reportRepeatedNames() {
        var first: [String: SourceSpan] = [:]
        for name in cases.map(\.name) {
            guard let other = first.updateValue(name.span, forKey: name.value) else { continue }
            diagnostics.append(
                Diagnostic(
                    .duplicateEntry, "there are two cases called `\(name.value)`", at: name.span,
                    related: [.init(span: other, message: "the first is here")],
                    help: "rename one of the two; rows without a `name` are called by their requests"))
        }
    }

    // MARK: Reporting

    mutating func report(_ code: DiagnosticCode, _ message: String, at span: SourceSpan, help: String? = nil) {
        diagnostics.append(Diagnostic(code, message, at: span, help: help))
    }

    static func names(_ names: [String]) -> String { names.map { "`\($0)`" }.joined(separator: ", ") }
}
