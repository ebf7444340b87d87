import Compression
import JSON
import TestSupport
import Testing

/// OPA's data API over HTTP.
@Suite struct OPATests {
    private static let allowed =
        #"{"subject":{"type":"user","id":"morty"},"action":{"name":"can_create_todo"},"resource":{"type":"todo","id":"1"}}"#
    private static let denied =
        #"{"subject":{"type":"user","id":"beth"},"action":{"name":"can_create_todo"},"resource":{"type":"todo","id":"1"}}"#

    /// A request, the status that it gets, and the document or the error in the answer.
    struct Case: Sendable {
        var what: String
        var method: String
        var path: String
        var body: [UInt8]?
        var status: Int
        var result: JSONValue?
        var code: String?
        /// Whether something is decided.
        var isDecided: Bool

        init(
            _ what: String, _ method: String, _ path: String, _ body: String? = nil, _ status: Int = 200, result: JSONValue? = nil,
            code: String? = nil, isDecided: Bool = false
        ) {
            (self.what, self.method, self.path, self.body) = (what, method, path, body.map { Array($0.utf8) })
            (self.status, self.result, self.code, self.isDecided) = (status, result, code, isDecided)
        }
    }

    private static func input(_ text: String) -> String { "{\"input\":\(text)}" }
    private static func query(_ text: String) -> String {
        text.utf8.map { "%" + (String($0, radix: 16).count == 1 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    static let cases: [Case] = [
        Case("allow", "POST", "/v1/data/charter/allow", input(allowed), result: true, isDecided: true),
        Case("deny", "POST", "/v1/data/charter/allow", input(denied), result: false, isDecided: true),
        Case("within the decision", "POST", "/v1/data/charter/decision/decision", input(denied), result: false, isDecided: true),
        Case("deep within it", "POST", "/v1/data/charter/decision/reasons/0/code", input(denied), result: "no-permission", isDecided: true),
        Case("nothing within it", "POST", "/v1/data/charter/decision/reasons/7", input(denied), isDecided: true),
        Case("nothing of the name", "POST", "/v1/data/charter/decision/none", input(denied), isDecided: true),
        Case(
            "white space", "POST", "/v1/data/charter/allow", " { \"other\" : [] , \"input\" : \(allowed) } ", result: true, isDecided: true),
        Case("by query", "GET", "/v1/data/charter/allow?input=\(query(allowed))", result: true, isDecided: true),
        Case("unknown path", "POST", "/v1/data/other/allow", input(allowed)),
        Case("unknown path below", "POST", "/v1/data/charter/allow/x", input(allowed)),
        Case("unknown path by query", "GET", "/v1/data/x?input=\(query(allowed))"),
        Case("no input", "POST", "/v1/data/charter/allow", "{}"),
        Case("no body", "POST", "/v1/data/charter/allow", ""),
        Case("no input by query", "GET", "/v1/data/charter/allow"),
        Case("bad JSON", "POST", "/v1/data/charter/allow", "{\"input\":", 400, code: "invalid_parameter"),
        Case("bad JSON for nothing", "POST", "/v1/data/x", "{\"input\":nul}", 400, code: "invalid_parameter"),
        Case(
            "bad JSON beside the input", "POST", "/v1/data/charter/allow", "{\"input\":\(allowed),\"x\":+1}", 400, code: "invalid_parameter"
        ),
        Case("a list", "POST", "/v1/data/charter/allow", "[]", 400, code: "invalid_parameter"),
        Case("bad JSON by query", "GET", "/v1/data/charter/allow?input=%7B", nil, 400, code: "invalid_parameter"),
        Case("an input that is no request", "POST", "/v1/data/charter/allow", input("{\"user\":\"bob\"}"), 400, code: "invalid_parameter"),
        Case("an input that is null", "POST", "/v1/data/charter/allow", input("null"), 400, code: "invalid_parameter"),
        Case("webhook", "POST", "/v0/data/charter/allow", allowed, result: true, isDecided: true),
        Case("webhook, denied", "POST", "/v0/data/charter/allow", denied, result: false, isDecided: true),
        Case("webhook of nothing", "POST", "/v0/data/other", allowed, 404, code: "undefined_document"),
        Case("webhook within nothing", "POST", "/v0/data/charter/decision/none", allowed, 404, code: "undefined_document", isDecided: true),
        Case("webhook without input", "POST", "/v0/data/charter/allow", "", 404, code: "undefined_document"),
        Case("webhook with bad JSON", "POST", "/v0/data/charter/allow", "{", 400, code: "invalid_parameter"),
        Case("webhook that is no request", "POST", "/v0/data/charter/allow", "{}", 400, code: "invalid_parameter"),
        Case("default", "POST", "/", allowed, result: true, isDecided: true),
        Case("default, denied", "POST", "/", denied, result: false, isDecided: true),
        Case("default without input", "POST", "/", "", 404, code: "undefined_document"),
        Case("default with bad JSON", "POST", "/", "nope", 400, code: "invalid_parameter"),
        Case("a policy", "PUT", "/v1/policies/example", "package x", 501, code: "invalid_operation"),
        Case("no policy", "DELETE", "/v1/policies/example", nil, 501, code: "invalid_operation"),
        Case("a query", "POST", "/v1/query", "{\"query\":\"true\"}", 501, code: "invalid_operation"),
        Case("a query by query", "GET", "/v1/query?q=true", nil, 501, code: "invalid_operation"),
        Case("partial evaluation", "POST", "/v1/compile", "{}", 501, code: "invalid_operation"),
        Case("a document", "PUT", "/v1/data/users", "{}", 501, code: "invalid_operation"),
        Case("a patch", "PATCH", "/v1/data/users", "[]", 501, code: "invalid_operation"),
        Case("no document", "DELETE", "/v1/data/users", nil, 501, code: "invalid_operation"),
        Case("health", "GET", "/health"), Case("health of bundles", "GET", "/health?bundles"),
        Case("health of plugins", "GET", "/health?plugins=true&bundle=true"),
    ]

    @Test("each request gets the status, the document and the error that OPA's clients expect")
    func cases() throws {
        try RunningCharter.servingTodo { client in
            for item in Self.cases {
                // OPA reads JSON whatever a body is said to be, as curl -d says of it.
                let answer = try client.request(
                    item.method, item.path, [("Content-Type", "application/x-www-form-urlencoded")], body: item.body)
                #expect(answer.status == item.status, "\(item.what): \(answer.text)")
                #expect(answer.fields["content-type"] == "application/json", "\(item.what)")
                let json = try answer.json
                let isRaw = item.path.hasPrefix("/v0") || item.path == "/"
                if isRaw, item.status == 200 {
                    #expect(json == item.result, "\(item.what)")
                } else {
                    #expect(json["result"] == item.result, "\(item.what): \(answer.text)")
                    #expect(json["code"]?.stringValue == item.code, "\(item.what)")
                    #expect((json["message"] != nil) == (item.code != nil), "\(item.what)")
                    #expect((json["decision_id"] != nil) == (item.isDecided && !isRaw), "\(item.what)")
                }
            }
            let decided =
                try #require(try client.metric("charter_decisions_total{decision=\"allow\"}"))
                + #require(try client.metric("charter_decisions_total{decision=\"deny\"}"))
            #expect(decided == Double(Self.cases.filter(\.isDecided).count))
        }
    }

    @Test("the documents hold each other: data, charter, decision and allow")
    func documents() throws {
        try RunningCharter.servingTodo { client in
            func result(_ path: String) throws -> JSONValue {
                let json = try client.post(path, Array(Self.input(Self.denied).utf8)).json
                let decision = json["result"]?["charter"]?["decision"] ?? json["result"]?["decision"] ?? json["result"]
                if decision?["id"] != nil { #expect(decision?["id"] == json["decision_id"]) }
                return try #require(json["result"])
            }
            let decision = try result("/v1/data/charter/decision")
            #expect(decision["decision"] == false)
            #expect(decision["reasons"]?.arrayValue?.count == 1)
            let package = try result("/v1/data/charter")
            #expect(package.objectValue?.members.map(\.name) == ["allow", "decision"])
            #expect(package["allow"] == false)
            #expect(package["decision"]?["reasons"] == decision["reasons"])
            let root = try result("/v1/data")
            #expect(root["charter"]?["decision"]?["reasons"] == decision["reasons"])
            let nothing = try client.post("/v1/data/charter/allow", Array("{}".utf8)).json
            #expect(nothing["warning"]?["code"] == "api_usage_warning")
        }
    }

    @Test("what is asked for beside the result is there: metrics, provenance, and text for people")
    func parameters() throws {
        try RunningCharter.servingTodo { client in
            let body = Array(Self.input(Self.allowed).utf8)
            let commit = try #require(try client.commitInForce())
            let plain = try client.post("/v1/data/charter/allow", body)
            #expect(try plain.json.objectValue?.members.map(\.name) == ["decision_id", "result"])
            #expect(!plain.text.contains("\n"))
            let all = try client.post(
                "/v1/data/charter/allow?pretty&metrics=true&provenance&instrument=true&explain=full&strict-builtin-errors", body)
            #expect(all.status == 200)
            #expect(all.text.contains("\n  \"result\": true"))
            let json = try all.json
            for timer in ["timer_rego_input_parse_ns", "timer_rego_query_eval_ns", "timer_server_handler_ns"] {
                #expect((json["metrics"]?[timer]?.intValue ?? 0) > 0, "\(timer)")
            }
            #expect(json["provenance"]?["bundles"]?["charter"]?["revision"] == .string(commit))
            #expect(json["provenance"]?["version"]?.stringValue?.isEmpty == false)
            let off = try client.post("/v1/data/charter/allow?pretty=false&metrics=false&provenance=0", body)
            #expect(try off.json.objectValue?.members.map(\.name) == ["decision_id", "result"])
            #expect(try client.post("/v0/data/charter?pretty=true", Array(Self.allowed.utf8)).text.contains("\n  \"allow\": true"))
            #expect(try client.post("/v1/data/charter/allow", body, type: "application/x-yaml").status == 415)
        }
    }

    private static func gzip(_ bytes: [UInt8]) throws -> [UInt8] { try #require(bytes.withUnsafeBytes { Gzip.deflate($0) }) }

    @Test("bodies come in gzip and answers go out in gzip, where that is asked for and worth it")
    func compression() throws {
        try RunningCharter.servingTodo { client in
            let body = try Self.gzip(Array(Self.input(Self.allowed).utf8))
            for encoding in ["gzip", "GZIP", "x-gzip"] {
                let answer = try client.request("POST", "/v1/data/charter/allow", [("Content-Encoding", encoding)], body: body)
                #expect(try answer.json["result"] == true)
            }
            #expect(try client.request("POST", "/", [("Content-Encoding", "gzip")], body: Self.gzip(Array(Self.denied.utf8))).json == false)
            let plain = Array(Self.input(Self.denied).utf8)
            #expect(try client.request("POST", "/v1/data/charter/allow", [("Content-Encoding", "br")], body: plain).status == 415)
            #expect(try client.request("POST", "/v1/data/charter/allow", [("Content-Encoding", "identity")], body: plain).status == 200)
            for accepted in ["gzip", "br;q=1.0, gzip;q=0.8", "*", "deflate, GZIP"] {
                let answer = try client.request("POST", "/v1/data?pretty&provenance&metrics", [("Accept-Encoding", accepted)], body: plain)
                #expect(answer.fields["content-encoding"] == "gzip", "\(accepted)")
                let limits = Gzip.Limits(bytes: 1 << 20, ratio: 1000, ratioFrom: 1 << 20)
                let text = try answer.body.withUnsafeBytes { try Gzip.inflate($0, limits: limits) }
                #expect(try JSONParser.parse(text)["result"]?["charter"]?["allow"] == false)
            }
            for refused in ["gzip;q=0", "br", "*;q=0", "identity", "gzip;q=0, *"] {
                let answer = try client.request("POST", "/v1/data?pretty&provenance&metrics", [("Accept-Encoding", refused)], body: plain)
                #expect(answer.fields["content-encoding"] == nil, "\(refused)")
                #expect(answer.body.count >= 1024)
            }
            let small = try client.request("POST", "/v1/data/charter/allow", [("Accept-Encoding", "gzip")], body: plain)
            #expect(small.fields["content-encoding"] == nil)
        }
    }

    @Test("a bomb is refused with 413, damaged gzip with 400, and the server goes on")
    func bombs() throws {
        try RunningCharter.servingTodo { client in
            let bombs = [
                try Self.gzip([UInt8](repeating: 0x20, count: 64 << 20)),
                try Self.gzip(Array("{\"input\":\"".utf8) + [UInt8](repeating: UInt8(ascii: "a"), count: 2 << 20) + Array("\"}".utf8)),
            ]
            for path in ["/v1/data/charter/allow", "/v0/data/charter/allow", "/", "/v1/decisions/batch", "/access/v1/evaluation"] {
                for bomb in bombs {
                    #expect(bomb.count < 100_000)
                    let answer = try client.request(
                        "POST", path, [("Content-Type", "application/json"), ("Content-Encoding", "gzip")], body: bomb)
                    #expect(answer.status == 413, "\(path): \(answer.text)")
                }
                for broken in [Array("{}".utf8), Array(bombs[0][..<100]), []] {
                    let answer = try client.request(
                        "POST", path, [("Content-Type", "application/json"), ("Content-Encoding", "gzip")], body: broken)
                    #expect(answer.status == 400, "\(path): \(answer.text)")
                }
            }
            #expect(try client.post("/", Array(Self.allowed.utf8)).json == true)
        }
    }
}
