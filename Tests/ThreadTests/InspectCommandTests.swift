import Foundation
import JSON
import TestSupport
import Testing

/// `charter inspect --disassemble`, and what `inspect` tells of sections and index.
@Suite struct InspectCommandTests {
    private static let policy = """
        apiVersion: charter/v1
        kind: Policy
        metadata: {name: shown}
        spec:
          type: usage
          variables: [{name: big, expression: 'size(context.tools) > 3'}]
          rules:
            - {name: command, when: 'resource.id == "\\u001b[2J\\u009b" || context.purpose in ["hiring", "credit"]', effect: deny}
            - {name: match, when: 'resource.id.matches("^a+$")', effect: deny, message: '"no " + resource.id'}
            - {name: map, when: 'variables.big && context.tools.map(t, t + "x") == ["yx"]', effect: deny}

        """

    @Test("every condition is shown with its uses, its place and its instructions, constants readable and harmless")
    func disassembly() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            try repository.write(Self.policy, to: "policies/shown.yaml")
            try repository.commit("Show conditions")
            let bundle = folder + "/bundle"
            let made = try CharterProgram.run("compile", repository.path, "-o", bundle)
            #expect(made.status == 0, "\(made)")
            let human = try CharterProgram.run("inspect", bundle, "--disassemble")
            #expect(human.status == 0, "\(human)")
            #expect(human.output.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control })
            for text in [
                "rule command of policy shown  policies/shown.yaml:8", "message of rule match of policy shown  policies/shown.yaml:9",
                "variable 0 of policy shown", "permission 2 of role developer", #"\u{1B}[2J\u{009B}"#, #"{"credit", "hiring"}"#,
                #"pattern 0 "^a+$""#, "finish r0",
            ] { #expect(human.output.contains(text), "\(text)\n\(human)") }

            let json = try CharterProgram.run("inspect", bundle, "--disassemble", "--format", "json").json
            let conditions = try #require(json["conditionList"]?.arrayValue)
            #expect(json["conditions"] == .int(Int64(conditions.count)))
            for condition in conditions {
                #expect(condition["uses"]?.arrayValue?.isEmpty == false && condition["general"]?.arrayValue?.isEmpty == false)
                #expect((condition["graph"] == .null) == (condition["hasGraph"] == false))
                for use in condition["uses"]?.arrayValue ?? [] { #expect(use["source"]?.stringValue?.contains(".yaml:") == true) }
                for line in condition["graph"]?.arrayValue ?? [] { #expect(line.stringValue?.contains("malformed") == false) }
            }
            let rule = conditions.first { $0["uses"]?.arrayValue?.contains { $0["kind"] == "rule" && $0["rule"] == "command" } == true }
            #expect(rule?["slots"]?.arrayValue?.contains { $0["path"] == "context.purpose" } == true)
        }
    }

    @Test("sections and index add up")
    func sections() throws {
        try TemporaryFolder.with { folder in
            let bundle = folder + "/bundle"
            #expect(try CharterProgram.run("compile", TestRepository.acme(at: folder + "/acme").path, "-o", bundle).status == 0)
            let human = try CharterProgram.run("inspect", bundle)
            #expect(human.output.contains("\nsections:\n  code ") && human.output.contains("\nmatch index:\n"), "\(human)")
            #expect(!human.output.contains("condition 0"))
            let json = try CharterProgram.run("inspect", bundle, "--format", "json").json
            #expect(json["conditionList"] == nil)
            let sections = try #require(json["sections"]?.arrayValue).compactMap { $0["bytes"]?.intValue }
            let (sum, size) = (sections.reduce(0, +), try #require(json["bytes"]?.intValue))
            // Beside the sections there are the header, their table, and what fills them up to whole cache lines.
            #expect(sections == sections.sorted(by: >) && sum < size && sum > size - 64 - Int64(sections.count) * (24 + 64) - 64)
            let index = try #require(json["matchIndex"])
            #expect(index["policies"] == json["policies"])
            // Each policy has one anchor.
            let anchored = index["anchors"]?.arrayValue?.compactMap { $0["policies"]?.intValue }.reduce(0, +)
            #expect(anchored == json["policies"]?.intValue)
        }
    }
}
