import HTTPService
import NIOHTTP1

/// What is answered to those who are not let in (RFC 6750 §3). It tells nothing that would help to guess: of a credential that is not accepted, not why.
enum AccessAnswers {
    /// There is no credential.
    static let missing = answer(
        .unauthorized, "a credential is needed: `Authorization: Bearer` and an API key or a token", challenge: "Bearer realm=\"charter\"")

    /// There is one, and it does not hold.
    static let notAccepted = answer(
        .unauthorized, "the credential is not accepted", challenge: "Bearer realm=\"charter\", error=\"invalid_token\"")

    /// There are several.
    static let ambiguous = answer(
        .badRequest, "the request has more than one `Authorization` field", challenge: "Bearer realm=\"charter\", error=\"invalid_request\""
    )

    /// It holds, and does not suffice.
    static func forbidden(_ operation: APIOperation) -> HTTPResponse {
        answer(
            .forbidden, "this caller may not do `\(operation.action)` on `charter:server`",
            challenge: "Bearer realm=\"charter\", error=\"insufficient_scope\", scope=\"\(operation.action)\"")
    }

    /// It holds, and has been used too often.
    ///
    /// - Parameter wait: nanoseconds until the next request is taken.
    static func tooMany(burst: Int, perSecond: Double, wait: Int64) -> HTTPResponse {
        let seconds = max(1, (wait + 999_999_999) / 1_000_000_000)
        var response = answer(.tooManyRequests, "this caller has sent too many requests", challenge: nil)
        response.headers.add(name: "Retry-After", value: "\(seconds)")
        // draft-ietf-httpapi-ratelimit-headers: so many at once, refilled within so many seconds.
        let window = max(1, Int((Double(burst) / perSecond).rounded(.up)))
        response.headers.add(name: "RateLimit-Policy", value: "\"caller\";q=\(burst);w=\(window)")
        response.headers.add(name: "RateLimit", value: "\"caller\";r=0;t=\(seconds)")
        return response
    }

    private static func answer(_ status: HTTPResponseStatus, _ detail: String, challenge: String?) -> HTTPResponse {
        var response = HTTPResponse.problem(Problem(status: status, detail: detail))
        if let challenge { response.headers.add(name: "WWW-Authenticate", value: challenge) }
        return response
    }
}
