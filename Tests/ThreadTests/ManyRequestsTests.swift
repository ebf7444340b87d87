import Foundation
import JSON
import TestSupport
import Testing

/// `charter decide --requests`, from outside.
@Suite struct ManyRequestsTests {
    private static func lines(_ text: String) -> [String] { text.split(separator: "\n").map(String.init) }

    @Test("every line is decided as alone; what is no request is reported with its number, and the others are decided")
    func lines() throws {
        try TemporaryFolder.with { folder in
            let (bundle, file) = (folder + "/bundle", folder + "/requests.jsonl")
            let made = try CharterProgram.run("compile", TestRepository.acme(at: folder + "/acme").path, "-o", bundle)
            #expect(made.status == 0, "\(made)")
            let (good, costly) = (JSONWriter.text(Requests.everyday), JSONWriter.text(Requests.costly))
            try Data("\(good)\n\n\(costly)\r\n".utf8).write(to: URL(fileURLWithPath: file))
            let both = try CharterProgram.run("decide", bundle, "--requests", file)
            #expect(both.status == 0 && both.errors.isEmpty, "\(both)")
            #expect(Self.lines(both.output) == ["allowed", "denied: about $0.8 needs an approver"], "\(both)")

            let input = "\(good)\n{\"subject\": 1}\nnonsense\n\(costly)"
            let human = try CharterProgram.run("decide", bundle, "--requests", "-", input: input)
            #expect(human.status == 1 && Self.lines(human.output).count == 2, "\(human)")
            #expect(Self.lines(human.errors).map { String($0.prefix(16)) } == ["charter: line 2:", "charter: line 3:"], "\(human)")

            let json = try CharterProgram.run("decide", bundle, "--requests", "-", "--format", "json", input: input)
            let answers = try Self.lines(json.output).map { try JSONParser.parse($0) }
            #expect(json.status == 1 && answers.count == 4, "\(json)")
            #expect(answers[0]["decision"] == true && answers[3]["decision"] == false)
            #expect(answers[1]["line"] == 2 && answers[1]["error"]?["pointer"] == "/subject")
            #expect(answers[2]["line"] == 3 && answers[2]["error"]?["pointer"] == "")
            let alone = try CharterProgram.run("decide", bundle, "--request", "-", "--format", "json", input: costly).json
            #expect(alone["reasons"] == answers[3]["reasons"] && alone["estimate"] == answers[3]["estimate"])

            let empty = try CharterProgram.run("decide", bundle, "--requests", "-")
            #expect(empty == Outcome(status: 0, output: "", errors: ""), "\(empty)")
            #expect(try CharterProgram.run("decide", bundle, "--requests", folder + "/none").isClearFailure(1, naming: "/none"))
            #expect(try CharterProgram.run("decide", bundle, "--requests", "-", "--request", "-").status == 64)
        }
    }

    @Test("a request cannot command the terminal")
    func terminal() throws {
        try TemporaryFolder.with { folder in
            let bundle = folder + "/bundle"
            #expect(try CharterProgram.run("compile", TestRepository.todo(at: folder + "/todo").path, "-o", bundle).status == 0)
            let input =
                #"{"subject":{"type":"user","id":"\u001b[2J\u009b\u202e"},"action":{"name":"x"},"resource":{"type":"todo","id":"1"}}"#
            let outcome = try CharterProgram.run("decide", bundle, "--requests", "-", input: input)
            #expect(outcome.output == "denied: there is no user `\\u{1b}[2J\\u{9b}\\u{202e}`\n", "\(outcome)")
        }
    }
}
