import Foundation
import JSON
import TestSupport
import Testing

@Suite struct HTTPInputTests {
    /// A body that cannot be decided, and the member that is at fault.
    struct BadBody: Sendable, CustomTestStringConvertible {
        var what: String
        var body: [UInt8]
        var pointer: String
        var testDescription: String { what }

        init(_ what: String, _ body: [UInt8], _ pointer: String) {
            self.what = what
            self.body = body
            self.pointer = pointer
        }

        init(_ what: String, _ text: String, _ pointer: String) { self.init(what, Array(text.utf8), pointer) }

        /// The everyday request with one member, named by a pointer, replaced or (`nil`) removed.
        init(_ what: String, at place: String, _ value: JSONValue?, blaming pointer: String? = nil) {
            let path = place.split(separator: "/").map(String.init)
            self.init(what, JSONWriter.bytes(Self.replace(path[...], in: Requests.everyday, value)), pointer ?? place)
        }

        private static func replace(_ path: ArraySlice<String>, in json: JSONValue, _ value: JSONValue?) -> JSONValue {
            guard let name = path.first, var object = json.objectValue else { return json }
            object[name] = path.count == 1 ? value : replace(path.dropFirst(), in: object[name] ?? .object([:]), value)
            return .object(object)
        }
    }

    static let deep = String(repeating: "[", count: 5000) + String(repeating: "]", count: 5000)

