import HTTPService
import JSON
import NIOCore
import PolicyEngine

/// `POST /v1/decisions`.
struct DecisionEndpoint: Sendable {
    let store: BundleStore
    let metrics: ServerMetrics

    func answer(_ request: HTTPRequest) -> HTTPResponse {
        guard let entry = store.current else { return EnforcementServer.unavailable() }
        if let type = request.header("Content-Type"), !Self.isJSON(type) {
            metrics.badRequests.increment()
            return .problem(Problem(status: .unsupportedMediaType, detail: "the body must be application/json"))
        }
        do throws(RequestError) {
            let decision = try decide(request, entry.engine)
            (decision.isAllowed ? metrics.allowed : metrics.denied).increment()
            return EnforcementServer.json(decision.json)
        } catch {
            metrics.badRequests.increment()
            return .problem(
                Problem(
                    type: "/problems/bad-request", title: "The request cannot be decided", status: 400, detail: error.description,
                    errors: [.init(pointer: error.pointer, detail: error.detail)]))
        }
    }

    private func decide(_ request: HTTPRequest, _ engine: PolicyEngine) throws(RequestError) -> Decision {
        let json: JSONValue
        do throws(JSONSyntaxError) {
            json = try JSONParser.parse(Array(request.body.readableBytesView))
        } catch {
            throw RequestError("", "is not valid JSON: \(error)")
        }
        let now = WallClock.now()
        return try engine.decide(try DecisionRequest(json), now: now, id: DecisionID.make(now: now))
    }

    private static func isJSON(_ type: String) -> Bool {
        let media = type.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
        return media == "application/json" || media.hasSuffix("+json")
    }
}
