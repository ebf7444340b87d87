import HTTPService
import JSON
import NIOCore
import PolicyEngine

/// Why a decision is as it is.
extension APIRoutes {
    mutating func addExplanations(_ service: DecisionService, _ intake: BodyIntake) {
        let explanations = ExplainEndpoint(service: service)
        on(.POST, "/v1/decisions/explain", .explain) { request, caller in
            // What was tried is read from all policies of the bundle: too much for an event loop.
            intake.work.run(refuse: HTTPResponse.problemRefusal) { explanations.answer(request, caller) }
        }
    }
}

/// `POST /v1/decisions/explain`: a decision as any other, and what was tried on the way to it.
struct ExplainEndpoint: Sendable {
    let service: DecisionService

    func answer(_ request: HTTPRequest, _ caller: Caller) -> HTTPResponse {
        guard let entry = service.store.current else { return EnforcementServer.unavailable() }
        if let refusal = request.refusalUnlessJSON() {
            service.metrics.badRequests.increment()
            return refusal
        }
        let call = DecisionService.Call(request, caller, path: "/v1/decisions/explain")
        return request.body.withUnsafeReadableBytes { body in
            do throws(RequestError) {
                return try service.decide(body, by: entry, call) { .json(Self.explained($0)) }
            } catch {
                return .badRequest(error)
            }
        }
    }

    /// Decides the request that was decoded once more, with somebody who takes notes.
    private static func explained(_ decided: DecisionService.Decided) -> [UInt8] {
        var text = Array(decided.json)
        let trace = DecisionTrace(decided.session.engine)
        decided.session.trace = trace
        decided.session.decide()
        decided.session.trace = nil
        text.removeLast()
        text += Array(",\"explanation\":".utf8) + JSONWriter.bytes(Explanation(trace).json) + [UInt8(ascii: "}")]
        return text
    }
}
