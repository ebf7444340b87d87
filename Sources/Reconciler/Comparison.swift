import Digest
import Glibc
import GovernanceModel

/// Compares all rows with those that a commit wants.
enum Comparison {
    /// Takes a row: its bytes, which begin with the keys and columns, and whether what is behind them is as it was written.
    typealias Hold = (UnsafeRawBufferPointer, Bool) -> Void

    /// - Parameter rows: gives all rows of a table.
    static func plan<Failure: Error>(
        _ desired: DesiredState, rows: (DesiredState.Table, Hold) throws(Failure) -> Void
    ) throws(Failure) -> SyncPlan {
        var builder = PlanBuilder()
        for table in desired.tables { builder.add(try compare(table, rows)) }
        return builder.plan()
    }

    private static func compare<Failure: Error>(
        _ table: DesiredState.Table, _ rows: (DesiredState.Table, Hold) throws(Failure) -> Void
    ) throws(Failure) -> RowFindings {
        var findings = RowFindings(table.layout)
        var index = RowIndex(table)
        var isHeld = [Bool](repeating: false, count: table.rowCount)
        var changed: [(number: Int, held: [UInt8], isOurs: Bool)] = []
        var count = 0
        try rows(table) { bytes, isUntouched in
            count += 1
            guard let number = index.find(bytes) else {
                findings.superfluous.append((Array(bytes), isUntouched))
                return
            }
            isHeld[number] = true
            if !isUntouched || !index.row(number).withImage({ bytes.hasPrefix($0) }) {
                changed.append((number, Array(bytes), isUntouched))
            }
        }
        findings.isEmptyNow = count == 0
        findings.heldRows = count - findings.superfluous.count { !$0.isOurs }
        for number in isHeld.indices where !isHeld[number] { findings.created.append(index.row(number)) }
        findings.changed = changed.sorted { $0.number < $1.number }.map { (index.row($0.number), $0.held, $0.isOurs) }
        if !findings.edges.areRowsEdges {
            findings.heldRoles = table.edgeCount - findings.created.reduce(0) { $0 + $1.edges(findings.edges) }
        }
        return findings
    }
}

/// Finds a table's rows by their keys, as they stand at the beginning of a row.
private struct RowIndex {
    private let blocks: [RowBlock]
    private let keyCount: Int
    /// For each row, where it is.
    private var block: [UInt32] = []
    private var offset: [UInt32] = []
    /// The row behind the last one found: rows mostly lie as they were written.
    private var next = 0
    /// Open addressing: row numbers plus one, by the fingerprint of the keys. Made when first needed.
    private var places: [UInt32] = []

    /// So many rows are tried where they are expected.
    private static let reach = 4

    init(_ table: DesiredState.Table) {
        blocks = table.blocks
        keyCount = table.layout.keys.count
        block.reserveCapacity(table.rowCount)
        offset.reserveCapacity(table.rowCount)
        for (number, rows) in blocks.enumerated() {
            rows.forEachOffset {
                block.append(UInt32(number))
                offset.append(UInt32($0))
            }
        }
    }

    func row(_ number: Int) -> StoredRow { StoredRow(block: blocks[Int(block[number])], offset: offset[number]) }

    mutating func find(_ row: UnsafeRawBufferPointer) -> Int? {
        let key = UnsafeRawBufferPointer(rebasing: row[..<RowImage.length(row, fields: keyCount)])
        var found: Int?
        for number in next..<min(next + Self.reach, block.count) where isKey(key, of: number) {
            found = number
            break
        }
        found = found ?? lookUp(key)
        if let found { next = found + 1 }
        return found
    }

    private func isKey(_ key: UnsafeRawBufferPointer, of number: Int) -> Bool { row(number).withImage { $0.hasPrefix(key) } }

    private mutating func lookUp(_ key: UnsafeRawBufferPointer) -> Int? {
        if block.isEmpty { return nil }
        if places.isEmpty { fill() }
        let mask = places.count - 1
        var place = Self.hash(key) & mask
        while places[place] != 0 {
            let number = Int(places[place]) - 1
            if isKey(key, of: number) { return number }
            place = (place + 1) & mask
        }
        return nil
    }

    private mutating func fill() {
        var size = 16
        while size < block.count * 2 { size *= 2 }
        places = Array(repeating: 0, count: size)
        for number in block.indices {
            let hash = row(number).withImage {
                Self.hash(UnsafeRawBufferPointer(rebasing: $0[..<RowImage.length($0, fields: keyCount)]))
            }
            var place = hash & (size - 1)
            while places[place] != 0 { place = (place + 1) & (size - 1) }
            places[place] = UInt32(number + 1)
        }
    }

    private static func hash(_ key: UnsafeRawBufferPointer) -> Int { Int(truncatingIfNeeded: Fingerprint(of: key).low >> 1) }
}

extension UnsafeRawBufferPointer {
    /// Both end their fields themselves, so that what follows a prefix is another field.
    func hasPrefix(_ prefix: UnsafeRawBufferPointer) -> Bool {
        guard let own = baseAddress, let other = prefix.baseAddress else { return prefix.isEmpty }
        return count >= prefix.count && memcmp(own, other, prefix.count) == 0
    }
}
