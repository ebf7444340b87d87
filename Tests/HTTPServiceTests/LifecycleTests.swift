import HTTPService
import Logging
import NIOCore
import Testing

@Suite struct LifecycleTests {
    @Test func `a port in use is named`() async throws {
        try await TestService.run { first in
            let second = HTTPService(
                configuration: .init(port: first.port), router: Router(), metrics: MetricsRegistry(), logger: Logger(label: "test"))
            let error = await #expect(throws: HTTPServiceError.self) { try await second.start() }
            #expect(error == .addressInUse(host: "127.0.0.1", port: first.port))
            #expect(error?.description.contains("127.0.0.1 port \(first.port) is in use") == true)
        }
    }

    @Test func `an address that cannot be had is named`() async throws {
        let service = HTTPService(
            configuration: .init(host: "192.0.2.1", port: 0), router: Router(), metrics: MetricsRegistry(), logger: Logger(label: "test"))
        let error = await #expect(throws: HTTPServiceError.self) { try await service.start() }
        #expect(error?.description.hasPrefix("cannot listen on address 192.0.2.1 port 0: ") == true)
    }

    @Test func `a limit out of range is named`() async throws {
        let service = HTTPService(
            configuration: .init(maxConnections: 0), router: Router(), metrics: MetricsRegistry(), logger: Logger(label: "test"))
        await #expect(throws: HTTPServiceError.invalidConfiguration("maxConnections")) { try await service.start() }
    }

    @Test func `a service starts once`() async throws {
        try await TestService.run { service in
            await #expect(throws: HTTPServiceError.alreadyStarted) { try await service.service.start() }
        }
    }

    @Test func `stopping answers what is in flight and closes what rests`() async throws {
        try await TestService.run(configured { $0.drainTimeout = .minutes(10) }) { service in
            let resting = try await service.connect()
            _ = try await resting.exchange("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            let busy = try await service.connect()
            busy.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            let uploading = try await service.connect()
            uploading.send("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
            #expect(try await uploading.response().status == 100)
            try await waitUntil("the handler runs") { service.gate.arrived == 1 }
            async let stopped: Void = service.service.stop()
            try await resting.untilClosed()
            #expect(resting.bytes.isEmpty)
            // A process that is just being started holds the listening socket for a moment longer.
            try await waitUntil("nobody listens") {
                guard let late = try? await service.connect() else { return true }
                await late.close()
                return false
            }
            uploading.send("abc")
            let uploaded = try await uploading.response()
            #expect(uploaded.body == "abc")
            #expect(uploaded.field("Connection") == "close")
            service.gate.open()
            let answers = try await busy.responses(2)
            #expect(answers.map(\.body) == ["late", "hello"])
            #expect(answers.map { $0.field("Connection") } == [nil, "close"])
            try await busy.untilClosed()
            await busy.close()
            await uploading.close()
            await stopped
            #expect(service.page.sample("charter_http_connections") == 0)
        }
    }

    @Test func `stopping does not wait beyond the drain timeout`() async throws {
        try await TestService.run(configured { $0.drainTimeout = .milliseconds(100) }) { service in
            let client = try await service.connect()
            client.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n")
            try await waitUntil("the handler runs") { service.gate.arrived == 1 }
            await service.service.stop()
            try await client.untilClosed()
            #expect(client.bytes.isEmpty)
            await client.close()
        }
    }

    @Test func `a connection too many is told to come again`() async throws {
        try await TestService.run(configured { $0.maxConnections = 2 }) { service in
            let first = try await service.connect()
            let second = try await service.connect()
            for client in [first, second] {
                #expect(try await client.exchange("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n").status == 200)
            }
            let third = try await service.connect()
            let refused = try await third.exchange("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(refused.status == 503)
            #expect(refused.field("Retry-After") == "1")
            #expect(refused.field("Content-Type") == "application/problem+json")
            try await third.untilClosed()
            await third.close()
            await first.close()
            try await waitUntil("the connections are gone") { service.page.sample("charter_http_connections") == 1 }
            #expect(try await service.exchange("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n").status == 200)
            await second.close()
        }
    }
}