    static let badBodies: [BadBody] = [
        BadBody("no subject", at: "/subject", nil),
        BadBody("no resource", at: "/resource", nil),
        BadBody("no action", at: "/action", nil),
        BadBody("no type of subject", at: "/subject/type", nil),
        BadBody("no id of subject", at: "/subject/id", nil),
        BadBody("no name of action", at: "/action/name", nil),
        BadBody("no id of resource", at: "/resource/id", nil),
        BadBody("empty id", at: "/subject/id", ""),
        BadBody("empty action", at: "/action/name", ""),
        BadBody("overlong id", at: "/resource/id", .string(String(repeating: "x", count: 2000))),
        BadBody("subject that is a string", at: "/subject", "ada"),
        BadBody("subject that is null", at: "/subject", .null),
        BadBody("id that is a number", at: "/subject/id", 7),
        BadBody("type that is a boolean", at: "/subject/type", true),
        BadBody("action that is an array", at: "/action", ["llm.chat"]),
        BadBody("resource that is an array", at: "/resource", []),
        BadBody("context that is an array", at: "/context", []),
        BadBody("context that is a string", at: "/context", "internal"),
        BadBody("properties that are a string", at: "/resource/properties", "eu"),
        BadBody("negative tokens", at: "/context/inputTokens", -1),
        BadBody("negative output", at: "/context/maxOutputTokens", -9_000_000_000_000_000),
        BadBody("tokens that are a string", at: "/context/inputTokens", "1200"),
        BadBody("tokens that are a fraction", at: "/context/inputTokens", 1.5),
        BadBody("tokens that are null", at: "/context/maxOutputTokens", .null),
        BadBody(
            "tokens beyond 64 bits",
            #"{"subject":{"type":"user","id":"ada"},"action":{"name":"llm.chat"},"#
                + #""resource":{"type":"model","id":"openai/gpt-5.4-mini"},"context":{"inputTokens":99999999999999999999}}"#,
            "/context/inputTokens"),
        BadBody("classification that is a number", at: "/context/dataClassification", 3),
        BadBody("empty body", "", ""),
        BadBody("blank body", "  \r\n ", ""),
        BadBody("an array", "[]", ""),
        BadBody("a string", "\"ada\"", ""),
        BadBody("null", "null", ""),
        BadBody("half an object", #"{"subject":{"type":"user""#, ""),
        BadBody("trailing comma", #"{"subject":{"type":"user","id":"ada"},}"#, ""),
        BadBody("two values", "{} {}", ""),
        BadBody("single quotes", "{'subject':1}", ""),
        BadBody("a comment", "{} // nothing", ""),
        BadBody("not a number", #"{"context":{"inputTokens":NaN}}"#, ""),
        BadBody("deep nesting", deep, ""),
        BadBody("deep nesting within", #"{"context":{"findings":"# + deep + "}}", ""),
        BadBody("duplicate members", #"{"subject":{"type":"user","id":"ada","id":"alan"}}"#, ""),
        BadBody("duplicate subject", #"{"subject":{"type":"user","id":"joan"},"subject":{"type":"user","id":"ada"}}"#, ""),
        BadBody("a lone surrogate", #"{"subject":{"type":"user","id":"\ud800"}}"#, ""),
        BadBody("invalid UTF-8", Array(#"{"subject":{"type":"user","id":""#.utf8) + [0xC3, 0x28] + Array("\"}}".utf8), ""),
        BadBody("overlong UTF-8", Array(#"{"subject":{"type":"user","id":""#.utf8) + [0xC0, 0xAF] + Array("\"}}".utf8), ""),
        BadBody("a byte order mark", [0xEF, 0xBB, 0xBF] + JSONWriter.bytes(Requests.everyday), ""),
        BadBody("UTF-16", Array("{\"subject\":1}".utf16.flatMap { [UInt8(truncatingIfNeeded: $0), 0] }), ""),
        BadBody("a raw NUL", Array("{\"subject\":\"".utf8) + [0] + Array("\"}".utf8), ""),
        BadBody("only zeros", [UInt8](repeating: 0, count: 4096), ""),
    ]

    @Test("a body that cannot be decided is answered 400 with a problem that names the member, and is never allowed")
    func badBodies() throws {
        try RunningCharter.serving { client in
            for bad in Self.badBodies {
                let answer = try client.post("/v1/decisions", bad.body)
                #expect(answer.status == 400, "\(bad.what): \(answer.text)")
                #expect(answer.fields["content-type"] == "application/problem+json", "\(bad.what)")
                let problem = try answer.json
                #expect(problem["status"] == 400, "\(bad.what)")
                #expect(problem["title"]?.stringValue?.isEmpty == false, "\(bad.what)")
                #expect(problem["errors"]?.arrayValue?.first?["pointer"]?.stringValue == bad.pointer, "\(bad.what): \(answer.text)")
                #expect(problem["errors"]?.arrayValue?.first?["detail"]?.stringValue?.isEmpty == false, "\(bad.what)")
                #expect(problem["decision"] == nil, "\(bad.what)")
                #expect(answer.body.count < 4096, "\(bad.what)")
            }
            #expect(try client.metric("charter_bad_requests_total") == Double(Self.badBodies.count))
            #expect(try client.metric("charter_decisions_total{decision=\"allow\"}") == 0)
            #expect(try client.decide(Requests.everyday).json["decision"] == true)
        }
    }

    @Test("whom and what nobody knows is denied, with a reason")
    func unknown() throws {
        try RunningCharter.serving { client in
            var unknownAction = Requests.everyday.objectValue ?? [:]
            unknownAction["action"] = ["name": "conquer"]
            var unknownType = Requests.everyday.objectValue ?? [:]
            unknownType["resource"] = ["type": "moon", "id": "luna"]
            let requests: [JSONValue] = [
                Requests.chat("nobody"), Requests.chat("ada\u{0}"), Requests.chat("ADA"), Requests.chat(model: "openai/none"),
                .object(unknownAction), .object(unknownType),
            ]
            for request in requests {
                let answer = try client.decide(request)
                #expect(answer.status == 200, "\(answer.text)")
                #expect(try answer.json["decision"] == false, "\(answer.text)")
                #expect(try answer.json["reasons"]?.arrayValue?.first?["message"]?.stringValue?.isEmpty == false, "\(answer.text)")
            }
        }
    }

    @Test("other paths, methods, types and sizes are answered 404, 405, 415 and 413, each with a problem")
    func protocolErrors() throws {
        try RunningCharter.serving { client in
            func expectProblem(_ answer: HTTPAnswer, _ status: Int) throws {
                #expect(answer.status == status, "\(answer.text)")
                #expect(answer.fields["content-type"] == "application/problem+json")
                #expect(try answer.json["status"] == .int(Int64(status)))
            }
            for path in ["/v1", "/v1/decision", "/v1/decisions/", "/v2/decisions", "/etc/passwd", "/%2f"] {
                try expectProblem(client.get(path), 404)
            }
            try expectProblem(client.post("/nowhere", []), 404)
            let notAllowed = try client.get("/v1/decisions/batch")
            try expectProblem(notAllowed, 405)
            #expect(notAllowed.fields["allow"]?.contains("POST") == true)
            for path in ["/v1/drift", "/v1/bundle", "/healthz", "/readyz", "/metrics"] {
                let answer = try client.post(path, [])
                try expectProblem(answer, 405)
                #expect(answer.fields["allow"]?.contains("GET") == true)
            }
            let body = JSONWriter.bytes(Requests.everyday)
            for type in ["text/plain", "application/x-www-form-urlencoded", "application/xml", "application/jsonp", ""] {
                try expectProblem(client.post("/v1/decisions", body, type: type), 415)
            }
            for type in ["application/json; charset=utf-8", "APPLICATION/JSON", "application/authzen+json"] {
                #expect(try client.post("/v1/decisions", body, type: type).json["decision"] == true)
            }
            try expectProblem(client.post("/v1/decisions", [UInt8](repeating: 0x20, count: 2 << 20)), 413)
            try expectProblem(client.send("GET /healthz HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: 40_000))\r\n\r\n"), 431)
            try expectProblem(client.send("nonsense\r\n\r\n"), 400)
            #expect(try client.get("/healthz").status == 200)
        }
    }

    @Test("HEAD is answered as GET is, without the body")
    func head() throws {
        try RunningCharter.serving { client in
            for path in ["/healthz", "/readyz", "/v1/bundle", "/v1/drift"] {
                let get = try client.get(path)
                let head = try client.get(path, method: "HEAD")
                #expect(head.status == 200)
                #expect(head.body.isEmpty)
                #expect(head.fields["content-type"] == get.fields["content-type"])
                #expect(head.fields["content-length"] == get.fields["content-length"])
            }
            #expect(try client.get("/nowhere", method: "HEAD").status == 404)
        }
    }

    @Test("the metrics are Prometheus text: every sample has a family, a help and a number, and decisions are counted")
    func metrics() throws {
        try RunningCharter.serving { client in
            _ = try client.decide(Requests.everyday)
            _ = try client.decide(Requests.costly)
            _ = try client.post("/v1/decisions", [])
            #expect(try client.metric("charter_decisions_total{decision=\"allow\"}") == 1)
            #expect(try client.metric("charter_decisions_total{decision=\"deny\"}") == 1)
            #expect(try client.metric("charter_bad_requests_total") == 1)
            #expect(try client.metric("charter_bundle_activations_total") == 1)
            let answer = try client.get("/metrics")
            #expect(answer.fields["content-type"]?.hasPrefix("text/plain; version=0.0.4") == true)
            #expect(answer.text.hasSuffix("\n"))
            var types: [Substring: Substring] = [:]
            var helps: Set<Substring> = []
            for line in answer.text.split(separator: "\n") {
                if let match = line.firstMatch(of: #/^# TYPE (\S+) (counter|gauge|histogram)$/#) {
                    #expect(types.updateValue(match.output.2, forKey: match.output.1) == nil, "\(line)")
                } else if let match = line.firstMatch(of: #/^# HELP (\S+) \S/#) {
                    helps.insert(match.output.1)
                } else {
                    let match = line.firstMatch(of: #/^([a-z_]+?)(_bucket|_sum|_count)?(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? (\S+)$/#)
                    let sample = try #require(match, "\(line)")
                    let base = sample.output.1
                    let whole = base + (sample.output.2 ?? "")
                    #expect(types[base] == "histogram" || types[whole] != nil, "\(line)")
                    #expect(helps.contains(base) || helps.contains(whole), "\(line)")
                    #expect(Double(sample.output.5) != nil, "\(line)")
                }
            }
        }
    }
}
