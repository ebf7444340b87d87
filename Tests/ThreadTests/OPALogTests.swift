import Compression
import Foundation
import JSON
import TestSupport
import Testing

/// OPA's decision log API: what we send, we take; what OPA sends, we take; and nothing that is wrong.
@Suite struct OPALogTests {
    private static func lines(_ path: String) throws -> [JSONValue] {
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        // The last one may be in the midst of being written.
        let whole = text.lastIndex(of: "\n").map { text[..<$0] } ?? ""
        return try whole.split(separator: "\n").map { try JSONParser.parse(Array($0.utf8)) }
    }

    private static func time(_ offset: TimeInterval = 0) -> String {
        ISO8601DateFormatter().string(from: Date().addingTimeInterval(offset))
    }

    /// An event as OPA 1.x writes it.
    private static func event(_ more: String = "", id: String = "4ca636c1-55e4-417a-b1d8-4aceb67960d1", time: String = time()) -> String {
        #"{"labels":{"app":"x","id":"1780d507-aea2-45cc-ae50-fa153c8e4a5a","version":"v1.4.2"},"decision_id":"\#(id)","#
            + #""bundles":{"authz":{"revision":"r1"}},"path":"http/example/authz/allow","requested_by":"10.0.0.1:59943","#
            + #""timestamp":"\#(time)","metrics":{"timer_server_handler_ns":120000},"req_id":3\#(more)}"#
    }

    private static func gzip(_ text: String) -> [UInt8] { Array(text.utf8).withUnsafeBytes { Gzip.deflate($0) } ?? [] }

    private static func post(_ client: HTTPClient, _ text: String) throws -> HTTPAnswer {
        try client.request(
            "POST", "/logs", [(name: "Content-Type", value: "application/json"), (name: "Content-Encoding", value: "gzip")],
            body: gzip(text))
    }

    @Test func `what one server sends, another logs, each decision once, and it is not sent in a circle`() throws {
        try ServedTodo.with { todo in
            let ring = try UploadReceiver()
            defer { ring.stop() }
            let file = todo.folder + "/central.jsonl"
            let central = try todo.serve("central", "--decision-log", file, "--opa-log", ring.url)
            let client = try central.client()
            let edge = try todo.serve("edge", "--opa-log", "http://127.0.0.1:\(client.port)")
            let asked = try edge.client()
            for number in 0..<300 {
                let body = Array((number % 3 == 0 ? ServedTodo.denied : ServedTodo.allowed).utf8)
                #expect(try asked.request("POST", "/v1/decisions", [(name: "X-Request-ID", value: "r\(number)")], body: body).status == 200)
            }
            #expect(try eventually { try Self.lines(file).count >= 300 })
            #expect(try edge.interrupt() == 0)
            #expect(try client.post("/v1/decisions", Array(ServedTodo.allowed.utf8)).status == 200)
            #expect(try eventually { try Self.lines(file).count >= 301 && !ring.all.isEmpty })
            let lines = try Self.lines(file)
            #expect(lines.count == 301)
            let foreign = lines.dropLast()
            #expect(Set(foreign.compactMap { $0["id"]?.stringValue }).count == 300)
            #expect(foreign.allSatisfy { $0["path"]?.stringValue == "opa:/v1/decisions" })
            #expect(foreign.filter { $0["decision"]?["decision"]?.boolValue == false }.count == 100)
            #expect(foreign.compactMap { $0["requestId"]?.stringValue } == (0..<300).map { "r\($0)" })
            #expect(foreign.allSatisfy { $0["decision"]?["bundle"]?["commit"]?.stringValue != nil })
            #expect(foreign.first?["request"]?["subject"]?["id"]?.stringValue == "beth")
            #expect(try client.metric("charter_opa_log_decisions_total") == 300)
            #expect(try central.interrupt() == 0)
            #expect(try ring.events("/logs").count == 1)
        }
    }

