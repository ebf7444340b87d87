import GovernanceModel
import Reconciler
import Synchronization

/// What the database is to hold: left by whoever follows the branch, taken up by whoever keeps the database, so that neither waits for the
/// other. The other way round, what the keeper knows of the database and the follower needs.
final class WantedState: Sendable {
    struct Wanted: Sendable {
        var desired: DesiredState
        var driftMode: Organization.DriftMode
        /// Nanoseconds between two checks for drift.
        var driftInterval: Int64
    }

    private struct State {
        var wanted: Wanted?
        /// Documents that the database protects, by kind and name; `nil` while that is not known.
        var protected: Set<[String]>?
        /// A commit that the database was made to hold by somebody's approval, and that is not in force here yet.
        var approved: String?
    }

    private let state = Mutex(State())

    /// `nil` before the first good commit.
    var current: Wanted? { state.withLock { $0.wanted } }

    var protected: Set<[String]>? {
        get { state.withLock { $0.protected } }
        set { state.withLock { $0.protected = newValue } }
    }

    var approved: String? { state.withLock { $0.approved } }

    func approve(_ commit: String?) { state.withLock { $0.approved = commit } }

    func set(_ compiled: CompiledCommit, _ desired: DesiredState) {
        let organization = compiled.snapshot.governance.organization
        let new = Wanted(
            desired: desired, driftMode: organization?.driftMode ?? .correct,
            driftInterval: organization?.reconcileInterval ?? 5_000_000_000)
        state.withLock {
            $0.wanted = new
            $0.approved = nil
        }
    }
}
