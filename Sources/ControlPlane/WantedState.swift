import GovernanceModel
import Reconciler
import Synchronization

/// What the database is to hold: left by whoever follows the branch, taken up by whoever keeps the database, so that neither waits for the
/// other.
final class WantedState: Sendable {
    struct Wanted: Sendable {
        var desired: DesiredState
        var driftMode: Organization.DriftMode
        /// Nanoseconds between two checks for drift.
        var driftInterval: Int64
    }

    private let wanted = Mutex<Wanted?>(nil)
    private let guarded = Mutex(Guarded())

    /// What stands between a commit and being put in force.
    private struct Guarded {
        /// Documents that the database protects, by kind and name.
        var protected: Set<[String]> = []
        /// A commit that takes too much away, and waits for somebody's approval.
        var withheld: String?
        /// A commit that was approved: the database was made to hold it.
        var approved: String?
    }

    var protected: Set<[String]> {
        get { guarded.withLock { $0.protected } }
        set { guarded.withLock { $0.protected = newValue } }
    }

    var withheld: String? { guarded.withLock { $0.withheld } }

    /// Sets a commit aside until it is approved; `nil` when the branch has gone on.
    func withhold(_ commit: String?) { guarded.withLock { $0.withheld = commit } }

    func approve(_ commit: String) { guarded.withLock { $0.approved = commit } }

    func isApproved(_ commit: String) -> Bool { guarded.withLock { $0.approved == commit } }

    /// `nil` before the first good commit.
    var current: Wanted? { wanted.withLock { $0 } }

    func set(_ compiled: CompiledCommit, _ desired: DesiredState) {
        let organization = compiled.snapshot.governance.organization
        let new = Wanted(
            desired: desired, driftMode: organization?.driftMode ?? .correct,
            driftInterval: organization?.reconcileInterval ?? 5_000_000_000)
        wanted.withLock { $0 = new }
    }
}
