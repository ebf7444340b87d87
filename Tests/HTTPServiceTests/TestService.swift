import HTTPService
import Logging
import NIOCore
import Synchronization

/// A gate that `later` handlers wait at until the test opens it.
final class Gate: Sendable {
    private let state = Mutex<(isOpen: Bool, arrived: Int)>((isOpen: false, arrived: 0))

    var arrived: Int { state.withLock { $0.arrived } }

    func open() { state.withLock { $0.isOpen = true } }

    func pass() async {
        state.withLock { $0.arrived += 1 }
        while !state.withLock({ $0.isOpen }), !Task.isCancelled { try? await Task.sleep(for: .milliseconds(1)) }
    }
}

/// The tests' configuration with a change of their own. A client that gets no turn for a minute is not to meet a deadline that no test is about.
func configured(_ change: (inout HTTPService.Configuration) -> Void) -> HTTPService.Configuration {
    var configuration = HTTPService.Configuration(
        port: 0, eventLoops: 2, headerTimeout: .minutes(10), bodyTimeout: .minutes(10), idleTimeout: .minutes(10),
        drainTimeout: .seconds(2),
        serverName: "charter")
    change(&configuration)
    return configuration
}

/// A running service with the routes the tests use.
struct TestService {
    let service: HTTPService
    let port: Int
    let metrics: MetricsRegistry
    let gate: Gate

    static func router(_ gate: Gate) -> Router {
        var router = Router()
        router.on(.GET, "/hello") { _ in .ready(.text("hello")) }
        router.on(.POST, "/echo") { request in .ready(HTTPResponse(body: request.body)) }
        router.on(.GET, "/later") { _ in
            .later {
                await gate.pass()
                return .text("late")
            }
        }
        router.on(.GET, "/large") { _ in .ready(.text(String(repeating: "x", count: 1 << 20))) }
        router.on(.GET, "/items/{name}") { request in .ready(.text("item " + (request.capture ?? "?"))) }
        router.on(.GET, "/tree/{path...}") { request in .ready(.text("tree " + (request.capture ?? "?"))) }
        router.on(.PUT, "/any/{path...}") { _ in .ready(.text("put")) }
        router.onAny("/any/{path...}") { request in .ready(.text("any \(request.method) \(request.capture ?? "?")")) }
        router.on(.GET, "/query") { request in .ready(.text(request.query.map { "\($0.name)=\($0.value)" }.joined(separator: ";"))) }
        router.on(.GET, "/inject") { request in
            .ready(HTTPResponse(headers: ["X-Value": request.queryValue("v") ?? "", "Bad Name": "x", "Content-Length": "999"]))
        }
        router.on(.GET, "/peer") { request in
            .ready(.text(request.peer.map { ($0.uris + [$0.commonName ?? "-"]).joined(separator: " ") } ?? "nobody"))
        }
        router.on(.DELETE, "/nothing") { _ in .ready(HTTPResponse(status: .noContent, body: ByteBuffer(string: "not sent"))) }
        return router
    }

    static func run(
        _ configuration: HTTPService.Configuration = configured { _ in }, test: (TestService) async throws -> Void
    ) async throws {
        let metrics = MetricsRegistry()
        let gate = Gate()
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let service = HTTPService(configuration: configuration, router: router(gate), metrics: metrics, logger: logger)
        let address = try await service.start()
        do {
            try await test(TestService(service: service, port: address.port ?? 0, metrics: metrics, gate: gate))
        } catch {
            gate.open()
            await service.stop()
            throw error
        }
        gate.open()
        await service.stop()
    }

    func connect(autoRead: Bool = true, saying: String = "", dripping: String = "") async throws -> RawClient {
        try await RawClient.connect(port: port, autoRead: autoRead, saying: saying, dripping: dripping)
    }

    /// One request on a connection of its own.
    func exchange(_ text: String, headOnly: Bool = false) async throws -> RawClient.Response {
        let client = try await connect()
        let response = try await client.exchange(text, headOnly: headOnly)
        await client.close()
        return response
    }

    var page: String { String(decoding: metrics.render(), as: UTF8.self) }
}
