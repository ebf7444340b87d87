import GovernanceModel
import PolicyBundle

/// What requests of both versions can be about: resources, each with the actions that are tried on it.
struct PlanUniverse {
    struct Entry {
        var type: String
        /// What stands in the request.
        var id: String
        /// What people are shown: of an id made for a glob, the glob.
        var label: String
        var actions: [String]
        /// The name of the model, if it is one.
        var model: String? { type == "model" ? id : nil }
    }

    private(set) var entries: [Entry] = []
    /// So many ids of one declared type are tried.
    private static let idLimit = 64

    init(_ base: PolicyBundle, _ head: PolicyBundle) {
        let bundles = [base, head]
        var ofTypes: [String: Set<String>] = [:]
        for bundle in bundles {
            for row in 0..<bundle.count(.rtyp) {
                let actions = bundle.list(.rtyp, row, ResourceTypeColumn.actions).map { bundle.string(Int(bundle.word(.actn, $0, 0))) }
                ofTypes[bundle.string(.rtyp, row, ResourceTypeColumn.name), default: []].formUnion(actions)
            }
        }
        let declared = ofTypes.values.reduce(into: Set<String>()) { $0.formUnion($1) }
        var actions: Set<String> = []
        var models: Set<String> = []
        for bundle in bundles {
            for row in 0..<bundle.count(.actn) { actions.insert(bundle.string(Int(bundle.word(.actn, row, 0)))) }
            for row in 0..<bundle.count(.modl) { models.insert(bundle.string(.modl, row, ModelColumn.name)) }
        }
        // An action that only a declared type knows is tried on that type alone.
        let ofModels = actions.subtracting(declared.subtracting(Model.actions)).sorted()
        entries = models.sorted().map { Entry(type: "model", id: $0, label: $0, actions: ofModels) }
        for (type, actions) in ofTypes.sorted(by: { $0.key < $1.key }) {
            for id in Self.ids(of: type, bundles) {
                entries.append(
                    Entry(type: type, id: id.replacing("*", with: "x"), label: id, actions: actions.sorted()))
            }
        }
    }

    /// Ids and globs that some permission or policy names, and `*` for all that nobody names.
    private static func ids(of type: String, _ bundles: [PolicyBundle]) -> [String] {
        var ids: Set<String> = []
        for bundle in bundles {
            var lists: [[String]] = []
            for row in 0..<bundle.count(.perm) { lists.append(bundle.strings(.perm, row, PermissionColumn.resources)) }
            for row in 0..<bundle.count(.poli) {
                lists.append(bundle.strings(.poli, row, PolicyColumn.resources))
                lists.append(bundle.strings(.poli, row, PolicyColumn.notResources))
            }
            for list in lists {
                for place in stride(from: 0, to: list.count - 1, by: 2)
                where list[place] == type || list[place].contains("*") {
                    ids.insert(list[place + 1])
                }
            }
        }
        ids.insert("*")
        return Array(ids.filter { !$0.isEmpty }.sorted().prefix(idLimit))
    }
}
