import GovernanceModel
import PolicyBundle

/// What a change of the documents does: the documents that differ, and what that means for subjects, policies, budgets, exemptions and controls.
///
/// Effects are found by deciding, not by reading: each comes with a request that the two versions decide differently.
public struct ChangePlan: Sendable {
    /// A version that is compared.
    public struct Version: Sendable {
        /// What people call it: a commit's id, a branch, a folder.
        public var name: String
        public var governance: Governance
        public var bundle: [UInt8]

        public init(name: String, governance: Governance, bundle: [UInt8]) {
            self.name = name
            self.governance = governance
            self.bundle = bundle
        }
    }

    public var base: String
    public var head: String
    public var currency: String
    public var documents: [DocumentChange]
    public var subjects: [SubjectChange]
    public var access: [AccessEffect]
    public var policies: [PolicyShift]
    public var budgets: [BudgetChange]
    public var budgetSums: [BudgetChange.Sum]
    public var exemptions: [ExemptionChange]
    public var controls: [ControlChange]
    /// The models of both versions.
    public var models: [String]
    /// How many combinations of a subject (or of subjects who are alike), an action and a resource were compared.
    public var comparedCount: Int
    /// Of those, where conditions turn on more values than could all be tried together: a difference there may have been missed.
    public var sampledCount: Int

    /// Compares two versions that both compiled.
    ///
    /// - Parameter now: the time at which requests are decided, in nanoseconds since 1970.
    /// - Throws: if one of the bundles is none.
    public init(from base: Version, to head: Version, now: Int64) throws(BundleError) {
        self.base = base.name
        self.head = head.name
        currency = head.governance.organization?.currency ?? ""
        let (before, after) = (try PlanSide(base.governance, base.bundle), try PlanSide(head.governance, head.bundle))
        documents = DocumentChange.all(base.governance, head.governance)
        subjects = SubjectChange.all(before.bundle, after.bundle)
        budgets = BudgetChange.all(base.governance, head.governance)
        budgetSums = BudgetChange.sums(budgets, base.governance, head.governance)
        exemptions = ExemptionChange.all(base.governance, head.governance)
        controls = ControlChange.all(base.governance, head.governance)
        var comparison = AccessComparison(before, after, now: now)
        let result = comparison.run()
        access = result.effects
        policies = result.shifts
        models = Set(before.signatures.models.keys).union(after.signatures.models.keys).sorted()
        comparedCount = result.cellCount
        sampledCount = result.sampledCount
    }

    /// Whether the two versions say the same.
    public var isEmpty: Bool { documents.isEmpty }

    /// Whether something that was there is gone, or somebody can no longer do what they could.
    public var isDestructive: Bool {
        documents.contains { $0.action == .removed } || access.contains { effect in effect.changes.contains { $0.lost != nil } }
    }
}
