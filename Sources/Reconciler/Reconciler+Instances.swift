import JSON
import Postgres

/// What a running Charter says of itself.
public struct InstanceReport: Sendable {
    /// Stays the same over restarts.
    public var instance: String
    public var host: String
    public var process: Int
    public var url: String
    public var commit: String?
    /// In hexadecimal.
    public var bundleDigest: String?
    /// As `ServiceStatus.conditionsJSON` gives them.
    public var conditions: JSONValue
    /// RFC 3339.
    public var startedAt: String

    public init(
        instance: String, host: String, process: Int, url: String, commit: String?, bundleDigest: String?, conditions: JSONValue,
        startedAt: String
    ) {
        self.instance = instance
        self.host = host
        self.process = process
        self.url = url
        self.commit = commit
        self.bundleDigest = bundleDigest
        self.conditions = conditions
        self.startedAt = startedAt
    }
}

/// A report as it was left, and how long ago that was by the database's clock.
public struct KnownInstance: Sendable {
    public var report: InstanceReport
    /// RFC 3339.
    public var reportedAt: String
    public var ageSeconds: Double
    /// Whether it has said that it ends.
    public var hasEnded: Bool
}

extension Reconciler {
    /// Leaves a report, under the role of servers.
    public func report(_ report: InstanceReport) throws(ReconcilerError) {
        try asServer { connection in
            try connection.execute(
                SQLTemplates.fill(PackageResources.write_instance_sql, [:]),
                [
                    .text(report.instance), .text(report.host), .int(Int64(report.process)), .text(report.url),
                    PostgresValue(report.commit), PostgresValue(report.bundleDigest), .text(JSONWriter.text(report.conditions)),
                    .text(report.startedAt),
                ])
        }
    }

    /// Says that an instance has ended as it should. Its report is kept for when it starts again.
    public func withdraw(instance: String) throws(ReconcilerError) {
        try asServer { connection in
            try connection.execute(SQLTemplates.fill(PackageResources.remove_instance_sql, [:]), [.text(instance)])
        }
    }

    private func asServer(_ body: (PostgresConnection) throws -> Int) throws(ReconcilerError) {
        try run { connection in
            try connection.transaction {
                try connection.script("SET LOCAL ROLE charter_server")
                _ = try body(connection)
            }
        }
    }

    /// What is known of every instance, under the role that can only read.
    public func instances() throws(ReconcilerError) -> [KnownInstance] {
        try run { connection in
            try connection.transaction(readOnly: true) {
                try connection.script("SET LOCAL ROLE charter_planner")
                return try connection.query(SQLTemplates.fill(PackageResources.read_instances_sql, [:])).map { row in
                    KnownInstance(
                        report: InstanceReport(
                            instance: try row.text("instance"), host: try row.text("host"), process: try row.int("process") ?? 0,
                            url: try row.text("url"), commit: row["commit_id"], bundleDigest: row["bundle_digest"],
                            conditions: try JSONParser.parse(Array(try row.text("conditions").utf8)), startedAt: try row.text("started_at")),
                        reportedAt: try row.text("reported_at"), ageSeconds: Double(try row.text("age")) ?? 0,
                        hasEnded: try row.bool("has_ended") ?? false)
                }
            }
        }
    }
}
