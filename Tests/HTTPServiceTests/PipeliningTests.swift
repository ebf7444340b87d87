import HTTPService
import Logging
import NIOCore
import Synchronization
import Testing

@Suite struct PipeliningTests {
    @Test func `a connection serves request after request`() async throws {
        try await TestService.run { service in
            let client = try await service.connect()
            for _ in 0..<50 {
                #expect(try await client.exchange("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n").body == "hello")
            }
            await client.close()
        }
    }

    @Test func `pipelined requests are answered in order, with the slow one first`() async throws {
        try await TestService.run { service in
            let client = try await service.connect()
            client.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n" + String(repeating: "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", count: 500))
            try await waitUntil("the handler runs") { service.gate.arrived == 1 }
            #expect(client.bytes.isEmpty)
            service.gate.open()
            let responses = try await client.responses(501)
            #expect(responses[0].body == "late")
            #expect(responses.dropFirst().allSatisfy { $0.body == "hello" })
            await client.close()
        }
    }

    @Test func `later results that finish in reverse are answered in order`() async throws {
        let turn = Mutex(9)
        var router = Router()
        router.on(.GET, "/turn/{number}") { request in
            .later {
                let number = request.capture.flatMap { Int($0) } ?? 0
                while turn.withLock({ $0 }) != number, !Task.isCancelled { try? await Task.sleep(for: .milliseconds(1)) }
                turn.withLock { $0 -= 1 }
                return .text("\(number)")
            }
        }
        let service = HTTPService(
            configuration: configured { $0.eventLoops = 1 }, router: router, metrics: MetricsRegistry(), logger: Logger(label: "test"))
        let port = try await service.start().port ?? 0
        let client = try await RawClient.connect(port: port)
        client.send((0..<10).map { "GET /turn/\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined())
        #expect(try await client.responses(10).map(\.body) == (0..<10).map { "\($0)" })
        await client.close()
        await service.stop()
    }

    @Test func `no more requests are begun than may be pipelined`() async throws {
        try await TestService.run(configured { $0.maxPipelined = 4 }) { service in
            let client = try await service.connect()
            client.send(String(repeating: "GET /later HTTP/1.1\r\nHost: a\r\n\r\n", count: 20))
            try await waitUntil("four handlers run") { service.gate.arrived == 4 }
            // A second connection's round trip gives a fifth handler every chance to start.
            _ = try await service.exchange("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(service.gate.arrived == 4)
            service.gate.open()
            #expect(try await client.responses(20).count == 20)
            await client.close()
        }
    }

    @Test func `a client that does not read is not served without bound`() async throws {
        try await TestService.run(configured { $0.eventLoops = 1 }) { service in
            let client = try await service.connect(autoRead: false)
            client.send(String(repeating: "GET /large HTTP/1.1\r\nHost: a\r\n\r\n", count: 500))
            func served() -> Int {
                Int(service.page.sample("charter_http_requests_total{method=\"GET\",route=\"/large\",status=\"200\"}") ?? 0)
            }
            try await waitUntil("some are served") { served() > 0 }
            var last = -1
            try await waitUntil("serving stops") {
                let now = served()
                defer { last = now }
                try await Task.sleep(for: .milliseconds(50))
                return now == last
            }
            #expect(served() < 100)
            await client.close()
        }
    }

    @Test func `64 connections of 100 requests each get every answer`() async throws {
        try await TestService.run { service in
            service.gate.open()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for connection in 0..<64 {
                    group.addTask {
                        let client = try await service.connect()
                        for batch in 0..<10 {
                            let bodies = (0..<10).map { "\(connection)-\(batch)-\($0)" }
                            client.send(
                                bodies.map { "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: \($0.utf8.count)\r\n\r\n\($0)" }.joined())
                            let answers = try await client.responses(10)
                            #expect(answers.map(\.body) == bodies)
                        }
                        await client.close()
                    }
                }
                try await group.waitForAll()
            }
            #expect(service.page.sample("charter_http_requests_total{method=\"POST\",route=\"/echo\",status=\"200\"}") == 6400)
        }
    }

    @Test func `a later task is cancelled when its connection ends`() async throws {
        let cancelled = Mutex(false)
        let started = Mutex(false)
        var router = Router()
        router.on(.GET, "/wait") { _ in
            .later {
                started.withLock { $0 = true }
                try? await Task.sleep(for: .seconds(3600))
                cancelled.withLock { $0 = Task.isCancelled }
                return .text("")
            }
        }
        let service = HTTPService(
            configuration: configured { ($0.eventLoops, $0.drainTimeout) = (1, .milliseconds(50)) }, router: router,
            metrics: MetricsRegistry(), logger: Logger(label: "test"))
        let client = try await RawClient.connect(port: try await service.start().port ?? 0)
        client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
        try await waitUntil("the handler runs") { started.withLock { $0 } }
        await service.stop()
        try await waitUntil("the task is cancelled") { cancelled.withLock { $0 } }
        await client.close()
    }
}

extension String {
    /// The value of the sample whose name and labels are `series`, in a page of metrics.
    func sample(_ series: String) -> Double? {
        split(separator: "\n").first { $0.hasPrefix(series + " ") }.flatMap { Double($0.dropFirst(series.utf8.count + 1)) }
    }
}
