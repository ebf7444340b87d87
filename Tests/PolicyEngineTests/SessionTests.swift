import JSON
import Testing

@testable import PolicyEngine

/// What a session keeps between requests is memory, and nothing else.
@Suite struct SessionTests {
    @Test(arguments: RandomWorld.Size.allCases) func `one session after other requests decides as a new one does`(
        _ size: RandomWorld.Size
    ) throws {
        var random = Noise(seed: 7)
        for _ in 0..<(size == .small ? 6 : 2) {
            let world = RandomWorld(&random, size)
            let engine = try TestEngine.compile(["world.yaml": world.yaml])
            let requests = (0..<60).map { _ in RandomRequest(&random) }
            let bytes = requests.map { $0.bytes(in: world) }
            let alone = try requests.indices.map { try Self.json(DecisionSession(engine), bytes[$0], requests[$0].now) }
            let session = DecisionSession(engine)
            for _ in 0..<600 {
                let number = random.below(requests.count)
                // What cannot be read, or can be read and is not decided, leaves nothing behind either.
                switch random.below(8) {
                case 0: #expect(throws: RequestError.self) { try Self.json(session, Array(bytes[number].dropLast()), requests[number].now) }
                case 1: try bytes[random.below(bytes.count)].withUnsafeBytes { try session.decode($0, now: requests[number].now) }
                default: break
                }
                let found = try Self.json(session, bytes[number], requests[number].now)
                guard found == alone[number] else {
                    Issue.record("\(String(decoding: found, as: UTF8.self)) instead of \(String(decoding: alone[number], as: UTF8.self))")
                    return
                }
            }
        }
    }

    @Test(arguments: RandomWorld.Size.allCases) func `what was decoded can be decided again`(_ size: RandomWorld.Size) throws {
        var random = Noise(seed: 8)
        let world = RandomWorld(&random, size)
        let session = DecisionSession(try TestEngine.compile(["world.yaml": world.yaml]))
        for _ in 0..<200 {
            let request = RandomRequest(&random)
            try request.bytes(in: world).withUnsafeBytes { bytes in
                try session.decode(bytes, now: request.now)
                session.decide()
                let first = session.decision(id: "x")
                for _ in 0..<3 {
                    session.decide()
                    #expect(session.decision(id: "x") == first)
                }
            }
        }
    }

    private static func json(_ session: DecisionSession, _ bytes: [UInt8], _ now: Int64) throws -> [UInt8] {
        try bytes.withUnsafeBytes { bytes in
            try session.decode(bytes, now: now)
            session.decide()
            return Array(session.json(id: "x"))
        }
    }
}
