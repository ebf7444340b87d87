import Digest
import GovernanceModel
import JSON
import Postgres

/// Works out the rows of documents in one table.
struct RowEncoder: Sendable {
    private struct Field: Sendable {
        var name: String
        var type: FieldType
        var column: TableLayout.ColumnType
    }

    private let layout: TableLayout
    private let edges: EdgeCount
    private let isMembership: Bool
    /// Of the `spec`, for the columns behind labels and annotations.
    private let fields: [Field]

    init(_ layout: TableLayout) {
        self.layout = layout
        edges = EdgeCount(layout)
        isMembership = layout.table == TableLayout.members.table
        let schema = layout.kind.schema
        fields = layout.columns.compactMap { column in
            guard column.field.hasPrefix("spec.") else { return nil }
            let name = String(column.field.dropFirst("spec.".count))
            return schema.field(name).map { Field(name: name, type: $0.type, column: column.type) }
        }
    }

    /// A block for each document; nil where it has no row.
    func blocks(_ documents: [Document]) -> [RowBlock?] {
        let buffer = PostgresFieldBuffer()
        var hasher = SHA256Hasher()
        var bytes: [UInt8] = []
        return documents.map { document in
            bytes.removeAll(keepingCapacity: true)
            if isMembership {
                members(document, buffer, &bytes)
            } else {
                add([document.plainName], values(document), line: document.line, buffer, &bytes)
            }
            if bytes.isEmpty { return nil }
            // A copy of the right size.
            return RowBlock(document: document, path: document.path, bytes: Array(bytes[...]), edges, &hasher)
        }
    }

    private func members(_ document: Document, _ buffer: PostgresFieldBuffer, _ bytes: inout [UInt8]) {
        // Names are ASCII: as texts they are in the order of their bytes.
        for member in Team(spec: document.spec).members.sorted(by: { $0.user.value < $1.user.value }) {
            add([document.plainName, member.user.value], [.text(member.role)], line: member.user.span.line, buffer, &bytes)
        }
    }

    private func add(_ key: [String], _ values: [StoredValue], line: Int, _ buffer: PostgresFieldBuffer, _ bytes: inout [UInt8]) {
        buffer.removeAll()
        RowImage.encode(key, values, in: buffer)
        RowBlock.append(line: line, image: buffer.bytes, to: &bytes)
    }

    private func values(_ document: Document) -> [StoredValue] {
        let spec = document.spec
        return [.json(.object(document.labels)), .json(.object(document.annotations))]
            + fields.map { field in
                guard let node = spec[field.name] else { return .null }
                switch field.column {
                case .text: return node.text.map { .text($0) } ?? .null
                case .textArray: return .textArray(node.texts)
                case .boolean, .bigint, .numeric, .jsonb: return Self.value(node.json(as: field.type), field.column)
                }
            }
    }

    private static func value(_ json: JSONValue, _ column: TableLayout.ColumnType) -> StoredValue {
        switch (column, json) {
        case (.boolean, .bool(let flag)): .bool(flag)
        case (.bigint, .int(let number)): .int(number)
        case (.numeric, .decimal(let text)): .decimal(text)
        default: .json(json)
        }
    }
}
