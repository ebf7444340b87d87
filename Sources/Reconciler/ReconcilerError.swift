import Postgres

/// Why declared state could not be brought into the database.
public enum ReconcilerError: Error, Sendable, CustomStringConvertible {
    case database(PostgresError)
    /// A newer program has migrated the database.
    case newerDatabase(version: Int, known: Int)
    /// A migration that was applied is not the one that this program has.
    case changedMigration(version: Int)
    /// Someone else applied a revision between planning and applying.
    case fenced(expected: Int64, found: Int64)
    /// An operator has suspended reconciling, or pinned another commit, since the caller looked.
    case overruled(String)
    /// The database holds a commit that is not in the repository.
    case ahead(commit: String)
    /// The commit would leave the database empty.
    case emptyState
    /// The commit would take away more than it may.
    case refused(RefusedPlan)
    /// The revision's bundle was never written down.
    case bundleMissing(commit: String)
    /// An error of a type that nothing here throws.
    case unexpected(String)

    public var description: String {
        switch self {
        case .database(let error): error.description
        case .newerDatabase(let version, let known):
            "the database has schema version \(version), this program knows versions up to \(known); use a newer program"
        case .changedMigration(let version):
            "migration \(version) of the database is not the one this program has; it was made by a different build of Charter"
        case .fenced(let expected, let found):
            "another reconciler has applied a revision in the meantime (epoch \(found), expected \(expected)); nothing was written"
        case .overruled(let order): "reconciling is \(order); nothing was written"
        case .ahead(let commit):
            "the database holds commit \(commit), which what is in force here does not continue: another Charter has applied it; "
                + "push a branch that continues it, or name this branch's newest commit with `charter reconcile --allow-rewind`"
        case .emptyState: "the commit holds no documents; refusing to empty the database"
        case .refused(let plan):
            "the plan is refused, and nothing was written: \(plan.reasons.joined(separator: "; "))"
                + (plan.canBeApproved
                    ? ". If that is meant, `charter reconcile --allow-deletions \(plan.deletions) --plan \(plan.digest)` carries it out"
                    : "")
        case .bundleMissing(let commit):
            "the database holds commit \(commit.prefix(12)) and not its bundle: an older Charter has applied it; run `charter reconcile`, or `charter up`, of this version"
        case .unexpected(let message): message
        }
    }

    /// Whether the tables are not there: the database is new, or its schema was dropped.
    public var isMissingSchema: Bool {
        guard case .database(let error) = self else { return false }
        return error.sqlState == "42P01" || error.sqlState == "3F000"
    }

    /// Whether the role under which something was to be done is not there: the database is new.
    public var isMissingRole: Bool {
        guard case .database(let error) = self else { return false }
        return error.sqlState == "22023" && error.message.contains("role")
    }

    /// Whether the same call may succeed later.
    public var isTransient: Bool {
        switch self {
        // 23505: someone wrote a row by hand at the same moment; the next plan sees it.
        case .database(let error): error.isRetryable || error.isConnectionLoss || error.sqlState == "23505"
        case .fenced, .overruled: true
        case .ahead, .newerDatabase, .changedMigration, .emptyState, .refused, .bundleMissing, .unexpected: false
        }
    }
}
