import HTTPService
import NIOCore
import Testing

@Suite struct DeadlineTests {
    @Test func `a head that trickles in is cut with 408`() async throws {
        try await TestService.run(configured { $0.headerTimeout = .seconds(2) }) { service in
            let (client, response) = try await RawClient.answered {
                try await service.connect(saying: "GET /hello HTTP/1.1\r\n", dripping: "X: y\r\n")
            }
            #expect(response.status == 408)
            #expect(response.field("Connection") == "close")
            try await client.untilClosed()
            await client.close()
        }
    }

    @Test func `a body that trickles in is cut with 408`() async throws {
        try await TestService.run(configured { $0.bodyTimeout = .milliseconds(200) }) { service in
            let client = try await service.connect()
            client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\nX-Request-ID: slow\r\n\r\nabc")
            let response = try await client.response()
            #expect(response.status == 408)
            #expect(response.field("X-Request-ID") == "slow")
            try await client.untilClosed()
            await client.close()
        }
    }

    @Test func `a connection that asks nothing is closed without a word`() async throws {
        try await TestService.run(configured { $0.headerTimeout = .milliseconds(100) }) { service in
            let client = try await service.connect()
            try await client.untilClosed()
            #expect(client.bytes.isEmpty)
            await client.close()
        }
    }

    @Test func `a connection at rest is closed without a word`() async throws {
        try await TestService.run(configured { $0.idleTimeout = .milliseconds(100) }) { service in
            let client = try await service.connect()
            _ = try await client.exchange("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            try await client.untilClosed()
            #expect(client.bytes.isEmpty)
            await client.close()
        }
    }

    @Test func `a later result may take longer than the client's deadlines`() async throws {
        try await TestService.run(
            configured {
                $0.idleTimeout = .milliseconds(200)
            }
        ) { service in
            let client = try await service.connect()
            client.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n")
            try await waitUntil("the handler runs") { service.gate.arrived == 1 }
            let resting = try await service.connect()
            _ = try await resting.exchange("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            try await resting.untilClosed()
            service.gate.open()
            #expect(try await client.response().body == "late")
            await client.close()
        }
    }

    @Test func `a client that takes nothing of its response is cut`() async throws {
        try await TestService.run(configured { $0.idleTimeout = .milliseconds(200) }) { service in
            let client = try await service.connect(autoRead: false)
            client.send(String(repeating: "GET /large HTTP/1.1\r\nHost: a\r\n\r\n", count: 100))
            try await waitUntil("it is served") { service.page.contains("route=\"/large\",status=\"200\"") }
            try await waitUntil("it is cut") { service.page.sample("charter_http_connections") == 0 }
            await client.close()
        }
    }
}
