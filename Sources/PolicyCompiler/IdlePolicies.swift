import Diagnostics
import GovernanceModel
import Patterns

/// Finds policies that no request can match.
struct IdlePolicies {
    private let reach: PolicyReach
    private let population: SubjectPopulation
    /// Exemptions that have not expired, by the policy that they name.
    private let exemptions: [String: [Exempted]]

    struct Exempted {
        var document: Document
        var kind: Kind
        var name: String
        /// Of a team or role.
        var row: UInt32
    }

    /// By the names of policies.
    static func findings(
        _ governance: Governance, _ reach: PolicyReach, _ population: SubjectPopulation, now: Int64
    ) -> [String: Diagnostic] {
        var exemptions: [String: [Exempted]] = [:]
        for document in governance.all(.exemption) {
            let exemption = Exemption(spec: document.spec)
            guard let expires = Timestamp.seconds(exemption.expires.value), expires > now,
                let subject = SubjectReference(exemption.subject.value)
            else { continue }
            let index = subject.kind == .role ? reach.closures.roleIndex : reach.closures.teamIndex
            let exempted = Exempted(document: document, kind: subject.kind, name: subject.name, row: UInt32(index[subject.name] ?? 0))
            for policy in exemption.policies { exemptions[policy.value, default: []].append(exempted) }
        }
        let checker = IdlePolicies(reach: reach, population: population, exemptions: exemptions)
        var found: [String: Diagnostic] = [:]
        for policy in reach.policies {
            found[policy.document.plainName] = checker.finding(policy).flatMap { policy.document.explained([$0]).first }
        }
        return found
    }

    private func finding(_ policy: PolicyReach.Matched) -> Diagnostic? { resources(policy) ?? subjects(policy) }

    private func report(
        _ policy: PolicyReach.Matched, _ why: String, at span: SourceSpan?, related: SourceSpan? = nil, label: String = "and here"
    ) -> Diagnostic {
        let place = span ?? policy.document.name.span
        return Diagnostic(
            .idlePolicy, "the policy `\(policy.document.plainName)` never applies: \(why)", at: place,
            related: related.map { $0 == place ? [] : [.init(span: $0, message: label)] } ?? [],
            help: "correct its `match`, or remove it")
    }

    // MARK: Actions and resources

    /// A dimension of a `match` with its place, and the match with that dimension alone.
    private struct Dimension {
        var name: String
        var span: SourceSpan
        var alone: MatchDimensions
    }

    private func resources(_ policy: PolicyReach.Matched) -> Diagnostic? {
        let (match, exceptions) = (policy.match, policy.exceptions)
        if !policy.hasResources, match.actions == nil, exceptions.actions == nil { return nil }
        if reach.isAboutSomething(match, not: exceptions) { return nil }
        let given = resourceDimensions(policy)
        // A pattern that matches nothing is told of by itself.
        if match.models?.isEmpty == true || match.providers?.isEmpty == true { return nil }
        if let globs = match.actions, !globs.contains(where: reach.isKnown(action:)) { return nil }
        for one in given where !reach.isAboutSomething(one.alone, not: MatchDimensions()) {
            return report(policy, "there is nothing that its `\(one.name)` match", at: one.span)
        }
        for (number, other) in given.enumerated() {
            for one in given[..<number] {
                var both = one.alone
                both.add(other.alone)
                if reach.isAboutSomething(both, not: MatchDimensions()) { continue }
                let why =
                    one.name == "actions"
                    ? "none of its `actions` can be done with its `\(other.name)`"
                    : "its `\(one.name)` and `\(other.name)` have nothing in common"
                return report(policy, why, at: other.span, related: one.span)
            }
        }
        if !reach.isAboutSomething(match, not: MatchDimensions()) {
            return report(policy, "its dimensions have nothing in common", at: given.first?.span)
        }
        let place = policy.policy.spec["match"]?["not"]?.span
        return report(
            policy, "its `not` leaves out everything that it is about", at: place, related: given.first?.span, label: "what it is about")
    }

    private func resourceDimensions(_ policy: PolicyReach.Matched) -> [Dimension] {
        let (given, match) = (policy.policy.match, policy.match)
        var found: [Dimension] = []
        func add(_ name: String, _ globs: [Located<String>], _ set: (inout MatchDimensions) -> Void) {
            guard let first = globs.first else { return }
            var alone = MatchDimensions()
            set(&alone)
            found.append(Dimension(name: name, span: first.span, alone: alone))
        }
        add("actions", given.actions) { $0.actions = match.actions }
        add("resources", given.resources) { $0.resources = match.resources }
        add("models", given.models) { $0.models = match.models }
        add("providers", given.providers) { $0.providers = match.providers }
        add("tags", given.tags) { $0.tags = match.tags }
        return found
    }

    // MARK: Subjects

