import GovernanceModel
import Postgres

/// Finds out how the database differs from what a commit wants. Only reads.
///
/// The rows are read as they lie, by binary COPY, and each is compared with the bytes that the commit's row would be copied with: no hash that is
/// stored is trusted, none is computed by the database, and what is alike costs little more than reading it.
struct Planner {
    let connection: PostgresConnection
    let desired: DesiredState

    func plan() throws -> SyncPlan {
        try Comparison.plan(desired) { table, hold in
            let layout = table.layout
            try connection.copyOut(from: "governance.\(layout.table)", columns: RowImage.columns(layout)) { bytes in
                hold(bytes, RowImage.isUntouched(bytes, layout: layout))
            }
        }
    }

    static func fill(_ template: [UInt8], _ layout: TableLayout) -> String {
        SQLTemplates.fill(template, ["qualified": layout.qualifiedName, "key_text": ColumnExpressions.keyText(layout)])
    }
}

extension SyncPlan {
    /// What a commit would bring into tables that hold nothing.
    init(creating desired: DesiredState) { self = Comparison.plan(desired) { _, _ in } }

    /// What a commit would change of another, told from the two alone.
    init(from old: DesiredState, to new: DesiredState) {
        // INVARIANT: the tables of every state are those of `TableLayout.all`, in that order.
        var builder = PlanBuilder()
        for (before, after) in zip(old.tables, new.tables) { builder.add(TableChange(from: before, to: after).findings()) }
        self = builder.plan()
    }
}
