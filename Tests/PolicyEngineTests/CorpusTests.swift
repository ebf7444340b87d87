import Foundation
import JSON
import PolicyEngine
import Testing

/// The inputs that fuzzing has found to lead somewhere of their own: `Tests/Corpus`.
@Suite struct CorpusTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../Corpus")

    private static func requests() throws -> [[UInt8]] {
        let text = try String(contentsOf: folder.appendingPathComponent("requests.base64"), encoding: .utf8)
        return try text.split(separator: "\n").map { Array(try #require(Data(base64Encoded: String($0)))) }
    }

    @Test func `two readers of JSON agree on every request`() throws {
        let tape = JSONTape()
        var valid = 0
        for request in try Self.requests() {
            let parsed = try? JSONParser.parse(request)
            request.withUnsafeBytes { bytes in
                #expect(tape.read(bytes) == (parsed != nil), "\(String(decoding: request, as: UTF8.self))")
                guard let parsed, tape.read(bytes) else { return }
                valid += 1
                #expect(JSONWriter.bytes(tape.value(0)) == JSONWriter.bytes(parsed))
            }
        }
        #expect(valid > 20)
    }

    @Test func `every request is refused with a place, or decided with a reason`() throws {
        let world = try String(contentsOf: Self.folder.appendingPathComponent("world.yaml"), encoding: .utf8)
        // One of the policies that the fuzzer has seventy of: the world has an exemption from it.
        let policy = """
            apiVersion: charter/v1
            kind: Policy
            metadata: {name: s0}
            spec:
              type: usage
              rules: [{name: r, when: 'context.purpose == "p0" && context.inputTokens > 1', effect: deny}]

            """
        let session = DecisionSession(try TestEngine.compile(["world.yaml": world, "policy.yaml": policy]))
        var (refused, allowed, denied) = (0, 0, 0)
        for request in try Self.requests() {
            request.withUnsafeBytes { bytes in
                do throws(RequestError) { try session.decode(bytes, now: 1_780_000_000_000_000_000) } catch {
                    #expect(!error.detail.isEmpty)
                    refused += 1
                    return
                }
                let isAllowed = session.decide()
                let decision = session.decision(id: "x")
                #expect(decision.isAllowed == isAllowed && isAllowed == decision.reasons.isEmpty)
                #expect(session.json(id: "x").elementsEqual(JSONWriter.bytes(decision.json)))
                if isAllowed { allowed += 1 } else { denied += 1 }
            }
        }
        #expect(refused > 50 && allowed > 0 && denied > 5, "\(refused) refused, \(allowed) allowed, \(denied) denied")
    }
}
