import HTTPService
import Testing

@Suite struct FramingTests {
    struct Refused: Sendable, CustomTestStringConvertible {
        var bytes: String
        var status: Int
        var testDescription: String { "\(status) \(bytes.prefix(100).debugDescription)" }

        init(_ bytes: String, _ status: Int) {
            self.bytes = bytes
            self.status = status
        }
    }

    static let refused: [Refused] = [
        .init("\u{16}\u{03}\u{01}garbage\r\n\r\n", 400),
        .init("GARBAGE\r\n\r\n", 400),
        .init("GET /hello HTTP/1.1\r\n\r\n", 400),
        .init("GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        .init("GET /hello HTTP/1.1\r\nHost: a\r\nBroken\r\n\r\n", 400),
        .init("GET /hello HTTP/1.1\r\nHost: a\r\nSpaced : x\r\n\r\n", 400),
        .init("GET /hello HTTP/3.0\r\nHost: a\r\n\r\n", 505),
        .init("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        .init("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        .init("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400),
        .init("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400),
        .init("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\nabc", 400),
        .init("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400),
        .init("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n", 400),
        .init("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", 400),
        .init("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
        .init("POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        .init("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        .init("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\r\n", 411),
        .init("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n", 413),
        .init(
            "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3E9\r\n" + String(repeating: "x", count: 1001) + "\r\n",
            413),
        .init("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1001\r\n\r\n", 413),
        .init("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: miracle\r\nContent-Length: 1\r\n\r\n", 417),
        .init("GET /" + String(repeating: "a", count: 9_000) + " HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        .init("GET /" + String(repeating: "a", count: 40_000), 414),
        .init("GET /hello HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "a", count: 40_000) + "\r\n\r\n", 431),
        .init("GET /hello HTTP/1.1\r\nHost: a\r\nX:" + String(repeating: " ", count: 200_000), 431),
        .init("GET /hello HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X: a\r\n", count: 200) + "\r\n", 431),
    ]

    @Test(arguments: refused)
    func `a request that cannot be served is refused with a problem and the connection closed`(request: Refused) async throws {
        try await TestService.run(configured { $0.maxBodyBytes = 1000 }) { service in
            let client = try await service.connect()
            let response = try await client.exchange(request.bytes)
            #expect(response.status == request.status)
            #expect(response.field("Connection") == "close")
            #expect(response.field("Content-Type") == "application/problem+json")
            #expect(response.body.hasPrefix("{\"type\":\"about:blank\",\"title\":"))
            try await client.untilClosed()
            #expect(client.bytes.isEmpty)
            await client.close()
        }
    }

    @Test func `a smuggled second request is not served`() async throws {
        try await TestService.run { service in
            let client = try await service.connect()
            client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
            client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            try await client.untilClosed()
            #expect(!client.text.contains("hello"))
            #expect(client.text.hasPrefix("HTTP/1.1 400 "))
            await client.close()
        }
    }

    @Test func `a chunked body arrives whole, byte by byte`() async throws {
        try await TestService.run { service in
            let client = try await service.connect()
            for byte in "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;x=y\r\n!\r\n0\r\nT: v\r\n\r\n"
            {
                client.send(String(byte))
            }
            #expect(try await client.response().body == "hello!")
            await client.close()
        }
    }

    @Test func `a body is asked for when the client waits for 100`() async throws {
        try await TestService.run { service in
            let client = try await service.connect()
            let go = try await client.exchange("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
            #expect(go.status == 100)
            #expect(go.fields.isEmpty)
            #expect(try await client.exchange("abc").body == "abc")
            await client.close()
        }
    }

    @Test func `100 waits for the response before it`() async throws {
        try await TestService.run { service in
            let client = try await service.connect()
            client.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n")
            client.send("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
            try await waitUntil("the handler runs") { service.gate.arrived == 1 }
            #expect(client.bytes.isEmpty)
            service.gate.open()
            let first = try await client.responses(2)
            #expect(first.map(\.status) == [200, 100])
            #expect(try await client.exchange("abc").body == "abc")
            await client.close()
        }
    }

    @Test func `HTTP 1.0 closes unless it asks to keep the connection`() async throws {
        try await TestService.run { service in
            let client = try await service.connect()
            let kept = try await client.exchange("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            #expect(kept.field("Connection") == "keep-alive")
            let closed = try await client.exchange("GET /hello HTTP/1.0\r\n\r\n")
            #expect(closed.field("Connection") == "close")
            try await client.untilClosed()
            await client.close()
        }
    }

    @Test func `an offer to upgrade is passed over and ends the connection`() async throws {
        try await TestService.run { service in
            let response = try await service.exchange("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n")
            #expect(response.status == 200)
            #expect(response.field("Connection") == "close")
        }
    }

    @Test func `a client that closed its side still gets its answers`() async throws {
        try await TestService.run { service in
            let client = try await service.connect()
            client.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            try await client.endOutput()
            try await waitUntil("the handler runs") { service.gate.arrived == 1 }
            service.gate.open()
            #expect(try await client.responses(2).map(\.body) == ["late", "hello"])
            try await client.untilClosed()
            await client.close()
        }
    }
}
