import HTTPService
import NIOCore
import NIOHTTP1

/// OPA's data API, for callers that speak it. There is no Rego here: what can be asked for are the decision and what is in it.
extension APIRoutes {
    mutating func addOPA(_ service: DecisionService, _ intake: BodyIntake) {
        let data = OPADataEndpoint(service: service)
        for path in ["/v1/data", "/v1/data/{path...}"] {
            on(.POST, path, .decide) { request, caller in
                intake.take(request, refuse: OPAError.refusal) { data.post($0, caller).folded(for: request) }
            }
            on(.GET, path, .decide) { request, caller in .ready(data.get(request, caller).folded(for: request)) }
            for method in [HTTPMethod.PUT, .PATCH, .DELETE] { on(method, path, .decide) { _, _ in .ready(OPAError.noData) } }
        }
        for path in ["/v0/data", "/v0/data/{path...}"] {
            on(.POST, path, .decide) { request, caller in
                intake.take(request, refuse: OPAError.refusal) { data.webhook($0, caller).folded(for: request) }
            }
        }
        on(.POST, "/", .decide) { request, caller in
            intake.take(request, refuse: OPAError.refusal) { data.main($0, caller).folded(for: request) }
        }
        for method in [HTTPMethod.PUT, .DELETE] { on(method, "/v1/policies/{name}", .decide) { _, _ in .ready(OPAError.noRego) } }
        for method in [HTTPMethod.GET, .POST] { on(method, "/v1/query", .decide) { _, _ in .ready(OPAError.noRego) } }
        on(.POST, "/v1/compile", .decide) { _, _ in .ready(OPAError.noRego) }
        open(.GET, "/health") { .ready(OPAHealth.answer($0, service.store)) }
    }
}

/// `GET /health`: with `bundles` or `plugins`, of which bundles are the only one here, whether there is something to decide by.
private enum OPAHealth {
    static func answer(_ request: HTTPRequest, _ store: BundleStore) -> HTTPResponse {
        let isAsked = ["bundles", "bundle", "plugins"].contains { request.isSet($0) }
        guard isAsked, store.current == nil else { return EnforcementServer.json([:]) }
        return EnforcementServer.json(["error": "one or more bundles are not activated"], status: .internalServerError)
    }
}

extension HTTPRequest {
    /// Whether a switch of the query is on: there without a value, or with `true`.
    func isSet(_ name: String) -> Bool {
        guard let value = queryValue(name) else { return false }
        return value.isEmpty || value.lowercased() == "true"
    }
}
