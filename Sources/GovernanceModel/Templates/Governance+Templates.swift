/// Policies that are made from templates.
extension Governance {
    /// Whether some policies could not be expanded for that. Which ones depends on all of them.
    var isOverExpansionLimit: Bool { expandedBytes > expansionLimit }

    /// The document that counts: of a policy that is made from a template what it comes to, of a template what it comes to by itself, as far as
    /// there is that; of any other the document itself.
    func effective(_ document: Document) -> Document {
        switch document.kind {
        case .policy: expansions[document.plainName]?.document ?? document
        case .policyTemplate: document.specimen ?? document
        default: document
        }
    }

    /// The policy called `name`: if it is made from a template, what it comes to.
    public func policy(_ name: String) -> Document? { find(.policy, name).map(effective) }

    /// Expands policies that have been added, and those whose template is another one now.
    ///
    /// - Returns: these policies, and those whose template is there no more.
    mutating func expand(removed: [Document], added: [Document]) -> [Document] {
        let isTouched = { (kind: Kind) in removed.contains { $0.kind == kind } || added.contains { $0.kind == kind } }
        let hasTemplates = isTouched(.policyTemplate)
        guard hasTemplates || isTouched(.policy) else { return [] }
        for document in removed where document.kind == .policy { set(nil, of: document.plainName) }
        let changed = Set((removed + added).lazy.filter { $0.kind == .policyTemplate }.map(\.plainName))
        let new = Set(added.lazy.filter { $0.kind == .policy }.map(\.plainName))
        var expanded: [Document] = []
        var prepared: [String: TemplateExpansion.Prepared] = [:]
        for policy in hasTemplates ? all(.policy) : added where policy.kind == .policy {
            guard let name = policy.templateName, new.contains(policy.plainName) || changed.contains(name) else { continue }
            expanded.append(policy)
            guard let template = prepared[name] ?? find(.policyTemplate, name).map(TemplateExpansion.Prepared.init) else {
                set(nil, of: policy.plainName)
                continue
            }
            prepared[name] = template
            set(nil, of: policy.plainName)
            set(
                isOverExpansionLimit ? TemplateExpansion(refused: policy, limit: expansionLimit) : TemplateExpansion(policy, template),
                of: policy.plainName)
        }
        policies = expansions.isEmpty ? all(.policy) : all(.policy).map(effective)
        return expanded
    }

    private mutating func set(_ expansion: TemplateExpansion?, of policy: String) {
        expandedBytes -= expansions[policy]?.document?.tree.size ?? 0
        expandedBytes += expansion?.document?.tree.size ?? 0
        expansions[policy] = expansion
    }
}

extension Document {
    /// The name of the template that the policy is made from.
    fileprivate var templateName: String? { spec["template"]?["name"]?.text }
}
