import Foundation
import GovernanceModel
import PolicyBundle
import PolicyCompiler
import PolicyEngine
import Synchronization
import TestSupport
import Testing

@testable import EnforcementServer

/// Bundles are replaced while requests are decided.
@Suite struct BundleStoreTests {
    static let purposes = (0..<6).map { "purpose-\($0)" } + ["another"]
    private static let readers = 4
    /// At least.
    private static let decisionsEach = 3_000
    private static let replacements = 60

    /// A bundle of its own for each number: it denies the purpose of that number, and says so.
    static func bundle(_ number: Int) throws -> [UInt8] {
        let yaml = """
            apiVersion: charter/v1
            kind: Organization
            metadata: {name: acme}
            spec: {displayName: Acme, currency: USD}
            ---
            apiVersion: charter/v1
            kind: Provider
            metadata: {name: p}
            spec: {type: openai}
            ---
            apiVersion: charter/v1
            kind: Model
            metadata: {name: p/m}
            spec: {provider: p, upstream: m}
            ---
            apiVersion: charter/v1
            kind: Role
            metadata: {name: r}
            spec: {permissions: [{actions: ["*"], resources: ["*:*"]}]}
            ---
            apiVersion: charter/v1
            kind: User
            metadata: {name: ada}
            spec: {email: a@b.c, roles: [r]}
            ---
            apiVersion: charter/v1
            kind: Policy
            metadata: {name: p}
            spec:
              type: usage
              variables: [{name: text, expression: '"no " + context.purpose + " by \(number)"'}]
              rules: [{name: denied, when: 'context.purpose == "purpose-\(number)"', effect: deny, message: variables.text}]
            ---
            apiVersion: charter/v1
            kind: Policy
            metadata: {name: q}
            spec: {type: usage, rules: [{name: warned, when: 'context.purpose.endsWith("\(number)")', effect: warn}]}

            """
        let (governance, _) = Governance.link([DocumentReader.read(Array(yaml.utf8), path: "a.yaml")])
        let origin = BundleOrigin(commit: "commit-\(number)", tree: "tree", time: 0)
        return try #require(PolicyCompiler.compile(governance, origin: origin, isLinked: true, now: 0).bundle)
    }

    static let requests: [[UInt8]] = purposes.map {
        Array(
            """
            {"subject":{"type":"user","id":"ada"},"action":{"name":"llm.chat"},"resource":{"type":"model","id":"p/m"},"context":{"purpose":"\($0)"}}
            """.utf8)
    }

    /// What threads tell each other.
    private final class Board: Sendable {
        let wrong = Mutex<[String]>([])
        let seen = Mutex<Set<String>>([])
        let replacements = Atomic<Int>(0)
        let running = Atomic<Int>(BundleStoreTests.readers)
    }

    /// Decides in the session and returns what was decided as text; the same by the written form.
    private static func answer(_ session: DecisionSession, _ request: [UInt8]) throws -> (decision: Decision, text: String) {
        try request.withUnsafeBytes { bytes in
            try session.decode(bytes, now: 0)
            session.decide()
            return (session.decision(id: "x"), String(decoding: session.json(id: "x"), as: UTF8.self))
        }
    }

    /// Decides from whatever bundle is in force, and notes each answer that is not wholly that bundle's.
    private static func read(_ store: BundleStore, _ board: Board, _ expected: [String: [String]], _ reader: Int) {
        var number = 0
        // On a machine that has other things to do a reader may miss a bundle for long.
        let deadline = ContinuousClock.now + .seconds(60)
        while number < decisionsEach || board.replacements.load(ordering: .relaxed) < replacements
            || (board.seen.withLock { $0.count } < expected.count && ContinuousClock.now < deadline)
        {
            number += 1
            guard let entry = store.current else { continue }
            let request = (number &* 7 &+ reader) % requests.count
            let found = try? entry.sessions.withSession { session in try answer(session, requests[request]) }
            let digest = found?.decision.bundleDigest ?? ""
            board.seen.withLock { _ = $0.insert(digest) }
            let isRight = digest == entry.engine.digest && found?.text == expected[digest]?[request]
            if !isRight { board.wrong.withLock { $0.append("\(String(describing: found?.text)) of \(entry.engine.digest)") } }
        }
        board.running.subtract(1, ordering: .sequentiallyConsistent)
    }

    @Test func `every decision comes from one bundle while bundles are replaced`() async throws {
        try await onOwnThread { try Self.replaceBundlesUnderReaders() }
    }

    private static func replaceBundlesUnderReaders() throws {
        let bundles = try (0..<Self.purposes.count - 1).map { try Self.bundle($0) }
        var expected: [String: [String]] = [:]
        for bytes in bundles {
            let engine = try PolicyEngine(PolicyBundle(bytes: bytes))
            expected[engine.digest] = try Self.requests.map { try Self.answer(DecisionSession(engine), $0).text }
        }
        #expect(expected.count == bundles.count)
        let store = BundleStore()
        store.activate(try PolicyEngine(PolicyBundle(bytes: bundles[0])), at: 0)
        let board = Board()
        let answers = expected
        let threads = DispatchGroup()
        for reader in 0..<Self.readers {
            threads.enter()
            Thread {
                Self.read(store, board, answers, reader)
                threads.leave()
            }.start()
        }
        // Engines are made anew, so that those which were replaced go away while sessions still use them.
        var number = 0
        while board.running.load(ordering: .sequentiallyConsistent) > 0 {
            number += 1
            store.activate(try PolicyEngine(PolicyBundle(bytes: bundles[number % bundles.count])), at: Int64(number))
            board.replacements.store(number, ordering: .relaxed)
        }
        threads.wait()
        #expect(board.wrong.withLock { $0 } == [])
        #expect(board.seen.withLock { $0 } == Set(answers.keys))
    }
}
