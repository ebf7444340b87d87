import HTTPService
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
            return try entry.sessions.withSession { session throws(RequestError) in try decide(request, session) }
        } catch {
            metrics.badRequests.increment()
            return .problem(
                Problem(
                    type: "/problems/bad-request", title: "The request cannot be decided", status: 400, detail: error.description,
                    errors: [.init(pointer: error.pointer, detail: error.detail)]))
        }
    }

    private func decide(_ request: HTTPRequest, _ session: DecisionSession) throws(RequestError) -> HTTPResponse {
        let now = WallClock.now()
        // The buffer holds on to the bytes until the decision is written.
        let answer: Result<HTTPResponse, RequestError> = request.body.withUnsafeReadableBytes { bytes in
            do throws(RequestError) {
                try session.decode(bytes, now: now)
                (session.decide() ? metrics.allowed : metrics.denied).increment()
                return .success(.json(Array(session.json(id: DecisionID.make(now: now)))))
            } catch {
                return .failure(error)
            }
        }
        return try answer.get()
    }

    private static func isJSON(_ type: String) -> Bool {
        let media = type.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
        return media == "application/json" || media.hasSuffix("+json")
    }
}
