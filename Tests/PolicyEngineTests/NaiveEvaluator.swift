/// What a decision means, written down from the design's text as plainly as possible and without a thought for speed: the oracle of the engine.
struct NaiveEvaluator {
    let world: RandomWorld

    struct Answer: Equatable {
        var isAllowed = false
        var code: String?
        /// `policy/rule` of each.
        var denials: Set<String> = []
        var warnings: Set<String> = []
        var records: Set<String> = []
    }

    func decide(subject: String, action: String, resourceType: String, resource: String) -> Answer {
        guard let user = world.users.first(where: { $0.name == subject }) else { return Answer(code: "unknown-subject") }
        if user.isDisabled { return Answer(code: "subject-disabled") }
        let model = world.models.first { $0.name == resource }
        if resourceType == "model", model == nil { return Answer(code: "unknown-resource") }
        if resourceType != "model", resourceType != "tool" { return Answer(code: "unknown-resource") }
        if resourceType == "tool", !RandomWorld.toolActions.contains(action) { return Answer(code: "unknown-action") }
        let teams = teams(of: user)
        let roles = roles(of: user, teams: teams)
        let permitted = world.roles.contains { role in
            roles.contains(role.name)
                && role.permissions.contains { permission in
                    permission.actions.contains { glob(action, $0) }
                        && permission.resources.contains { typed($0, resourceType, resource) }
                        && (permission.when == nil || permission.when == .holds)
                }
        }
        if !permitted { return Answer(code: "no-permission") }
        var answer = Answer(isAllowed: true)
        for policy in world.policies {
            func matches(_ name: String, _ globs: [String]) -> Bool {
                switch name {
                case "actions": return globs.contains { glob(action, $0) }
                case "subjects": return globs.contains { typed($0, "user", subject) }
                case "teams": return globs.contains { pattern in teams.contains { glob($0, pattern) } }
                case "roles": return globs.contains { pattern in roles.contains { glob($0, pattern) } }
                case "resources": return globs.contains { typed($0, resourceType, resource) }
                case "models": return resourceType == "model" && globs.contains { glob(resource, $0) }
                case "providers": return resourceType == "model" && globs.contains { glob(model?.provider ?? "", $0) }
                case "tags":
                    return resourceType == "model" && globs.contains { pattern in (model?.tags ?? []).contains { glob($0, pattern) } }
                default: return false
                }
            }
            guard policy.match.dimensions.allSatisfy({ matches($0.key, $0.value) }),
                !policy.exceptions.dimensions.contains(where: { matches($0.key, $0.value) })
            else { continue }
            for rule in policy.rules where rule.when != .fails {
                let name = policy.name + "/" + rule.name
                switch (policy.enforcement, rule.effect) {
                case ("monitor", _): answer.records.insert(name)
                case ("warning", _), (_, "warn"): answer.warnings.insert(name)
                default: answer.denials.insert(name)
                }
            }
        }
        answer.isAllowed = answer.denials.isEmpty
        return answer
    }

    private func teams(of user: RandomWorld.User) -> Set<String> {
        var found: Set<String> = []
        for team in world.teams where team.members.contains(user.name) {
            var next: String? = team.name
            while let name = next {
                found.insert(name)
                next = world.teams.first { $0.name == name }?.parent
            }
        }
        return found
    }

    private func roles(of user: RandomWorld.User, teams: Set<String>) -> Set<String> {
        var found = Set(user.roles)
        for team in world.teams where teams.contains(team.name) { found.formUnion(team.roles) }
        for _ in world.roles {
            for role in world.roles where found.contains(role.name) { found.formUnion(role.inherits) }
        }
        return found
    }

    private func typed(_ pattern: String, _ type: String, _ id: String) -> Bool {
        let parts = pattern.split(separator: ":", maxSplits: 1).map(String.init)
        return glob(type, parts[0]) && glob(id, parts[1])
    }

    private func glob(_ text: String, _ pattern: String) -> Bool { glob(Array(text)[...], Array(pattern)[...]) }

    private func glob(_ text: ArraySlice<Character>, _ pattern: ArraySlice<Character>) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        if first == "*" { return glob(text, pattern.dropFirst()) || (!text.isEmpty && glob(text.dropFirst(), pattern)) }
        return text.first == first && glob(text.dropFirst(), pattern.dropFirst())
    }
}
