import DecisionLog
import HTTPService

/// What is wrong with a query, or a body.
struct QueryFault: Error {
    /// Into the body, or the name of a query parameter.
    var pointer: String
    var detail: String

    var response: HTTPResponse {
        .problem(
            Problem(
                type: "/problems/bad-request", title: "The request cannot be understood", status: 400,
                detail: "\(pointer.isEmpty ? "the body" : "`\(pointer)`") \(detail)", errors: [.init(pointer: pointer, detail: detail)]))
    }
}

/// The parameters of a query, each known and each there once.
struct RuntimeQuery {
    private let request: HTTPRequest

    init(_ request: HTTPRequest) { self.request = request }

    /// The value of a parameter.
    func text(_ name: String) throws(QueryFault) -> String? {
        let values = values(name)
        guard let value = values.first else { return nil }
        if values.count > 1 { throw QueryFault(pointer: name, detail: "is there twice") }
        guard Self.isText(value) else { throw QueryFault(pointer: name, detail: "must be a text of 1 to 1024 bytes") }
        return value
    }

    /// All values of a parameter.
    func values(_ name: String) -> [String] { request.query.filter { $0.name == name }.map(\.value) }

    /// Whether something can be looked for: a database takes no NUL.
    static func isText(_ value: String) -> Bool { !value.isEmpty && value.utf8.count <= 1_024 && !value.utf8.contains(0) }

    func check(_ known: [String]) throws(QueryFault) {
        for (name, _) in request.query where !known.contains(name) {
            let others = known.isEmpty ? "there are none" : "there are \(known.map { "`\($0)`" }.joined(separator: ", "))"
            throw QueryFault(pointer: name, detail: "is no parameter of this; \(others)")
        }
    }

    func limit(most: Int = RuntimeStore.longestPage) throws(QueryFault) -> Int {
        guard let text = try text("limit") else { return 100 }
        guard let limit = Int(text), (1...most).contains(limit) else {
            throw QueryFault(pointer: "limit", detail: "must be a number from 1 to \(most)")
        }
        return limit
    }

    /// A time of RFC 3339 §5.6, with any offset.
    private func time(_ name: String) throws(QueryFault) -> String? {
        guard let text = try text(name) else { return nil }
        guard let time = RFC3339.utc(text) else {
            throw QueryFault(pointer: name, detail: "must be a time of RFC 3339, like `2026-01-31T12:00:00Z`")
        }
        return time
    }

    func number(_ name: String, _ text: String) throws(QueryFault) -> Int64 {
        guard let number = Int64(text), number > 0, String(number) == text else {
            throw QueryFault(pointer: name, detail: "must be a positive number")
        }
        return number
    }

    func uuid(_ name: String, _ text: String) throws(QueryFault) -> String {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.map(\.utf8.count) == [8, 4, 4, 4, 12], text.utf8.allSatisfy({ $0 == 0x2d || Self.isHex($0) }) else {
            throw QueryFault(pointer: name, detail: "must be a UUID")
        }
        return text
    }

    private static func isHex(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
    }

    func violationFilter() throws(QueryFault) -> ViolationFilter {
        try check(["status", "policy", "subjectType", "subjectId", "severity", "since", "until", "cursor", "limit"])
        var filter = ViolationFilter()
        if let status = try text("status") {
            guard let known = ViolationStatus(rawValue: status) else {
                throw QueryFault(
                    pointer: "status",
                    detail: "must be one of \(ViolationStatus.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", "))")
            }
            filter.status = known
        }
        filter.policy = try text("policy")
        filter.subjectType = try text("subjectType")
        filter.subjectID = try text("subjectId")
        filter.severity = try text("severity")
        filter.since = try time("since")
        filter.until = try time("until")
        filter.cursor = try text("cursor").map { cursor throws(QueryFault) in try number("cursor", cursor) }
        filter.limit = try limit()
        return filter
    }

    func decisionFilter() throws(QueryFault) -> DecisionFilter {
        try check([
            "since", "until", "decision", "subjectType", "subjectId", "action", "resourceType", "resourceId", "policy", "caller", "cursor",
            "limit",
        ])
        var filter = DecisionFilter()
        filter.since = try time("since")
        filter.until = try time("until")
        switch try text("decision") {
        case nil: break
        case "allow"?: filter.isAllowed = true
        case "deny"?: filter.isAllowed = false
        default: throw QueryFault(pointer: "decision", detail: "must be `allow` or `deny`")
        }
        filter.subjectType = try text("subjectType")
        filter.subjectID = try text("subjectId")
        filter.action = try text("action")
        filter.resourceType = try text("resourceType")
        filter.resourceID = try text("resourceId")
        filter.policy = try text("policy")
        filter.caller = try text("caller")
        filter.cursor = try text("cursor").map { cursor throws(QueryFault) in try uuid("cursor", cursor) }
        filter.limit = try limit()
        return filter
    }
}
