import GovernanceModel

extension DesiredState {
    /// How many users who are not disabled have a role: directly, by a team of theirs or one above it, or by a role that inherits from it.
    func holderCount(ofRole role: String) -> Int {
        let roleRows = rows(.role)
        guard roleRows.rows.contains(where: { $0.key[0] == role }) else { return 0 }
        let inherits = roleRows.column("spec.inherits")
        var roles: Set<String> = []
        var pending = [role]
        while let next = pending.popLast() {
            guard roles.insert(next).inserted else { continue }
            pending += roleRows.rows.filter { Self.texts($0.values[inherits]).contains(next) }.map { $0.key[0] }
        }
        let users = rows(.user)
        let (own, disabled) = (users.column("spec.roles"), users.column("spec.disabled"))
        let holders = members(ofTeamsWithAny: roles)
        return users.rows.count { row in
            if row.values[disabled] == .bool(true) { return false }
            return holders.contains(row.key[0]) || Self.texts(row.values[own]).contains { roles.contains($0) }
        }
    }

    private func members(ofTeamsWithAny roles: Set<String>) -> Set<String> {
        let teams = rows(.team)
        let (given, parent) = (teams.column("spec.roles"), teams.column("spec.parent"))
        var children: [String: [String]] = [:]
        var reached: [String] = []
        for row in teams.rows {
            if case .text(let name) = row.values[parent] { children[name, default: []].append(row.key[0]) }
            if Self.texts(row.values[given]).contains(where: { roles.contains($0) }) { reached.append(row.key[0]) }
        }
        var all: Set<String> = []
        while let team = reached.popLast() {
            if all.insert(team).inserted { reached += children[team] ?? [] }
        }
        if all.isEmpty { return [] }
        guard let memberships = tables.first(where: { $0.layout.table == TableLayout.members.table }) else { return [] }
        return Set(memberships.rows.filter { all.contains($0.key[0]) }.map { $0.key[1] })
    }

    private struct Rows {
        var layout: TableLayout
        var rows: [StoredRow]

        /// INVARIANT: the field is one of the kind's schema.
        func column(_ field: String) -> Int { layout.columns.firstIndex { $0.field == field } ?? 0 }
    }

    private func rows(_ kind: Kind) -> Rows {
        let table = tables.first { $0.layout.kind == kind && $0.layout.table != TableLayout.members.table }
        return Rows(layout: table?.layout ?? TableLayout.members, rows: table?.rows ?? [])
    }

    private static func texts(_ value: StoredValue) -> [String] {
        if case .textArray(let texts) = value { texts } else { [] }
    }
}
