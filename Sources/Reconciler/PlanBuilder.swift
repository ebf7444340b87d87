import GovernanceModel

/// How the rows that are held of a table differ from those that are wanted.
struct RowFindings {
    let layout: TableLayout
    let edges: EdgeCount
    /// Wanted and not held.
    var created: [StoredRow] = []
    var changed: [(row: StoredRow, held: [UInt8], isOurs: Bool)] = []
    /// Held and not wanted. Rows that are not ours were added by other hands.
    var superfluous: [(row: [UInt8], isOurs: Bool)] = []
    /// How many rows are held; those that other hands have added were never declared, and nobody loses them.
    var heldRows = 0
    /// Roles that rows give which are held and wanted: as they are wanted, and the rest follows from what differs.
    var heldRoles = 0
    var isEmptyNow = false

    init(_ layout: TableLayout) {
        self.layout = layout
        edges = EdgeCount(layout)
    }

    /// Adds a wanted row and what is held of it.
    mutating func add(_ row: StoredRow, _ held: HeldRows.Row?) {
        guard let held else {
            created.append(row)
            return
        }
        let isSame = held.bytes.withUnsafeBytes { held in row.withImage { held.hasPrefix($0) } }
        if !isSame || !held.isOurs { changed.append((row, held.bytes, held.isOurs)) }
    }
}

/// Makes a plan of what was found, table by table.
struct PlanBuilder {
    private var tables: [SyncPlan.TablePlan] = []
    private var losses = Losses()
    private var differences = Differences()

    mutating func add(_ findings: RowFindings) {
        let layout = findings.layout
        var plan = SyncPlan.TablePlan(layout: layout, isEmptyNow: findings.isEmptyNow)
        losses.add(findings.edges, rows: findings.heldRows, deleted: findings.superfluous.count(where: \.isOurs))
        losses.heldEdges += findings.heldRoles
        plan.writes.reserveCapacity(findings.created.count + findings.changed.count)
        for row in findings.created {
            plan.writes.append(row)
            differences.create(layout, row)
        }
        for (row, held, isOurs) in findings.changed {
            plan.writes.append(row)
            let (expected, actual) = (row.texts(layout), RowImage.texts(held, layout))
            if isOurs { losses.change(findings.edges, from: actual.values, to: expected.values) }
            differences.add(
                layout, expected.key, .update, Self.changedFields(layout, expected.key, expected: expected.values, actual: actual.values))
        }
        let deletes = findings.superfluous.map { (texts: RowImage.texts($0.row, layout), isOurs: $0.isOurs) }
            .map { (key: $0.texts.key, values: $0.texts.values, text: ColumnExpressions.keyText($0.texts.key), isOurs: $0.isOurs) }
            .sorted { ExactText($0.text) < ExactText($1.text) }
        for held in deletes {
            plan.deletes.append(held.text)
            if held.isOurs { losses.delete(findings.edges, held.values) }
            differences.add(layout, held.key, .delete, SyncPlan.allFields(layout, held.key, expected: nil, actual: held.values))
        }
        if !plan.deletes.isEmpty || !plan.writes.isEmpty { tables.append(plan) }
    }

    consuming func plan() -> SyncPlan {
        var plan = SyncPlan(differences: differences.merged(), losses: losses)
        plan.tables = tables
        return plan
    }

    private static func changedFields(
        _ layout: TableLayout, _ key: [String], expected: [String?], actual: [String?]
    ) -> [SyncPlan.FieldDifference] {
        let fields = layout.columns.indices.compactMap { index -> SyncPlan.FieldDifference? in
            if expected[index].map(ExactText.init) == actual[index].map(ExactText.init) { return nil }
            return .init(field: SyncPlan.field(layout, index, key), expected: expected[index], actual: actual[index])
        }
        // The hashes differ although no column does: where the row says it comes from was changed.
        return fields.isEmpty ? [.init(field: "source", expected: "unchanged", actual: "changed by hand")] : fields
    }
}

extension SyncPlan {
    /// Every field of a row that only one side has.
    static func allFields(_ layout: TableLayout, _ key: [String], expected: [String?]?, actual: [String?]?) -> [FieldDifference] {
        layout.columns.indices.compactMap { index in
            let (left, right) = (expected?[index] ?? nil, actual?[index] ?? nil)
            // What is absent or empty on both sides is not worth telling.
            guard let value = left ?? right, value != "{}" else { return nil }
            return .init(field: field(layout, index, key), expected: left, actual: right)
        }
    }

    static func field(_ layout: TableLayout, _ column: Int, _ key: [String]) -> String {
        layout.table == TableLayout.members.table
            ? "spec.members[\(key.last ?? "")].\(layout.columns[column].field)" : layout.columns[column].field
    }
}

/// Collects differences by object, memberships into their team.
private struct Differences {
    private var objects: [SyncPlan.Difference] = []
    /// Where the teams are among them.
    private var teams: [ExactText: Int] = [:]

    mutating func create(_ layout: TableLayout, _ row: StoredRow) {
        if layout.table == TableLayout.members.table {
            objects[team(row.block.name)].memberRows.append(row)
        } else {
            var difference = SyncPlan.Difference(kind: layout.kind, name: row.texts(layout).key[0], action: .create, fields: [])
            difference.row = row
            add(difference)
        }
    }

    mutating func add(_ layout: TableLayout, _ key: [String], _ action: SyncPlan.Action, _ fields: [SyncPlan.FieldDifference]) {
        let name = key.first ?? ""
        if layout.table == TableLayout.members.table {
            objects[team(name)].memberFields += fields
        } else {
            add(.init(kind: layout.kind, name: name, action: action, fields: fields))
        }
    }

    private mutating func add(_ difference: SyncPlan.Difference) {
        if difference.kind == .team { teams[ExactText(difference.name)] = objects.count }
        objects.append(difference)
    }

    /// The place of a team's difference. INVARIANT: the table of memberships comes after that of teams.
    private mutating func team(_ name: String) -> Int {
        if let place = teams[ExactText(name)] { return place }
        add(.init(kind: .team, name: name, action: .update, fields: []))
        return objects.count - 1
    }

    func merged() -> [SyncPlan.Difference] {
        var byKind: [Kind: [SyncPlan.Difference]] = [:]
        for object in objects { byKind[object.kind, default: []].append(object) }
        return byKind.sorted { $0.key < $1.key }.flatMap { $0.value.sorted { $0.name < $1.name } }
    }
}