    /// One who makes requests: a group, or somebody of it who is named.
    private struct Candidate {
        var group: SubjectPopulation.Group
        var name: String?
    }

    private func subjects(_ policy: PolicyReach.Matched) -> Diagnostic? {
        let exempted = exemptions[policy.document.plainName] ?? []
        if population.isEmpty || (!policy.hasSubjects && exempted.isEmpty) { return nil }
        if policy.match.teams?.isEmpty == true || policy.match.roles?.isEmpty == true { return nil }
        var exemption: Exempted?
        var isAnyLeftOut = false
        // Whether the policy applies to one; if not, why is noted.
        let isAboutSomebody = contains(policy.match) { candidate in
            guard matches(candidate, policy.match) else { return false }
            if isLeftOut(candidate, policy.exceptions) {
                isAnyLeftOut = true
                return false
            }
            guard let found = exempted.first(where: { covers($0, candidate) }) else { return true }
            exemption = exemption ?? found
            return false
        }
        if isAboutSomebody { return nil }
        if let exemption {
            return report(
                policy, "everybody whom it is about is exempt from it", at: nil, related: exemption.document.name.span,
                label: "by this exemption")
        }
        if isAnyLeftOut {
            return report(
                policy, "its `not` leaves out everybody whom it is about", at: policy.policy.spec["match"]?["not"]?.span)
        }
        return nobody(policy)
    }

    private func nobody(_ policy: PolicyReach.Matched) -> Diagnostic {
        let match = policy.policy.match
        let given: [(name: String, globs: [Located<String>])] = [
            ("subjects", match.subjects), ("teams", match.teams), ("roles", match.roles),
        ].filter { !$0.1.isEmpty }
        let names = given.map { "`\($0.name)`" }.joined(separator: " and ")
        let why =
            switch given.first?.name {
            case "subjects" where given.count == 1: "none of its `subjects` is there and enabled"
            case "teams" where given.count == 1: "nobody who is enabled is in one of its `teams`"
            case "roles" where given.count == 1: "nobody who is enabled has one of its `roles`"
            default: "nobody who is enabled is covered by its \(names) at once"
            }
        return report(policy, why, at: given.last?.globs.first?.span, related: given.count > 1 ? given.first?.globs.first?.span : nil)
    }

    /// Whether somebody who might match is as asked. Where it cannot be told who is meant, there is somebody.
    private func contains(_ match: MatchDimensions, _ isAsked: (Candidate) -> Bool) -> Bool {
        guard let subjects = match.subjects else {
            return population.contains(teams: match.teams, roles: match.roles) { isAsked(Candidate(group: $0, name: nil)) }
        }
        return subjects.contains { subject in
            if subject.glob.matchesEverything {
                return population.contains(teams: match.teams, roles: match.roles) { group in
                    Glob.matches(group.type, subject.type) && isAsked(Candidate(group: group, name: nil))
                }
            }
            // Looking through all names for a pattern would take long where there are many of both.
            if subject.glob.hasStar || subject.type.hasStar { return true }
            guard let person = population.person(subject.glob, isServiceAccount: subject.type == "service-account") else { return false }
            return !person.isDisabled && isAsked(Candidate(group: person.group, name: person.name))
        }
    }

    private func matches(_ candidate: Candidate, _ match: MatchDimensions) -> Bool {
        let isOfTeam = match.teams.map { Self.haveCommon($0, candidate.group.teams) } ?? true
        let hasRole = match.roles.map { Self.haveCommon($0, candidate.group.roles) } ?? true
        return isOfTeam && hasRole
    }

    private func isLeftOut(_ candidate: Candidate, _ exceptions: MatchDimensions) -> Bool {
        if let teams = exceptions.teams, Self.haveCommon(teams, candidate.group.teams) { return true }
        if let roles = exceptions.roles, Self.haveCommon(roles, candidate.group.roles) { return true }
        return (exceptions.subjects ?? []).contains { subject in
            guard Glob.matches(candidate.group.type, subject.type) else { return false }
            // A group without a name holds whoever is left of it.
            return subject.glob.matchesEverything || candidate.name.map { Glob.matches($0, subject.glob) } ?? false
        }
    }

    private func covers(_ exempted: Exempted, _ candidate: Candidate) -> Bool {
        switch exempted.kind {
        case .team: candidate.group.teams.contains(exempted.row)
        case .role: candidate.group.roles.contains(exempted.row)
        case .serviceAccount: candidate.group.isServiceAccount && candidate.name == exempted.name
        default: !candidate.group.isServiceAccount && candidate.name == exempted.name
        }
    }

    /// Of two sorted lists.
    private static func haveCommon(_ one: [UInt32], _ other: [UInt32]) -> Bool {
        var (left, right) = (0, 0)
        while left < one.count, right < other.count {
            if one[left] == other[right] { return true }
            if one[left] < other[right] { left += 1 } else { right += 1 }
        }
        return false
    }
}
