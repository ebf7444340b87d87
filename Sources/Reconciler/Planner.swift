import Digest
import Glibc
import GovernanceModel
import Postgres

/// Compares what the database holds, column by column, with what a commit wants. Only reads.
///
/// The rows are read as they lie, by binary COPY, and each is compared with the bytes that the commit's row would be copied with: no hash that is
/// stored is trusted, none is computed by the database, and what is alike costs little more than reading it.
struct Planner {
    let connection: PostgresConnection
    let desired: DesiredState

    func plan() throws -> SyncPlan {
        try Comparison.plan(desired) { table, hold in
            let layout = table.layout
            try connection.copyOut(from: "governance.\(layout.table)", columns: RowImage.columns(layout)) { bytes in
                hold(bytes, RowImage.isUntouched(bytes, layout: layout))
            }
        }
    }

    static func fill(_ template: [UInt8], _ layout: TableLayout) -> String {
        SQLTemplates.fill(template, ["qualified": layout.qualifiedName, "key_text": ColumnExpressions.keyText(layout)])
    }
}

extension SyncPlan {
    /// What a commit would bring into tables that hold nothing.
    init(creating desired: DesiredState) { self = Comparison.plan(desired) { _, _ in } }

    /// What a commit would change of another, told from the two alone.
    init(from old: DesiredState, to new: DesiredState) {
        self = Comparison.plan(new) { table, hold in
            // INVARIANT: the tables of every state are those of `TableLayout.all`, in that order.
            guard let held = old.tables.first(where: { $0.layout.table == table.layout.table }) else { return }
            for row in held.rows { row.image.withUnsafeBytes { hold($0, true) } }
        }
    }
}

/// Compares rows with those that a commit wants.
enum Comparison {
    /// Takes a row: its bytes, which begin with the keys and columns, and whether what is behind them is as it was written.
    typealias Hold = (UnsafeRawBufferPointer, Bool) -> Void

    /// - Parameter rows: gives all rows of a table.
    static func plan<Failure: Error>(
        _ desired: DesiredState, rows: (DesiredState.Table, Hold) throws(Failure) -> Void
    ) throws(Failure) -> SyncPlan {
        var plan = SyncPlan()
        var found = Differences()
        for table in desired.tables {
            let tablePlan = try compare(table, &found, &plan.losses, rows)
            if !tablePlan.deletes.isEmpty || !tablePlan.writes.isEmpty { plan.tables.append(tablePlan) }
        }
        plan.differences = found.merged()
        return plan
    }

    private static func compare<Failure: Error>(
        _ table: DesiredState.Table, _ found: inout Differences, _ losses: inout Losses,
        _ rows: (DesiredState.Table, Hold) throws(Failure) -> Void
    ) throws(Failure) -> SyncPlan.TablePlan {
        let layout = table.layout
        let index = RowIndex(table)
        var isHeld = [Bool](repeating: false, count: table.rows.count)
        var changed: [(row: Int, held: [UInt8], isOurs: Bool)] = []
        var superfluous: [(row: [UInt8], isOurs: Bool)] = []
        var count = 0
        try rows(table) { bytes, isUntouched in
            count += 1
            guard let row = index.find(bytes) else {
                superfluous.append((Array(bytes), isUntouched))
                return
            }
            isHeld[row] = true
            if !isSame(bytes, table.rows[row].image) || !isUntouched { changed.append((row, Array(bytes), isUntouched)) }
        }
        var plan = SyncPlan.TablePlan(layout: layout, isEmptyNow: count == 0)
        let edges = EdgeCount(layout)
        // Rows that other hands have added were never declared: nobody loses them.
        let foreign = superfluous.count { !$0.isOurs }
        losses.add(edges, rows: count - foreign, deleted: superfluous.count - foreign)
        for (number, row) in table.rows.enumerated() where isHeld[number] { losses.heldEdges += edges.count(row.values) }
        for (number, row) in table.rows.enumerated() where !isHeld[number] {
            plan.writes.append(row)
            found.add(layout, row.key, .create, Self.allFields(layout, row.key, expected: row.values.map(\.canonicalText), actual: nil))
        }
        for (number, held, isOurs) in changed.sorted(by: { $0.row < $1.row }) {
            let row = table.rows[number]
            plan.writes.append(row)
            let actual = RowImage.texts(held, layout).values
            if isOurs { losses.change(edges, from: actual, to: row.values) }
            found.add(
                layout, row.key, .update, Self.changedFields(layout, row.key, expected: row.values.map(\.canonicalText), actual: actual))
        }
        let deletes = superfluous.map { (texts: RowImage.texts($0.row, layout), isOurs: $0.isOurs) }
            .map { (key: $0.texts.key, values: $0.texts.values, text: ColumnExpressions.keyText($0.texts.key), isOurs: $0.isOurs) }
            .sorted { ExactText($0.text) < ExactText($1.text) }
        for held in deletes {
            plan.deletes.append(held.text)
            if held.isOurs { losses.delete(edges, held.values) }
            found.add(layout, held.key, .delete, Self.allFields(layout, held.key, expected: nil, actual: held.values))
        }
        return plan
    }

