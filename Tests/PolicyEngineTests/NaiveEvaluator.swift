@testable import PolicyEngine

/// What a decision means, written down from the design's text as plainly as possible and without a thought for speed: the oracle of the engine.
final class NaiveEvaluator {
    let world: RandomWorld
    /// By pattern and text.
    private var globs: [String: Bool] = [:]
    /// Is told of each condition that is evaluated: whose it is, and on what.
    var observe: ((String, RandomCondition, Facts) -> Void)?

    init(world: RandomWorld) { self.world = world }

    func decide(_ request: RandomRequest) -> Answer {
        let known = world.subjects.filter { $0.type == request.subjectType }
        guard
            let subject = known.first(where: { $0.name == request.subject })
                ?? known.first(where: { $0.identities.contains(request.subject) })
        else { return Answer(code: .unknownSubject) }
        if subject.isDisabled { return Answer(code: .subjectDisabled) }
        let model = world.models.first { $0.name == request.resource && request.resourceType == "model" }
        let type = world.types.first { $0.name == request.resourceType }
        if model == nil, type == nil { return Answer(code: .unknownResource) }
        if let type, !type.actions.contains(request.action) { return Answer(code: .unknownAction) }
        let teams = teams(of: subject)
        let about = About(request: request, subject: subject, teams: teams, roles: roles(of: subject, teams: teams), model: model)
        let facts = Facts(about, world)
        var answer = Answer(isAllowed: true)
        answer.cost = facts.cost
        guard isPermitted(about, facts, &answer) else {
            answer.isAllowed = false
            answer.code = .noPermission
            return answer
        }
        for policy in world.policies where matches(policy, about) {
            if let exemption = exemption(from: policy, about) {
                answer.exemptions.insert(exemption.name)
            } else {
                var known = facts
                for variable in policy.variables {
                    if case .condition(let condition) = variable.value { observe?("\(policy.name) \(variable.name)", condition, known) }
                    known = known.with([variable])
                }
                apply(policy, known, &answer)
            }
        }
        answer.isAllowed = answer.denials.isEmpty
        return answer
    }

    // MARK: Permission

    /// What has no condition is looked at first; what could not be told before something permitted is an error.
    private func isPermitted(_ about: About, _ facts: Facts, _ answer: inout Answer) -> Bool {
        let all = world.roles.filter { about.roles.contains($0.name) }.flatMap { role in
            role.permissions.enumerated().map { (name: "\(role.name) permission \($0.offset + 1)", permission: $0.element) }
        }
        let permissions = all.filter { _, permission in
            permission.actions.contains { glob(about.request.action, $0) }
                && permission.resources.contains { typed($0, about.request.resourceType, about.request.resource) }
        }
        if permissions.contains(where: { $0.permission.when == nil }) { return true }
        for (name, permission) in permissions {
            if let when = permission.when { observe?(name, when, facts) }
            switch permission.when.map({ facts.truth(of: $0) }) ?? .yes {
            case .yes: return true
            case .no: break
            case .error: answer.permissionErrors += 1
            }
        }
        return false
    }

    // MARK: Policies

    private func matches(_ policy: RandomWorld.Policy, _ about: About) -> Bool {
        policy.match.dimensions.allSatisfy { matches($0.key, $0.value, about) }
            && !policy.exceptions.dimensions.contains { matches($0.key, $0.value, about) }
    }

    private func matches(_ dimension: String, _ globs: [String], _ about: About) -> Bool {
        switch dimension {
        case "actions": globs.contains { glob(about.request.action, $0) }
        case "subjects": globs.contains { typed($0, about.subject.type, about.subject.name) }
        case "teams": globs.contains { pattern in about.teams.contains { glob($0, pattern) } }
        case "roles": globs.contains { pattern in about.roles.contains { glob($0, pattern) } }
        case "resources": globs.contains { typed($0, about.request.resourceType, about.request.resource) }
        case "models": globs.contains { pattern in about.model.map { glob($0.name, pattern) } ?? false }
        case "providers": globs.contains { pattern in about.model.map { glob($0.provider, pattern) } ?? false }
        case "tags": globs.contains { pattern in (about.model?.tags ?? []).contains { glob($0, pattern) } }
        default: false
        }
    }