    @Test func `events of OPA are logged, and only a result that allows is a permission`() throws {
        try ServedTodo.with { todo in
            let file = todo.folder + "/log.jsonl"
            let charter = try todo.serve("a", "--decision-log", file)
            let client = try charter.client()
            let results = [
                (",\"result\":true", true), (",\"result\":{\"allow\":true}", true), (",\"result\":{\"decision\":true}", true),
                (",\"result\":{\"allowed\":true,\"headers\":{}}", true), ("", false), (",\"result\":\"true\"", false),
                (",\"result\":1", false), (",\"result\":{\"allow\":\"yes\"}", false),
                (",\"result\":{\"allow\":true,\"decision\":false}", false),
                (",\"result\":true,\"error\":{\"code\":\"eval_conflict\"}", false), (",\"result\":{}", false),
                (",\"result\":[true]", false),
            ]
            let input =
                #","input":{"subject":{"type":"user","id":"ada"},"action":{"name":"read"},"resource":{"type":"doc","id":"7"},"n":1.50}"#
            let trace = #","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b7""#
            let events = results.enumerated().map { number, result in
                Self.event(result.0 + input + trace, id: "4ca636c1-55e4-417a-b1d8-0000000000\(number + 10)")
            }
            let answer = try Self.post(client, "[\(events.joined(separator: ",\n"))]")
            #expect(answer.status == 200)
            #expect(try eventually { try Self.lines(file).count >= results.count })
            let lines = try Self.lines(file)
            #expect(lines.map { $0["decision"]?["decision"]?.boolValue } == results.map(\.1))
            let first = try #require(lines.first)
            #expect(first["path"]?.stringValue == "opa:http/example/authz/allow")
            #expect(first["caller"]?.stringValue == "anonymous")
            #expect(first["remote"]?.stringValue == "10.0.0.1:59943")
            #expect(first["nanoseconds"]?.intValue == 120_000)
            #expect(first["traceId"]?.stringValue == "4bf92f3577b34da6a3ce929d0e0e4736")
            #expect(first["decision"]?["bundles"]?["authz"]?["revision"]?.stringValue == "r1")
            #expect(first["decision"]?["labels"]?["version"]?.stringValue == "v1.4.2")
            #expect(try String(contentsOfFile: file, encoding: .utf8).contains("\"n\":1.50"))
            // Plain bodies are taken as well.
            #expect(try client.post("/logs", Array("[\(Self.event())]".utf8)).status == 200)
            #expect(try client.post("/logs", Array("[]".utf8)).status == 200)
            #expect(try eventually { try Self.lines(file).count >= results.count + 1 })
        }
    }

    /// More than an event may have, and no easy prey for compression.
    private static let noise: String = {
        var generator = SeededGenerator(seed: 3)
        return (0..<70_000).map { _ in String(UInt64.random(in: 0...UInt64.max, using: &generator), radix: 16) }.joined()
    }()

    /// What is wrong, and where it is said to be.
    static let bad: [(body: String, pointer: String)] = [
        ("{}", ""), ("[", ""), ("[1]", "/0"), ("[\(event()),{}]", "/1/timestamp"), ("[\(event(id: "x"))]", "/0/decision_id"),
        ("[\(event(id: "+ca636c1-55e4-417a-b1d8-4aceb67960d1"))]", "/0/decision_id"), ("[\(event(time: "yesterday"))]", "/0/timestamp"),
        ("[\(event(time: "2026-02-30T00:00:00Z"))]", "/0/timestamp"), ("[\(event(time: time(-40 * 86_400)))]", "/0/timestamp"),
        ("[\(event(time: time(2 * 86_400)))]", "/0/timestamp"), ("[\(event()),\(event(#","trace_id":"abc""#))]", "/1/trace_id"),
        ("[\(event(#","metrics":[]"#))]", ""),
        ("[\(event(#","span_id":7,"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736""#))]", "/0/span_id"),
        ("[\(event()),\(event(#","input":"\#(noise)""#))]", "/1"),
    ]

    @Test func `of a body with anything wrong nothing is taken, and it is told what is`() throws {
        try ServedTodo.with { todo in
            let file = todo.folder + "/log.jsonl"
            let charter = try todo.serve("a", "--decision-log", file)
            let client = try charter.client()
            for (body, pointer) in Self.bad {
                let answer = try Self.post(client, body)
                #expect(answer.status == 400, "\(body.prefix(300))")
                let found = try answer.json["errors"]?.arrayValue?.first?["pointer"]?.stringValue
                #expect(found == pointer, "\(answer.text)")
            }
            #expect(try client.metric("charter_decision_log_taken_decisions") == 0)
            // A body that unfolds to more than is taken.
            #expect(try Self.post(client, "[\(String(repeating: " ", count: 8 << 20))]").status == 413)
            let broken = try client.request("POST", "/logs", [(name: "Content-Encoding", value: "gzip")], body: Array("[]".utf8))
            #expect(broken.status == 400)
            #expect(try client.metric("charter_decision_log_taken_decisions") == 0)
            #expect(try charter.interrupt() == 0)
        }
        try ServedTodo.with { todo in
            let charter = try todo.serve("a", "--no-decision-log")
            #expect(try Self.post(charter.client(), "[\(Self.event())]").status == 501)
        }
    }
}
