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

    @Test(arguments: RandomWorld.Size.allCases) func `requests of a list are decided, and refused, as each would be alone`(
        _ size: RandomWorld.Size
    ) throws {
        var random = Noise(seed: 11)
        for _ in 0..<(size == .small ? 8 : 2) {
            let world = RandomWorld(&random, size)
            let engine = try TestEngine.compile(["world.yaml": world.yaml])
            let session = DecisionSession(engine)
            let now = RandomRequest(&random).now
            // Some are JSON and no request.
            let texts = (0..<80).map { _ -> [UInt8] in
                switch random.below(9) {
                case 0: return Array(["{}", "7", "null", "[]", "\"a\\n\"", "{\"subject\":{}}"][random.below(6)].utf8)
                default: return RandomRequest(&random).bytes(in: world)
                }
            }
            func outcome(_ decode: () throws(RequestError) -> Void) -> String {
                do throws(RequestError) {
                    try decode()
                } catch {
                    return "\(error.pointer) \(error.detail)"
                }
                session.decide()
                return String(decoding: Array(session.json(id: "x")), as: UTF8.self)
            }
            let alone = texts.map { text in
                text.withUnsafeBytes { bytes in outcome { () throws(RequestError) in try session.decode(bytes, now: now) } }
            }
            let body =
                Array("{\"a\":[1,{\"requests\":[]}],\"requests\":[".utf8) + Array(texts.joined(separator: Array(" ,\n".utf8)))
                + Array("]}".utf8)
            body.withUnsafeBytes { bytes in
                guard let list = session.readRequests(bytes, member: "requests") else {
                    Issue.record("the list could not be read")
                    return
                }
                var together: [String] = []
                var places: [Int] = []
                session.forEach(list) { request in
                    together.append(outcome { () throws(RequestError) in try session.decode(request, now: now) })
                    places.append(request.start)
                }
                #expect(list.count == texts.count && together == alone)
                for (text, place) in zip(texts, places) where text.first == UInt8(ascii: "{") {
                    #expect(bytes[place...].starts(with: text))
                }
            }
        }
    }

    @Test func `a list that is none, or is not JSON in one of its parts, is not read`() throws {
        var random = Noise(seed: 12)
        let session = DecisionSession(try TestEngine.compile(["world.yaml": RandomWorld(&random, .small).yaml]))
        for text in [
            "", "[]", "{}", "{\"requests\":{}}", "{\"requests\":[}", "{\"requests\":[{\"a\":nul}]}", "{\"requests\":[{\"a\":1,\"a\":1}]}",
            "{\"requests\":[]} x", "{\"requests\":[],\"requests\":[]}", "{\"other\":[]}", "{\"requests\":[\"\u{1}\"]}",
        ] {
            #expect(Array(text.utf8).withUnsafeBytes { session.readRequests($0, member: "requests") == nil }, "\(text)")
        }
        #expect(Array("{\"requests\":[]}".utf8).withUnsafeBytes { session.readRequests($0, member: "requests")?.count } == 0)
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

    @Test(arguments: RandomWorld.Size.allCases) func `requests that were put aside are decided as when they were decoded`(
        _ size: RandomWorld.Size
    ) throws {
        var random = Noise(seed: 9)
        let world = RandomWorld(&random, size)
        let engine = try TestEngine.compile(["world.yaml": world.yaml])
        let session = DecisionSession(engine)
        var aside: [(RequestSnapshot, [UInt8])] = []
        for _ in 0..<100 {
            let request = RandomRequest(&random)
            // Escaped, so that its texts lie in the session's memory, which the next request takes.
            let text = String(decoding: request.bytes(in: world), as: UTF8.self).replacing("\"id\":\"", with: "\"id\":\"\\u0075")
            for bytes in [request.bytes(in: world), Array(text.utf8)] {
                let decision = try Self.json(session, bytes, request.now)
                aside.append((session.snapshot(), decision))
            }
        }
        for _ in 0..<400 {
            let (snapshot, decision) = aside[random.below(aside.count)]
            session.restore(snapshot)
            #expect(!session.isAllowed, "what is not decided is denied")
            session.decide()
            #expect(session.json(id: "x").elementsEqual(decision), "\(String(decoding: decision, as: UTF8.self))")
        }
    }

    @Test func `decisions may be counted round`() throws {
        var random = Noise(seed: 10)
        let world = RandomWorld(&random, .large)
        let engine = try TestEngine.compile(["world.yaml": world.yaml])
        let session = DecisionSession(engine)
        for _ in 0..<20 {
            // As if each shared condition had held at the decision that was the first.
            session.memo.update(repeating: 1 << 32, count: engine.index.memoCount)
            session.state.pointee.decisionNumber = .max
            let request = RandomRequest(&random)
            let bytes = request.bytes(in: world)
            #expect(try Self.json(session, bytes, request.now) == Self.json(DecisionSession(engine), bytes, request.now))
            #expect(session.state.pointee.decisionNumber == 1)
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
