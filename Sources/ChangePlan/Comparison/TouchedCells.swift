import Patterns
import PolicyBundle
import PolicyEngine

/// An action on a resource.
struct PlanCell {
    var entry: PlanUniverse.Entry
    var action: String
}

/// Which actions on which resources the parts of a change can touch, whoever asks: only there it is worth deciding.
struct TouchedCells {
    let cells: [PlanCell]
    /// Places in `cells`, by a role that was changed: what its permissions cover or covered.
    private(set) var byRole: [String: [Int]] = [:]
    /// Places of models that were changed, and of what policies that were changed are or were about.
    private(set) var always: [Int] = []
    /// By place: whether such a policy is or was about it.
    private(set) var isPolicyTouched: [Bool]

    /// - Parameters:
    ///   - policies: rows of `poli` in each of the versions.
    init(
        _ universe: PlanUniverse, _ sides: [(side: PlanSide, policies: [Int])], roles: Set<String>, models: Set<String>, now: Int64
    ) {
        cells = universe.entries.flatMap { entry in entry.actions.map { PlanCell(entry: entry, action: $0) } }
        isPolicyTouched = Array(repeating: false, count: cells.count)
        for (side, policies) in sides {
            for (role, permissions) in Self.permissions(side.bundle, of: roles) {
                var places = Set(byRole[role] ?? [])
                for (place, cell) in cells.enumerated() where permissions.contains(where: { $0.covers(cell) }) { places.insert(place) }
                byRole[role] = places.sorted()
            }
            guard !policies.isEmpty, let subject = Self.anyone(side.bundle) else { continue }
            for (place, cell) in cells.enumerated() where !isPolicyTouched[place] {
                let frame = RequestFrame(subject: subject, action: cell.action, resourceType: cell.entry.type, resourceID: cell.entry.id)
                isPolicyTouched[place] =
                    side.withDecoded(Array(frame.text([:]).utf8), now: now) { session in
                        policies.contains { session.mayMatchSomebody(by: $0) }
                    } ?? false
            }
        }
        always = cells.indices.filter { place in isPolicyTouched[place] || cells[place].entry.model.map { models.contains($0) } ?? false }
    }

    private struct Permission {
        var actions: [String]
        /// Type and glob by turns.
        var resources: [String]

        func covers(_ cell: PlanCell) -> Bool {
            actions.contains { Glob.matches(cell.action, $0) }
                && stride(from: 0, to: resources.count - 1, by: 2).contains {
                    Glob.matches(cell.entry.type, resources[$0]) && Glob.matches(cell.entry.id, resources[$0 + 1])
                }
        }
    }

    private static func permissions(_ bundle: PolicyBundle, of roles: Set<String>) -> [(role: String, permissions: [Permission])] {
        if roles.isEmpty { return [] }
        return (0..<bundle.count(.role)).compactMap { row in
            let name = bundle.string(.role, row, RoleColumn.name)
            guard roles.contains(name) else { return nil }
            let permissions = bundle.records(.role, row, RoleColumn.permissions).map {
                Permission(
                    actions: bundle.strings(.perm, $0, PermissionColumn.actions),
                    resources: bundle.strings(.perm, $0, PermissionColumn.resources))
            }
            return (name, permissions)
        }
    }

    /// A subject that is not disabled; nil if there is none, and nothing matters.
    private static func anyone(_ bundle: PolicyBundle) -> AccessEffect.Subject? {
        let row = (0..<bundle.count(.subj)).first { bundle.word(.subj, $0, SubjectColumn.flags) & SubjectColumn.disabled == 0 }
        return row.map { AccessEffect.Subject(bundle, row: $0) }
    }
}