    /// Of several the first by name.
    private func exemption(from policy: RandomWorld.Policy, _ about: About) -> RandomWorld.Exemption? {
        let own = about.teams.map { "team:\($0)" } + about.roles.map { "role:\($0)" } + ["\(about.subject.type):\(about.subject.name)"]
        return world.exemptions.filter {
            $0.expires * 1_000_000_000 > about.request.now && own.contains($0.subject) && $0.policies.contains(policy.name)
        }.min { $0.name < $1.name }
    }

    private func apply(_ policy: RandomWorld.Policy, _ facts: Facts, _ answer: inout Answer) {
        for rule in policy.rules {
            if let when = rule.when { observe?("\(policy.name)/\(rule.name)", when, facts) }
            let truth = rule.when.map { facts.truth(of: $0) } ?? .yes
            if truth == .no { continue }
            let isError = truth == .error
            let name = "\(policy.name)/\(rule.name)"
            if isError { answer.errors.insert(name) }
            func reason(_ code: Decision.Reason.Code) -> String {
                "\(name) \(isError ? .conditionError : code) \(message(of: rule, policy, facts, isError: isError))"
            }
            switch (policy.enforcement, rule.effect) {
            case ("monitor", _): answer.records.insert(reason(.policyRecord))
            case ("warning", _), (_, .warn): answer.warnings.insert(reason(.policyWarning))
            case (_, .deny): answer.denials.insert(reason(.policyDenied))
            case (_, .requireApproval(let roles)):
                answer.denials.insert(reason(.approvalRequired))
                answer.obligations.approvers.formUnion(roles)
            default:
                if isError { answer.warnings.insert(reason(.policyWarning)) }
                answer.oblige(rule.effect, policy.name, rule.name)
            }
        }
    }

    /// What the rule says, where it can be said.
    private func message(of rule: RandomWorld.Rule, _ policy: RandomWorld.Policy, _ facts: Facts, isError: Bool) -> String {
        if isError { return "the condition of rule `\(rule.name)` could not be evaluated, which counts as if it held" }
        let text: String? =
            switch rule.message {
            case .constant(let text): text
            case .about(let path): facts.texts[path].map { "about \"" + $0 }
            case nil: nil
            }
        return text ?? "rule `\(rule.name)` of policy `\(policy.name)`"
    }

    // MARK: Names

    private func teams(of subject: RandomWorld.Subject) -> Set<String> {
        var found: Set<String> = []
        for team in world.teams where subject.type == "user" && team.members.contains(subject.name) {
            var next: String? = team.name
            while let name = next {
                found.insert(name)
                next = world.teams.first { $0.name == name }?.parent
            }
        }
        return found
    }

    private func roles(of subject: RandomWorld.Subject, teams: Set<String>) -> Set<String> {
        var found = Set(subject.roles)
        for team in world.teams where teams.contains(team.name) { found.formUnion(team.roles) }
        for _ in world.roles {
            for role in world.roles where found.contains(role.name) { found.formUnion(role.inherits) }
        }
        return found
    }

    // MARK: Globs

    private func typed(_ pattern: String, _ type: String, _ id: String) -> Bool {
        let parts = pattern.split(separator: ":", maxSplits: 1).map(String.init)
        return glob(type, parts[0]) && glob(id, parts[1])
    }

    private func glob(_ text: String, _ pattern: String) -> Bool {
        let key = pattern + " " + text
        if let known = globs[key] { return known }
        let result = glob(Array(text)[...], Array(pattern)[...])
        globs[key] = result
        return result
    }

    private func glob(_ text: ArraySlice<Character>, _ pattern: ArraySlice<Character>) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        if first == "*" { return glob(text, pattern.dropFirst()) || (!text.isEmpty && glob(text.dropFirst(), pattern)) }
        return text.first == first && glob(text.dropFirst(), pattern.dropFirst())
    }
}

extension NaiveEvaluator {
    /// A request, and what the documents say about the names in it.
    struct About {
        var request: RandomRequest
        var subject: RandomWorld.Subject
        var teams: Set<String>
        var roles: Set<String>
        var model: RandomWorld.Model?
    }
}
