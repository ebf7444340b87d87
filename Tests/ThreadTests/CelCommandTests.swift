import Foundation
import JSON
import TestSupport
import Testing

@Suite struct CelCommandTests {
    @Test("an expression is evaluated with its input, and told about as asked")
    func evaluation() throws {
        let plain = try CharterProgram.run("cel", "a > 100 && b.startsWith('x')", "--input", #"{"a": 150, "b": "xy"}"#)
        #expect(plain.status == 0 && plain.output == "true  (bool)\n", "\(plain)")
        let told = try CharterProgram.run(
            "cel", "a + 1 == 3", "--input", #"{"a": 2}"#, "--explain", "--cost", "--disassemble", "--format", "json")
        #expect(told.status == 0, "\(told)")
        let json = try told.json
        #expect(json["result"] == "true" && json["type"] == "bool")
        let parts = try #require(json["parts"]?.arrayValue)
        #expect(parts.contains { $0["text"] == "a + 1" && $0["value"] == "3" && $0["start"] == 0 && $0["end"] == 5 })
        let steps = try #require(json["cost"]?["steps"]?.intValue)
        let worst = try #require(json["cost"]?["worst"]?.intValue)
        #expect(steps > 0 && steps <= worst)
        #expect(json["disassembly"]?.stringValue?.contains("finish") == true)
    }

    @Test(
        "what cannot be evaluated is a clear failure",
        arguments: [
            ("1 / 0", "{}", 1, "divide by zero"), ("1 +", "{}", 1, "expected an expression"),
            ("a.startWith('x')", #"{"a": "x"}"#, 1, "startsWith"),
            ("a", "[]", 64, "JSON object"), ("a", "{", 1, "not valid JSON"),
        ])
    func failures(expression: String, input: String, status: Int32, message: String) throws {
        let outcome = try CharterProgram.run("cel", expression, "--input", input)
        #expect(outcome.status == status && (outcome.output + outcome.errors).contains(message), "\(outcome)")
    }

    @Test("conformance cases are run, failures named, and the last line counts")
    func conformance() throws {
        try TemporaryFolder.with { folder in
            let cases =
                #"[{"id": "own/sum", "expr": "1 + 1", "value": {"int64Value": "2"}}, {"id": "own/wrong", "expr": "1 + 1", "value": {"int64Value": "3"}}]"#
            try Data(cases.utf8).write(to: URL(fileURLWithPath: folder + "/own.json"))
            let outcome = try CharterProgram.run("cel", "conformance", folder)
            #expect(outcome.status == 1 && outcome.output.contains("own/wrong"), "\(outcome)")
            #expect(outcome.output.hasSuffix("1 passed, 1 failed\n"))
            #expect(try CharterProgram.run("cel", "conformance", folder + "/missing").isClearFailure(1, naming: "missing"))
        }
    }
}
