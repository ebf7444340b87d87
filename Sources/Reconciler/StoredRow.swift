import Digest
import GovernanceModel
import Postgres

/// The rows that a commit wants of one document in one table, packed into one piece of memory. It never changes: the states of two commits share
/// those of the documents that they share.
final class RowBlock: Sendable {
    /// What the rows were worked out from.
    let document: Document?
    let path: String
    /// The first of the keys, which all rows share: the document's name.
    let name: String
    /// For each row its line and the length of its image, four bytes each in this machine's order, and the image.
    private let bytes: [UInt8]
    let count: Int
    /// Memberships, or roles that the rows give.
    let edges: Int
    /// SHA-256 over the images.
    let digest: (UInt64, UInt64, UInt64, UInt64)

    /// - Parameter bytes: as described; not empty.
    init(document: Document?, path: String, bytes: [UInt8], _ edges: EdgeCount, _ hasher: inout SHA256Hasher) {
        self.document = document
        self.path = path
        self.bytes = bytes
        name =
            document?.plainName
            ?? bytes.withUnsafeBytes { RowImage.text(0, of: UnsafeRawBufferPointer(rebasing: $0[8...])) ?? "" }
        var (rows, edgeCount) = (0, 0)
        bytes.withUnsafeBytes { bytes in
            Self.forEach(bytes) { image, _ in
                hasher.update(image)
                rows += 1
                edgeCount += edges.count(image)
            }
        }
        count = rows
        self.edges = edgeCount
        digest = hasher.finishAndRestart().bytes.withUnsafeBytes {
            (
                $0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self),
                $0.loadUnaligned(fromByteOffset: 16, as: UInt64.self), $0.loadUnaligned(fromByteOffset: 24, as: UInt64.self)
            )
        }
    }

    /// Adds a row to the bytes of a block.
    static func append(line: Int, image: UnsafeRawBufferPointer, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: Int32(clamping: line)) { bytes += $0 }
        withUnsafeBytes(of: UInt32(clamping: image.count)) { bytes += $0 }
        bytes += image
    }

    private static func forEach(_ bytes: UnsafeRawBufferPointer, _ body: (_ image: UnsafeRawBufferPointer, _ offset: Int) -> Void) {
        var position = 0
        while position < bytes.count {
            let end = position + 8 + Int(bytes.loadUnaligned(fromByteOffset: position + 4, as: UInt32.self))
            body(UnsafeRawBufferPointer(rebasing: bytes[position + 8..<end]), position)
            position = end
        }
    }

    var rows: [StoredRow] {
        var rows: [StoredRow] = []
        forEachOffset { rows.append(StoredRow(block: self, offset: UInt32($0))) }
        return rows
    }

    func forEachOffset(_ body: (Int) -> Void) { bytes.withUnsafeBytes { Self.forEach($0) { body($1) } } }

    func forEachImage(_ body: (UnsafeRawBufferPointer) -> Void) { bytes.withUnsafeBytes { Self.forEach($0) { image, _ in body(image) } } }

    fileprivate func line(at offset: UInt32) -> Int {
        bytes.withUnsafeBytes { Int($0.loadUnaligned(fromByteOffset: Int(offset), as: Int32.self)) }
    }

    fileprivate func withImage<Result>(at offset: UInt32, _ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try bytes.withUnsafeBytes { bytes in
            let start = Int(offset) + 8
            let length = Int(bytes.loadUnaligned(fromByteOffset: Int(offset) + 4, as: UInt32.self))
            return try body(UnsafeRawBufferPointer(rebasing: bytes[start..<start + length]))
        }
    }
}

/// A row that the commit wants, and where it was written.
public struct StoredRow: Sendable {
    let block: RowBlock
    let offset: UInt32

    public var path: String { block.path }
    public var line: Int { block.line(at: offset) }

    /// Keys and values as binary COPY has them, valid during the call: what the database holds is compared with this, byte for byte.
    func withImage<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try block.withImage(at: offset, body)
    }

    /// The keys, and the values as the database prints them.
    func texts(_ layout: TableLayout) -> (key: [String], values: [String?]) { withImage { RowImage.texts($0, layout) } }

    /// How many roles the row gives.
    func edges(_ edges: EdgeCount) -> Int { withImage { edges.roleCount($0) } }

    /// Every field of the row, as something that only the commit has.
    func fields(_ layout: TableLayout) -> [SyncPlan.FieldDifference] {
        let texts = texts(layout)
        return SyncPlan.allFields(layout, texts.key, expected: texts.values, actual: nil)
    }
}
