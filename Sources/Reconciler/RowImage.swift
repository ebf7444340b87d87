import Digest
import GovernanceModel
import JSON
import Postgres

/// Rows as binary COPY has them, in both directions.
enum RowImage {
    /// What stands behind a row's keys and columns: where it was written, and a fingerprint of all that is before it.
    static let sourceColumns = ["source_path", "source_line", "source_commit", "content_hash"]

    static func columns(_ layout: TableLayout) -> [String] { layout.keys + layout.columns.map(\.name) + sourceColumns }

    /// Writes the fields of keys and values.
    static func encode(_ key: [String], _ values: [StoredValue], in fields: PostgresFieldBuffer) {
        for part in key { fields.text(part) }
        for value in values { append(value, to: fields) }
    }

    private static func append(_ value: StoredValue, to fields: PostgresFieldBuffer) {
        switch value {
        case .null: fields.null()
        case .text(let text): fields.text(text)
        case .bool(let flag): fields.bool(flag)
        case .int(let number): fields.int8(number)
        case .decimal(let text):
            // INVARIANT: documents hold decimals that were normalised; what is none could not be stored, and the server refuses the empty one.
            if !fields.numeric(text) { fields.bytes([]) }
        case .textArray(let items): fields.textArray(items)
        case .json: fields.jsonb(value.canonicalText ?? "null")
        }
    }

    /// A whole row: image, source and fingerprint.
    static func complete(_ row: StoredRow, commit: String, in fields: PostgresFieldBuffer) {
        fields.removeAll()
        row.withImage { fields.append($0) }
        fields.text(row.path)
        fields.int4(Int32(clamping: row.line))
        fields.text(commit)
        fields.bytes(Fingerprint(of: fields.bytes).bytes)
    }

    /// How many bytes the first fields take.
    static func length(_ row: UnsafeRawBufferPointer, fields: Int) -> Int {
        var position = 0
        for _ in 0..<fields { position += 4 + max(0, fieldLength(row, position)) }
        return position
    }

    /// Whether the last field, the fingerprint, is that of all before it.
    static func isUntouched(_ row: UnsafeRawBufferPointer, layout: TableLayout) -> Bool {
        let end = length(row, fields: layout.keys.count + layout.columns.count + sourceColumns.count - 1)
        guard fieldLength(row, end) == 16 else { return false }
        return row[(end + 4)...].elementsEqual(Fingerprint(of: UnsafeRawBufferPointer(rebasing: row[..<end])).bytes)
    }

    /// A field of a row by its number; nil for NULL.
    static func field(_ number: Int, of row: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        let position = length(row, fields: number)
        let size = fieldLength(row, position)
        return size < 0 ? nil : UnsafeRawBufferPointer(rebasing: row[position + 4..<position + 4 + size])
    }

    static func text(_ number: Int, of row: UnsafeRawBufferPointer) -> String? {
        field(number, of: row).map { String(decoding: $0, as: UTF8.self) }
    }

    // INVARIANT: what follows is asked of images that were encoded here, whose lists have one dimension or none and hold no NULL.

    /// How many texts a list holds.
    static func count(ofTexts list: UnsafeRawBufferPointer) -> Int { list.count < 20 ? 0 : fieldLength(list, 12) }

    /// The texts of the list that is field `number`.
    static func texts(_ number: Int, of image: UnsafeRawBufferPointer) -> [String] {
        var texts: [String] = []
        if let list = field(number, of: image) { forEachText(list) { texts.append(String(decoding: $0, as: UTF8.self)) } }
        return texts
    }

    /// Whether a list holds one of some texts.
    static func holdsText(_ list: UnsafeRawBufferPointer?, among texts: [[UInt8]]) -> Bool {
        var isFound = false
        if let list { forEachText(list) { text in isFound = isFound || texts.contains { $0.elementsEqual(text) } } }
        return isFound
    }

    private static func forEachText(_ list: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void) {
        var position = 20
        for _ in 0..<count(ofTexts: list) {
            let length = fieldLength(list, position)
            position += 4
            body(UnsafeRawBufferPointer(rebasing: list[position..<position + length]))
            position += length
        }
    }

    private static func fieldLength(_ row: UnsafeRawBufferPointer, _ position: Int) -> Int {
        Int(Int32(bigEndian: row.loadUnaligned(fromByteOffset: position, as: Int32.self)))
    }

    /// The keys and columns of a row as texts, as `StoredValue.canonicalText` gives them.
    static func texts(_ row: UnsafeRawBufferPointer, _ layout: TableLayout) -> (key: [String], values: [String?]) {
        var position = 0
        func field() -> UnsafeRawBufferPointer? {
            let length = fieldLength(row, position)
            position += 4
            guard length >= 0 else { return nil }
            defer { position += length }
            return UnsafeRawBufferPointer(rebasing: row[position..<position + length])
        }
        let key = layout.keys.map { _ in field().map { String(decoding: $0, as: UTF8.self) } ?? "" }
        return (key, layout.columns.map { column in field().map { PostgresBinaryText.text($0, column.type) } })
    }

    static func texts(_ row: [UInt8], _ layout: TableLayout) -> (key: [String], values: [String?]) {
        row.withUnsafeBytes { texts($0, layout) }
    }
}

/// Values in their binary form as the texts that people know.
enum PostgresBinaryText {
    static func text(_ bytes: UnsafeRawBufferPointer, _ type: TableLayout.ColumnType) -> String {
        switch type {
        case .text: return String(decoding: bytes, as: UTF8.self)
        case .boolean: return bytes.first == 1 ? "true" : "false"
        case .bigint: return bytes.count == 8 ? String(Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))) : "?"
        case .jsonb: return String(decoding: bytes.dropFirst(), as: UTF8.self)
        case .numeric: return PostgresNumericText.text(bytes) ?? "?"
        case .textArray: return array(bytes).map { JSONWriter.text($0) } ?? "?"
        }
    }

    /// An array of any number of dimensions, as `array_to_json` gives it; nil for what is damaged.
    private static func array(_ bytes: UnsafeRawBufferPointer) -> JSONValue? {
        func word(_ position: Int) -> Int? {
            guard position + 4 <= bytes.count else { return nil }
            return Int(Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: position, as: Int32.self)))
        }
        guard let dimensions = word(0), (0...6).contains(dimensions) else { return nil }
        var counts: [Int] = []
        for dimension in 0..<dimensions {
            guard let count = word(12 + dimension * 8), count >= 0, count <= bytes.count else { return nil }
            counts.append(count)
        }
        var position = 12 + dimensions * 8
        func element() -> JSONValue? {
            guard let length = word(position), length <= bytes.count - position - 4 else { return nil }
            position += 4
            guard length >= 0 else { return .null }
            defer { position += length }
            return .string(String(decoding: bytes[position..<position + length], as: UTF8.self))
        }
        func level(_ dimension: Int) -> JSONValue? {
            if dimension == dimensions { return element() }
            var items: [JSONValue] = []
            for _ in 0..<counts[dimension] {
                guard let item = level(dimension + 1) else { return nil }
                items.append(item)
            }
            return .array(items)
        }
        return dimensions == 0 ? .array([]) : level(0)
    }
}
