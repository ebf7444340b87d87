import HTTPService
import JSON
import NIOCore
import PolicyEngine

/// Many decisions at once.
extension APIRoutes {
    mutating func addBatches(_ service: DecisionService, _ intake: BodyIntake) {
        let batches = BatchEndpoint(service: service)
        on(.POST, "/v1/decisions/batch", .decide) { request, caller in
            intake.take(request, refuse: HTTPResponse.problemRefusal) { batches.answer($0, caller) }
        }
    }
}

/// `POST /v1/decisions/batch`: all of a batch by one bundle, each request by itself.
struct BatchEndpoint: Sendable {
    static let most = 1000

    let service: DecisionService

    func answer(_ request: HTTPRequest, _ caller: Caller) -> HTTPResponse {
        guard let entry = service.store.current else { return EnforcementServer.unavailable() }
        if let refusal = request.refusalUnlessJSON() {
            service.metrics.badRequests.increment()
            return refusal
        }
        let isBrief: Bool
        switch request.queryValue("fields") {
        case nil: isBrief = false
        case "decision": isBrief = true
        default: return .problem(Problem(status: .badRequest, detail: "`fields` can be `decision`, or be left out for all of them"))
        }
        let call = DecisionService.Call(request, caller, path: "/v1/decisions/batch")
        return request.body.withUnsafeReadableBytes { body in
            do throws(RequestError) {
                let out = try entry.sessions.withSession { session throws(RequestError) in
                    // Read once, if it can be; where something is wrong, each request is read by itself, so that the others are decided.
                    if let list = session.readRequests(body, member: "requests"), list.count <= Self.most {
                        return decideAll(list, body, session, call, isBrief: isBrief)
                    }
                    return decideAll(try Self.items(body), session, call, isBrief: isBrief)
                }
                return HTTPResponse(headers: ["Content-Type": "application/json"], body: out)
            } catch {
                service.metrics.badRequests.increment()
                return .badRequest(error)
            }
        }
    }

    private func decideAll(
        _ list: DecisionSession.RequestList, _ body: UnsafeRawBufferPointer, _ session: DecisionSession, _ call: DecisionService.Call,
        isBrief: Bool
    ) -> ByteBuffer {
        var answers = Answers(count: list.count, isBrief: isBrief)
        session.forEach(list) { request in
            add(to: &answers) { answers throws(RequestError) in
                try service.decide(request, of: body, session, call) { answers.append($0) }
            }
        }
        return answers.end()
    }

    private func decideAll(
        _ items: [UnsafeRawBufferPointer], _ session: DecisionSession, _ call: DecisionService.Call, isBrief: Bool
    ) -> ByteBuffer {
        var answers = Answers(count: items.count, isBrief: isBrief)
        for item in items {
            add(to: &answers) { answers throws(RequestError) in
                try service.decide(item, session, call) { answers.append($0) }
            }
        }
        return answers.end()
    }

    /// Adds what `decide` makes of the next request, or what is wrong with it.
    @inline(__always)
    private func add(to answers: inout Answers, _ decide: (inout Answers) throws(RequestError) -> Void) {
        answers.begin()
        do throws(RequestError) {
            try decide(&answers)
        } catch {
            service.metrics.badRequests.increment()
            answers.append(error)
        }
    }

    private static func items(_ body: UnsafeRawBufferPointer) throws(RequestError) -> [UnsafeRawBufferPointer] {
        guard let requests = try RequestSlices.members(body).first(where: { $0.name == "requests" }) else {
            throw RequestError("/requests", "is missing")
        }
        return try RequestSlices.elements(body, requests, most: most)
    }

    /// The answer, as it grows.
    private struct Answers {
        private let isBrief: Bool
        private var out: ByteBuffer
        private var count = 0

        init(count: Int, isBrief: Bool) {
            self.isBrief = isBrief
            out = ByteBufferAllocator().buffer(capacity: 32 + count * (isBrief ? Self.briefSize : 512))
            out.writeStaticString("{\"decisions\":[")
        }

        /// Of the next request.
        mutating func begin() {
            if count > 0 { out.writeStaticString(",") }
            count += 1
        }

        mutating func append(_ error: RequestError) {
            let value: JSONValue = [
                "error": ["pointer": .string("/requests/\(count - 1)\(error.pointer)"), "detail": .string(error.detail)]
            ]
            out.writeBytes(JSONWriter.bytes(value))
        }

        mutating func append(_ decided: DecisionService.Decided) {
            guard isBrief else {
                out.writeBytes(decided.json)
                return
            }
            let end: StaticString = decided.isAllowed ? "\",\"decision\":true}" : "\",\"decision\":false}"
            out.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.briefSize) { bytes in
                var size = 0
                func add(_ part: UnsafeRawBufferPointer) {
                    UnsafeMutableRawBufferPointer(rebasing: bytes[size...]).copyMemory(from: part)
                    size += part.count
                }
                Self.begin.withUTF8Buffer { add(UnsafeRawBufferPointer($0)) }
                add(decided.text)
                end.withUTF8Buffer { add(UnsafeRawBufferPointer($0)) }
                return size
            }
        }

        private static let begin: StaticString = "{\"id\":\""
        /// More than a brief answer has.
        private static let briefSize = 72

        mutating func end() -> ByteBuffer {
            out.writeStaticString("]}")
            return out
        }
    }
}
