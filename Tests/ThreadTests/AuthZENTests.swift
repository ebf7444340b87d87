import Foundation
import JSON
import TestSupport
import Testing

/// The OpenID AuthZEN Authorization API over HTTP, on the standard's own scenario.
@Suite struct AuthZENTests {
    static let rick = "CiRmZDA2MTRkMy1jMzlhLTQ3ODEtYjdiZC04Yjk2ZjVhNTEwMGQSBWxvY2Fs"
    static let morty = "CiRmZDE2MTRkMy1jMzlhLTQ3ODEtYjdiZC04Yjk2ZjVhNTEwMGQSBWxvY2Fs"
    static let beth = "CiRmZDM2MTRkMy1jMzlhLTQ3ODEtYjdiZC04Yjk2ZjVhNTEwMGQSBWxvY2Fs"

    static func user(_ id: String) -> JSONValue { ["type": "user", "id": .string(id)] }

    /// What morty may do.
    static let creation: JSONValue = [
        "subject": user(morty), "action": ["name": "can_create_todo"], "resource": ["type": "todo", "id": "1"],
    ]

    static func post(_ client: HTTPClient, _ path: String, _ request: JSONValue) throws -> HTTPAnswer {
        try client.post("/access/v1/" + path, JSONWriter.bytes(request))
    }

