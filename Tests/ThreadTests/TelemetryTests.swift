import Foundation
import JSON
import TestSupport
import Testing

/// What a server tells an OpenTelemetry receiver, read by the standard's own messages.
@Suite struct TelemetryTests {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let span = "00f067aa0ba902b7"

    /// How many records, spans or points are in what was taken, as opentelemetry-proto reads it.
    private static func count(_ signal: String, _ receiver: UploadReceiver, _ folder: String) throws -> Int {
        var files: [String] = []
        for (number, upload) in receiver.taken("/v1/\(signal)").enumerated() {
            let file = "\(folder)/\(signal)-\(number).json"
            try Data(upload.body).write(to: URL(fileURLWithPath: file))
            files.append(file)
        }
        let outcome = try ProjectScript.run("check-otlp.sh", [signal] + files)
        #expect(outcome.status == 0, "\(outcome.errors)")
        return Int(outcome.output.trimmingCharacters(in: .whitespacesAndNewlines)) ?? -1
    }

    private static func attributes(_ value: JSONValue?) -> [String: String] {
        var found: [String: String] = [:]
        for attribute in value?.arrayValue ?? [] {
            guard let name = attribute["key"]?.stringValue, let value = attribute["value"] else { continue }
            found[name] =
                value["stringValue"]?.stringValue ?? value["intValue"]?.stringValue ?? value["boolValue"]?.boolValue.map { "\($0)" }
        }
        return found
    }

    @Test func `decisions and metrics arrive as the standard has them, and spans continue their callers' traces`() throws {
        let receiver = try UploadReceiver()
        defer { receiver.stop() }
        try ServedTodo.with { todo in
            let charter = try todo.serve(
                "a", "--otlp-endpoint", receiver.url + "/", "--trace-sampling", "0",
                environment: [
                    "OTEL_METRIC_EXPORT_INTERVAL": "200", "OTEL_SERVICE_NAME": "gate", "OTEL_EXPORTER_OTLP_HEADERS": "api-key=k%201",
                ])
            let client = try charter.client()
            for number in 0..<30 {
                let flags = number % 3 == 0 ? "01" : "00"
                let fields =
                    number % 2 == 0
                    ? [(name: "traceparent", value: "00-\(Self.trace)-\(Self.span)-\(flags)"), (name: "X-Request-ID", value: "r\(number)")]
                    : []
                let body = Array((number % 2 == 0 ? ServedTodo.denied : ServedTodo.allowed).utf8)
                let answer = try client.request("POST", "/v1/decisions", fields, body: body)
                #expect(answer.status == 200)
                // The trace is the caller's to continue; the standard asks for nothing in an answer.
                #expect(answer.fields["traceparent"] == nil)
            }
            func said(_ word: String, of path: String) -> Int {
                receiver.taken(path).reduce(0) { $0 + String(decoding: $1.body, as: UTF8.self).ranges(of: "\"\(word)\"").count }
            }
            // What is not sent five seconds after the end of the server stays in the spool.
            #expect(eventually { said("severityNumber", of: "/v1/logs") >= 30 && said("endTimeUnixNano", of: "/v1/traces") >= 5 })
            #expect(try charter.interrupt() == 0)
            #expect(try Self.count("logs", receiver, todo.folder) == 30)
            // Those of callers who record their trace; a share of nothing of the others.
            #expect(try Self.count("traces", receiver, todo.folder) == 5)
            #expect(try Self.count("metrics", receiver, todo.folder) > 30)
            let all = receiver.all
            #expect(all.allSatisfy { $0.fields["api-key"] == "k 1" && $0.fields["content-type"] == "application/json" })

            let logs = try #require(receiver.taken("/v1/logs").first).json["resourceLogs"]?.arrayValue?.first
            let resource = Self.attributes(logs?["resource"]?["attributes"])
            #expect(resource["service.name"] == "gate")
            let record = try #require(logs?["scopeLogs"]?.arrayValue?.first?["logRecords"]?.arrayValue?.first)
            let known = Self.attributes(record["attributes"])
            #expect(known["charter.subject.id"] == "beth")
            #expect(known["charter.decision.allowed"] == "false")
            #expect(record["traceId"]?.stringValue == Self.trace)

            let traces = try #require(receiver.taken("/v1/traces").first).json["resourceSpans"]?.arrayValue?.first
            let span = try #require(traces?["scopeSpans"]?.arrayValue?.first?["spans"]?.arrayValue?.first)
            #expect(span["traceId"]?.stringValue == Self.trace)
            #expect(span["parentSpanId"]?.stringValue == Self.span)
            #expect(record["spanId"]?.stringValue == span["spanId"]?.stringValue)

            // The last push comes after the last decision.
            let last = try #require(receiver.taken("/v1/metrics").last).json["resourceMetrics"]?.arrayValue?.first
            let metrics = last?["scopeMetrics"]?.arrayValue?.first?["metrics"]?.arrayValue ?? []
            let decisions = metrics.first { $0["name"]?.stringValue == "charter_decisions_total" }
            let points = decisions?["sum"]?["dataPoints"]?.arrayValue ?? []
            let counts = Dictionary(
                uniqueKeysWithValues: points.map { (Self.attributes($0["attributes"])["decision"] ?? "", $0["asInt"]?.stringValue ?? "") })
            #expect(counts == ["allow": "15", "deny": "15"])
        }
    }

