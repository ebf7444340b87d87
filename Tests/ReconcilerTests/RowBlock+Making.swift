import Digest
import Postgres

@testable import Reconciler

extension RowBlock {
    /// A block of one row, from line 7 of a file.
    static func make(_ layout: TableLayout, key: [String], values: [StoredValue], path: String = "made.yaml") -> RowBlock {
        let fields = PostgresFieldBuffer()
        RowImage.encode(key, values, in: fields)
        var bytes: [UInt8] = []
        RowBlock.append(line: 7, image: fields.bytes, to: &bytes)
        var hasher = SHA256Hasher()
        return RowBlock(document: nil, path: path, bytes: bytes, EdgeCount(layout), &hasher)
    }
}
