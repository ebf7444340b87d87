import Foundation
import JSON
import PolicyBundle
import PolicyEngine

/// Requests from outside: refused with a reason, or decided.
enum RequestFuzzing {
    nonisolated(unsafe) private static let session: DecisionSession? =
        (try? FuzzWorld.bundle()).flatMap { try? PolicyBundle(bytes: $0) }.flatMap { try? PolicyEngine($0) }.map { DecisionSession($0) }
    nonisolated(unsafe) private static let tape = JSONTape()

    static func input(_ bytes: UnsafeRawBufferPointer) -> CInt {
        guard let session else { return -1 }
        // Two readers of one grammar.
        let isRead = tape.read(bytes)
        var parsed: JSONValue?
        do throws(JSONSyntaxError) { parsed = try JSONParser.parse(Array(bytes)) } catch { parsed = nil }
        require(isRead == (parsed != nil), "one reader of JSON accepts what the other refuses")
        if isRead, let parsed {
            let value = tape.value(0)
            require(JSONWriter.bytes(value) == JSONWriter.bytes(parsed), "two readers of JSON read different values")
        }
        do throws(RequestError) { try session.decode(bytes, now: FuzzWorld.now) } catch { return 0 }
        let isAllowed = session.decide()
        let decision = session.decision(id: "x")
        require(decision.isAllowed == isAllowed && isAllowed == decision.reasons.isEmpty, "a decision without a reason")
        require(session.json(id: "x").elementsEqual(JSONWriter.bytes(decision.json)), "the decision is written in two ways")
        return 0
    }
}
