import HTTPService
import NIOHTTP1
import PolicyEngine

/// Envoy's `ext_authz` over HTTP: every request under the prefix asks whether it may go on; 200 says yes, anything else no.
extension APIRoutes {
    mutating func addEnvoy(_ service: DecisionService) {
        let endpoint = EnvoyEndpoint(service: service)
        // What Envoy passes on in `Authorization` is its client's.
        onAny("/envoy/authz/{path...}", .decide, credential: "X-Charter-Authorization") { .ready(endpoint.answer($0, $1)) }
    }
}

/// What is sent to the path prefix `/envoy/authz`, with any method.
struct EnvoyEndpoint: Sendable {
    let service: DecisionService

    func answer(_ request: HTTPRequest, _ caller: Caller) -> HTTPResponse {
        guard let entry = service.store.current else { return EnforcementServer.unavailable() }
        let call = DecisionService.Call(request, caller, path: "/envoy/authz")
        do throws(RequestError) {
            let text: [UInt8]
            do throws(RequestError) {
                text = try EnvoyRequest(request).json()
            } catch {
                service.metrics.badRequests.increment()
                throw error
            }
            let result = text.withUnsafeBytes { bytes -> Result<HTTPResponse, RequestError> in
                do throws(RequestError) {
                    return .success(try service.decide(bytes, by: entry, call, answer: Self.response))
                } catch {
                    return .failure(error)
                }
            }
            return try result.get()
        } catch {
            // Whom or what this is about cannot be told: whoever may go on is known, or may not.
            return Self.denial(reason: "bad-request: \(error)", id: nil)
        }
    }

    private static func response(_ decided: DecisionService.Decided) -> HTTPResponse {
        let id = decided.id.text
        let decision = decided.session.decision(id: id)
        guard decided.isAllowed else {
            let reason = decision.reasons.first.map { "\($0.code.rawValue): \($0.message)" } ?? "denied"
            return denial(reason: reason, id: id)
        }
        var response = HTTPResponse(headers: ["x-charter-decision": "allow", "x-charter-decision-id": id])
        if let warning = decision.warnings.first {
            response.headers.add(name: "x-charter-reason", value: sanitised("\(warning.code.rawValue): \(warning.message)"))
        }
        return response
    }

    /// The body may be shown to whoever sent the request that Envoy asks about: it names the decision and tells nothing of the policies.
    private static func denial(reason: String, id: String?) -> HTTPResponse {
        var problem = Problem(status: .forbidden, detail: "the request is denied")
        problem.instance = id.map { "urn:uuid:\($0)" }
        var response = HTTPResponse.problem(problem)
        response.headers.add(name: "x-charter-decision", value: "deny")
        if let id { response.headers.add(name: "x-charter-decision-id", value: id) }
        response.headers.add(name: "x-charter-reason", value: sanitised(reason))
        return response
    }

    /// Visible ASCII and spaces, 256 of them at most: a message may quote what a request has said.
    static func sanitised(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.prefix(256).map { (0x20..<0x7f).contains($0.value) ? $0 : "?" }))
    }
}
