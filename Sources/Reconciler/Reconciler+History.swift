import JSON
import Postgres

/// One thing that was done to declared state.
public struct HistoryEntry: Sendable, Equatable {
    public var epoch: Int64
    /// `applied` a commit, or `corrected` what other hands had changed.
    public var outcome: String
    public var commit: String
    /// What the tables held before.
    public var previousCommit: String?
    /// Documents that were created, updated, deleted.
    public var created: Int
    public var updated: Int
    public var deleted: Int
    public var rowsWritten: Int
    /// The plan's differences, as `SyncPlan.json` gives them; the first ones, if `planIsWhole` is not set.
    public var plan: JSONValue
    public var planIsWhole: Bool
    public var milliseconds: Int
    /// The digest of the plan, if it had to be approved.
    public var approvedPlan: String?
    /// Who did it, for the database.
    public var databaseUser: String
    public var application: String
    /// RFC 3339.
    public var appliedAt: String
}

extension Reconciler {
    /// What was done, the newest first.
    ///
    /// - Parameter before: the epoch that the page ends before.
    public func history(before: Int64 = .max, limit: Int = 50) throws(ReconcilerError) -> [HistoryEntry] {
        try run { connection in
            let rows = try connection.query(
                SQLTemplates.fill(PackageResources.read_history_sql, [:]), [.int(before), .int(Int64(limit))])
            return try rows.map { row in
                HistoryEntry(
                    epoch: Int64(try row.int("epoch") ?? 0), outcome: try row.text("outcome"), commit: try row.text("commit_id"),
                    previousCommit: row["previous_commit_id"], created: try row.int("created") ?? 0, updated: try row.int("updated") ?? 0,
                    deleted: try row.int("deleted") ?? 0, rowsWritten: try row.int("rows_written") ?? 0,
                    plan: try JSONParser.parse(Array(try row.text("plan").utf8)), planIsWhole: row["plan_is_whole"] == "t",
                    milliseconds: try row.int("duration_ms") ?? 0, approvedPlan: row["approved_plan"],
                    databaseUser: try row.text("database_user"), application: try row.text("application"),
                    appliedAt: try row.text("applied_at"))
            }
        }
    }

    /// The most differences of a plan that are kept.
    static let keptDifferences = 1_000

    static func writeHistory(
        _ result: SyncResult, previous: Revision?, approval: DeletionApproval?, nanoseconds: Int64, _ connection: PostgresConnection
    ) throws {
        guard let revision = result.revision else { return }
        let plan = result.plan
        var kept = plan
        kept.differences = Array(plan.differences.prefix(keptDifferences))
        try connection.execute(
            SQLTemplates.fill(PackageResources.write_history_sql, [:]),
            [
                .int(revision.epoch), .text(result.outcome.rawValue), .text(revision.commit), previous.map { .text($0.commit) } ?? .null,
                .text(revision.contentDigest), .text(revision.bundleDigest), .int(Int64(plan.count(.create))),
                .int(Int64(plan.count(.update))), .int(Int64(plan.count(.delete))), .int(Int64(plan.rowCount)),
                .text(JSONWriter.text(kept.json)), .bool(kept.differences.count == plan.differences.count),
                .int(nanoseconds / 1_000_000), approval.map { .text($0.planDigest) } ?? .null,
            ])
    }
}
