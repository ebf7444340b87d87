import Foundation
import JSON
import TestSupport
import Testing

/// Many decisions in one request.
@Suite struct BatchTests {
    private func batch(_ requests: [JSONValue]) -> [UInt8] { JSONWriter.bytes(["requests": .array(requests)]) }

    /// A decision without what is different each time.
    private func essence(_ decision: JSONValue?) -> JSONValue? {
        var object = decision?.objectValue
        object?["id"] = nil
        return object.map { .object($0) }
    }

    @Test("each request of a batch is decided as it would be alone, in its place, with an id of its own, and is counted")
    func sameAsAlone() throws {
        try RunningCharter.serving { client in
            let requests = [Requests.everyday, Requests.costly, Requests.chat("nobody"), Requests.chat("alan")]
            let alone = try requests.map { essence(try client.decide($0).json) }
            let answer = try client.post("/v1/decisions/batch", batch(requests))
            #expect(answer.status == 200)
            let decisions = try #require(answer.json["decisions"]?.arrayValue)
            #expect(decisions.map { essence($0) } == alone)
            #expect(Set(decisions.map { $0["id"] }).count == requests.count)
            let brief = try client.post("/v1/decisions/batch?fields=decision", batch(requests)).json
            let briefDecisions = try #require(brief["decisions"]?.arrayValue)
            #expect(briefDecisions.map { $0["decision"] } == alone.map { $0?["decision"] })
            #expect(briefDecisions.allSatisfy { $0.objectValue?.members.map(\.name) == ["id", "decision"] })
            let allowed = try #require(try client.metric("charter_decisions_total{decision=\"allow\"}"))
            let denied = try #require(try client.metric("charter_decisions_total{decision=\"deny\"}"))
            #expect(allowed == Double(alone.filter { $0?["decision"] == true }.count * 3))
            #expect(allowed + denied == 12)
        }
    }

    @Test("what is wrong with one request is said in its place, and the others are decided")
    func brokenItems() throws {
        try RunningCharter.serving { client in
            let everyday = JSONWriter.text(Requests.everyday)
            let body = "{\"requests\":[\(everyday),{},7,{\"subject\":nul},[1,{\"a\":\"]\"}],\(everyday)]}"
            let answer = try client.post("/v1/decisions/batch", Array(body.utf8))
            #expect(answer.status == 200)
            let decisions = try #require(answer.json["decisions"]?.arrayValue)
            #expect(decisions.map { $0["decision"]?.boolValue } == [true, nil, nil, nil, nil, true])
            #expect(decisions[1]["error"]?["pointer"] == "/requests/1/subject")
            #expect(decisions[2]["error"]?["pointer"] == "/requests/2")
            #expect(decisions[3]["error"]?["detail"]?.stringValue?.contains("JSON") == true)
            #expect(try client.metric("charter_bad_requests_total") == 4)
        }
    }