    @Test func `the checker of these tests does find what is wrong`() throws {
        try TemporaryFolder.with { folder in
            func check(_ signal: String, _ text: String) throws -> Int32 {
                try text.write(toFile: folder + "/body.json", atomically: true, encoding: .utf8)
                return try ProjectScript.run("check-otlp.sh", [signal, folder + "/body.json"]).status
            }
            func span(_ members: String) -> String { #"{"resourceSpans":[{"scopeSpans":[{"spans":[{\#(members)}]}]}]}"# }
            let good = try check("traces", span(#""traceId":"4bf92f3577b34da6a3ce929d0e0e4736","startTimeUnixNano":"1""#))
            #expect(good == 0)
            for bad in [
                #""traceId":"S/kvNXezTaajzpKdDg5HNg==""#, #""startTimeUnixNano":1"#, #""nonsense":1"#, #""start_time_unix_nano":"1""#,
                #""kind":"server""#,
            ] {
                #expect(try check("traces", span(bad)) == 1, "\(bad)")
            }
        }
    }

    @Test func `only what is asked for is sent`() throws {
        let receiver = try UploadReceiver()
        defer { receiver.stop() }
        try ServedTodo.with { todo in
            let charter = try todo.serve("a", "--otlp-endpoint", receiver.url, "--otlp-signals", "metrics")
            #expect(try charter.client().post("/v1/decisions", Array(ServedTodo.allowed.utf8)).status == 200)
            #expect(try charter.interrupt() == 0)
            #expect(Set(receiver.all.map(\.path)) == ["/v1/metrics"])
        }
    }

    @Test func `a secret is not sent where others can read it`() throws {
        let headers = try CharterProgram.run(
            ["serve", "x", "--otlp-endpoint", "http://collector.example:4318"],
            environment: ["OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20s3cret"])
        #expect(headers.status == 64)
        #expect(headers.errors.contains("plain http"))
        #expect(!headers.errors.contains("s3cret"))
        let token = try CharterProgram.run(
            ["serve", "x", "--opa-log", "http://opa.example"], environment: ["CHARTER_OPA_LOG_TOKEN": "s3cret"])
        #expect(token.status == 64)
        #expect(token.errors.contains("plain http"))
        let password = try CharterProgram.run(["serve", "x", "--opa-log", "https://me:s3cret@opa.example"])
        #expect(password.status == 64)
        #expect(!password.errors.contains("s3cret"))
    }

    @Test(arguments: [[], ["--decision-log", "decisions.jsonl", "--opa-log", "http://127.0.0.1:9"]])
    func `promtool finds nothing to say of the metrics`(options: [String]) throws {
        try ServedTodo.with { todo in
            let charter = try RunningCharter(
                ["serve", todo.bundle, "--listen", "127.0.0.1:0", "--state", todo.folder + "/a"] + options, in: todo.folder)
            let client = try charter.client()
            for body in [ServedTodo.allowed, ServedTodo.denied, "{"] { _ = try client.post("/v1/decisions", Array(body.utf8)) }
            let page = try client.get("/metrics").text
            #expect(page.contains("charter_decision_log_backlog_decisions{") == !options.isEmpty)
            let child = try ChildProgram(["promtool", "check", "metrics"], in: todo.folder, input: Array(page.utf8))
            #expect(try child.wait() == 0)
            #expect(child.output + child.errors == "")
        }
    }
}
