import Glibc
import GovernanceModel

/// The rows in which two states of a table differ.
struct TableChange {
    struct Row {
        var old: StoredRow?
        var new: StoredRow?
    }

    let layout: TableLayout
    private let before: DesiredState.Table
    /// By key.
    private(set) var rows: [Row] = []

    /// Documents that both have need not be looked at: they are the same block.
    init(from before: DesiredState.Table, to after: DesiredState.Table) {
        layout = after.layout
        self.before = before
        var (left, right) = (0, 0)
        while left < before.blocks.count || right < after.blocks.count {
            let old = left < before.blocks.count ? before.blocks[left] : nil
            let new = right < after.blocks.count ? after.blocks[right] : nil
            if let old, let new {
                if old === new || old.name == new.name {
                    if old !== new { compare(old.rows, new.rows) }
                    left += 1
                    right += 1
                    continue
                }
            }
            if let old, new.map({ old.name < $0.name }) ?? true {
                for row in old.rows { rows.append(Row(old: row)) }
                left += 1
            } else {
                for row in new?.rows ?? [] { rows.append(Row(new: row)) }
                right += 1
            }
        }
    }

    private mutating func compare(_ old: [StoredRow], _ new: [StoredRow]) {
        var (left, right) = (0, 0)
        while left < old.count || right < new.count {
            guard left < old.count else {
                rows.append(Row(new: new[right]))
                right += 1
                continue
            }
            guard right < new.count else {
                rows.append(Row(old: old[left]))
                left += 1
                continue
            }
            let order = Self.order(old[left], new[right], layout.keys.count)
            if order == 0 {
                if !Self.isSame(old[left], new[right]) { rows.append(Row(old: old[left], new: new[right])) }
            } else {
                rows.append(order < 0 ? Row(old: old[left]) : Row(new: new[right]))
            }
            if order <= 0 { left += 1 }
            if order >= 0 { right += 1 }
        }
    }

    private static func isSame(_ a: StoredRow, _ b: StoredRow) -> Bool {
        a.withImage { a in b.withImage { b in a.count == b.count && a.hasPrefix(b) } }
    }

    /// Less than, equal to or more than 0, as the keys of `a` are before, the same as or behind those of `b`.
    private static func order(_ a: StoredRow, _ b: StoredRow, _ keys: Int) -> Int {
        a.withImage { a in
            b.withImage { b in
                for key in 0..<keys {
                    // INVARIANT: keys are never NULL.
                    guard let left = RowImage.field(key, of: a), let right = RowImage.field(key, of: b) else { return 0 }
                    let common = min(left.count, right.count)
                    if common > 0, let start = left.baseAddress, let other = right.baseAddress {
                        let order = memcmp(start, other, common)
                        if order != 0 { return Int(order) }
                    }
                    if left.count != right.count { return left.count - right.count }
                }
                return 0
            }
        }
    }

    // MARK: Findings

    /// What is to be done if the database holds the old state.
    func findings() -> RowFindings {
        var findings = RowFindings(layout)
        findings.isEmptyNow = before.rowCount == 0
        findings.heldRows = before.rowCount
        findings.heldRoles = heldRoles
        for row in rows {
            switch (row.old, row.new) {
            case (let old?, let new?):
                findings.heldRoles += new.edges(findings.edges) - old.edges(findings.edges)
                findings.changed.append((new, old.withImage { Array($0) }, true))
            case (nil, let new?): findings.created.append(new)
            case (let old?, nil):
                findings.heldRoles -= old.edges(findings.edges)
                findings.superfluous.append((old.withImage { Array($0) }, true))
            case (nil, nil): break
            }
        }
        return findings
    }

    /// What is to be done if the database holds the old state but for these rows, of which it holds what was read.
    func findings(holding held: HeldRows) -> RowFindings {
        var findings = RowFindings(layout)
        findings.heldRows = before.rowCount
        findings.heldRoles = heldRoles
        for row in rows {
            if let old = row.old {
                findings.heldRows -= 1
                findings.heldRoles -= old.edges(findings.edges)
            }
            let found = (row.new ?? row.old).flatMap { held.find($0, layout) }
            if let found, row.new != nil || found.isOurs { findings.heldRows += 1 }
            if let new = row.new {
                if found != nil { findings.heldRoles += new.edges(findings.edges) }
                findings.add(new, found)
            } else if let found {
                findings.superfluous.append((found.bytes, found.isOurs))
            }
        }
        return findings
    }

    /// How what was read of these rows differs from the old state.
    func drift(holding held: HeldRows) -> RowFindings {
        var findings = RowFindings(layout)
        for row in rows {
            let found = (row.new ?? row.old).flatMap { held.find($0, layout) }
            if let old = row.old {
                findings.add(old, found)
            } else if let found {
                findings.superfluous.append((found.bytes, found.isOurs))
            }
        }
        return findings
    }

    private var heldRoles: Int { EdgeCount(layout).areRowsEdges ? 0 : before.edgeCount }
}

/// Rows that were read from the database, by their keys.
struct HeldRows {
    struct Row {
        /// Keys, columns and what is behind them.
        var bytes: [UInt8]
        /// Whether what is behind the columns is as it was written.
        var isOurs: Bool
    }

    private var rows: [[UInt8]: Row] = [:]

    mutating func add(_ bytes: UnsafeRawBufferPointer, _ layout: TableLayout, isOurs: Bool) {
        rows[Self.key(bytes, layout)] = Row(bytes: Array(bytes), isOurs: isOurs)
    }

    func find(_ row: StoredRow, _ layout: TableLayout) -> Row? { rows.isEmpty ? nil : rows[row.withImage { Self.key($0, layout) }] }

    private static func key(_ row: UnsafeRawBufferPointer, _ layout: TableLayout) -> [UInt8] {
        Array(row[..<RowImage.length(row, fields: layout.keys.count)])
    }
}
