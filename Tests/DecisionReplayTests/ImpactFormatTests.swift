import DecisionReplay
import JSON
import PolicyEngine
import Testing

/// The report as people and programs read it, and when a check fails.
@Suite struct ImpactFormatTests {
    private typealias Fixture = ReplayFixture

    private static func report(_ lines: [String]) throws -> ImpactReport {
        let head = try Fixture.engine(
            Fixture.policy("no-large", #"name: large, when: 'resource.id == "openai/large"', effect: deny"#),
            Fixture.policy("short", "name: s, effect: limit, limit: {maxOutputTokens: 5}"))
        return try Fixture.replay(try Fixture.engine(), head, lines)
    }

    private static let lines = [
        Fixture.line(Fixture.request(model: "openai/large"), answer: true), Fixture.line(Fixture.request(), answer: false),
        Fixture.line(Fixture.request("alan", model: "openai/large"), answer: true), "nonsense",
    ]

    @Test func `people are told everything on lines of their own`() throws {
        let text = ImpactRenderer(color: false, most: 10).text(try Self.report(Self.lines))
        let expected = """
            cccccccccccc → cccccccccccc: 3 decisions replayed, 2026-06-01T12:00:00Z to 2026-06-01T12:00:00Z

            ● 2 of 3 decisions (66.67 %) would be denied that were allowed
              estimated cost  0.06 EUR
              because of
                2  policy-denied  no-large/large  (all.yaml:71)
              whose
                1  user:ada   0.03 EUR
                1  user:alan  0.03 EUR
              of which teams
                2  science  2 of its subjects  0.06 EUR
                1  physics  1 of its subjects  0.03 EUR
              for example
                line 1  user:ada llm.chat model:openai/large  policy-denied no-large/large
                line 3  user:alan llm.chat model:openai/large  policy-denied no-large/large

            ✓ none would be allowed that were denied
            1 still allowed, 0 still denied; of these 1 with other obligations
              rules behind that
                1  obligations  short/s  +1
            estimated cost of what is allowed: 0.063 EUR → 0.003 EUR (-0.06 EUR)
            ! 1 of 4 lines not replayed: 1 no record of a decision
                line 4  is not valid JSON: found `n` where an object was expected at byte 0
            • 1 answered otherwise when recorded: the log was not made by the base alone

            """
        #expect(text == expected, "\(text)")
        #expect(ImpactRenderer(color: true, most: 10).text(try Self.report(Self.lines)).contains("\u{1b}[31m"))
        let short = ImpactRenderer(color: false, most: 1).text(try Self.report(Self.lines), failures: ["too many"])
        #expect(short.contains("    1  user:ada  0.03 EUR\n    … and 1 more\n") && short.hasSuffix("✗ too many\n"), "\(short)")
    }

    @Test func `programs get counts, exact sums and lists that are cut with their whole length beside them`() throws {
        let json = try Self.report(Self.lines).json(most: 1, failures: ["x"])
        #expect(json["records"]?["lines"] == 4 && json["records"]?["replayed"] == 3 && json["records"]?["malformed"] == 1)
        #expect(json["records"]?["since"] == "2026-06-01T12:00:00.5Z" && json["records"]?["answeredOtherwise"] == 1)
        #expect(json["newDenials"]?["count"] == 2 && json["newDenials"]?["subjectCount"] == 2)
        #expect(json["newDenials"]?["subjects"]?.arrayValue?.count == 1)
        #expect(json["newDenials"]?["cost"]?["sum"] == .decimal("0.06"))
        #expect(json["same"]?["obligations"] == 1 && json["same"]?["rules"]?.arrayValue?.first?["gained"] == 1)
        #expect(json["cost"]?["currency"] == "EUR" && json["passed"] == false && json["failures"] == ["x"])
        #expect(json["faults"]?.arrayValue?.first?["line"] == 4)
    }

    @Test func `no text of a request can leave its place in markdown or command a terminal`() throws {
        let evil = #"a|b`c`\n# head\u001b[31m <img src=x> @someone"#
        let request = Fixture.request().replacing(#""id":"ada""#, with: #""id":"\#(evil)""#)
        let report = try Self.report(
            Self.lines + [#"{"\#(evil)":1}"#, Fixture.line(request), Fixture.line(#"{"subject":{"type":"\#(evil)"}}"#)])
        let markdown = report.markdown(most: 10, failures: ["too many"])
        #expect(markdown.hasPrefix("### Impact on recorded decisions\n\n") && markdown.contains("❌ **too many**"))
        #expect(markdown.contains("| **newly denied** | 2 | 50.00 % | 0.06 EUR |"), "\(markdown)")
        #expect(!markdown.contains("\u{1b}") && !markdown.contains("\n# head"))
        for line in markdown.split(separator: "\n") where line.contains("<img") || line.contains("@someone") {
            #expect(line.split(separator: "`").count { $0.contains("<img") } == 1 && line.last == "`", "\(line)")
        }
        #expect(markdown.components { $0 == "<" } == 2 * 2 * 4)
        #expect(!ImpactRenderer(color: false, most: 10).text(report).contains("\u{1b}"))
    }

    @Test(arguments: [
        ("0", 0, 10, true), ("0", 1, 10, false), ("3", 3, 10, true), ("3", 4, 10, false), ("10%", 1, 10, true), ("10%", 2, 10, false),
        ("0.000000001%", 1, 100_000_000_000, true), ("0.000000001%", 1, 99_999_999_999, false), ("0%", 0, 5, true), ("100%", 5, 5, true),
        ("33.333333333%", 1, 3, false), ("33.333333334%", 1, 3, true),
    ]) func `a limit is a number or an exact share`(_ text: String, _ count: Int, _ all: Int, _ isAllowed: Bool) throws {
        let limit = try #require(RecordLimit(text))
        #expect(limit.text == text)
        #expect(limit.allows(count, of: all) == isAllowed)
    }

    @Test(arguments: ["", "-1", "x", "1.5", "%", "-1%", "101%", "1%%", "0.0000000001%"]) func `what is no limit is refused`(_ text: String)
    {
        #expect(RecordLimit(text) == nil)
    }

    @Test func `a check fails where a limit is passed, and where nothing is known`() throws {
        let report = try Self.report(Self.lines)
        func failures(_ denials: String?, _ unreadable: String? = nil) -> Int {
            ImpactLimits(newDenials: denials.flatMap { RecordLimit($0) }, unreadable: unreadable.flatMap { RecordLimit($0) })
                .failures(of: report).count
        }
        #expect(failures(nil) == 0 && failures("2") == 0 && failures("1") == 1 && failures("66%") == 1 && failures("67%") == 0)
        #expect(failures(nil, "0") == 1 && failures("0", "0") == 2 && failures(nil, "25%") == 0)
        for lines in [[], ["", " "], ["nonsense"]] { #expect(ImpactLimits().failures(of: try Self.report(lines)).count == 1) }
    }
}

extension String {
    fileprivate func components(_ isCounted: (Character) -> Bool) -> Int { count(where: isCounted) }
}
