import CEL
import PolicyBundle

/// The names of all records of a section as cells, made once: a request copies those of its subject's roles.
struct NameCells: @unchecked Sendable {
    // INVARIANT: safe to share, as it is written before `init` returns and never after; released by the engine that made it.
    private let cells: UnsafeMutablePointer<CELCell>

    /// - Parameter isNeeded: whether anything reads them; if not, none are made.
    init(_ records: BundleRecords, _ section: BundleSection, isNeeded: Bool) {
        let count = isNeeded ? records.count(section) : 0
        cells = .allocate(capacity: max(1, count))
        // The name is the first word of a role's record, and of a team's.
        for row in 0..<count { (cells + row).initialize(to: records.cell(ofString: Int(records.record(section, row)[0]))) }
    }

    subscript(row: UInt32) -> CELCell { cells[Int(row)] }

    func release() { cells.deallocate() }
}
