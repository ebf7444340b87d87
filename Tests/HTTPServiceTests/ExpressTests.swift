import HTTPService
import Logging
import NIOCore
import Synchronization
import Testing

/// What goes the express way is answered as it would be the ordinary way, byte for byte.
@Suite struct ExpressTests {
    private final class Count: Sendable {
        let value = Mutex(0)
    }

    /// Two services with the same route, one of which has an express way to it.
    private static func run(_ test: (_ express: Int, _ ordinary: Int, _ count: Count) async throws -> Void) async throws {
        let count = Count()
        func service(_ hasExpress: Bool) -> HTTPService {
            var router = Router()
            router.on(.POST, "/echo") { .ready(.json(Array($0.body.readableBytesView))) }
            router.on(.GET, "/hello") { _ in .ready(.text("hello")) }
            if hasExpress {
                router.express("/echo") { request, respond in
                    // As of a request that its handler cannot decide.
                    if request.body.elementsEqual("decline".utf8) { return false }
                    count.value.withLock { $0 += 1 }
                    respond(request.body)
                    return true
                }
            }
            return HTTPService(
                configuration: configured { $0.maxBodyBytes = 2_000 }, router: router, metrics: MetricsRegistry(),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        }
        let (express, ordinary) = (service(true), service(false))
        let ports = (try await express.start().port ?? 0, try await ordinary.start().port ?? 0)
        let result: Result<Void, any Error>
        do {
            result = .success(try await test(ports.0, ports.1, count))
        } catch {
            result = .failure(error)
        }
        await express.stop()
        await ordinary.stop()
        try result.get()
    }

    private static let plain = "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{\"a\":1}"

    private static func post(_ fields: String, _ body: String = "{}", line: String = "POST /echo HTTP/1.1") -> String {
        "\(line)\r\nHost: h\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    /// All that comes back until the server closes, or has answered as many requests as were sent.
    private static func exchange(_ port: Int, _ pieces: [String], responses: Int) async throws -> [String] {
        let client = try await RawClient.connect(port: port)
        for piece in pieces {
            client.send(piece)
            if pieces.count > 1 { await Task.yield() }
        }
        var answers: [String] = []
        do {
            for response in try await client.responses(responses) {
                let fields = response.fields.filter { $0.name != "Date" }.map { "\($0.name): \($0.value)" }.sorted()
                answers.append("\(response.status) \(fields) \(response.body)")
            }
        } catch {
            answers.append("closed after \(client.text.prefix(12))")
        }
        await client.close()
        return answers
    }

    /// Requests, how many answers they get, and how many of these go the express way.
    static let cases: [(text: String, responses: Int, express: Int)] = [
        (plain, 1, 1),
        (plain + plain + plain, 3, 3),
        (post("X-Request-ID: abc-1\r\nAuthorization: Bearer x\r\nConnection: keep-alive\r\nAccept: */*\r\n"), 1, 1),
        (post("content-type:application/json;charset=utf-8\r\nTRACEPARENT: 00-x\r\n"), 1, 1),
        (post("X-Empty:\r\nX-Tab: a\tb\r\n"), 1, 1),
        (post("", "decline"), 1, 0),
        (plain + post("", "decline") + plain, 3, 1),
        (post("Connection: close\r\n"), 1, 0),
        (post("Connection: Upgrade\r\nUpgrade: websocket\r\n"), 1, 0),
        (post("Content-Type: text/plain\r\n"), 1, 0),
        (post("Content-Encoding: gzip\r\n"), 1, 0),
        (post("Expect: 100-continue\r\n", "{}").replacing("\r\n\r\n{}", with: "\r\n\r\n"), 0, 0),
        (post("Host: other\r\n"), 1, 0),
        (post("Content-Length: 2\r\n"), 1, 0),
        (post("Content-Length: 3\r\n"), 1, 0),
        (post("Transfer-Encoding: chunked\r\n"), 1, 0),
        ("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 1, 0),
        ("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: +2\r\n\r\n{}", 1, 0),
        ("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length : 2\r\n\r\n{}", 1, 0),
        ("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n folded\r\n\r\n{}", 1, 0),
        ("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\n{}", 1, 0),
        ("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 2001\r\n\r\n", 1, 0),
        ("POST /echo HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", 1, 0),
        ("POST /echo HTTP/1.1\nHost: h\nContent-Length: 2\n\n{}", 1, 0),
        ("POST /echo HTTP/1.1\r\nHost: h\r\nX: a\rb\r\nContent-Length: 2\r\n\r\n{}", 1, 0),
        ("POST /echo HTTP/1.1\r\nHost: h\r\nX: a\u{0}b\r\nContent-Length: 2\r\n\r\n{}", 1, 0),
        (post("", line: "POST /echo HTTP/1.0"), 1, 0),
        (post("", line: "POST /echo?x=1 HTTP/1.1"), 1, 0),
        (post("", line: "POST /other HTTP/1.1"), 1, 0),
        (post("", line: "PUT /echo HTTP/1.1"), 1, 0),
        ("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n" + plain, 2, 0),
        (plain + "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n" + plain, 3, 1),
        (plain + "nonsense\r\n\r\n", 2, 1),
        (post(String(repeating: "X-Many: y\r\n", count: 90)), 1, 0),
        (post("X-Long: " + String(repeating: "y", count: 20_000) + "\r\n"), 1, 0),
        (post("X-Request-ID: a b\r\n"), 1, 0),
    ]

    @Test(arguments: 0..<cases.count) func `an answer is the same either way`(number: Int) async throws {
        let (text, responses, isExpress) = Self.cases[number]
        try await Self.run { express, ordinary, count in
            let found = try await Self.exchange(express, [text], responses: responses)
            let expected = try await Self.exchange(ordinary, [text], responses: responses)
            #expect(found == expected)
            #expect(count.value.withLock { $0 } == isExpress)
        }
    }

    @Test func `it does not matter in which pieces the bytes come`() async throws {
        try await Self.run { express, ordinary, count in
            var random = SystemRandomNumberGenerator()
            for number in Self.cases.indices where Self.cases[number].text.utf8.count < 1_000 && Self.cases[number].responses > 0 {
                let (text, responses, _) = Self.cases[number]
                let whole = try await Self.exchange(ordinary, [text], responses: responses)
                for _ in 0..<4 {
                    var cuts = (0..<Int.random(in: 1...5, using: &random)).map { _ in Int.random(in: 0...text.utf8.count, using: &random) }
                        .sorted()
                    cuts.append(text.utf8.count)
                    var pieces: [String] = []
                    var start = 0
                    for cut in cuts {
                        pieces.append(String(decoding: Array(text.utf8)[start..<cut], as: UTF8.self))
                        start = cut
                    }
                    let found = try await Self.exchange(express, pieces, responses: responses)
                    #expect(found == whole, "\(pieces)")
                }
            }
            #expect(count.value.withLock { $0 } > 0)
        }
    }

    @Test func `a body that is not sent to its end is answered when the client ends`() async throws {
        try await Self.run { express, _, count in
            let client = try await RawClient.connect(port: express)
            client.send(String(decoding: Self.plain.utf8.dropLast(3), as: UTF8.self))
            try await client.endOutput()
            #expect(try await client.response().status == 400)
            try await client.untilClosed()
            #expect(count.value.withLock { $0 } == 0)
        }
    }

    @Test func `a client that dawdles runs into the same deadlines`() async throws {
        var router = Router()
        router.on(.POST, "/echo") { .ready(.json(Array($0.body.readableBytesView))) }
        router.express("/echo") { request, respond in
            respond(request.body)
            return true
        }
        let service = HTTPService(
            configuration: configured {
                $0.headerTimeout = .seconds(2)
                $0.bodyTimeout = .seconds(2)
                $0.idleTimeout = .seconds(2)
            }, router: router, metrics: MetricsRegistry(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let port = try await service.start().port ?? 0
        for part in [30, Self.plain.utf8.count - 2] {
            let (client, response) = try await RawClient.answered {
                try await RawClient.connect(port: port, saying: String(decoding: Self.plain.utf8.prefix(part), as: UTF8.self))
            }
            #expect(response.status == 408, "\(part): \(response.body)")
            try await client.untilClosed()
        }
        // After an answer it is an idle connection like any other.
        let (client, response) = try await RawClient.answered { try await RawClient.connect(port: port, saying: Self.plain) }
        #expect(response.status == 200)
        try await client.untilClosed()
        await service.stop()
    }
}
