import JSON
import Postgres

/// Which violations are wanted. What is `nil` does not matter.
public struct ViolationFilter: Sendable {
    public var status: ViolationStatus?
    public var policy: String?
    public var subjectType: String?
    public var subjectID: String?
    public var severity: String?
    /// RFC 3339: those that occurred at or after `since`, and first before `until`.
    public var since: String?
    public var until: String?
    public var id: Int64?
    /// They come after the one of this id.
    public var cursor: Int64?
    public var limit = 100

    public init() {}
}

/// What people have made of a violation.
public enum ViolationStatus: String, Sendable, CaseIterable {
    case open, acknowledged, resolved
}

extension RuntimeStore {
    public func violations(_ filter: ViolationFilter) async throws -> Page {
        let rows = try await read { connection in
            try connection.query(
                Self.sql(PackageResources.read_violations_sql),
                [
                    PostgresValue(filter.cursor.map(Int.init)), PostgresValue(filter.status?.rawValue), PostgresValue(filter.policy),
                    PostgresValue(filter.subjectType), PostgresValue(filter.subjectID), PostgresValue(filter.severity),
                    PostgresValue(filter.since), PostgresValue(filter.until), PostgresValue(filter.id.map(Int.init)),
                    .int(Int64(filter.limit + 1)),
                ])
        }
        return Self.page(try rows.map { (try $0.text("id"), try Self.violation($0)) }, limit: filter.limit)
    }

    public func violation(_ id: Int64) async throws -> JSONValue? {
        var filter = ViolationFilter()
        filter.id = id
        return try await violations(filter).items.first
    }

    /// Changes the status of a violation; nothing if it has it already.
    ///
    /// - Returns: the violation; `nil` if there is none.
    public func change(_ id: Int64, to status: ViolationStatus, by person: String, note: String?) async throws -> JSONValue? {
        _ = try await write { connection in
            try connection.execute(
                Self.sql(PackageResources.change_violation_sql), [.int(id), .text(status.rawValue), .text(person), PostgresValue(note)])
        }
        return try await violation(id)
    }

    private static func violation(_ row: PostgresRow) throws -> JSONValue {
        var object: JSONObject = [
            "id": .string(try row.text("id")), "policy": .string(try row.text("policy")), "rule": .string(try row.text("rule")),
            "severity": .string(try row.text("severity")), "status": .string(try row.text("status")),
            "subject": ["type": .string(try row.text("subject_type")), "id": .string(try row.text("subject_id"))],
            "window": .string(try row.text("window_start")), "occurrences": .int(Int64(try row.int("occurrences") ?? 0)),
            "denials": .int(Int64(try row.int("denials") ?? 0)), "firstAt": .string(try row.text("first_at")),
            "lastAt": .string(try row.text("last_at")), "ageSeconds": .int(Int64(try row.int("age_seconds") ?? 0)),
            "last": [
                "action": .string(try row.text("action")), "resource": .string(try row.text("resource")),
                "decision": .string(try row.text("decision")),
            ],
            "reopened": .int(Int64(try row.int("reopened") ?? 0)),
        ]
        if let by = row["changed_by"], let at = row["changed_at"] {
            object["changed"] = ["by": .string(by), "at": .string(at), "note": row["note"].map { .string($0) } ?? .null]
        }
        return .object(object)
    }
}
