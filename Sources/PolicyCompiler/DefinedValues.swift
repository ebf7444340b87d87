import CEL
import Diagnostics
import GovernanceModel
import Patterns

/// Checks the texts in conditions against what documents define: a role that does not exist is held by nobody.
struct DefinedValues {
    private let governance: Governance
    private let organization: Organization
    /// Nearest names are looked for among so many at most.
    private static let mostCandidates = 10_000
    private var ofModels: [String: Set<String>] = [:]
    private var actions: Set<String>?

    static func findings(_ governance: Governance, _ organization: Organization, _ conditions: CompiledConditions) -> [Diagnostic] {
        var checker = DefinedValues(governance: governance, organization: organization)
        return conditions.logic.flatMap { $0.mentions.compactMap { checker.finding($0) } }
    }

    private init(governance: Governance, organization: Organization) {
        self.governance = governance
        self.organization = organization
    }

    private mutating func finding(_ mention: ConditionLogic.Mention) -> Diagnostic? {
        let text = mention.mention.text
        switch mention.mention.path {
        case "subject.roles": return unless(exists: [.role], mention)
        case "subject.teams": return unless(exists: [.team], mention)
        case "subject.id": return unless(exists: [.user, .serviceAccount], mention)
        case "resource.provider": return unless(exists: [.provider], mention)
        case "resource.id":
            // Resources of other types have names of their own; what begins like a model's is one.
            let provider = text.split(separator: "/", omittingEmptySubsequences: false).first.map(String.init) ?? ""
            let isModel = text.contains("/") && governance.find(.provider, provider) != nil
            return isModel || (organization.resourceTypes.isEmpty && text != ServerResource.id) ? unless(exists: [.model], mention) : nil
        case "resource.tags": return unless(anyModelHas: "tags", mention)
        case "resource.regions": return unless(anyModelHas: "regions", mention)
        case "resource.capabilities": return unless(anyModelHas: "capabilities", mention)
        case "action.name":
            let known = knownActions()
            if known.contains(text) { return nil }
            return ConditionChecker.impossible(
                mention.mention, at: mention.span, known: known.sorted(), reason: ", as far as documents tell: none names such an action")
        default: return nil
        }
    }

    private func unless(exists kinds: [Kind], _ mention: ConditionLogic.Mention) -> Diagnostic? {
        if kinds.contains(where: { governance.find($0, mention.mention.text) != nil }) { return nil }
        let documents = kinds.flatMap { governance.all($0) }
        let names = documents.count <= Self.mostCandidates ? documents.map(\.plainName) : []
        return ConditionChecker.impossible(
            mention.mention, at: mention.span, known: names, reason: ": there is no such \(kinds.map(\.rawValue).joined(separator: " or "))"
        )
    }

    private mutating func unless(anyModelHas field: String, _ mention: ConditionLogic.Mention) -> Diagnostic? {
        let models = governance.all(.model)
        if models.isEmpty { return nil }
        let known = ofModels[field] ?? Set(models.flatMap { $0.spec.texts(field) })
        ofModels[field] = known
        if known.contains(mention.mention.text) { return nil }
        return ConditionChecker.impossible(
            mention.mention, at: mention.span, known: known.sorted(), reason: ": no model has it among its `\(field)`")
    }

    /// A gateway may know more actions than are declared: what some permission or policy names is one.
    private mutating func knownActions() -> Set<String> {
        if let actions { return actions }
        var known = Set(Model.actions + ServerResource.actions + organization.resourceTypes.flatMap { $0.actions.map(\.value) })
        for role in governance.all(.role) {
            for permission in Role(spec: role.spec).permissions { known.formUnion(permission.actions.map(\.value)) }
        }
        for document in governance.policies {
            let policy = Policy(spec: document.spec)
            known.formUnion((policy.match.actions + policy.exceptions.actions).map(\.value))
        }
        let found = known.filter { !$0.hasStar }
        actions = found
        return found
    }
}
