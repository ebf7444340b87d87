import JSON
import Postgres

/// Which decisions are wanted. What is `nil` does not matter.
public struct DecisionFilter: Sendable {
    /// RFC 3339: at or after `since`, before `until`.
    public var since: String?
    public var until: String?
    public var isAllowed: Bool?
    public var subjectType: String?
    public var subjectID: String?
    public var action: String?
    public var resourceType: String?
    public var resourceID: String?
    /// A policy of which a rule took effect.
    public var policy: String?
    /// Who has asked, as `type/name`.
    public var caller: String?
    public var id: String?
    /// They come after the one of this id.
    public var cursor: String?
    public var limit = 100

    public init() {}
}

extension RuntimeStore {
    public func decisions(_ filter: DecisionFilter) async throws -> Page {
        let rows = try await read { connection in
            try connection.query(
                Self.sql(PackageResources.read_decisions_sql),
                [
                    PostgresValue(filter.cursor), PostgresValue(filter.since), PostgresValue(filter.until), PostgresValue(filter.isAllowed),
                    PostgresValue(filter.subjectType), PostgresValue(filter.subjectID), PostgresValue(filter.action),
                    PostgresValue(filter.resourceType), PostgresValue(filter.resourceID), PostgresValue(filter.policy),
                    PostgresValue(filter.caller), PostgresValue(filter.id), .int(Int64(filter.limit + 1)),
                ])
        }
        return Self.page(try rows.map { (try $0.text("id"), try Self.decision($0)) }, limit: filter.limit)
    }

    public func decision(_ id: String) async throws -> JSONValue? {
        var filter = DecisionFilter()
        filter.id = id
        return try await decisions(filter).items.first
    }

    private static func decision(_ row: PostgresRow) throws -> JSONValue {
        var object: JSONObject = [
            "id": .string(try row.text("id")), "at": .string(try row.text("at")), "allowed": .bool(try row.bool("allowed") ?? false),
            "caller": .string(try row.text("caller")), "path": .string(try row.text("path")),
            "nanoseconds": .int(Int64(try row.int("nanoseconds") ?? 0)), "stream": .string(try row.text("stream")),
            "sequence": .int(Int64(try row.int("sequence") ?? 0)), "masked": .bool(try row.bool("masked") ?? false),
            "policies": JSONValue(try row.textArray("policies") ?? []),
        ]
        if let id = row["request_id"] { object["requestId"] = .string(id) }
        if let id = row["trace_id"] { object["traceId"] = .string(id) }
        object["request"] = json(try row.text("request"))
        object["decision"] = json(try row.text("decision"))
        return .object(object)
    }

    /// What was logged was JSON; what somebody has put there since is shown as it is.
    private static func json(_ text: String) -> JSONValue { (try? JSONParser.parse(Array(text.utf8))) ?? .string(text) }
}
