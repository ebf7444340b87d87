import HTTPService
import JSON
import NIOCore
import PolicyEngine

/// Who may, what may be done, and with what.
extension APIRoutes {
    mutating func addSearches(_ search: SearchService, _ work: WorkQueue) {
        let searches: [(path: String, kind: SearchKind)] = [
            ("/v1/search/subjects", .subject), ("/v1/search/resources", .resource), ("/v1/search/actions", .action),
        ]
        for (path, kind) in searches {
            on(.POST, path, .search) { request, _ in
                work.run(refuse: HTTPResponse.problemRefusal) { SearchEndpoint.answer(request, kind, search) }
            }
        }
    }
}

/// `POST /v1/search/{subjects|resources|actions}`.
private enum SearchEndpoint {
    static func answer(_ request: HTTPRequest, _ kind: SearchKind, _ search: SearchService) -> HTTPResponse {
        guard let entry = search.store.current else { return EnforcementServer.unavailable() }
        if let refusal = request.refusalUnlessJSON() {
            search.metrics.badRequests.increment()
            return refusal
        }
        do throws(RequestError) {
            let wanted = try search.request(kind, Array(request.body.readableBytesView))
            if let limit = wanted.limit, limit > SearchService.mostResults {
                throw RequestError("/page/limit", "must not be above \(SearchService.mostResults)")
            }
            let page = try search.page(wanted, by: entry)
            var answer = page.json.objectValue ?? [:]
            if let refusal = page.refusal { answer["reason"] = refusal.json }
            return EnforcementServer.json(.object(answer))
        } catch {
            search.metrics.badRequests.increment()
            return .badRequest(error)
        }
    }
}
