import CharterClient
import Foundation
import JSON
import Synchronization
import TestSupport
import Testing

/// The client and a server of the example organisation.
@Suite struct ClientTests {
    private static let everyday = DecisionRequest(
        subject: .user("ada"), action: "llm.chat", resource: .model("openai/gpt-5.4-mini"),
        context: ["inputTokens": 1200, "maxOutputTokens": 800, "dataClassification": "internal"])
    private static let unknown = DecisionRequest(subject: .user("nobody"), action: "llm.chat", resource: .model("openai/gpt-5.4-mini"))

    /// Calls `body` with a client of a running server.
    private func serving(_ body: @escaping @Sendable (CharterClient, HTTPClient) async throws -> Void) async throws {
        try await onOwnThread {
            try RunningCharter.serving { raw in
                var settings = CharterClient.Configuration(url: "http://127.0.0.1:\(raw.port)")
                (settings.timeout, settings.connectTimeout) = (.seconds(300), .seconds(60))
                let client = try CharterClient(settings)
                let outcome = Mutex<Result<Void, any Error>?>(nil)
                let end = DispatchSemaphore(value: 0)
                Task {
                    let result: Result<Void, any Error>
                    do { result = .success(try await body(client, raw)) } catch { result = .failure(error) }
                    await client.shutdown()
                    outcome.withLock { $0 = result }
                    end.signal()
                }
                end.wait()
                try outcome.withLock { $0 }?.get()
            }
        }
    }

    @Test func `decisions, batches, explanations and searches are what the server answers`() async throws {
        try await serving { client, raw in
            let decision = try await client.decide(Self.everyday)
            #expect(decision.isAllowed)
            #expect(decision.commit == (try await onOwnThread { try raw.commitInForce() }))
            #expect(await client.isAllowed(Self.everyday))
            let denied = try await client.decide(Self.unknown)
            #expect(!denied.isAllowed)
            #expect(denied.reasons.first?.code == "unknown-subject")
            #expect(await client.isAllowed(Self.unknown) == false)

            let items = try await client.decide(all: [
                Self.everyday, Self.unknown, .init(subject: .user(""), action: "a", resource: .model("x")),
            ])
            #expect(items.map(\.isAllowed) == [true, false, false])
            guard case .failed(let pointer, _) = items[2] else {
                Issue.record("\(items[2])")
                return
            }
            #expect(pointer == "/requests/2/subject/id")
            #expect(try await client.decide(all: []).isEmpty)

            let why = try await client.explain(Self.everyday)
            #expect(why.decision.isAllowed)
            #expect(why.explanation.arrayValue != nil)

            let all = try await client.resources(subject: .user("ada"), action: "llm.chat", context: Self.everyday.context)
            #expect(all.found.contains("openai/gpt-5.4-mini"))
            var paged: [String] = []
            var token: String?
            repeat {
                let page = try await client.resources(
                    subject: .user("ada"), action: "llm.chat", context: Self.everyday.context, page: .init(limit: 2, token: token))
                paged += page.found
                token = page.nextToken
            } while token != nil
            #expect(paged == all.found)
            #expect(
                try await client.subjects(action: "llm.chat", resource: Self.everyday.resource, context: Self.everyday.context).found
                    .contains("ada"))
            #expect(
                try await client.actions(subject: .user("ada"), resource: Self.everyday.resource, context: Self.everyday.context).found
                    .contains("llm.chat"))
            #expect(try await client.actions(subject: .user("nobody"), resource: .model("x/y")).reason != nil)
        }
    }

    @Test func `a request at fault is told apart, with the place`() async throws {
        try await serving { client, _ in
            let error = await #expect(throws: CharterClientError.self) {
                try await client.decide(.init(subject: .user(""), action: "llm.chat", resource: .model("x")), .init(requestID: "call-7"))
            }
            guard case .badRequest(let problem)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(problem.status == 400)
            #expect(problem.places.first?.pointer == "/subject/id")
            #expect(problem.requestID == "call-7")
        }
    }

    @Test func `many calls at once share a bounded number of connections, which are kept`() async throws {
        try await serving { client, raw in
            let allowed = await withTaskGroup { group in
                for _ in 0..<300 { group.addTask { await client.isAllowed(Self.everyday) } }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(allowed == 300)
            // The client's, and the one that asks.
            let open = try #require(try await onOwnThread { try raw.metric("charter_http_connections") })
            #expect(open <= 9)
        }
    }

    @Test func `a server that is gone is an error, and no permission`() async throws {
        let gone = try LoopbackListener(refuses: true)
        defer { withExtendedLifetime(gone) {} }
        var settings = CharterClient.Configuration(url: "http://127.0.0.1:\(gone.port)")
        (settings.timeout, settings.connectTimeout, settings.retries) = (.seconds(300), .seconds(60), 1)
        let client = try CharterClient(settings)
        #expect(await client.isAllowed(Self.everyday) == false)
        let error = await #expect(throws: CharterClientError.self) { try await client.decide(Self.everyday) }
        guard case .unreachable? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        await client.shutdown()
        let closed = await #expect(throws: CharterClientError.self) { try await client.decide(Self.everyday) }
        guard case .closed? = closed else {
            Issue.record("\(String(describing: closed))")
            return
        }
    }
}
