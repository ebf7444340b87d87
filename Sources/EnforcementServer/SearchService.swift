import JSON
import PolicyEngine

/// Searches for every protocol, each within bounds. Takes long: never on an event loop.
struct SearchService: Sendable {
    static let defaultResults = 100
    static let mostResults = 1000
    /// After that many decisions a page ends, whatever it holds, and the next one goes on from there.
    static let mostDecisions = 50_000

    let store: BundleStore
    let metrics: ServerMetrics

    func request(_ kind: SearchKind, _ body: [UInt8]) throws(RequestError) -> SearchRequest {
        let json: JSONValue
        do throws(JSONSyntaxError) {
            json = try JSONParser.parse(body)
        } catch {
            throw RequestError("", "is not valid JSON: \(error)")
        }
        return try SearchRequest(kind, json)
    }

    func page(_ wanted: SearchRequest, by entry: BundleStore.Entry) throws(RequestError) -> SearchPage {
        var wanted = wanted
        wanted.limit = min(wanted.limit ?? Self.defaultResults, Self.mostResults)
        wanted.decisionLimit = Self.mostDecisions
        let search = wanted
        return try entry.sessions.withSession { session throws(RequestError) in try session.search(search, now: WallClock.now()) }
    }
}
