import PolicyBundle
import PolicyEngine

/// What is evaluated as a whole: a permission's condition, or a policy with all its rules.
struct ConditionUnit {
    enum Side: Int, Hashable { case base, head }

    enum Content: Hashable {
        /// A row of `perm`.
        case permission(Int)
        /// A place in the match index.
        case policy(Int)
    }

    var side: Side
    var content: Content
    var terms: ConditionTerms
    /// The policy's name, if it was changed.
    var changedPolicy: String?
    /// What the outcome depends on beside the parts of the request.
    var dependsOnSubject: Bool
    /// Rows of the subject's exemptions, if somebody is exempt from the policy.
    var exemptions: [Int] = []
    var dependsOnResource: Bool
    var dependsOnAction: Bool
}

/// Units that read the same parts of a request, and the outcomes that these can come to together.
struct ConditionComponent {
    /// What the units of both versions come to for some values of the parts.
    struct Outcome: Hashable {
        /// Whether some policy denies, or the request is none in the version.
        var isDenied: [Bool] = [false, false]
        /// Whether some permission grants.
        var isGranted: [Bool] = [false, false]
    }

    /// An outcome, and values that lead to it.
    struct Example {
        var outcome: Outcome
        var values: RequestValues
    }

    /// Each outcome once.
    var examples: [Example]
    /// Policies that were changed, with values for which they are harder or softer than before.
    var stricter: [String: RequestValues] = [:]
    var looser: [String: RequestValues] = [:]
    /// Whether the values were too many to be tried together.
    var isSampled = false
}
