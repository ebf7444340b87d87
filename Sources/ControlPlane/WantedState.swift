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

    /// `nil` before the first good commit.
    var current: Wanted? { wanted.withLock { $0 } }

    func set(_ compiled: CompiledCommit, digest: String) {
        let organization = compiled.snapshot.governance.organization
        let new = Wanted(
            desired: compiled.desiredState(bundleDigest: digest), driftMode: organization?.driftMode ?? .correct,
            driftInterval: organization?.reconcileInterval ?? 5_000_000_000)
        wanted.withLock { $0 = new }
    }
}
