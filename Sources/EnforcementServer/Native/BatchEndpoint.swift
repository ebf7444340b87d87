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
                let items = try Self.items(body)
                var out = ByteBufferAllocator().buffer(capacity: 32 + items.count * (isBrief ? 72 : 512))
                out.writeStaticString("{\"decisions\":[")
                entry.sessions.withSession { session in
                    for (number, item) in items.enumerated() {
                        if number > 0 { out.writeStaticString(",") }
                        decide(item, number, session, call, isBrief: isBrief, to: &out)
                    }
                }
                out.writeStaticString("]}")
                return HTTPResponse(headers: ["Content-Type": "application/json"], body: out)
            } catch {
                service.metrics.badRequests.increment()
                return .badRequest(error)
            }
        }
    }

    private static func items(_ body: UnsafeRawBufferPointer) throws(RequestError) -> [UnsafeRawBufferPointer] {
        guard let requests = try RequestSlices.members(body).first(where: { $0.name == "requests" }) else {
            throw RequestError("/requests", "is missing")
        }
        return try RequestSlices.elements(body, requests, most: most)
    }

    private func decide(
        _ item: UnsafeRawBufferPointer, _ number: Int, _ session: DecisionSession, _ call: DecisionService.Call, isBrief: Bool,
        to out: inout ByteBuffer
    ) {
        do throws(RequestError) {
            try service.decide(item, session, call) { decided in
                guard isBrief else {
                    out.writeBytes(decided.json)
                    return
                }
                out.writeStaticString("{\"id\":\"")
                _ = decided.id.withText { out.writeBytes($0) }
                out.writeStaticString(decided.isAllowed ? "\",\"decision\":true}" : "\",\"decision\":false}")
            }
        } catch {
            service.metrics.badRequests.increment()
            let value: JSONValue = [
                "error": ["pointer": .string("/requests/\(number)\(error.pointer)"), "detail": .string(error.detail)]
            ]
            out.writeBytes(JSONWriter.bytes(value))
        }
    }
}