    @Test(
        "what is logged of a batch is each request as it was sent, whether the batch could be read as a whole or not",
        arguments: [false, true])
    func loggedItems(isBroken: Bool) throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            #expect(try CharterProgram.run("compile", repository.path, "--output", folder + "/bundle").status == 0)
            let charter = try RunningCharter(
                ["serve", folder + "/bundle", "--listen", "127.0.0.1:0", "--decision-log", folder + "/log.jsonl"], in: folder)
            let client = try charter.client()
            let requests = [Requests.everyday, Requests.costly, Requests.chat("nobody"), Requests.everyday]
            let texts = requests.enumerated().map { JSONWriter.text($1, style: $0 % 2 == 0 ? .pretty : .compact) }
            let body =
                "{ \"a]\" : [\"]}\"], \"requests\" : [ \(texts.joined(separator: "\n , "))\(isBroken ? ",{\"a\":nul}" : "") ] , \"b\":{}}"
            let answer = try client.post("/v1/decisions/batch", Array(body.utf8))
            #expect(answer.status == 200)
            let decisions = try #require(answer.json["decisions"]?.arrayValue).filter { $0["error"] == nil }
            // What is not written five seconds after the end of the server stays in the spool.
            #expect(eventually { ((try? String(contentsOfFile: folder + "/log.jsonl", encoding: .utf8)) ?? "").count { $0 == "\n" } >= 4 })
            #expect(try charter.interrupt() == 0)
            let lines = try String(contentsOfFile: folder + "/log.jsonl", encoding: .utf8).split(separator: "\n").map {
                try JSONParser.parse(Array($0.utf8))
            }
            #expect(lines.map { $0["request"] } == requests)
            #expect(lines.map { $0["decision"]?["decision"] } == decisions.map { $0["decision"] })
            #expect(decisions.count == 4 && lines.map { $0["decision"]?["id"] ?? $0["id"] } == decisions.map { $0["id"] })
        }
    }

    @Test("a body that is no batch is a problem that names what is wrong")
    func badBatches() throws {
        let item = JSONWriter.text(Requests.everyday)
        let cases: [(body: String, pointer: String)] = [
            ("", ""), ("[]", ""), ("{", ""), ("{}", "/requests"), ("{\"requests\":{}}", "/requests"), ("{\"requests\":null}", "/requests"),
            ("{\"requests\":[\(item)}", ""), ("{\"requests\":[\(item),]}", "/requests"), ("{\"requests\":[]} x", ""),
            ("{\"requests\":[],\"requests\":[]}", ""), ("{\"requests\":[],\"reque\\u0073ts\":[]}", ""), ("{\"requests\":[{\"a\":\"]}", ""),
            ("{\((0..<256).map { "\"m\($0)\":0," }.joined())\"requests\":[]}", ""),
            ("{\"requests\":[\(Array(repeating: "1", count: 1001).joined(separator: ","))]}", "/requests"),
        ]
        try RunningCharter.serving { client in
            for (body, pointer) in cases {
                let answer = try client.post("/v1/decisions/batch", Array(body.utf8))
                #expect(answer.status == 400, "\(body.prefix(40)): \(answer.text.prefix(200))")
                #expect(
                    try answer.json["errors"]?.arrayValue?.first?["pointer"]?.stringValue == pointer, "\(body.prefix(40)): \(answer.text)")
            }
            #expect(try client.post("/v1/decisions/batch", Array("{\"requests\":[]}".utf8)).json == ["decisions": []])
            #expect(try client.post("/v1/decisions/batch?fields=all", Array("{\"requests\":[]}".utf8)).status == 400)
            #expect(try client.post("/v1/decisions/batch", Array("{\"requests\":[]}".utf8), type: "text/plain").status == 415)
            let most = "{\"requests\":[\(Array(repeating: "1", count: 1000).joined(separator: ","))]}"
            #expect(try client.post("/v1/decisions/batch", Array(most.utf8)).json["decisions"]?.arrayValue?.count == 1000)
        }
    }

    @Test("an explanation comes with the decision, and says what the rule's condition was made of")
    func explanation() throws {
        try RunningCharter.serving { client in
            let answer = try client.post("/v1/decisions/explain", JSONWriter.bytes(Requests.costly))
            #expect(answer.status == 200)
            let json = try answer.json
            #expect(json["decision"] == false)
            let policies = try #require(json["explanation"]?.arrayValue)
            let policy = try #require(policies.first { $0["policy"] == "costly-requests-need-approval" })
            #expect(policy["rules"]?.arrayValue?.contains { $0["outcome"] == "held" } == true)
            #expect(
                essence(json)?.objectValue.map { object in
                    var object = object
                    object["explanation"] = nil
                    return JSONValue.object(object)
                } == essence(try client.decide(Requests.costly).json))
            // The session that took notes does so no more.
            #expect(try client.decide(Requests.costly).json["explanation"] == nil)
            #expect(try client.post("/v1/decisions/explain", Array("{}".utf8)).json["errors"]?.arrayValue?.first?["pointer"] == "/subject")
            #expect(try client.metric("charter_decisions_total{decision=\"deny\"}") == 3)
        }
    }
}
