import JSON
import TestSupport
import Testing

/// Who, what and which, over HTTP.
@Suite struct SearchAPITests {
    private static func todo(_ subject: String, _ action: String) -> JSONValue {
        [
            "subject": ["type": "user", "id": .string(subject)], "action": ["name": .string(action)],
            "resource": ["type": "todo", "id": "1"],
        ]
    }

    private static func search(
        _ client: HTTPClient, _ path: String, _ request: JSONValue, page: JSONValue? = nil
    ) throws -> HTTPAnswer {
        var object = try #require(request.objectValue)
        object["page"] = page
        return try client.post(path, JSONWriter.bytes(.object(object)))
    }

    @Test("subjects, actions and models are found, the same by both protocols, and each result is allowed")
    func results() throws {
        try RunningCharter.servingTodo { client in
            for root in ["/v1/search/subjects", "/access/v1/search/subject"] {
                let who = try Self.search(client, root, Self.todo("", "can_create_todo")).json
                #expect(who["results"]?.arrayValue?.map { $0["id"]?.stringValue } == ["morty", "rick", "summer"])
                #expect(who["page"]?["next_token"] == "")
                for id in ["morty", "rick", "summer"] {
                    #expect(try client.decide(Self.todo(id, "can_create_todo")).json["decision"] == true)
                }
            }
            for root in ["/v1/search/actions", "/access/v1/search/action"] {
                let what = try Self.search(client, root, Self.todo("beth", "x")).json
                #expect(what["results"] == [["name": "can_read_todos"]])
            }
            let unknown = try Self.search(client, "/v1/search/actions", Self.todo("eve", "x")).json
            #expect(unknown["results"] == [])
            #expect(unknown["reason"]?["code"] == "unknown-subject")
            let standard = try Self.search(client, "/access/v1/search/action", Self.todo("eve", "x")).json
            #expect(standard["context"]?["reasons"]?.arrayValue?.first?["code"] == "unknown-subject")
        }
        try RunningCharter.serving { client in
            let request = Requests.everyday
            let native = try Self.search(client, "/v1/search/resources", request).json
            let models = try #require(native["results"]?.arrayValue)
            #expect(models.contains(["type": "model", "id": "openai/gpt-5.4-mini"]))
            #expect(try Self.search(client, "/access/v1/search/resource", request).json["results"] == native["results"])
        }
    }

    @Test("pages follow each other by their tokens and come to the same as one page")
    func pages() throws {
        try RunningCharter.servingTodo { client in
            let request = Self.todo("", "can_read_todos")
            for root in ["/v1/search/subjects", "/access/v1/search/subject"] {
                let whole = try #require(Self.search(client, root, request).json["results"]?.arrayValue)
                #expect(whole.count == 5)
                var found: [JSONValue] = []
                var token = ""
                repeat {
                    let page = try Self.search(client, root, request, page: ["limit": 2, "token": .string(token)]).json
                    let results = try #require(page["results"]?.arrayValue)
                    #expect((1...2).contains(results.count))
                    found += results
                    token = try #require(page["page"]?["next_token"]?.stringValue)
                } while !token.isEmpty && found.count < 10
                #expect(found == whole)
            }
            let other = try Self.search(client, "/v1/search/subjects", request, page: ["limit": 2]).json["page"]?["next_token"]
            let stolen = try Self.search(
                client, "/v1/search/subjects", Self.todo("", "can_create_todo"), page: ["token": try #require(other)])
            #expect(stolen.status == 400)
            // Ours is an error, the standard's a page of what is possible.
            #expect(try Self.search(client, "/v1/search/subjects", request, page: ["limit": 1001]).status == 400)
            #expect(try Self.search(client, "/access/v1/search/subject", request, page: ["limit": 1001]).status == 200)
        }
    }

    @Test("resources whose ids nobody knows are refused with a word on what to do")
    func unlistable() throws {
        try RunningCharter.servingTodo { client in
            for root in ["/v1/search/resources", "/access/v1/search/resource"] {
                let answer = try Self.search(client, root, Self.todo("morty", "can_read_todos"))
                #expect(answer.status == 400)
                #expect(try answer.json["errors"]?.arrayValue?.first?["pointer"] == "/resource/type")
            }
            #expect(try client.post("/v1/search/planets", Array("{}".utf8)).status == 404)
        }
    }
}