    @Test(
        "every published decision comes out as expected", .enabled(if: TodoDecisions.json != nil, "the folder shared/conformance is absent")
    )
    func published() throws {
        let cases = try #require(TodoDecisions.json)
        try RunningCharter.servingTodo { client in
            let single = try #require(cases["evaluation"]?.arrayValue)
            let many = try #require(cases["evaluations"]?.arrayValue)
            #expect(single.count + many.count == 43)
            for item in single {
                let answer = try Self.post(client, "evaluation", try #require(item["request"]))
                #expect(answer.status == 200)
                #expect(try answer.json["decision"] == item["expected"], "\(item)")
            }
            for item in many {
                let answer = try Self.post(client, "evaluations", try #require(item["request"]))
                #expect(answer.status == 200)
                let decisions = try #require(answer.json["evaluations"]?.arrayValue)
                #expect(decisions.map { $0["decision"] } == item["expected"]?.arrayValue?.map { $0["decision"] }, "\(item)")
            }
            let decided =
                try #require(try client.metric("charter_decisions_total{decision=\"allow\"}"))
                + #require(try client.metric("charter_decisions_total{decision=\"deny\"}"))
            #expect(decided == 46)
        }
    }

    private static let hasChecker =
        TodoDecisions.folder != nil
        && ["/usr/bin", "/usr/local/bin"].contains { FileManager.default.isExecutableFile(atPath: $0 + "/python3") }

    @Test(
        "requests and responses are valid against the standard's schemas",
        .enabled(if: hasChecker, "python3 or shared/conformance is absent"))
    func schemas() throws {
        let folder = try #require(TodoDecisions.folder)
        let cases = try #require(TodoDecisions.json)
        try TemporaryFolder.with { files in
            var requests: [String] = []
            var responses: [String] = []
            func write(_ bytes: [UInt8], _ name: String) throws -> String {
                try Data(bytes).write(to: URL(fileURLWithPath: "\(files)/\(name).json"))
                return "\(files)/\(name).json"
            }
            try RunningCharter.servingTodo { client in
                for (number, item) in (cases["evaluation"]?.arrayValue ?? []).enumerated() {
                    let request = JSONWriter.bytes(try #require(item["request"]))
                    requests.append(try write(request, "request-\(number)"))
                    responses.append(try write(try client.post("/access/v1/evaluation", request).body, "response-\(number)"))
                }
                for (number, item) in (cases["evaluations"]?.arrayValue ?? []).enumerated() {
                    let answer = try Self.post(client, "evaluations", try #require(item["request"]))
                    for (place, decision) in try #require(answer.json["evaluations"]?.arrayValue).enumerated() {
                        responses.append(try write(JSONWriter.bytes(decision), "response-\(number)-\(place)"))
                    }
                }
            }
            #expect(responses.count == 46)
            let script = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
                .appendingPathComponent("../../../deploy/check-json-schema.sh").standardizedFileURL.path
            func check(_ schema: String, _ files: [String]) throws -> Int32 {
                let child = try ChildProgram([script, "\(folder)/\(schema).schema.json"] + files, in: "/tmp")
                let status = try child.wait()
                if status != 0 { Issue.record("\(child.output)\n\(child.errors)") }
                return status
            }
            #expect(try check("evaluation-request", requests) == 0)
            #expect(try check("evaluation-response", responses) == 0)
            // The checker does find what is wrong.
            let wrong = try ChildProgram(
                [script, "\(folder)/evaluation-response.schema.json", try write(Array("{\"decision\":1}".utf8), "wrong")], in: "/tmp")
            #expect(try wrong.wait() == 1)
        }
    }

    @Test("a decision carries its id, its reasons and the bundle in its context, and the request's id comes back")
    func context() throws {
        try RunningCharter.servingTodo { client in
            let denied: JSONValue = [
                "subject": Self.user(Self.beth), "action": ["name": "can_create_todo"], "resource": ["type": "todo", "id": "1"],
            ]
            let answer = try client.request(
                "POST", "/access/v1/evaluation", [("Content-Type", "application/json"), ("X-Request-ID", "bfe9eb29-ab87")],
                body: JSONWriter.bytes(denied))
            #expect(answer.status == 200)
            #expect(answer.fields["x-request-id"] == "bfe9eb29-ab87")
            #expect(answer.fields["content-type"] == "application/json")
            let json = try answer.json
            #expect(json.objectValue?.members.map(\.name) == ["decision", "context"])
            #expect(json["decision"] == false)
            #expect(json["context"]?["id"]?.stringValue?.utf8.count == 36)
            #expect(json["context"]?["reasons"]?.arrayValue?.first?["code"] == "no-permission")
            #expect(json["context"]?["bundle"]?["digest"]?.stringValue?.hasPrefix("sha256:") == true)
            let broken = try client.request(
                "POST", "/access/v1/evaluation", [("Content-Type", "application/json"), ("X-Request-ID", "again")], body: [])
            #expect(broken.status == 400)
            #expect(broken.fields["x-request-id"] == "again")
        }
    }

    @Test("an item's own object replaces the whole default, and context is inherited as well")
    func defaults() throws {
        try RunningCharter.servingTodo { client in
            let request: JSONValue = [
                "subject": Self.user(Self.morty), "action": ["name": "can_update_todo"],
                "resource": ["type": "todo", "id": "1", "properties": ["ownerID": "morty@the-citadel.com"]],
                "evaluations": [
                    [:], ["resource": ["type": "todo", "id": "1"]], ["action": ["name": "can_read_todos"]],
                    ["subject": Self.user(Self.beth)],
                    ["subject": Self.user(Self.rick), "resource": ["type": "todo", "id": "2", "properties": ["ownerID": "x"]]],
                ],
            ]
            let answer = try Self.post(client, "evaluations", request).json
            #expect(answer["evaluations"]?.arrayValue?.map { $0["decision"] } == [true, false, true, false, true])
            #expect(answer["decision"] == nil)
        }
    }

    @Test("without evaluations the request is a single one", arguments: [nil, JSONValue.array([]), .null])
    func noEvaluations(_ evaluations: JSONValue?) throws {
        try RunningCharter.servingTodo { client in
            var request = try #require(Self.creation.objectValue)
            request["evaluations"] = evaluations
            let answer = try Self.post(client, "evaluations", .object(request))
            #expect(answer.status == 200)
            #expect(try answer.json["decision"] == true)
            #expect(try answer.json["evaluations"] == nil)
            request["resource"] = nil
            #expect(try Self.post(client, "evaluations", .object(request)).status == 400)
        }
    }

    struct Semantic: Sendable, CustomTestStringConvertible {
        var name: String?
        /// Whether morty may, `nil` for an item that is none.
        var asked: [Bool?]
        var answered: [Bool]
        var testDescription: String { "\(name ?? "none") \(asked)" }
    }

    static let semantics = [
        Semantic(name: nil, asked: [true, false, true], answered: [true, false, true]),
        Semantic(name: "execute_all", asked: [false, nil, true, false], answered: [false, false, true, false]),
        Semantic(name: "deny_on_first_deny", asked: [true, true, false, true], answered: [true, true, false]),
        Semantic(name: "deny_on_first_deny", asked: [true, nil, true], answered: [true, false]),
        Semantic(name: "deny_on_first_deny", asked: [true, true], answered: [true, true]),
        Semantic(name: "permit_on_first_permit", asked: [false, nil, true, false, true], answered: [false, false, true]),
        Semantic(name: "permit_on_first_permit", asked: [false, false], answered: [false, false]),
    ]

    @Test("evaluations end where their semantic says, and what is broken is denied with its error")
    func semantics() throws {
        try RunningCharter.servingTodo { client in
            for semantic in Self.semantics {
                let items = semantic.asked.map { asked -> JSONValue in
                    asked.map { ["action": ["name": $0 ? "can_create_todo" : "can_conquer"]] } ?? ["action": ["name": 7]]
                }
                var request: JSONObject = ["subject": Self.user(Self.morty), "resource": ["type": "todo", "id": "1"]]
                request["evaluations"] = .array(items)
                if let name = semantic.name { request["options"] = ["evaluations_semantic": .string(name), "other": 1] }
                let answer = try Self.post(client, "evaluations", .object(request))
                #expect(answer.status == 200)
                let evaluations = try #require(answer.json["evaluations"]?.arrayValue)
                #expect(evaluations.map { $0["decision"]?.boolValue } == semantic.answered, "\(semantic)")
                for (place, evaluation) in evaluations.enumerated() where semantic.asked[place] == nil {
                    let error = evaluation["context"]?["error"]
                    #expect(error?["status"] == 400)
                    #expect(error?["pointer"] == .string("/evaluations/\(place)/action/name"))
                    #expect(error?["message"]?.stringValue?.contains("must be a string") == true)
                }
            }
        }
    }

    @Test("the metadata name every endpoint, under the host that was asked, and each is there")
    func discovery() throws {
        try RunningCharter.servingTodo { client in
            let answer = try client.send(
                "GET /.well-known/authzen-configuration HTTP/1.1\r\nHost: 127.0.0.1:\(client.port)\r\nConnection: close\r\n\r\n")
            #expect(answer.status == 200)
            let json = try answer.json
            let base = "http://127.0.0.1:\(client.port)"
            #expect(json["policy_decision_point"] == .string(base))
            let endpoints = [
                "access_evaluation_endpoint", "access_evaluations_endpoint", "search_subject_endpoint", "search_resource_endpoint",
                "search_action_endpoint",
            ]
            for endpoint in endpoints {
                let url = try #require(json[endpoint]?.stringValue)
                #expect(url.hasPrefix(base + "/access/v1/"))
                #expect(try client.post(String(url.dropFirst(base.count)), Array("{}".utf8)).status == 400, "\(url)")
            }
            for host in ["evil.example/path", "a b", "\"><script>", "a@b", "a:b", "a:99999", "[::1", "[x]", "a?b", ""] {
                let answer = try client.send(
                    "GET /.well-known/authzen-configuration HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n")
                #expect(answer.status == 400, "\(host): \(answer.text)")
            }
            for host in ["pdp.example.com", "pdp.example.com:8181", "[::1]:80"] {
                let answer = try client.send(
                    "GET /.well-known/authzen-configuration HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n")
                #expect(try answer.json["policy_decision_point"] == .string("http://\(host)"))
            }
        }
    }
}
