import HTTPService
import JSON
import NIOHTTP1
import PolicyEngine

/// The OpenID AuthZEN Authorization API 1.0.
extension APIRoutes {
    mutating func addAuthZEN(_ service: DecisionService, _ search: SearchService, _ intake: BodyIntake, publicURL: String?, isTLS: Bool) {
        let evaluations = AuthZENEvaluations(service: service)
        on(.POST, AuthZENPath.evaluation, .decide) { request, caller in
            intake.take(request, refuse: HTTPResponse.problemRefusal) { evaluations.one($0, caller) }
        }
        on(.POST, AuthZENPath.evaluations, .decide) { request, caller in
            intake.take(request, refuse: HTTPResponse.problemRefusal) { evaluations.many($0, caller) }
        }
        for kind in SearchKind.allCases {
            on(.POST, AuthZENPath.search(kind), .search) { request, _ in
                intake.work.run(refuse: HTTPResponse.problemRefusal) { AuthZENSearch.answer(request, kind, search) }
            }
        }
        open(.GET, "/.well-known/authzen-configuration") { .ready(AuthZENConfiguration.answer($0, publicURL: publicURL, isTLS: isTLS)) }
    }
}

enum AuthZENPath {
    static let evaluation = "/access/v1/evaluation"
    static let evaluations = "/access/v1/evaluations"

    static func search(_ kind: SearchKind) -> String { "/access/v1/search/\(kind.rawValue)" }
}

extension HTTPRequest {
    /// The answer to a body that is said to be something else than JSON: in this standard that is a bad request.
    func badRequestUnlessJSON() -> HTTPResponse? {
        guard refusalUnlessJSON() != nil else { return nil }
        return .problem(Problem(status: .badRequest, detail: "the body must be application/json, and be said to be"))
    }
}
