import GovernanceModel

extension DesiredState {
    /// How many users who are not disabled have a role: directly, by a team of theirs or one above it, or by a role that inherits from it.
    func countHolders(ofRole role: String) -> Int {
        let roles = roles(inheriting: role)
        if roles.isEmpty { return 0 }
        let users = table(.user)
        let (own, disabled) = (users.field("spec.roles"), users.field("spec.disabled"))
        let holders = members(ofTeamsWithAny: roles)
        let names = roles.map { Array($0.utf8) }
        return users.blocks.reduce(0) { count, block in
            var found = 0
            block.forEachImage { image in
                if RowImage.field(disabled, of: image)?.first == 1 { return }
                if RowImage.holdsText(RowImage.field(own, of: image), among: names) {
                    found += 1
                } else if !holders.isEmpty, let name = RowImage.field(0, of: image), holders.contains(String(decoding: name, as: UTF8.self))
                {
                    found += 1
                }
            }
            return count + found
        }
    }

    /// The role and all that have its permissions too; none if there is no such role.
    private func roles(inheriting role: String) -> Set<String> {
        let table = table(.role)
        let inherits = table.field("spec.inherits")
        var heirs: [String: [String]] = [:]
        var exists = false
        for block in table.blocks {
            block.forEachImage { image in
                let name = RowImage.text(0, of: image) ?? ""
                if name == role { exists = true }
                for parent in RowImage.texts(inherits, of: image) { heirs[parent, default: []].append(name) }
            }
        }
        guard exists else { return [] }
        var roles: Set<String> = []
        var pending = [role]
        while let next = pending.popLast() {
            if roles.insert(next).inserted { pending += heirs[next] ?? [] }
        }
        return roles
    }

    private func members(ofTeamsWithAny roles: Set<String>) -> Set<String> {
        let teams = table(.team)
        let (given, parent) = (teams.field("spec.roles"), teams.field("spec.parent"))
        var children: [String: [String]] = [:]
        var reached: [String] = []
        for block in teams.blocks {
            block.forEachImage { image in
                let name = RowImage.text(0, of: image) ?? ""
                if let parent = RowImage.text(parent, of: image) { children[parent, default: []].append(name) }
                if RowImage.texts(given, of: image).contains(where: { roles.contains($0) }) { reached.append(name) }
            }
        }
        var all: Set<String> = []
        while let team = reached.popLast() {
            if all.insert(team).inserted { reached += children[team] ?? [] }
        }
        if all.isEmpty { return [] }
        var users: Set<String> = []
        for block in tables.first(where: { $0.layout.table == TableLayout.members.table })?.blocks ?? [] {
            // Of one team each.
            var isReached: Bool?
            block.forEachImage { image in
                let isIn = isReached ?? all.contains(RowImage.text(0, of: image) ?? "")
                isReached = isIn
                if isIn, let user = RowImage.text(1, of: image) { users.insert(user) }
            }
        }
        return users
    }

    /// INVARIANT: every kind has a table, the first of all that are about it.
    private func table(_ kind: Kind) -> Table { tables.first { $0.layout.kind == kind } ?? tables[0] }
}

extension DesiredState.Table {
    /// The place among an image's fields. INVARIANT: the field is one of the kind's schema.
    fileprivate func field(_ name: String) -> Int { layout.keys.count + (layout.columns.firstIndex { $0.field == name } ?? 0) }
}