    /// Whether the row begins with the image; both end their fields themselves, so that what follows is another field.
    private static func isSame(_ row: UnsafeRawBufferPointer, _ image: [UInt8]) -> Bool {
        image.withUnsafeBytes { row.hasPrefix($0) }
    }

    private static func changedFields(
        _ layout: TableLayout, _ key: [String], expected: [String?], actual: [String?]
    ) -> [SyncPlan.FieldDifference] {
        let fields = layout.columns.indices.compactMap { index -> SyncPlan.FieldDifference? in
            if expected[index].map(ExactText.init) == actual[index].map(ExactText.init) { return nil }
            return .init(field: field(layout, index, key), expected: expected[index], actual: actual[index])
        }
        // The hashes differ although no column does: where the row says it comes from was changed.
        return fields.isEmpty ? [.init(field: "source", expected: "unchanged", actual: "changed by hand")] : fields
    }

    private static func allFields(
        _ layout: TableLayout, _ key: [String], expected: [String?]?, actual: [String?]?
    ) -> [SyncPlan.FieldDifference] {
        layout.columns.indices.compactMap { index in
            let (left, right) = (expected?[index] ?? nil, actual?[index] ?? nil)
            // What is absent or empty on both sides is not worth telling.
            guard let value = left ?? right, value != "{}" else { return nil }
            return .init(field: field(layout, index, key), expected: left, actual: right)
        }
    }

    private static func field(_ layout: TableLayout, _ column: Int, _ key: [String]) -> String {
        layout.table == TableLayout.members.table
            ? "spec.members[\(key.last ?? "")].\(layout.columns[column].field)" : layout.columns[column].field
    }
}

/// Finds a table's rows by their keys, as they stand at the beginning of a row.
private struct RowIndex {
    private let rows: [StoredRow]
    private let keyCount: Int
    /// Open addressing: row numbers plus one, by the fingerprint of the keys.
    private var places: [UInt32]
    private let mask: Int

    init(_ table: DesiredState.Table) {
        rows = table.rows
        keyCount = table.layout.keys.count
        var size = 16
        while size < rows.count * 2 { size *= 2 }
        mask = size - 1
        places = Array(repeating: 0, count: size)
        for (number, row) in rows.enumerated() {
            row.image.withUnsafeBytes { image in
                var place = Self.hash(image, RowImage.length(image, fields: keyCount)) & mask
                while places[place] != 0 { place = (place + 1) & mask }
                places[place] = UInt32(number + 1)
            }
        }
    }

    func find(_ row: UnsafeRawBufferPointer) -> Int? {
        let length = RowImage.length(row, fields: keyCount)
        var place = Self.hash(row, length) & mask
        while places[place] != 0 {
            let number = Int(places[place]) - 1
            let isFound = rows[number].image.withUnsafeBytes { $0.hasPrefix(UnsafeRawBufferPointer(rebasing: row[..<length])) }
            if isFound { return number }
            place = (place + 1) & mask
        }
        return nil
    }

    private static func hash(_ row: UnsafeRawBufferPointer, _ length: Int) -> Int {
        Int(truncatingIfNeeded: Fingerprint(of: UnsafeRawBufferPointer(rebasing: row[..<length])).low >> 1)
    }
}

extension UnsafeRawBufferPointer {
    fileprivate func hasPrefix(_ prefix: UnsafeRawBufferPointer) -> Bool {
        guard let own = baseAddress, let other = prefix.baseAddress else { return prefix.isEmpty }
        return count >= prefix.count && memcmp(own, other, prefix.count) == 0
    }
}

/// Collects differences by object, memberships into their team.
struct Differences {
    private var byObject: [ExactText: SyncPlan.Difference] = [:]
    private var memberships: [ExactText: [SyncPlan.FieldDifference]] = [:]

    mutating func add(_ layout: TableLayout, _ key: [String], _ action: SyncPlan.Action, _ fields: [SyncPlan.FieldDifference]) {
        let name = key.first ?? ""
        if layout.table == TableLayout.members.table {
            memberships[ExactText(name), default: []] += fields
        } else {
            byObject[Self.id(layout.kind, name)] = .init(kind: layout.kind, name: name, action: action, fields: fields)
        }
    }

    private static func id(_ kind: Kind, _ name: String) -> ExactText { ExactText("\(kind.rawValue)/\(name)") }

    func merged() -> [SyncPlan.Difference] {
        var all = byObject
        for (team, fields) in memberships {
            let key = Self.id(.team, team.text)
            var difference = all[key] ?? .init(kind: .team, name: team.text, action: .update, fields: [])
            difference.fields += fields.sorted { $0.field < $1.field }
            all[key] = difference
        }
        return all.values.sorted { ($0.kind, $0.name) < ($1.kind, $1.name) }
    }
}
