import HTTPService
import JSON
import NIOHTTP1
import PolicyEngine

/// Errors as OPA's clients read them.
enum OPAError {
    enum Code: String {
        case invalidParameter = "invalid_parameter"
        case invalidOperation = "invalid_operation"
        case undefinedDocument = "undefined_document"
        case internalError = "internal_error"
    }

    static func response(
        _ status: HTTPResponseStatus, _ code: Code, _ message: String, errors: [JSONValue] = []
    ) -> HTTPResponse {
        var object: JSONObject = ["code": .string(code.rawValue), "message": .string(message)]
        if !errors.isEmpty { object["errors"] = .array(errors) }
        return EnforcementServer.json(.object(object), status: status)
    }

    /// For what goes wrong before there is a document.
    static let refusal: Refusal = { status, message in
        response(status, status.code < 500 ? .invalidParameter : .internalError, message)
    }

    static let noRego = response(
        .notImplemented, .invalidOperation,
        "this server speaks OPA's data API and does not run Rego: policies come from the repository, and what can be asked for is at /v1/data/charter"
    )

    static let noData = response(
        .notImplemented, .invalidOperation, "documents of this server come from the repository and cannot be written here")

    static let unavailable = response(
        .serviceUnavailable, .internalError, "no bundle is in force yet; try again in a moment")

    /// A body, or a parameter, that is no JSON.
    static func malformed(_ what: StaticString, _ error: RequestError) -> HTTPResponse {
        response(.badRequest, .invalidParameter, "\(what) contains malformed input document: \(error.detail)")
    }

    /// An input that is no request.
    ///
    /// - Parameter prefix: where in the body the input stands.
    static func invalidInput(_ error: RequestError, in prefix: String) -> HTTPResponse {
        response(
            .badRequest, .invalidParameter, "the input is no request that can be decided: \(error)",
            errors: [["code": "invalid_input", "message": .string(error.detail), "pointer": .string(prefix + error.pointer)]])
    }
}
