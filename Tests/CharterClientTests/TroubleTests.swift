import CharterClient
import JSON
import TestSupport
import Testing

/// The client and servers that misbehave.
@Suite struct TroubleTests {
    private static let request = DecisionRequest(subject: .user("ada"), action: "llm.chat", resource: .model("x/y"))
    private static let yes =
        #"{"id":"01a21643-0000-7000-8000-000000000000","decision":true,"reasons":[],"bundle":{"digest":"sha256:00","commit":"ab"}}"#

    private static func http(_ status: String, _ body: String, _ fields: String = "") -> String {
        "HTTP/1.1 \(status)\r\n\(fields)Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    private func client(
        _ server: ScriptedServer, key: String? = nil, _ change: (inout CharterClient.Configuration) -> Void = { _ in }
    ) throws -> CharterClient {
        var settings = CharterClient.Configuration(url: "http://127.0.0.1:\(server.port)/base/", key: key)
        (settings.timeout, settings.connectTimeout) = (.seconds(300), .seconds(60))
        change(&settings)
        return try CharterClient(settings)
    }

    private func failure(_ client: CharterClient, _ options: CharterClient.CallOptions = .init()) async -> CharterClientError? {
        await #expect(throws: CharterClientError.self) { try await client.decide(Self.request, options) }
    }

    @Test func `a request carries the credential, its id and the trace, below the path of the URL`() async throws {
        let server = try ScriptedServer([[.answer(Self.http("200 OK", Self.yes))]])
        let client = try client(server, key: "chk_secret")
        let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        #expect(try await client.decide(Self.request, .init(requestID: "one", traceparent: trace)).isAllowed)
        let sent = try #require(server.requests.first)
        #expect(sent.hasPrefix("POST /base/v1/decisions HTTP/1.1\r\n"))
        for field in ["Authorization: Bearer chk_secret", "X-Request-ID: one", "traceparent: \(trace)", "Host: 127.0.0.1:\(server.port)"] {
            #expect(sent.contains("\r\n\(field)\r\n"), "\(field)")
        }
        await client.shutdown()
    }

