import HTTPService
import NIOCore
import PolicyEngine

/// What decides.
extension APIRoutes {
    mutating func addDecisions(_ service: DecisionService) {
        let decisions = DecisionEndpoint(service: service)
        on(.POST, "/v1/decisions", .decide) { .ready(decisions.answer($0, $1)) }
        express("/v1/decisions", .decide) { decisions.answer($0, $1, $2) }
    }
}

/// `POST /v1/decisions`.
struct DecisionEndpoint: Sendable {
    let service: DecisionService

    func answer(_ request: HTTPRequest, _ caller: Caller) -> HTTPResponse {
        guard let entry = service.store.current else { return EnforcementServer.unavailable() }
        if let refusal = request.refusalUnlessJSON() {
            service.metrics.badRequests.increment()
            return refusal
        }
        let call = DecisionService.Call(request, caller, path: "/v1/decisions")
        // The buffer holds on to the bytes until the decision is written.
        return request.body.withUnsafeReadableBytes { bytes in
            do throws(RequestError) {
                return try service.decide(bytes, by: entry, call) { .json(Array($0.json)) }
            } catch {
                return .badRequest(error)
            }
        }
    }

    /// The same from bytes to bytes; what is no good request is left to the ordinary way, which says why.
    func answer(_ request: ExpressRequest, _ caller: Caller, _ respond: (UnsafeRawBufferPointer) -> Void) -> Bool {
        guard let entry = service.store.current else { return false }
        var call = DecisionService.Call(caller: caller, path: "/v1/decisions")
        if let id = request.requestID { call.requestID = String(decoding: id, as: UTF8.self) }
        call.trace = request.traceparent.flatMap { TraceContext($0) }
        if service.log != nil { call.remote = request.remoteIP ?? "" }
        do throws(RequestError) {
            try entry.sessions.withSession { session throws(RequestError) in
                try service.decide(request.body, session, call) { respond($0.json) }
            }
            return true
        } catch {
            return false
        }
    }
}

extension HTTPRequest {
    /// The answer to a body that is said to be something else than JSON.
    func refusalUnlessJSON() -> HTTPResponse? {
        guard let type = header("Content-Type"), type != "application/json", !Self.isJSON(type) else { return nil }
        return .problem(Problem(status: .unsupportedMediaType, detail: "the body must be application/json"))
    }

    private static func isJSON(_ type: String) -> Bool {
        let media = type.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
        return media == "application/json" || media.hasSuffix("+json")
    }
}

extension HTTPResponse {
    /// What is wrong with a request that cannot be decided.
    static func badRequest(_ error: RequestError) -> HTTPResponse {
        .problem(
            Problem(
                type: "/problems/bad-request", title: "The request cannot be decided", status: 400, detail: error.description,
                errors: [.init(pointer: error.pointer, detail: error.detail)]))
    }
}
