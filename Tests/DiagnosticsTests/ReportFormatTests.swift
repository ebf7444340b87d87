import Diagnostics
import JSON
import Testing

/// The forms in which other tools read findings.
@Suite struct ReportFormatTests {
    private static let text = Array("a: 1\nemail: [x]\nrole: y\n".utf8)

    private static func finding(
        _ code: DiagnosticCode = .wrongType, _ message: String = "wrong", path: String = "users/a.yaml", line: Int = 2, help: String? = nil,
        related: [Diagnostic.Related] = []
    ) -> Diagnostic {
        Diagnostic(
            code, message, at: SourceSpan(path: path, line: line, column: 8, endLine: line, endColumn: 11), related: related, help: help)
    }

    // MARK: SARIF

    private static func sarif(_ diagnostics: [Diagnostic], _ text: [UInt8] = text, limit: Int = 25_000) -> JSONValue {
        var renderer = SARIFRenderer(version: "1.2.3", sources: ["users/a.yaml": text])
        renderer.limit = limit
        return renderer.render(diagnostics)["runs"]?.arrayValue?.first ?? .null
    }

    private static func results(_ run: JSONValue) -> [JSONValue] { run["results"]?.arrayValue ?? [] }

    private static func fingerprints(_ diagnostics: [Diagnostic], _ text: [UInt8] = text) -> [String] {
        results(sarif(diagnostics, text)).compactMap { $0["partialFingerprints"]?["charterFinding/v1"]?.stringValue }
    }

    @Test func `a result has its rule, its place and what explains it`() throws {
        let related = Diagnostic.Related(
            span: SourceSpan(path: "b c.yaml", line: 1, column: 1, endLine: 1, endColumn: 2), message: "first here")
        let run = Self.sarif([Self.finding(help: "write a text", related: [related]), Self.finding(.emptyTeam, "nobody", path: "t.yaml")])
        let rules = try #require(run["tool"]?["driver"]?["rules"]?.arrayValue)
        #expect(rules.map { $0["id"]?.stringValue } == ["CH1206", "CH1516"])
        #expect(rules.map { $0["defaultConfiguration"]?["level"]?.stringValue } == ["error", "warning"])
        let result = try #require(Self.results(run).first)
        #expect(result["ruleId"] == "CH1206" && result["ruleIndex"] == 0 && result["level"] == "error")
        #expect(result["message"]?["text"] == "wrong\nhelp: write a text")
        let place = result["locations"]?.arrayValue?.first?["physicalLocation"]
        #expect(place?["artifactLocation"]?["uri"] == "users/a.yaml")
        #expect(place?["region"] == ["startLine": 2, "startColumn": 8, "endLine": 2, "endColumn": 11])
        let second = result["relatedLocations"]?.arrayValue?.first
        #expect(second?["physicalLocation"]?["artifactLocation"]?["uri"] == "b%20c.yaml")
        #expect(second?["message"]?["text"] == "first here")
    }

    @Test func `a finding about a file as a whole has no region`() {
        let whole = Diagnostic(.notUTF8, "no", at: SourceSpan(startOf: "a.yaml"))
        #expect(Self.results(Self.sarif([whole])).first?["locations"]?.arrayValue?.first?["physicalLocation"]?["region"] == nil)
    }

    @Test func `fingerprints stay when lines are added above, and differ between findings`() {
        let before = Self.fingerprints([Self.finding()])
        let moved = Self.fingerprints([Self.finding(line: 4)], Array("# one\n# two\na: 1\n  email:   [x]\n".utf8))
        #expect(before.count == 1 && before == moved, "not even the indentation counts")
        #expect(Self.fingerprints([Self.finding()], Array("a: 1\nemail: [y]\n".utf8)) != before)
        #expect(Self.fingerprints([Self.finding(.invalidValue)]) != before)
        #expect(Self.fingerprints([Self.finding(.wrongType, "other")]) != before)
        let twice = Self.fingerprints([Self.finding(), Self.finding(line: 3)], Array("a: 1\nemail: [x]\nemail: [x]\n".utf8))
        #expect(Set(twice).count == 2 && twice.first == before.first)
    }

