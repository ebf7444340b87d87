import Digest
import GovernanceModel
import JSON

/// A value of a column.
public enum StoredValue: Sendable, Hashable {
    case null
    case text(String)
    case bool(Bool)
    case int(Int64)
    case decimal(String)
    case textArray([String])
    case json(JSONValue)

    /// The value as the database prints it: what people are shown of both sides.
    public var canonicalText: String? {
        switch self {
        case .null: nil
        case .text(let text): text
        case .bool(let flag): flag ? "true" : "false"
        case .int(let number): String(number)
        case .decimal(let text): text
        case .textArray(let items): JSONWriter.text(JSONValue(items))
        case .json(let value): JSONWriter.text(value, style: .postgres)
        }
    }
}

/// A row that the commit wants, and where it was written.
public struct StoredRow: Sendable {
    /// Values of the layout's keys.
    public var key: [String]
    /// Values of the layout's columns, in their order.
    public var values: [StoredValue]
    public var path: String
    public var line: Int
    /// Keys and values as binary COPY has them: what the database holds is compared with this, byte for byte.
    public var image: [UInt8]

    init(key: [String], values: [StoredValue], path: String, line: Int) {
        self.key = key
        self.values = values
        self.path = path
        self.line = line
        image = RowImage.encode(key, values)
    }
}

/// Everything that one commit wants the database to hold.
public struct DesiredState: Sendable {
    public struct Table: Sendable {
        public var layout: TableLayout
        /// Sorted by key, bytewise.
        public var rows: [StoredRow]
        /// SHA-256 over the rows' images in their order.
        public var digest: SHA256Digest

        init(layout: TableLayout, rows: [StoredRow]) {
            self.layout = layout
            self.rows = rows
            var hasher = SHA256Hasher()
            for row in rows { hasher.update(row.image) }
            digest = hasher.finish()
        }
    }

    /// Hexadecimal object id.
    public var commit: String
    public var bundleDigest: String
    public var documentCount: Int
    /// Users who have the role that somebody must have.
    public var administratorCount: Int
    /// Documents that are annotated as protected.
    var protected: [(kind: Kind, name: String)]
    /// The organisation's settings of the reconciler.
    var settings: JSONValue?
    public var tables: [Table]
    /// SHA-256 over the tables' digests.
    public var digest: SHA256Digest

    public init(governance: Governance, commit: String, bundleDigest: String) {
        self.commit = commit
        self.bundleDigest = bundleDigest
        documentCount = governance.count
        administratorCount = 0
        protected = governance.protectedDocuments
        settings = governance.all(.organization).first?.json["reconcile"]
        tables = TableLayout.all.map { layout in
            let rows = layout.table == TableLayout.members.table ? Self.memberRows(governance) : Self.rows(governance, layout)
            return Table(layout: layout, rows: rows)
        }
        digest = SHA256Digest(of: tables.flatMap(\.digest.bytes))
        administratorCount = holderCount(ofRole: governance.organization?.administratorRole ?? "admin")
    }

    private static func rows(_ governance: Governance, _ layout: TableLayout) -> [StoredRow] {
        let fields = layout.columns.map { (name: String($0.field.dropFirst("spec.".count)), column: $0) }
        return governance.all(layout.kind).chunks(of: documentsOfTask).concurrentMap { documents in
            documents.map { document in
                let values = fields.map { name, column -> StoredValue in
                    switch column.field {
                    case "metadata.labels": .json(.object(document.labels))
                    case "metadata.annotations": .json(.object(document.annotations))
                    default: value(document.json[name], column.type)
                    }
                }
                return StoredRow(key: [document.name.value], values: values, path: document.span.path, line: document.span.line)
            }
        }.flatMap(\.self)
    }

    private static func memberRows(_ governance: Governance) -> [StoredRow] {
        governance.all(.team).chunks(of: documentsOfTask).concurrentMap { documents in
            documents.flatMap { document in
                Team(spec: document.spec).members.sorted { $0.user.value.utf8.lexicographicallyPrecedes($1.user.value.utf8) }.map {
                    StoredRow(
                        key: [document.name.value, $0.user.value], values: [.text($0.role)], path: $0.user.span.path,
                        line: $0.user.span.line)
                }
            }
        }.flatMap(\.self)
    }

    /// Enough of them to be worth a thread's while.
    private static let documentsOfTask = 500

    private static func value(_ json: JSONValue?, _ type: TableLayout.ColumnType) -> StoredValue {
        guard let json else { return .null }
        switch (type, json) {
        case (.text, .string(let text)): return .text(text)
        case (.boolean, .bool(let flag)): return .bool(flag)
        case (.bigint, .int(let number)): return .int(number)
        case (.numeric, .decimal(let text)): return .decimal(text)
        case (.textArray, .array(let items)): return .textArray(items.compactMap(\.stringValue))
        default: return .json(json)
        }
    }
}
