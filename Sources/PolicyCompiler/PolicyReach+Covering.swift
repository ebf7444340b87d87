import GovernanceModel
import Patterns

/// Whether one policy is about every request that another is about. Where it cannot be told, it is not.
extension PolicyReach {
    func isCovered(_ one: Matched, by other: Matched) -> Bool {
        isCovered(globs: one.match.actions, by: other.match.actions) && isCovered(one.match.subjects, by: other.match.subjects)
            && isCovered(rows: one.match.teams, by: other.match.teams) { closures.teamsAbove(of: $0) }
            && isCovered(rows: one.match.roles, by: other.match.roles) { closures.rolesBelow(of: $0) }
            && areLeftOut(other.exceptions, by: one.exceptions) && isCoveredInResources(one, by: other)
    }

    /// A pattern covers another where it matches it letter for letter: its own stars take in the other's.
    private func isCovered(globs one: [String]?, by other: [String]?) -> Bool {
        guard let other else { return true }
        return one?.allSatisfy { glob in other.contains { Glob.matches(glob, $0) } } ?? other.contains(where: \.matchesEverything)
    }

    private func isCovered(_ one: [MatchDimensions.TypedGlob]?, by other: [MatchDimensions.TypedGlob]?) -> Bool {
        guard let other else { return true }
        guard let one else {
            return SemanticChecker.subjectTypes.allSatisfy { type in
                other.contains { Glob.matches(type, $0.type) && $0.glob.matchesEverything }
            }
        }
        return one.allSatisfy { glob in other.contains { Glob.matches(glob.type, $0.type) && Glob.matches(glob.glob, $0.glob) } }
    }

    /// - Parameter more: what a subject that has the row has as well.
    private func isCovered(rows one: [UInt32]?, by other: [UInt32]?, _ more: (UInt32) -> [UInt32]) -> Bool {
        guard let other else { return true }
        guard let one else { return false }
        return one.allSatisfy { row in more(row).contains { other.contains($0) } }
    }

    /// Whether `one` leaves out all that `other` leaves out.
    private func areLeftOut(_ other: MatchDimensions, by one: MatchDimensions) -> Bool {
        func within<Value>(_ list: [Value]?, _ isLeftOut: (Value) -> Bool) -> Bool { list?.allSatisfy(isLeftOut) ?? true }
        return within(other.actions) { glob in (one.actions ?? []).contains { Glob.matches(glob, $0) } }
            && within(other.subjects) { glob in
                (one.subjects ?? []).contains { Glob.matches(glob.type, $0.type) && Glob.matches(glob.glob, $0.glob) }
            }
            && within(other.teams) { row in closures.teamsAbove(of: row).contains { (one.teams ?? []).contains($0) } }
            && within(other.roles) { row in closures.rolesBelow(of: row).contains { (one.roles ?? []).contains($0) } }
    }

    /// By going through all resources: what they leave out is part of it.
    private func isCoveredInResources(_ one: Matched, by other: Matched) -> Bool {
        if !other.hasResources { return true }
        return entries(one.match).allSatisfy { entry in
            universe.covers(one.match, not: one.exceptions, entry: entry) == .no
                || universe.covers(other.match, not: other.exceptions, entry: entry) == .yes
                || isCoveredByName(one, by: other, entry: entry)
        }
    }

    /// Of a declared type only patterns of names are known: each of the one must be within one of the other.
    private func isCoveredByName(_ one: Matched, by other: Matched, entry: Int) -> Bool {
        guard entry >= universe.models.count, other.match.models == nil, other.match.providers == nil, other.match.tags == nil else {
            return false
        }
        guard
            (other.exceptions.resources ?? []).allSatisfy({ glob in
                (one.exceptions.resources ?? []).contains { Glob.matches(glob.type, $0.type) && Glob.matches(glob.glob, $0.glob) }
            })
        else { return false }
        return isCovered(one.match.resources, by: other.match.resources, ofType: universe.types[entry - universe.models.count])
    }

    private func isCovered(
        _ one: [MatchDimensions.TypedGlob]?, by other: [MatchDimensions.TypedGlob]?, ofType type: String
    ) -> Bool {
        guard let other else { return true }
        let within = other.filter { Glob.matches(type, $0.type) }
        guard let one else { return within.contains(where: \.glob.matchesEverything) }
        return one.filter { Glob.matches(type, $0.type) }.allSatisfy { glob in within.contains { Glob.matches(glob.glob, $0.glob) } }
    }

    /// What a policy that covers another has to name one of, where it names anything of the kind.
    struct Names {
        var teams: [UInt32]
        var roles: [UInt32]
        var models: [UInt32]
        var providers: [UInt32]
    }

    /// All of a list have to be covered, so that the first tells.
    func names(_ one: Matched) -> Names {
        let model = one.match.models?.first
        let provider = one.match.providers?.first ?? model.map { universe.models[Int($0)].provider }
        return Names(
            teams: one.match.teams?.first.map { closures.teamsAbove(of: $0) } ?? [],
            roles: one.match.roles?.first.map { closures.rolesBelow(of: $0) } ?? [], models: model.map { [$0] } ?? [],
            providers: provider.map { [$0] } ?? [])
    }
}