    @Test func `one connection serves calls one after the other`() async throws {
        let answer = ScriptedServer.Step.answer(Self.http("200 OK", Self.yes))
        let server = try ScriptedServer([[answer, answer, answer], [.close]])
        let client = try client(server) { $0.retries = 0 }
        for _ in 0..<3 { #expect(await client.isAllowed(Self.request)) }
        #expect(server.requests.count == 3)
        await client.shutdown()
    }

    @Test func `what was lost before an answer began is asked again, on another connection`() async throws {
        let server = try ScriptedServer([[.close], [.answer(Self.http("200 OK", Self.yes))]])
        let client = try client(server)
        #expect(await client.isAllowed(Self.request))
        #expect(server.requests.count == 2)
        await client.shutdown()
    }

    @Test func `a busy server is asked again when it says so, and an answer of its own is no permission`() async throws {
        let busy = ScriptedServer.Step.answer(Self.http("503 Service Unavailable", #"{"title":"busy","status":503}"#, "Retry-After: 0\r\n"))
        let server = try ScriptedServer([[busy, .answer(Self.http("200 OK", Self.yes))]])
        let client = try client(server)
        #expect(await client.isAllowed(Self.request))
        await client.shutdown()

        let later = ScriptedServer.Step.answer(Self.http("429 Too Many Requests", "{}", "Retry-After: 3600\r\n"))
        let slow = try ScriptedServer([[later]])
        let other = try self.client(slow)
        guard case .unavailable(let problem)? = await failure(other) else {
            Issue.record("no refusal")
            return
        }
        #expect(problem.status == 429)
        #expect(slow.requests.count == 1)
        await other.shutdown()
    }

    @Test func `answers that are none are errors, and are not asked for again`() async throws {
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"
        let answers: [ScriptedServer.Step] = [
            .answer(Self.http("200 OK", "{}")), .answer(Self.http("200 OK", #"{"decision":"true","id":"x","reasons":[]}"#)),
            .answer(Self.http("200 OK", "")), .answer(Self.http("200 OK", "<html>")),
            .answer(Self.http("302 Found", "", "Location: /\r\n")),
            .answer(Self.http("204 No Content", "")), .answer(Self.http("500 Internal Server Error", Self.yes)),
            .answer(Self.http("403 Forbidden", Self.yes)), .last(head + "{\"decision\":true"), .last("HTTP/1.1 2x0 OK\r\n\r\n"),
            .answer(Self.http("200 OK", #"{"id":"x","decision":true,"reasons":[],"obligations":7}"#)),
        ]
        for answer in answers {
            let server = try ScriptedServer([[answer], [.answer(Self.http("200 OK", Self.yes))]])
            let client = try client(server) { $0.retries = 3 }
            #expect(await client.isAllowed(Self.request) == false, "\(answer)")
            #expect(server.requests.count == 1, "\(answer)")
            await client.shutdown()
        }
    }

    @Test func `a yes with obligations is no plain yes`() async throws {
        let body = #"{"id":"x","decision":true,"reasons":[],"obligations":{"redact":[{"detector":"mail","mode":"mask"}]},"bundle":{}}"#
        let answer = ScriptedServer.Step.answer(Self.http("200 OK", body))
        let server = try ScriptedServer([[answer, answer]])
        let client = try client(server)
        let decision = try await client.decide(Self.request)
        #expect(decision.isAllowed)
        #expect(decision.obligations["redact"] != nil)
        #expect(await client.isAllowed(Self.request) == false)
        await client.shutdown()
    }

    @Test func `a call ends with its time or its task, whatever the server does`() async throws {
        let server = try ScriptedServer([[.answer(Self.http("200 OK", Self.yes)), .silence], [.silence]])
        let client = try client(server)
        // Over a connection that there is, so that the time is over only when the server has been asked.
        #expect(await client.isAllowed(Self.request))
        guard case .timeout? = await failure(client, .init(timeout: .milliseconds(200))) else {
            Issue.record("no timeout")
            return
        }
        let task = Task { () -> CharterClientError? in
            do throws(CharterClientError) {
                _ = try await client.decide(Self.request)
                return nil
            } catch {
                return error
            }
        }
        #expect(try await onOwnThread { eventually { server.requests.count == 3 } })
        task.cancel()
        guard case .cancelled? = await task.value else {
            Issue.record("not cancelled")
            return
        }
        await client.shutdown()
    }

    @Test func `whoever waits for a connection waits no longer than the call lasts`() async throws {
        let server = try ScriptedServer([[.silence]])
        let client = try client(server) { $0.connections = 1 }
        let first = Task { await failure(client) }
        #expect(try await onOwnThread { eventually { server.requests.count == 1 } })
        guard case .timeout? = await failure(client, .init(timeout: .milliseconds(100))) else {
            Issue.record("no timeout")
            return
        }
        first.cancel()
        guard case .cancelled? = await first.value else {
            Issue.record("the first was not cancelled")
            return
        }
        await client.shutdown()
    }

    @Test func `an answer longer than the client reads is none`() async throws {
        let server = try ScriptedServer([[.answer(Self.http("200 OK", Self.yes + String(repeating: " ", count: 5_000)))]])
        let client = try client(server) { $0.longestAnswer = 1_000 }
        guard case .unreadable? = await failure(client) else {
            Issue.record("it was read")
            return
        }
        await client.shutdown()
    }

    @Test func `what cannot be a client is refused before anything is sent`() throws {
        for url in [
            "", "127.0.0.1", "ftp://x", "http://", "http://a:b", "http://a:70000", "http://user:secret@a", "http://a/?q", "http://a/ö",
        ] {
            #expect(throws: CharterClientError.self, "\(url)") { try CharterClient(.init(url: url)) }
        }
        #expect(throws: CharterClientError.self) { try CharterClient(.init(url: "http://charter.example", key: "chk_x")) }
        #expect(throws: CharterClientError.self) { try CharterClient(.init(url: "https://charter.example", key: "chk\r\nx: y")) }
        for url in ["http://localhost:1", "http://[::1]:8181/a/b", "https://charter.example"] {
            #expect(throws: Never.self, "\(url)") { try CharterClient(.init(url: url, key: "chk_x")) }
        }
    }

    @Test func `fields cannot be smuggled in by what a call says of itself`() async throws {
        let server = try ScriptedServer([[.answer(Self.http("200 OK", Self.yes))]])
        let client = try client(server)
        for options in [CharterClient.CallOptions(requestID: "a\r\nb: c"), .init(requestID: ""), .init(traceparent: "a\nb")] {
            guard case .configuration? = await failure(client, options) else {
                Issue.record("it was sent")
                return
            }
        }
        #expect(server.requests.isEmpty)
        await client.shutdown()
    }
}
