import GovernanceModel
import JSON

/// What a plan takes away of what the database holds.
public struct Losses: Sendable, Equatable {
    /// Documents, and how many of them go.
    public var heldObjects = 0
    public var objects = 0
    /// Memberships and roles given to users, service accounts and teams, and how many of them go.
    public var heldEdges = 0
    public var edges = 0
}

/// Leave to take away more than is allowed, for one plan and no other.
public struct DeletionApproval: Sendable, Equatable {
    /// As many documents, memberships and role grants may go, all together.
    public var deletions: Int
    /// `SyncPlan.digest` of what was approved.
    public var planDigest: String

    public init(deletions: Int, planDigest: String) {
        self.deletions = deletions
        self.planDigest = planDigest
    }
}

/// A plan that is not carried out because of what it would take away.
public struct RefusedPlan: Sendable, Equatable {
    /// Each a sentence for people.
    public var reasons: [String]
    /// Documents, memberships and role grants that would go.
    public var deletions: Int
    /// Identifies the plan: what would be done, to what, for which commit.
    public var digest: String
    /// Whether `DeletionApproval` lets it pass.
    public var canBeApproved: Bool
}

/// Decides whether a plan may be carried out: an answer that came back empty must not empty the database.
///
/// The limits are those that the database holds, not those of the commit: a commit that takes much away cannot allow itself to.
struct PruneGuard {
    /// So few may always go.
    static let few = 10

    /// Percent of what is held.
    var share = 20
    var atMost = 1_000
    /// The role that somebody must have.
    var administrators = "admin"

    init() {}

    /// - Parameter settings: the `reconcile` of the organisation that the database holds.
    init(settings: JSONValue?) {
        if case .int(let share)? = settings?["deletions"]?["share"] { self.share = Int(share) }
        if case .int(let most)? = settings?["deletions"]?["atMost"] { atMost = Int(most) }
        if case .string(let role)? = settings?["administrators"] { administrators = role }
    }

    func allowed(of held: Int) -> Int { min(atMost, max(Self.few, held * share / 100)) }

    /// - Parameters:
    ///   - administratorCount: how many had the role at the last revision. Who has it in the commit is asked for the role that is in force, so
    ///     that a commit cannot choose another one for itself.
    ///   - protected: documents that nothing may delete, by kind and name.
    /// - Returns: nil if the plan may be carried out.
    func refusal(
        of plan: SyncPlan, digest: () -> String, held administratorCount: Int, desired: DesiredState, protected: Set<[String]>,
        approval: DeletionApproval?
    ) -> RefusedPlan? {
        let losses = plan.losses
        var excess: [String] = []
        if losses.objects > allowed(of: losses.heldObjects) {
            excess.append(
                "it would delete \(losses.objects) of \(losses.heldObjects) documents, more than the \(allowed(of: losses.heldObjects)) that one commit may"
            )
        }
        if losses.edges > allowed(of: losses.heldEdges) {
            excess.append(
                "it would take away \(losses.edges) of \(losses.heldEdges) memberships and role grants, more than the "
                    + "\(allowed(of: losses.heldEdges)) that one commit may")
        }
        var never = plan.differences.filter { $0.action == .delete && protected.contains([$0.kind.rawValue, $0.name]) }.prefix(5).map {
            "\($0.kind.rawValue) `\($0.name)` is protected: `charter protections remove \($0.kind.rawValue)/\($0.name)` lifts it"
        }
        if administratorCount > 0, desired.holderCount(ofRole: administrators) == 0 {
            never.append("nobody would have the role `\(administrators)` any more")
        }
        let deletions = losses.objects + losses.edges
        if excess.isEmpty, never.isEmpty { return nil }
        // Only now, as it takes all differences as text.
        let digest = digest()
        let isApproved = approval.map { $0.planDigest == digest && deletions <= $0.deletions } ?? false
        if isApproved { excess = [] }
        if excess.isEmpty, never.isEmpty { return nil }
        return RefusedPlan(reasons: never + excess, deletions: deletions, digest: digest, canBeApproved: never.isEmpty)
    }
}

extension DesiredState {
    /// What this commit would change of another one, told from the two alone.
    public func plan(replacing old: DesiredState) -> SyncPlan { SyncPlan(from: old, to: self) }

    /// Why this commit may not take the place of another one, told from the two alone; nil if it may.
    ///
    /// - Parameter protected: documents that nothing may delete, by kind and name; where they are not known, those that the other commit
    ///   annotates.
    public func refusal(replacing old: DesiredState, protected: Set<[String]>?) -> RefusedPlan? {
        let plan = plan(replacing: old)
        return PruneGuard(settings: old.settings).refusal(
            of: plan, digest: { plan.digest(from: nil, to: self) }, held: old.administratorCount, desired: self,
            protected: protected ?? Set(old.protected.map { [$0.kind.rawValue, $0.name] }), approval: nil)
    }
}
