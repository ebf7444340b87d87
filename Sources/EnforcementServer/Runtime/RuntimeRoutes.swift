import DecisionLog
import HTTPService
import JSON
import NIOHTTP1
import Postgres

/// What was recorded: decisions and violations.
extension APIRoutes {
    /// - Parameter store: `nil` where no database belongs to the server.
    mutating func addRuntime(_ store: RuntimeStore?) {
        on(.GET, "/v1/decisions", .readDecisions) { request, _ in
            RuntimeAnswers.with(store, request) { store, query throws(QueryFault) in
                let filter = try query.decisionFilter()
                return { try await RuntimeAnswers.page(store.decisions(filter), "decisions") }
            }
        }
        on(.GET, "/v1/decisions/{id}", .readDecisions) { request, _ in
            RuntimeAnswers.with(store, request) { store, query throws(QueryFault) in
                let id = try query.uuid("id", request.capture ?? "")
                return { try await RuntimeAnswers.one(store.decision(id), "decision", id) }
            }
        }
        on(.GET, "/v1/violations", .readViolations) { request, _ in
            RuntimeAnswers.with(store, request) { store, query throws(QueryFault) in
                let filter = try query.violationFilter()
                return { try await RuntimeAnswers.page(store.violations(filter), "violations") }
            }
        }
        on(.GET, "/v1/violations/{id}", .readViolations) { request, _ in
            RuntimeAnswers.with(store, request) { store, query throws(QueryFault) in
                let id = try query.number("id", request.capture ?? "")
                return { try await RuntimeAnswers.one(store.violation(id), "violation", "\(id)") }
            }
        }
        on(.PATCH, "/v1/violations/{id}", .writeViolations) { request, caller in
            RuntimeAnswers.with(store, request) { store, query throws(QueryFault) in
                let id = try query.number("id", request.capture ?? "")
                let change = try ViolationChange(request)
                return {
                    try await RuntimeAnswers.one(
                        store.change(id, to: change.status, by: caller.text, note: change.note), "violation", "\(id)")
                }
            }
        }
    }
}

/// The body of a `PATCH /v1/violations/{id}`: `{"status": …, "note": …}`.
private struct ViolationChange {
    static let longestNote = 2_000

    var status: ViolationStatus
    var note: String?

    init(_ request: HTTPRequest) throws(QueryFault) {
        let body: JSONValue
        do throws(JSONSyntaxError) {
            body = try JSONParser.parse(Array(request.body.readableBytesView))
        } catch {
            throw QueryFault(pointer: "", detail: "is not valid JSON: \(error)")
        }
        guard let object = body.objectValue else { throw QueryFault(pointer: "", detail: "must be an object, found \(body.kindName)") }
        let known = ["status", "note"]
        if let other = object.members.first(where: { !known.contains($0.name) }) {
            throw QueryFault(pointer: "/\(other.name)", detail: "cannot be changed; only `status` and `note` can")
        }
        guard let text = object["status"]?.stringValue, let status = ViolationStatus(rawValue: text) else {
            throw QueryFault(
                pointer: "/status", detail: "must be one of \(ViolationStatus.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", "))")
        }
        self.status = status
        switch object["note"] {
        case nil, .null?: note = nil
        case .string(let text)? where text.unicodeScalars.count <= Self.longestNote && !text.utf8.contains(0): note = text
        default: throw QueryFault(pointer: "/note", detail: "must be a text of at most \(Self.longestNote) characters")
        }
    }
}

enum RuntimeAnswers {
    typealias Work = @Sendable () async throws -> HTTPResponse

    /// Reads the query on the event loop, and does the work that it comes to beside it.
    ///
    /// - Parameter missing: what a server says that has no store.
    static func with<Store: Sendable>(
        _ store: Store?, _ request: HTTPRequest,
        missing: String = "no database belongs to this server: what is recorded is read elsewhere",
        _ prepare: (Store, RuntimeQuery) throws(QueryFault) -> Work
    ) -> HTTPResult {
        guard let store else { return .ready(.problem(Problem(status: .serviceUnavailable, detail: missing))) }
        do throws(QueryFault) {
            let work = try prepare(store, RuntimeQuery(request))
            return .later {
                do {
                    return try await work()
                } catch {
                    return unreachable(error)
                }
            }
        } catch {
            return .ready(error.response)
        }
    }

    private static func unreachable(_ error: any Error) -> HTTPResponse {
        var response = HTTPResponse.problem(
            Problem(status: .serviceUnavailable, detail: "the database does not answer; decisions go on, and are recorded once it does"))
        response.headers.add(name: "Retry-After", value: "2")
        if let error = error as? PostgresError, !error.isConnectionLoss {
            response = .problem(Problem(status: .internalServerError, detail: "the database has refused: \(error.message)"))
        }
        return response
    }

    static func page(_ page: RuntimeStore.Page, _ name: String) -> HTTPResponse {
        var object = JSONObject()
        object[name] = .array(page.items)
        object["nextCursor"] = page.next.map { .string($0) } ?? .null
        return EnforcementServer.json(.object(object))
    }

    static func one(_ value: JSONValue?, _ kind: String, _ id: String) -> HTTPResponse {
        guard let value else { return .problem(Problem(status: .notFound, detail: "there is no \(kind) \(id)")) }
        return EnforcementServer.json(value)
    }
}
