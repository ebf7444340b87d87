import GovernanceModel
import JSON

/// The edges that rows of a table stand for: a membership a row, or the roles in one of its columns.
struct EdgeCount: Sendable {
    let areRowsEdges: Bool
    /// Of the fields of an image, and of the columns.
    private let rolesField: Int?
    private let rolesColumn: Int?

    init(_ layout: TableLayout) {
        areRowsEdges = layout.table == TableLayout.members.table
        let gives = [Kind.user, .serviceAccount, .team].contains(layout.kind) && !areRowsEdges
        rolesColumn = gives ? layout.columns.firstIndex { $0.field == "spec.roles" } : nil
        rolesField = rolesColumn.map { $0 + layout.keys.count }
    }

    /// The edges of a row, by its image.
    func count(_ image: UnsafeRawBufferPointer) -> Int { areRowsEdges ? 1 : roleCount(image) }

    /// Roles that a row gives.
    func roleCount(_ image: UnsafeRawBufferPointer) -> Int {
        guard let rolesField, let roles = RowImage.field(rolesField, of: image) else { return 0 }
        return RowImage.count(ofTexts: roles)
    }

    fileprivate func roles(_ texts: [String?]) -> [String] {
        guard let rolesColumn, let text = texts[rolesColumn], let json = try? JSONParser.parse(Array(text.utf8)) else { return [] }
        return json.arrayValue?.compactMap(\.stringValue) ?? []
    }
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
    mutating func change(_ edges: EdgeCount, from held: [String?], to wanted: [String?]) {
        let (before, after) = (edges.roles(held), edges.roles(wanted))
        heldEdges += before.count - after.count
        var left = after
        for role in before {
            if let place = left.firstIndex(of: role) { left.remove(at: place) } else { self.edges += 1 }
        }
    }
}
