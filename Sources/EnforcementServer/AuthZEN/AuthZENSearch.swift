import HTTPService
import JSON
import PolicyEngine

/// `POST /access/v1/search/{subject|resource|action}` (Authorization API 1.0 §8).
enum AuthZENSearch {
    static func answer(_ request: HTTPRequest, _ kind: SearchKind, _ search: SearchService) -> HTTPResponse {
        guard let entry = search.store.current else { return EnforcementServer.unavailable() }
        if let refusal = request.badRequestUnlessJSON() {
            search.metrics.badRequests.increment()
            return refusal
        }
        do throws(RequestError) {
            // A limit above ours is no error here: a page may have less.
            let page = try search.page(try search.request(kind, Array(request.body.readableBytesView)), by: entry)
            var answer = page.json.objectValue ?? [:]
            if let refusal = page.refusal { answer["context"] = ["reasons": [refusal.json]] }
            return EnforcementServer.json(.object(answer))
        } catch {
            search.metrics.badRequests.increment()
            return .badRequest(error)
        }
    }
}
