import GovernanceModel
import Patterns

/// Which requests policies are about, as far as documents tell.
struct PolicyReach {
    /// A policy and what its `match` comes to.
    struct Matched {
        var document: Document
        var policy: Policy
        var match: MatchDimensions
        var exceptions: MatchDimensions

        var hasResources: Bool { Self.hasResources(match) || Self.hasResources(exceptions) }
        var hasSubjects: Bool { Self.hasSubjects(match) || Self.hasSubjects(exceptions) }

        private static func hasResources(_ match: MatchDimensions) -> Bool {
            match.resources != nil || match.models != nil || match.providers != nil || match.tags != nil
        }

        private static func hasSubjects(_ match: MatchDimensions) -> Bool {
            match.subjects != nil || match.teams != nil || match.roles != nil
        }
    }

    let universe: RequestUniverse
    let types: [Organization.ResourceType]
    let closures: Closures
    /// Of every policy that has rules of its own, in the order of their names.
    let policies: [Matched]

    init(_ governance: Governance, _ organization: Organization, _ closures: Closures) {
        let names = MatchDimensions.Names(governance, closures)
        types = RequestUniverse.types(organization)
        universe = RequestUniverse(governance, types, names.providers)
        self.closures = closures
        policies = governance.policies.compactMap { document in
            let policy = Policy(spec: document.spec)
            if policy.template != nil { return nil }
            return Matched(
                document: document, policy: policy, match: MatchDimensions(policy.match, names),
                exceptions: MatchDimensions(policy.exceptions, names))
        }
    }

    /// The resources that a `match` may be about, all others left out: most policies name few models.
    func entries(_ match: MatchDimensions) -> [Int] {
        if let models = match.models { return models.map { Int($0) } }
        if match.providers != nil || match.tags != nil { return Array(0..<universe.models.count) }
        return Array(0..<universe.entryCount)
    }

    /// Whether there is something that the policy is about, leaving out of account what its exceptions say, if asked.
    func isAboutSomething(_ match: MatchDimensions, not exceptions: MatchDimensions) -> Bool {
        let models = universe.models.count
        for entry in entries(match) {
            guard universe.covers(match, not: exceptions, entry: entry) != .no else { continue }
            if entry < models {
                // Actions on models are not a closed list.
                if hasAction(match.actions, exceptions.actions) { return true }
            } else if types[entry - models].actions.contains(where: { Self.covers(match.actions, exceptions.actions, $0.value) }) {
                return true
            }
        }
        return false
    }

    func hasAction(_ match: [String]?, _ exceptions: [String]?) -> Bool {
        // Most policies name an action, which is one whether or not others name it.
        if exceptions == nil { return true }
        return (0..<universe.actionCount).contains { universe.covers(match, not: exceptions, action: $0) != .no }
    }

    /// Whether a pattern matches an action of a model or of a declared type.
    func isKnown(action glob: String) -> Bool {
        Model.actions.contains { Glob.matches($0, glob) } || types.contains { $0.actions.contains { Glob.matches($0.value, glob) } }
    }

    private static func covers(_ match: [String]?, _ exceptions: [String]?, _ action: String) -> Bool {
        let isIncluded = match.map { $0.contains { Glob.matches(action, $0) } } ?? true
        let isExcluded = exceptions.map { $0.contains { Glob.matches(action, $0) } } ?? false
        return isIncluded && !isExcluded
    }
}
