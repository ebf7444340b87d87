import Foundation
import JSON
import TestSupport
import Testing

/// Documents that are checked on top of what is in force.
@Suite struct ValidationTests {
    private func up(_ body: (HTTPClient) throws -> Void) throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/repository")
            try SharedPostgres.withDatabase { url, _ in
                let charter = try RunningCharter(up: repository.path, state: folder + "/state", database: url)
                try body(try charter.client())
                #expect(try charter.interrupt() == 0)
            }
        }
    }

    private func validate(_ client: HTTPClient, _ body: JSONValue) throws -> HTTPAnswer {
        try client.post("/v1/validate", JSONWriter.bytes(body))
    }

    private func user(_ name: String, _ spec: String) -> String {
        "apiVersion: charter/v1\nkind: User\nmetadata: {name: \(name)}\nspec: {\(spec)}\n"
    }

    @Test func `a good change is valid, says what it would do, and does nothing`() throws {
        try up { client in
            let text =
                user("barbara", "email: barbara@acme.example, roles: [developer]") + "---\n" + user("ada", "email: ada@elsewhere.example")
            for answer in [
                try validate(client, ["documents": .string(text)]),
                try client.post("/v1/validate", Array(text.utf8), type: "application/yaml"),
            ] {
                #expect(answer.status == 200)
                let json = try answer.json
                #expect(json["valid"] == true, "\(json)")
                #expect(json["commit"]?.stringValue == (try client.commitInForce()))
                let before = try client.get("/v1/bundle").json["documents"]?.intValue
                #expect(json["documents"]?.intValue == before.map { $0 + 1 })
                let plan = try #require(json["plan"])
                #expect(plan["counts"] == ["created": 1, "updated": 1, "deleted": 0])
                let created = try #require(plan["created"]?.arrayValue?.first)
                #expect(created["kind"] == "User")
                #expect(created["name"] == "barbara")
                #expect(
                    created["fields"]?.arrayValue?.contains(["field": "spec.email", "from": .null, "to": "barbara@acme.example"]) == true)
                let updated = try #require(plan["updated"]?.arrayValue?.first)
                #expect(updated["name"] == "ada")
                #expect(
                    updated["fields"]?.arrayValue?.contains(
                        ["field": "spec.email", "from": "ada@acme.example", "to": "ada@elsewhere.example"]) == true)
            }
            #expect(try client.get("/v1/users/barbara").status == 404)
            #expect(try client.get("/v1/users/ada").json["spec"]?["email"] == "ada@acme.example")
        }
    }

    @Test func `a change with errors gets the diagnostics that the command gives, and no plan`() throws {
        try up { client in
            let bad = user("barbara", "email: barbara@acme.example, roles: [develper]")
            let json = try validate(client, ["files": ["users/barbara.yaml": .string(bad)]]).json
            #expect(json["valid"] == false)
            #expect(json["plan"] == .null)
            let diagnostic = try #require(json["diagnostics"]?.arrayValue?.first { $0["severity"] == "error" })
            #expect(diagnostic["file"] == "users/barbara.yaml")
            #expect(diagnostic["line"] == 4)
            #expect(diagnostic["message"]?.stringValue?.contains("develper") == true)
            // The command says the same of a folder with that file.
            let broken = try validate(client, ["documents": "kind: [\n"]).json
            #expect(broken["valid"] == false)
            // Meaning is checked too, not only structure.
            let policy = """
                apiVersion: charter/v1
                kind: Policy
                metadata: {name: odd}
                spec:
                  type: usage
                  enforcement: strict
                  severity: low
                  match: {actions: [llm.chat]}
                  rules:
                    - {name: one, when: subject.nmae == "x", effect: deny}
                """
            let meaning = try validate(client, ["documents": .string(policy)]).json
            #expect(meaning["valid"] == false)
            #expect(meaning["diagnostics"]?.arrayValue?.contains { $0["message"]?.stringValue?.contains("nmae") == true } == true)
        }
    }

    @Test func `files and documents can be taken away, and what depended on them is told`() throws {
        try up { client in
            let fine = try validate(client, ["delete": ["Invariant/contractors-never-leave-europe"]]).json
            #expect(fine["valid"] == true, "\(fine)")
            #expect(fine["plan"]?["deleted"] == [["kind": "Invariant", "name": "contractors-never-leave-europe"]])
            let dangling = try validate(client, ["delete": ["teams/engineering.yaml", "Role/employee"]]).json
            #expect(dangling["valid"] == false)
            let guarded = try validate(client, ["delete": ["User/konrad"]]).json
            // Whether or not it can be compiled, it is not passed over in silence.
            #expect(guarded["valid"] == false || guarded["plan"]?["counts"]?["deleted"] == 1)
            // A file in the place of one that holds several documents takes away those that it does not have.
            let replaced = try validate(
                client, ["files": ["invariants/invariants.yaml": .string(user("barbara", "email: barbara@acme.example"))]]
            ).json
            #expect(replaced["plan"]?["counts"]?["created"] == 1)
            #expect((replaced["plan"]?["counts"]?["deleted"]?.intValue ?? 0) > 0)
        }
    }

    @Test func `what makes no sense is a problem that names the place`() throws {
        try up { client in
            let cases: [(body: JSONValue, pointer: String)] = [
                ([], ""), ([:], ""), (["documents": 7], "/documents"), (["document": "x"], "/document"), (["files": []], "/files"),
                (["files": ["a.txt": ""]], "/files/a.txt"), (["files": ["../a.yaml": ""]], "/files/..~1a.yaml"),
                (["files": ["a/.hidden/b.yaml": ""]], "/files/a~1.hidden~1b.yaml"), (["files": ["a.yaml": 1]], "/files/a.yaml"),
                (["delete": "x"], "/delete"), (["delete": ["User/nobody"]], "/delete/0"), (["delete": ["nowhere.yaml"]], "/delete/0"),
            ]
            for (body, pointer) in cases {
                let answer = try validate(client, body)
                #expect(answer.status == 400, "\(JSONWriter.text(body))")
                #expect(try answer.json["errors"]?.arrayValue?.first?["pointer"]?.stringValue == pointer, "\(JSONWriter.text(body))")
            }
            #expect(try client.post("/v1/validate", Array("{".utf8)).status == 400)
            #expect(try client.post("/v1/validate", Array("x".utf8), type: "text/plain").status == 415)
            #expect(try client.request("GET", "/v1/validate").status == 405)
        }
    }
}
