import HTTPService
import Logging
import NIOCore
import NIOHTTP1
import Synchronization
import TestSupport

/// A web server that hands out what a test puts there, and remembers what it was asked.
final class WebServer: Sendable {
    struct Place: Sendable {
        var status = HTTPResponseStatus.ok
        var fields: HTTPHeaders = [:]
        var body: [UInt8] = []

        init(_ body: [UInt8], etag: String? = nil, epoch: Int? = nil) {
            self.body = body
            if let etag { fields.add(name: "ETag", value: etag) }
            if let epoch { fields.add(name: "Charter-Epoch", value: String(epoch)) }
        }

        init(redirectTo location: String) {
            status = .temporaryRedirect
            fields.add(name: "Location", value: location)
        }

        init(status: HTTPResponseStatus) { self.status = status }
    }

    struct Asked: Sendable, Equatable {
        var path: String
        var tag: String?
        var token: String?
        var status: UInt
    }

    private struct State {
        var places: [String: Place] = [:]
        var asked: [Asked] = []
    }

    private final class Shared: Sendable {
        let state = Mutex(State())
    }

    private let shared: Shared
    private let service: HTTPService
    let port: Int

    private init(_ shared: Shared, _ service: HTTPService, _ port: Int) { (self.shared, self.service, self.port) = (shared, service, port) }

    static func with(_ body: (WebServer) async throws -> Void) async throws {
        let shared = Shared()
        var router = Router()
        router.on(.GET, "/{path...}") { request in
            .ready(
                shared.state.withLock { state in
                    var place = state.places[request.path] ?? Place(status: .notFound)
                    let tag = request.header("If-None-Match")
                    if let tag, place.fields.first(name: "ETag") == tag { (place.status, place.body) = (.notModified, []) }
                    state.asked.append(
                        Asked(path: request.path, tag: tag, token: request.header("Authorization"), status: place.status.code))
                    return HTTPResponse(status: place.status, headers: place.fields, body: ByteBuffer(bytes: place.body))
                })
        }
        let service = HTTPService(
            configuration: .init(port: 0, eventLoops: 1), router: router, metrics: MetricsRegistry(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let port = try await service.start().port ?? 0
        do {
            try await body(WebServer(shared, service, port))
            await service.stop()
        } catch {
            await service.stop()
            throw error
        }
    }

    func put(_ place: Place?, at path: String) { shared.state.withLock { $0.places[path] = place } }

    /// What it was asked since the last call.
    func asked() -> [Asked] {
        shared.state.withLock { state in
            defer { state.asked = [] }
            return state.asked
        }
    }

    func url(_ path: String) -> String { "http://127.0.0.1:\(port)\(path)" }

    func stop() async { await service.stop() }
}

/// Runs what blocks on a thread of its own.
func blocking<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        _ = Background<Void> { continuation.resume(with: Result { try body() }) }
    }
}
