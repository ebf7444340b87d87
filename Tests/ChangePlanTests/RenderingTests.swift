import ChangePlan
import JSON
import Testing

@Suite struct RenderingTests {
    private static func user(_ number: Int) -> String {
        """
        kind: User
        metadata: {name: user-\(number)}
        spec: {email: user-\(number)@acme.example, displayName: "User \(number)", roles: [analyst]}
        """
    }

    @Test func `a comment is never longer than it may be, and says what was left out`() throws {
        var head: [String: String] = [:]
        for number in 0..<2_000 { head["user-\(number)"] = Self.user(number) }
        let plan = try PlanCase.plan(head)
        let text = PlanMarkdownRenderer().text(plan)
        #expect(text.utf16.count <= PlanMarkdownRenderer.limit)
        #expect(text.contains("**2000 documents added**") && text.contains("- 2000 subjects gain access"))
        #expect(text.contains("more, left out as a comment may not be longer"))
        // Nothing that was opened is left open.
        #expect(text.split(separator: "<details").count == text.split(separator: "</details>").count)
    }

    @Test func `what documents say cannot break out of a comment`() throws {
        let hostile = "`</details> @everyone <img src=x> **bold** [link](https://evil.example)\\n# title"
        let head = [
            "exemption": """
            kind: Exemption
            metadata: {name: hostile}
            spec: {subject: "user:ada", policies: [classified], reason: "\(hostile)", approver: bob, expires: "2026-06-30"}
            """
        ]
        let text = PlanMarkdownRenderer().text(try PlanCase.plan(head))
        let lines = text.split(separator: "\n").filter { $0.contains("everyone") }
        #expect(!lines.isEmpty)
        for line in lines {
            // Between back-quotes nothing is markup; outside of them every sign of it is escaped.
            let outside = line.split(separator: "`", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 0 }.map(
                \.element)
            for part in outside {
                let plain = part.replacing(#/\\[\\`*_\[\]<>|#@~]/#, with: "")
                #expect(!plain.contains("<") && !plain.contains("@") && !plain.contains("["), "\(line)")
            }
        }
        #expect(!text.contains("\n# title"))
    }

    @Test func `JSON holds what people are told, and a request for each effect`() throws {
        let plan = try PlanCase.plan(["analyst": PlanCase.documents["analyst", default: ""].replacing("one/*", with: "one/small")])
        let json = plan.json
        #expect(json["summary"]?["subjectsLosing"] == 1 && json["summary"]?["isDestructive"] == true)
        let change = json["access"]?.arrayValue?.first?["changes"]?.arrayValue?.first
        #expect(change?["resource"] == "model:one/large" && change?["before"] == "sometimes" && change?["after"] == "never")
        #expect(change?["lost"]?["request"]?["resource"]?["id"] == "one/large")
        #expect(change?["gained"] == nil)
    }

    @Test func `two runs say the same, byte by byte`() throws {
        let change = ["policy": PlanCase.documents["policy", default: ""].replacing("== \"restricted\"", with: "!= \"public\"")]
        let texts = try (0..<3).map { _ in JSONWriter.text(try PlanCase.plan(change).json) }
        #expect(Set(texts).count == 1)
    }
}
