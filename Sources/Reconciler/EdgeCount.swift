import GovernanceModel
import JSON

/// The edges that rows of a table stand for: a membership a row, or the roles in one of its columns.
struct EdgeCount {
    private let isMembership: Bool
    private let rolesColumn: Int?

    init(_ layout: TableLayout) {
        isMembership = layout.table == TableLayout.members.table
        let gives = [Kind.user, .serviceAccount, .team].contains(layout.kind) && !isMembership
        rolesColumn = gives ? layout.columns.firstIndex { $0.field == "spec.roles" } : nil
    }

    /// Roles that a row gives.
    func count(_ values: [StoredValue]) -> Int {
        guard let rolesColumn, case .textArray(let roles) = values[rolesColumn] else { return 0 }
        return roles.count
    }

    fileprivate func roles(_ values: [StoredValue]) -> [String] {
        guard let rolesColumn, case .textArray(let roles) = values[rolesColumn] else { return [] }
        return roles
    }

    fileprivate func roles(_ texts: [String?]) -> [String] {
        guard let rolesColumn, let text = texts[rolesColumn], let json = try? JSONParser.parse(Array(text.utf8)) else { return [] }
        return json.arrayValue?.compactMap(\.stringValue) ?? []
    }

    fileprivate var areRowsEdges: Bool { isMembership }
}

extension Losses {
    /// Counts the rows of a table.
    mutating func add(_ edges: EdgeCount, rows: Int, deleted: Int) {
        if edges.areRowsEdges {
            heldEdges += rows
            self.edges += deleted
        } else {
            heldObjects += rows
            objects += deleted
        }
    }

    /// Counts the roles of a row that goes. What was held of it has not been counted.
    mutating func delete(_ edges: EdgeCount, _ held: [String?]) {
        let roles = edges.roles(held)
        heldEdges += roles.count
        self.edges += roles.count
    }

    /// Counts the roles that a row loses. It was counted as if it held what it is to hold.
    mutating func change(_ edges: EdgeCount, from held: [String?], to wanted: [StoredValue]) {
        let (before, after) = (edges.roles(held), edges.roles(wanted))
        heldEdges += before.count - after.count
        var left = after
        for role in before {
            if let place = left.firstIndex(of: role) { left.remove(at: place) } else { self.edges += 1 }
        }
    }
}
