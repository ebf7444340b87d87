import Foundation
import JSON
import TestSupport
import Testing

/// The server's log of itself.
@Suite struct ServerLogTests {
    private static func lines(_ text: String) throws -> [JSONValue] {
        try text.split(separator: "\n").map { try JSONParser.parse(Array($0.utf8)) }
    }

    @Test func `each line is an object of JSON, findings and the end too`() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.todo(at: folder + "/repository")
            let charter = try RunningCharter(
                ["up", repository.path, "--state", folder + "/state", "--listen", "127.0.0.1:0", "--log-format", "json"])
            _ = try charter.client()
            #expect(try charter.interrupt() == 0)
            let lines = try Self.lines(charter.program.errors)
            #expect(!lines.isEmpty)
            for line in lines {
                #expect(line["time"]?.stringValue?.count == 24)
                #expect(line["logger"]?.stringValue == "charter")
                #expect(line["message"]?.stringValue?.isEmpty == false)
            }
            #expect(lines.contains { $0["message"]?.stringValue?.hasPrefix("reconciling") == true && $0["level"]?.stringValue == "info" })
            let failed = try CharterProgram.run("serve", "/nowhere", "--log-format", "json", "--log-level", "error")
            #expect(failed.status != 0)
            #expect(try Self.lines(failed.errors).map { $0["level"]?.stringValue } == ["critical"])
        }
    }

    @Test func `less than the wanted level is not written`() throws {
        try ServedTodo.with { todo in
            for (level, isTold) in [("warning", false), ("debug", true)] {
                let charter = try todo.serve(level, "--log-level", level)
                _ = try charter.client()
                #expect(try charter.interrupt() == 0)
                #expect(charter.program.errors.isEmpty != isTold, "\(charter.program.errors)")
            }
        }
    }

    @Test func `a request is a line with its route and without what was in it`() throws {
        try ServedTodo.with { todo in
            let charter = try todo.serve("a", "--access-log", "--log-level", "warning")
            let client = try charter.client()
            let fields = [(name: "X-Request-ID", value: "r1"), (name: "Authorization", value: "Bearer s3cret")]
            #expect(try client.request("POST", "/v1/decisions?x=s3cret", fields, body: Array(ServedTodo.allowed.utf8)).status == 200)
            #expect(try client.request("POST", "/v1/decisions", fields, body: Array(ServedTodo.allowed.utf8)).status == 200)
            #expect(try client.get("/s3cret?token=s3cret").status == 404)
            #expect(try client.send("NONSENSE\r\n\r\n").status == 400)
            #expect(try charter.interrupt() == 0)
            let errors = charter.program.errors
            #expect(!errors.contains("s3cret") && !errors.contains("morty"))
            let lines = try Self.lines(errors)
            #expect(lines.map { $0["status"]?.intValue } == [200, 200, 404, 400])
            #expect(lines.map { $0["route"]?.stringValue } == ["/v1/decisions", "/v1/decisions", "none", "none"])
            #expect(lines.map { $0["method"]?.stringValue } == ["POST", "POST", "GET", nil])
            #expect(lines.map { $0["caller"]?.stringValue } == ["anonymous", "anonymous", nil, nil])
            #expect(lines.map { $0["requestId"]?.stringValue } == ["r1", "r1", nil, nil])
            #expect(lines.allSatisfy { $0["seconds"] != nil && $0["logger"]?.stringValue == "charter.access" })
        }
    }

    @Test func `a reader that does not read holds up nobody`() throws {
        try ServedTodo.with { todo in
            // Standard error is a pipe that nobody reads: it is full after 64 KiB.
            let script =
                "mkfifo fifo; sleep 600 < fifo & reader=$!; \"$0\" \"$@\" 2> fifo & charter=$!; trap 'kill $charter' TERM INT; wait $charter; kill $reader; wait"
            let charter = try ChildProgram(
                ["/bin/sh", "-c", script, CharterProgram.path, "serve", todo.bundle, "--listen", "127.0.0.1:0", "--access-log"],
                in: todo.folder)
            var port: UInt16?
            #expect(
                eventually {
                    port = charter.output.firstMatch(of: #/http://127\.0\.0\.1:(\d+)\D/#).flatMap { UInt16($0.output.1) }
                    return port != nil
                })
            let client = HTTPClient(port: try #require(port))
            for _ in 0..<1_000 { #expect(try client.post("/v1/decisions", Array(ServedTodo.allowed.utf8)).status == 200) }
            charter.signal(SIGTERM)
            _ = try charter.wait()
        }
    }
}
