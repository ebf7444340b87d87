import Foundation
import JSON
import TestSupport
import Testing

/// The published decisions of the AuthZEN Todo scenario, where they are present.
enum TodoDecisions {
    /// Where they and the schemas of the standard are.
    static let folder = SharedFiles.path("conformance/authzen")

    static let json: JSONValue? = folder.flatMap { FileManager.default.contents(atPath: $0 + "/todo-decisions.json") }
        .flatMap { try? JSONParser.parse(Array($0)) }
}

/// `examples/authzen-todo` decides as the scenario asks.
@Suite(.enabled(if: TodoDecisions.json != nil, "the folder shared/conformance/authzen is absent")) struct TodoExampleTests {
    @Test("every published decision comes out as expected")
    func decisions() throws {
        let cases = try #require(TodoDecisions.json)
        var requests: [(request: JSONValue, expected: JSONValue?)] = []
        for item in try #require(cases["evaluation"]?.arrayValue) { requests.append((try #require(item["request"]), item["expected"])) }
        for item in try #require(cases["evaluations"]?.arrayValue) {
            let defaults = try #require(item["request"]?.objectValue)
            let evaluations = try #require(defaults["evaluations"]?.arrayValue)
            let expected = try #require(item["expected"]?.arrayValue)
            #expect(evaluations.count == expected.count)
            for (evaluation, expected) in zip(evaluations, expected) {
                // An item's own object replaces the whole default; nothing of the two is merged.
                var request = defaults
                request["evaluations"] = nil
                for member in evaluation.objectValue?.members ?? [] { request[member.name] = member.value }
                requests.append((.object(request), expected["decision"]))
            }
        }
        #expect(requests.count == 46)
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.todo(at: folder + "/todo")
            let bundle = folder + "/bundle"
            let made = try CharterProgram.run("compile", repository.path, "-o", bundle)
            #expect(made.status == 0, "\(made)")
            for (request, expected) in requests {
                let input = JSONWriter.text(request)
                let outcome = try CharterProgram.run("decide", bundle, "--request", "-", "--format", "json", input: input)
                #expect(outcome.status == 0, "\(input) \(outcome)")
                #expect(try outcome.json["decision"] == expected, "\(input) \(outcome)")
            }
        }
    }
}

/// What holds of the example without the published decisions.
@Suite struct TodoRepositoryTests {
    @Test("the example is valid, without a word of warning")
    func valid() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.todo(at: folder + "/todo")
            let outcome = try CharterProgram.run("validate", repository.path, "--format", "json")
            #expect(outcome.status == 0, "\(outcome)")
            #expect(try outcome.json["diagnostics"] == [])
        }
    }

    @Test("a todo whose owner a request leaves out is nobody's, and an unknown identity is nobody")
    func denials() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.todo(at: folder + "/todo")
            let bundle = folder + "/bundle"
            #expect(try CharterProgram.run("compile", repository.path, "-o", bundle).status == 0)
            for (subject, action) in [("morty", "can_update_todo"), ("rick", "can_read_everything"), ("nobody", "can_read_todos")] {
                let request = """
                    {"subject":{"type":"user","id":"\(subject)"},"action":{"name":"\(action)"},"resource":{"type":"todo","id":"1"}}
                    """
                let outcome = try CharterProgram.run("decide", bundle, "--request", "-", "--format", "json", input: request)
                #expect(try outcome.status == 0 && outcome.json["decision"] == false, "\(subject) \(action): \(outcome)")
            }
        }
    }
}
