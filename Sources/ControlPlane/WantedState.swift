import DecisionLog
import GovernanceModel
import PolicyBundle
import Reconciler
import Synchronization
import Waiting

/// What the database is to hold: left by whoever follows the branch, taken up by whoever keeps the database, so that neither waits for the
/// other. The other way round, what the keeper knows of the database and the follower needs.
final class WantedState: Sendable {
    struct Wanted: Sendable {
        var desired: DesiredState
        /// What `desired` was worked out from.
        var governance: Governance
        /// As it is in force here: held by it once, and by this no second time.
        var bundle: PolicyBundle
        /// The commit that it may take the place of although it does not continue it.
        var replaces: String?
        var driftPolicy: DriftPolicy
        /// Nanoseconds between two checks for drift.
        var driftInterval: Int64
        /// The organisation as the commit declares it.
        var organization: Organization?
        /// Where the organisation wants to be told.
        var alertRoutes: [AlertRoute]
        /// How long the organisation wants what is recorded to be kept.
        var retention: Retention
    }

    private struct State {
        var wanted: Wanted?
        /// Documents that the database protects, by kind and name; `nil` while that is not known.
        var protected: Set<[String]>?
        /// A commit that the database was made to hold by somebody's approval, and that is not in force here yet.
        var approved: String?
        var directives = Directives()
    }

    private let state = Mutex(State())
    /// Wakes whoever follows the branch.
    let followerWake = WakeUp()
    /// Wakes whoever keeps the database.
    let keeperWake = WakeUp()

    /// `nil` before the first good commit.
    var current: Wanted? { state.withLock { $0.wanted } }

    var protected: Set<[String]>? {
        get { state.withLock { $0.protected } }
        set {
            let isNews = state.withLock { state in
                defer { state.protected = newValue }
                return state.protected != newValue
            }
            if isNews { followerWake.signal() }
        }
    }

    var approved: String? { state.withLock { $0.approved } }

    /// - Parameter inForce: the commit that the caller has compared with; if another is in force by now, he has to look again.
    func approve(_ commit: String, whileInForce inForce: String) {
        state.withLock { state in
            if state.wanted?.desired.commit == inForce { state.approved = commit }
        }
        followerWake.signal()
    }

    /// Whether something was ordered that may not be in force yet.
    var hasOrders: Bool {
        state.withLock { state in
            if let pin = state.directives.pin?.commit { return pin != state.wanted?.desired.commit }
            return state.approved != nil
        }
    }

    func forgetApproved() { state.withLock { $0.approved = nil } }

    /// What operators have ordered.
    var directives: Directives {
        get { state.withLock { $0.directives } }
        set {
            let isNews = state.withLock { state in
                defer { state.directives = newValue }
                return state.directives != newValue
            }
            if isNews { followerWake.signal() }
        }
    }

    func set(_ compiled: CompiledCommit, _ desired: DesiredState, _ bundle: PolicyBundle, replacing: String?) {
        let new = Wanted(
            desired: desired, governance: compiled.snapshot.governance, bundle: bundle, replaces: replacing,
            driftPolicy: DriftPolicy(compiled.snapshot.governance.organization),
            driftInterval: compiled.snapshot.governance.organization?.reconcileInterval ?? 5_000_000_000,
            organization: compiled.snapshot.governance.organization,
            alertRoutes: compiled.snapshot.governance.all(.alertRoute).map { AlertRoute(spec: $0.spec) },
            retention: Retention(compiled.snapshot.governance.all(.retentionPolicy).map { RetentionPolicy(spec: $0.spec) }))
        state.withLock {
            $0.wanted = new
            $0.approved = nil
        }
    }
}

extension DriftPolicy {
    /// What the organisation has chosen.
    init(_ organization: Organization?) {
        self.init(mode: organization?.driftMode ?? .correct, modes: organization?.driftModesOfKinds ?? [:])
        guard let fight = organization?.driftFight else { return }
        fightAfter = fight.corrections
        fightSeconds = Int(max(1, fight.within / 1_000_000_000))
    }
}

extension Retention {
    /// Of several policies for the same, the longest holds: what one of them wants kept is kept.
    init(_ policies: [RetentionPolicy]) {
        self.init()
        func longest(_ data: String) -> Int64? {
            policies.filter { $0.data == data }.compactMap(\.keep).max().map { max(1, $0 / 1_000_000_000) }
        }
        decisions = longest("decisions")
        violations = longest("violations")
    }
}
