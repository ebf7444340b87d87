import Foundation
import JSON
import TestSupport
import Testing

/// `charter query`, from outside.
@Suite struct QueryCommandTests {
    private enum Example { case acme, todo }

    /// Calls `body` with the bundle of an example.
    private func withBundle<Value>(_ example: Example, _ body: (String) throws -> Value) throws -> Value {
        try TemporaryFolder.with { folder in
            let bundle = folder + "/bundle"
            let path = folder + "/repository"
            let repository = try example == .acme ? TestRepository.acme(at: path) : TestRepository.todo(at: path)
            let made = try CharterProgram.run("compile", repository.path, "-o", bundle)
            #expect(made.status == 0, "\(made)")
            return try body(bundle)
        }
    }

    private static let rick = "user:CiRmZDA2MTRkMy1jMzlhLTQ3ODEtYjdiZC04Yjk2ZjVhNTEwMGQSBWxvY2Fs"

    @Test("who, what and which print ids one a line, and the same as an AuthZEN search")
    func answers() throws {
        try withBundle(.todo) { bundle in
            let who = try CharterProgram.run(
                "query", "who", bundle, "--action", "can_update_todo", "--resource", "todo:1", "--properties",
                #"{"ownerID": "morty@the-citadel.com"}"#)
            #expect(who == Outcome(status: 0, output: "morty\nrick\n", errors: ""), "\(who)")
            let what = try CharterProgram.run("query", "what", bundle, "--subject", Self.rick, "--resource", "todo:1")
            #expect(what.status == 0 && what.output.split(separator: "\n").contains("can_delete_todo"), "\(what)")
            let json = try CharterProgram.run(
                "query", "what", bundle, "--subject", "user:beth", "--resource", "todo:1", "--format", "json")
            #expect(try json.status == 0 && json.json == ["results": [["name": "can_read_todos"]], "page": ["next_token": ""]], "\(json)")
            let accounts = try CharterProgram.run(
                "query", "who", bundle, "--action", "can_read_todos", "--resource", "todo:1", "--subject-type", "service-account")
            #expect(accounts == Outcome(status: 0, output: "", errors: "charter: nothing was found\n"), "\(accounts)")
            let unknown = try CharterProgram.run("query", "what", bundle, "--subject", "user:eve", "--resource", "todo:1")
            #expect(unknown == Outcome(status: 0, output: "", errors: "charter: there is no user `eve`\n"), "\(unknown)")
            let listed = try CharterProgram.run(
                "query", "which", bundle, "--subject", "user:beth", "--action", "can_read_todos", "--resource-type", "todo")
            #expect(listed.isClearFailure(1, naming: "cannot be listed"), "\(listed)")
        }
    }

    @Test("which lists the models that decide allows, for a context and at a time")
    func models() throws {
        try withBundle(.acme) { bundle in
            let context = #"{"inputTokens": 1200, "maxOutputTokens": 800, "dataClassification": "internal"}"#
            func which(_ options: String...) throws -> Outcome {
                let arguments = ["query", "which", bundle, "--subject", "user:ada", "--action", "llm.chat", "--context", context]
                let child = try ChildProgram([CharterProgram.path] + arguments + options, in: "/tmp")
                return Outcome(status: try child.wait(), output: child.output, errors: child.errors)
            }
            let all = try which("--all")
            #expect(all.status == 0 && all.errors.isEmpty, "\(all)")
            let models = all.output.split(separator: "\n").map(String.init)
            #expect(models.contains("openai/gpt-5.4-mini") && models.count > 2, "\(all)")
            // Long ago no model had a price, and what costs nobody knows how much is denied.
            #expect(try which("--now", "2001-01-01T00:00:00Z").output.split(separator: "\n").count < models.count)

            var paged: [String] = []
            var token = ""
            repeat {
                let page = token.isEmpty ? try which("--limit", "2") : try which("--limit", "2", "--page", token)
                #expect(page.status == 0, "\(page)")
                paged += page.output.split(separator: "\n").map(String.init)
                let next = page.errors.split(separator: " ")
                token = next.firstIndex(of: "--page").map { String(next[$0 + 1].prefix { $0 != "," }) } ?? ""
                #expect(token.isEmpty == page.errors.isEmpty, "\(page)")
            } while !token.isEmpty && paged.count < models.count
            #expect(paged == models)
            #expect(try which("--page", "nonsense").isClearFailure(1, naming: "/page/token"))
        }
    }

    @Test("what makes no sense is refused as usage, and what is wrong with the requests as input")
    func refused() throws {
        try withBundle(.todo) { bundle in
            func who(_ resource: String, _ options: String...) throws -> Outcome {
                let arguments = ["query", "who", bundle, "--action", "can_read_todos", "--resource", resource]
                let child = try ChildProgram([CharterProgram.path] + arguments + options, in: "/tmp")
                return Outcome(status: try child.wait(), output: child.output, errors: child.errors)
            }
            for resource in ["todo", "todo:", ":1"] { #expect(try who(resource).isClearFailure(64, naming: "TYPE:ID"), "\(resource)") }
            #expect(try who("todo:1", "--context", "[]").isClearFailure(64, naming: "--context"))
            #expect(try who("todo:1", "--context", "{").isClearFailure(1, naming: "not valid JSON"))
            #expect(try who("todo:1", "--context", #"{"inputTokens": "x"}"#).isClearFailure(1, naming: "/context/inputTokens"))
            #expect(try who("todo:1", "--properties", "7").isClearFailure(64, naming: "--properties"))
            #expect(try who("todo:1", "--now", "soon").isClearFailure(64, naming: "soon"))
            #expect(try who("todo:1", "--limit", "0").status == 64)
            #expect(try who("todo:1", "--all", "--limit", "1").status == 64)
            #expect(
                try CharterProgram.run("query", "which", bundle, "--subject", "ada", "--action", "x").isClearFailure(64, naming: "TYPE:ID"))
            let none = try CharterProgram.run("query", "who", bundle + ".none", "--action", "x", "--resource", "todo:1")
            #expect(none.isClearFailure(1, naming: ".none"), "\(none)")
        }
    }
}
