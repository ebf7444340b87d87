import GovernanceModel

extension RequestUniverse {
    /// The types of resources beside models, the built-in ones included, in the order of their names.
    static func types(_ organization: Organization) -> [Organization.ResourceType] {
        (organization.resourceTypes + [ServerResource.declaration]).sorted {
            $0.name.value.utf8.lexicographicallyPrecedes($1.name.value.utf8)
        }
    }

    /// The models, types and actions that documents name.
    init(_ governance: Governance, _ types: [Organization.ResourceType], _ providers: [String: UInt32]) {
        var actions: Set<[UInt8]> = []
        func add(_ globs: [Located<String>]) {
            for glob in globs where !glob.value.hasStar { actions.insert(Array(glob.value.utf8)) }
        }
        for action in GovernanceModel.Model.actions { actions.insert(Array(action.utf8)) }
        // A declared action is taken by its letters, stars too.
        for type in types { for action in type.actions { actions.insert(Array(action.value.utf8)) } }
        for document in governance.all(.role) { for permission in Role(spec: document.spec).permissions { add(permission.actions) } }
        for document in governance.policies {
            let policy = Policy(spec: document.spec)
            add(policy.match.actions)
            add(policy.exceptions.actions)
        }
        self.init(
            models: governance.all(.model).map { document in
                let model = GovernanceModel.Model(spec: document.spec)
                return RequestUniverse.Model(
                    name: document.plainName, provider: providers[model.provider.value] ?? 0, tags: model.tags)
            }, types: types.map(\.name.value),
            actions: actions.sorted { $0.lexicographicallyPrecedes($1) }.map { String(decoding: $0, as: UTF8.self) })
    }
}
