import BundleFollowing
import Foundation
import JSON
import PolicyBundle
import PolicyEngine
import Synchronization
import TestSupport
import Testing

@testable import EnforcementServer

/// A bundle file that is replaced again and again while clients ask over HTTP.
@Suite struct BundleSwapTests {
    /// A thousand take minutes in a debug build.
    private static let swaps = ProcessInfo.processInfo.environment["CHARTER_BUNDLE_SWAPS"].flatMap { Int($0) } ?? 60
    private static let clients = 4

    private final class Board: Sendable {
        let wrong = Mutex<[String]>([])
        let digests = Mutex<Set<String>>([])
        let answers = Atomic<Int>(0)
        let isOver = Atomic(false)
    }

    /// What an answer says, without its id.
    private static func content(_ body: [UInt8]) throws -> JSONValue {
        guard case .object(var object) = try JSONParser.parse(body) else { throw Failure("no object") }
        object["id"] = nil
        return .object(object)
    }

    private static func ask(_ port: Int, _ board: Board, _ expected: [String: [JSONValue]], _ client: Int) throws {
        let connection = try KeptConnection(port: port)
        var number = 0
        while !board.isOver.load(ordering: .acquiring) {
            number += 1
            let request = (number &* 7 &+ client) % BundleStoreTests.requests.count
            let answer = try connection.decide(BundleStoreTests.requests[request])
            let content = try Self.content(answer.body)
            let digest = content["bundle"]?["digest"]?.stringValue ?? ""
            board.digests.withLock { _ = $0.insert(digest) }
            board.answers.add(1, ordering: .relaxed)
            guard answer.status != 200 || content != expected[digest]?[request] else { continue }
            board.wrong.withLock { $0.append("\(answer.status) \(String(decoding: answer.body, as: UTF8.self))") }
        }
    }

    @Test func `no request fails and no answer mixes two bundles while a file is replaced under load`() async throws {
        let bundles = try (0..<BundleStoreTests.purposes.count - 1).map { try BundleStoreTests.bundle($0) }
        var expected: [String: [JSONValue]] = [:]
        for bytes in bundles {
            let engine = try PolicyEngine(PolicyBundle(bytes: bytes))
            expected["sha256:\(engine.digest)"] = try BundleStoreTests.requests.map {
                try Self.content(JSONWriter.bytes(engine.decide($0, now: 0, id: "x").json))
            }
        }
        let folder = try TemporaryFolder.make()
        defer { TemporaryFolder.remove(folder) }
        let path = folder + "/bundle"
        func put(_ number: Int) throws {
            try Data(bundles[number % bundles.count]).write(to: URL(fileURLWithPath: path), options: .atomic)
        }
        let server = try EnforcementServer(.init(host: "127.0.0.1", port: 0), store: BundleStore(), status: ServiceStatus())
        let subscription = try BundleSubscription(FileFeed(path: path, interval: .milliseconds(1))) { event in
            if case .activated(let bundle) = event { server.store.activate(bundle.engine, at: 0) }
        }
        try put(0)
        subscription.look()
        let port = try await server.start()
        let board = Board()
        let (answers, store) = (expected, server.store)
        let clients = (0..<Self.clients).map { client in Background { try Self.ask(port, board, answers, client) } }
        subscription.start()
        let swaps = Self.swaps
        let swapping = Background { () -> Int in
            defer { board.isOver.store(true, ordering: .releasing) }
            for number in 1...swaps {
                let before = (store.current?.engine.digest, board.answers.load(ordering: .relaxed))
                try Data(bundles[number % bundles.count]).write(to: URL(fileURLWithPath: path), options: .atomic)
                // Each is in force, and answers were given, before the next one comes.
                let isIn = eventually {
                    store.current?.engine.digest != before.0 && board.answers.load(ordering: .relaxed) > before.1
                }
                if !isIn { return number - 1 }
            }
            return swaps
        }
        let done = try await onOwnThread { try swapping.value(within: .seconds(3600)) }
        for client in clients { try await onOwnThread { try client.value() } }
        subscription.stop()
        await server.stop()
        #expect(done == swaps)
        #expect(board.wrong.withLock { $0.prefix(3).map { $0 } } == [])
        #expect(board.digests.withLock { $0 } == Set(answers.keys))
        #expect(board.answers.load(ordering: .relaxed) > swaps)
    }
}