    @Test func `a credential is not even digested`() {
        let one = Self.fingerprints([Self.finding(.secretInDocument)], Array("a: 1\nkey: AKIAIOSFODNN7EXAMPLE\n".utf8))
        let other = Self.fingerprints([Self.finding(.secretInDocument)], Array("a: 1\nkey: AKIAIOSFODNN7EXAMPLF\n".utf8))
        #expect(one == other && one.count == 1)
    }

    @Test func `what is over the limit is left out from the end, and told`() {
        let run = Self.sarif([Self.finding(.emptyTeam, "w"), Self.finding(.wrongType, "e"), Self.finding(.endingModel, "n")], limit: 2)
        #expect(Self.results(run).map { $0["level"]?.stringValue } == ["error", "warning"])
        let told = run["invocations"]?.arrayValue?.first?["toolExecutionNotifications"]?.arrayValue?.first?["message"]?["text"]
        #expect(told == "1 of 3 findings are left out")
    }

    // MARK: JUnit

    @Test func `a file with errors has failed, one with warnings has not, unless they count`() {
        let findings = [Self.finding(.wrongType, "a < b & \"c\""), Self.finding(.emptyTeam, "nobody", path: "t.yaml")]
        let text = JUnitRenderer(sources: [:], failsOn: .error).render(findings, files: ["ok.yaml", "t.yaml"], nanoseconds: 12_600_999)
        #expect(text.contains(#"<testsuites name="charter" tests="3" failures="1" errors="0" time="0.012600">"#))
        #expect(text.contains(#"<failure type="CH1206" message="CH1206: a &lt; b &amp; &quot;c&quot;">"#))
        #expect(text.contains(#"name="ok.yaml" file="ok.yaml" time="0.000000"/>"#))
        #expect(text.contains("<system-out>warning[CH1516]: nobody"))
        #expect(JUnitRenderer(sources: [:], failsOn: .warning).render(findings, files: [], nanoseconds: 0).contains(#"failures="2""#))
    }

    @Test func `what XML cannot hold is replaced`() {
        let text = JUnitRenderer(sources: ["a\u{1}.yaml": Array("x\u{0}]]>\u{1b}[0m\n".utf8)], failsOn: .error)
            .render([Self.finding(path: "a\u{1}.yaml", line: 1)], files: ["b\n.yaml"], nanoseconds: 0)
        #expect(text.unicodeScalars.allSatisfy { $0.value >= 0x20 || $0 == "\n" })
        #expect(text.contains("]]&gt;") && text.contains("b&#10;.yaml"))
    }

    // MARK: GitHub

    @Test func `annotations are escaped, the worst first`() {
        let findings = [
            Self.finding(.emptyTeam, "100% \"nobody\", ::error::", path: "a,b:c.yaml"), Self.finding(.wrongType, "wrong", help: "do\nit"),
        ]
        let lines = GitHubRenderer().annotations(findings).split(separator: "\n")
        #expect(
            lines == [
                "::error file=users/a.yaml,line=2,endLine=2,col=8,endColumn=10,title=CH1206%3A a value of another type than the field's::wrong%0Ahelp: do it",
                "::warning file=a%2Cb%3Ac.yaml,line=2,endLine=2,col=8,endColumn=10,title=CH1516%3A a team without members::100%25 \"nobody\", ::error::",
            ])
    }

    @Test func `ten of each severity are annotations, all stand in the summary`() {
        let findings = (0..<25).map { Self.finding(.wrongType, "wrong \($0)") } + [Self.finding(.emptyTeam, "nobody | <b> `x`")]
        let lines = GitHubRenderer().annotations(findings).split(separator: "\n")
        #expect(lines.count == 11 && lines.last?.hasPrefix("::warning ") == true)
        let summary = GitHubRenderer().summary(findings, verdict: "not valid")
        #expect(summary.hasPrefix("### not valid\n"))
        #expect(summary.split(separator: "\n").count { $0.hasPrefix("| error |") } == 25)
        #expect(summary.contains(#"nobody \| &lt;b&gt; `x` |"#))
    }

    @Test func `a summary that is too long says so`() {
        let findings = (0..<20_000).map { Self.finding(.wrongType, "wrong \($0) " + String(repeating: "x", count: 80)) }
        let summary = GitHubRenderer().summary(findings, verdict: "not valid")
        #expect(summary.utf8.count <= 1 << 20)
        #expect(summary.hasSuffix(" more are not shown.\n"))
    }
}
