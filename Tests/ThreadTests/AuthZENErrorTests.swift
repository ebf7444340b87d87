import JSON
import TestSupport
import Testing

/// What the standard says of requests that are none.
@Suite struct AuthZENErrorTests {
    /// A request and the status that it gets.
    struct Case: Sendable {
        var what: String
        var path: String
        var body: [UInt8]
        var type: String? = "application/json"
        var status: Int
        /// The member at fault.
        var pointer: String?

        init(_ what: String, _ path: String, _ body: String, type: String? = "application/json", _ status: Int, _ pointer: String? = nil) {
            (self.what, self.path, self.body, self.type, self.status, self.pointer) = (what, path, Array(body.utf8), type, status, pointer)
        }
    }

    private static let subject = #""subject":{"type":"user","id":"morty"}"#
    private static let action = #""action":{"name":"can_create_todo"}"#
    private static let resource = #""resource":{"type":"todo","id":"1"}"#
    private static let whole = "{\(subject),\(action),\(resource)}"

    static let cases: [Case] = [
        Case("a whole request", "evaluation", whole, 200),
        Case("unknown members", "evaluation", "{\(subject),\(action),\(resource),\"other\":[1],\"options\":5}", 200),
        Case("unknown members within", "evaluation", #"{"subject":{"type":"user","id":"morty","x":{}},\#(action),\#(resource)}"#, 200),
        Case("an empty context", "evaluation", "{\(subject),\(action),\(resource),\"context\":{}}", 200),
        Case("a type with a parameter", "evaluation", whole, type: "application/json; charset=utf-8", 200),
        Case("no subject", "evaluation", "{\(action),\(resource)}", 400, "/subject"),
        Case("no action", "evaluation", "{\(subject),\(resource)}", 400, "/action"),
        Case("no resource", "evaluation", "{\(subject),\(action)}", 400, "/resource"),
        Case("no subject type", "evaluation", #"{"subject":{"id":"m"},\#(action),\#(resource)}"#, 400, "/subject/type"),
        Case("no subject id", "evaluation", #"{"subject":{"type":"user"},\#(action),\#(resource)}"#, 400, "/subject/id"),
        Case("no action name", "evaluation", #"{\#(subject),"action":{},\#(resource)}"#, 400, "/action/name"),
        Case("no resource type", "evaluation", #"{\#(subject),\#(action),"resource":{"id":"1"}}"#, 400, "/resource/type"),
        Case("no resource id", "evaluation", #"{\#(subject),\#(action),"resource":{"type":"todo"}}"#, 400, "/resource/id"),
        Case("a subject that is a string", "evaluation", #"{"subject":"m",\#(action),\#(resource)}"#, 400, "/subject"),
        Case("an id that is a number", "evaluation", #"{"subject":{"type":"user","id":1},\#(action),\#(resource)}"#, 400, "/subject/id"),
        Case("an action that is a string", "evaluation", #"{\#(subject),"action":"x",\#(resource)}"#, 400, "/action"),
        Case(
            "properties that are a list", "evaluation", #"{\#(subject),"action":{"name":"x","properties":[]},\#(resource)}"#, 400,
            "/action/properties"),
        Case("a context that is a list", "evaluation", "{\(subject),\(action),\(resource),\"context\":[]}", 400, "/context"),
        Case("text", "evaluation", whole, type: "text/plain", 400),
        Case("a form", "evaluation", whole, type: "application/x-www-form-urlencoded", 400),
        Case("an empty body", "evaluation", "", 400, ""),
        Case("bad JSON", "evaluation", "{\"subject\":", 400, ""),
        Case("no object", "evaluation", "[]", 400, ""),
        Case("a whole batch", "evaluations", "{\(subject),\(action),\"evaluations\":[{\(resource)}]}", 200),
        Case("text for a batch", "evaluations", "{\(subject),\(action),\"evaluations\":[{\(resource)}]}", type: "text/plain", 400),
        Case("an empty body for a batch", "evaluations", "", 400, ""),
        Case("bad JSON for a batch", "evaluations", "{\(subject),\"evaluations\":[{\"action\":}]}", 400, ""),
        Case("bad JSON beside a batch", "evaluations", "{\(whole.dropFirst().dropLast()),\"x\":nul,\"evaluations\":[{}]}", 400, ""),
        Case("a list for a batch", "evaluations", "[]", 400, ""),
        Case("evaluations that are an object", "evaluations", "{\(subject),\"evaluations\":{}}", 400, "/evaluations"),
        Case("evaluations that are a string", "evaluations", "{\(subject),\"evaluations\":\"all\"}", 400, "/evaluations"),
        Case("evaluations twice", "evaluations", "{\(subject),\"evaluations\":[{}],\"evaluations\":[]}", 400, ""),
        Case(
            "too many evaluations", "evaluations", "{\"evaluations\":[\(Array(repeating: "{}", count: 1001).joined(separator: ","))]}", 400,
            "/evaluations"),
        Case("a default that is a string", "evaluations", "{\"subject\":\"m\",\"evaluations\":[{}]}", 400, "/subject"),
        Case("a default that is null", "evaluations", "{\"action\":null,\"evaluations\":[{}]}", 400, "/action"),
        Case("a default context that is a list", "evaluations", "{\"context\":[],\"evaluations\":[{}]}", 400, "/context"),
        Case("options that are a list", "evaluations", "{\"options\":[],\"evaluations\":[{}]}", 400, "/options"),
        Case(
            "a semantic that is a number", "evaluations", "{\"options\":{\"evaluations_semantic\":1},\"evaluations\":[{}]}", 400,
            "/options/evaluations_semantic"),
        Case(
            "a semantic that is none", "evaluations", "{\"options\":{\"evaluations_semantic\":\"all\"},\"evaluations\":[{}]}", 400,
            "/options/evaluations_semantic"),
        Case("a whole search", "search/subject", "{\"subject\":{\"type\":\"user\"},\(action),\(resource)}", 200),
        Case("an id that is to be ignored", "search/subject", "{\"subject\":{\"type\":\"user\",\"id\":5},\(action),\(resource)}", 200),
        Case("a search for actions with an action", "search/action", "{\(subject),\"action\":7,\(resource)}", 200),
        Case("a search without its subject", "search/subject", "{\(action),\(resource)}", 400, "/subject"),
        Case("a search without a type", "search/subject", "{\"subject\":{},\(action),\(resource)}", 400, "/subject/type"),
        Case("a search without an action", "search/subject", "{\"subject\":{\"type\":\"user\"},\(resource)}", 400, "/action"),
        Case("a search without a resource", "search/subject", "{\"subject\":{\"type\":\"user\"},\(action)}", 400, "/resource"),
        Case("a search for resources without one", "search/resource", "{\(subject),\(action)}", 400, "/resource"),
        Case(
            "a search for resources without a subject", "search/resource", "{\(action),\"resource\":{\"type\":\"todo\"}}", 400, "/subject"),
        Case("a search for actions without a subject", "search/action", "{\(resource)}", 400, "/subject"),
        Case("a search for actions without a resource", "search/action", "{\(subject)}", 400, "/resource"),
        Case("text for a search", "search/subject", "{\"subject\":{\"type\":\"user\"},\(action),\(resource)}", type: "text/plain", 400),
        Case("an empty body for a search", "search/action", "", 400, ""),
        Case("bad JSON for a search", "search/action", "{", 400, ""),
        Case("a page that is a list", "search/action", "{\(subject),\(resource),\"page\":[]}", 400, "/page"),
        Case("a token that is none", "search/action", "{\(subject),\(resource),\"page\":{\"token\":\"x\"}}", 400, "/page/token"),
        Case("a limit of nothing", "search/action", "{\(subject),\(resource),\"page\":{\"limit\":0}}", 400, "/page/limit"),
    ]

    @Test("each rule for requests that are none holds")
    func errors() throws {
        try RunningCharter.servingTodo { client in
            for item in Self.cases {
                let answer = try client.post("/access/v1/" + item.path, item.body, type: item.type)
                #expect(answer.status == item.status, "\(item.what): \(answer.text)")
                guard item.status == 400 else { continue }
                let problem = try answer.json
                #expect(answer.fields["content-type"] == "application/problem+json", "\(item.what)")
                #expect(problem["decision"] == nil, "\(item.what)")
                #expect(problem["detail"]?.stringValue?.isEmpty == false, "\(item.what)")
                if let pointer = item.pointer {
                    #expect(problem["errors"]?.arrayValue?.first?["pointer"]?.stringValue == pointer, "\(item.what): \(answer.text)")
                }
            }
            #expect(try client.metric("charter_bad_requests_total") == Double(Self.cases.filter { $0.status == 400 }.count))
            for path in ["evaluation", "evaluations", "search/subject", "search/resource", "search/action"] {
                #expect(try client.get("/access/v1/" + path).status == 405)
            }
        }
    }
}
