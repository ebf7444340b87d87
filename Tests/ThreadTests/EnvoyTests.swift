import JSON
import TestSupport
import Testing

/// Envoy's `ext_authz` over HTTP: 200 lets a request on, 403 does not.
@Suite struct EnvoyTests {
    /// What Envoy sends, and what it is answered.
    struct Case: Sendable {
        var what: String
        var method: String
        var path: String
        var fields: [(String, String)]
        var status: Int
        /// How the reason begins.
        var reason: String?

        init(
            _ what: String, _ method: String, _ path: String, _ fields: [(String, String)], _ status: Int, _ reason: String? = nil
        ) {
            (self.what, self.method, self.path, self.fields, self.status, self.reason) = (what, method, path, fields, status, reason)
        }
    }

    private static let morty = ("x-charter-subject-id", "morty")
    private static let todo = [
        ("x-charter-action", "can_create_todo"), ("x-charter-resource-type", "todo"), ("x-charter-resource-id", "1"),
    ]

    static let cases: [Case] = [
        Case("by fields", "POST", "/todos", [morty] + todo, 200),
        Case("with a type", "POST", "/todos", [("x-charter-subject-type", "user"), morty] + todo, 200),
        Case("denied by fields", "POST", "/todos", [("x-charter-subject-id", "beth")] + todo, 403, "no-permission: "),
        Case("by method and path", "GET", "/reports/q1", [morty], 200),
        Case("by method and path with a query", "GET", "/reports/q1?year=2026", [morty], 200),
        Case("by another path", "GET", "/secrets", [morty], 403, "no-permission: "),
        Case("the whole site", "GET", "/", [morty], 403, "no-permission: "),
        Case("by a method that the type does not have", "DELETE", "/reports/q1", [morty], 403, "unknown-action: "),
        Case("HEAD", "HEAD", "/reports/q1", [morty], 403),
        Case("OPTIONS", "OPTIONS", "/reports/q1", [morty], 403),
        Case("PROPFIND", "PROPFIND", "/reports/q1", [morty], 403),
        Case("nobody", "GET", "/reports/q1", [], 403, "bad-request: `x-charter-subject-id` is missing"),
        Case("an empty name", "GET", "/reports/q1", [("x-charter-subject-id", "")], 403, "bad-request: "),
        Case("a stranger", "GET", "/reports/q1", [("x-charter-subject-id", "eve")], 403, "unknown-subject: "),
        Case("another type", "GET", "/reports/q1", [("x-charter-subject-type", "robot"), morty], 403, "unknown-subject: "),
        Case("two names", "GET", "/reports/q1", [morty, ("x-charter-subject-id", "rick")], 403, "bad-request: "),
        Case("the same name twice", "GET", "/reports/q1", [morty, morty], 403, "bad-request: "),
        Case(
            "a name with letters that are none", "GET", "/reports/q1", [("x-charter-subject-id", "m\u{e9}\" x")], 403,
            "unknown-subject: there is no user `m?"),
        Case("a long name", "GET", "/reports/q1", [("x-charter-subject-id", String(repeating: "m", count: 2000))], 403, "bad-request: "),
        Case("a context", "GET", "/reports/q1", [morty, ("x-charter-context", #"{"a":1}"#)], 200),
        Case("a context that is none", "GET", "/reports/q1", [morty, ("x-charter-context", "a")], 403, "bad-request: "),
        Case("a context that is a list", "GET", "/reports/q1", [morty, ("x-charter-context", "[]")], 403, "bad-request: "),
        Case(
            "a context that would be more", "GET", "/reports/q1",
            [("x-charter-subject-id", "eve"), ("x-charter-context", #"{},"subject":{"type":"user","id":"morty"}"#)], 403, "bad-request: "),
        Case(
            "a context with everything twice", "GET", "/reports/q1", [morty, ("x-charter-context", #"{"a":1,"a":2}"#)], 403,
            "bad-request: "),
    ]

    /// The example with web pages, of which editors may read reports.
    private static func repository(_ path: String) throws -> TestRepository {
        let repository = try TestRepository.todo(at: path)
        try repository.replace(
            "  resourceTypes:\n", with: "  resourceTypes:\n    - {name: http, actions: [http.get, http.post]}\n", in: "organization.yaml")
        try repository.replace(
            "  inherits: [viewer]\n  permissions:\n",
            with: "  inherits: [viewer]\n  permissions:\n    - {actions: [http.get], resources: [\"http:/reports/*\"]}\n", in: "roles.yaml")
        try repository.commit("Add pages")
        return repository
    }

    @Test("each request is let on or held back, with fields that say why")
    func cases() throws {
        try RunningCharter.serving(Self.repository) { client in
            for item in Self.cases {
                let answer = try client.request(item.method, "/envoy/authz" + item.path, item.fields)
                #expect(answer.status == item.status, "\(item.what): \(answer.text) \(answer.fields)")
                #expect(answer.fields["x-charter-decision"] == (item.status == 200 ? "allow" : "deny"), "\(item.what)")
                if let reason = item.reason {
                    #expect(answer.fields["x-charter-reason"]?.hasPrefix(reason) == true, "\(item.what): \(answer.fields)")
                    // What Envoy shows to whoever is behind it tells nothing of who may what.
                    #expect(try answer.json["detail"] == "the request is denied", "\(item.what)")
                }
                let isDecided = item.reason?.hasPrefix("bad-request") != true
                #expect((answer.fields["x-charter-decision-id"]?.utf8.count == 36) == isDecided, "\(item.what)")
                #expect(answer.fields["x-charter-reason"]?.utf8.allSatisfy { (0x20..<0x7f).contains($0) } != false, "\(item.what)")
                #expect((answer.fields["x-charter-reason"]?.utf8.count ?? 0) <= 256, "\(item.what)")
            }
            #expect(
                try client.metric("charter_decisions_total{decision=\"allow\"}") == Double(Self.cases.filter { $0.status == 200 }.count))
            // Outside of the prefix there is nothing that could be taken for a yes.
            #expect(try client.request("GET", "/envoy/authz", [Self.morty]).status == 404)
            #expect(try client.request("GET", "/envoy/authz/reports/../secrets", [Self.morty]).status == 400)
        }
    }
}
