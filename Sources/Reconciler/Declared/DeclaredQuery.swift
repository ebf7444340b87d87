import GovernanceModel
import JSON
import Postgres

/// A document as the database holds it.
struct DeclaredDocument: Sendable {
    var name: String
    var spec: JSONObject
    var json: JSONValue
}

/// Reads the documents of one kind from its table: the columns back to the fields that they were made from.
struct DeclaredQuery {
    private let layout: TableLayout
    /// Those of the `spec`, by the names of their fields.
    private let fields: [(name: String, column: TableLayout.Column)]

    init(_ layout: TableLayout) {
        self.layout = layout
        fields = layout.columns.filter { $0.field.hasPrefix("spec.") }.map { (String($0.field.dropFirst("spec.".count)), $0) }
    }

    func documents(
        _ connection: PostgresConnection, _ name: String?, _ filter: DeclaredStore.Filter, limit: Int
    ) throws -> [DeclaredDocument] {
        let columns = fields.map { field in
            let column = "held.\(PostgresConnection.quoteIdentifier(field.column.name))"
            return field.column.type == .textArray ? ", to_json(\(column))::text" : ", \(column)::text"
        }
        let members = layout.kind == .team ? SQLTemplates.fill(PackageResources.declared_members_sql, [:]) : "NULL"
        let statement = SQLTemplates.fill(
            PackageResources.declared_documents_sql,
            ["qualified": layout.qualifiedName, "members": members, "columns": columns.joined()])
        let rows = try connection.query(
            statement,
            [
                PostgresValue(name), PostgresValue(filter.cursor), PostgresValue(filter.prefix),
                .textArray(filter.labels.map { JSONWriter.text([$0.key: .string($0.value)]) }), .int(Int64(limit)),
            ])
        return try rows.map(document)
    }

    /// How many columns stand before those of the fields.
    private static let ownColumns = 7

    private func document(_ row: PostgresRow) throws -> DeclaredDocument {
        let name = try row.text("document_name")
        var spec = JSONObject()
        for (number, field) in fields.enumerated() {
            guard let text = row[Self.ownColumns + number] else { continue }
            spec[field.name] = Self.value(text, field.column.type)
        }
        if let members = row["document_members"] { spec["members"] = Self.json(members) }
        let json: JSONValue = [
            "apiVersion": .string(Kind.apiVersion), "kind": .string(layout.kind.rawValue),
            "metadata": [
                "name": .string(name), "labels": Self.json(try row.text("document_labels")),
                "annotations": Self.json(try row.text("document_annotations")),
            ],
            "spec": .object(spec),
            "source": [
                "path": .string(try row.text("source_path")), "line": .int(Int64(try row.int("source_line") ?? 0)),
                "commit": .string(try row.text("source_commit")),
            ],
        ]
        return DeclaredDocument(name: name, spec: spec, json: json)
    }

    private static func value(_ text: String, _ type: TableLayout.ColumnType) -> JSONValue {
        switch type {
        case .text: .string(text)
        case .boolean: .bool(text == "true")
        case .bigint: Int64(text).map { .int($0) } ?? .string(text)
        // Somebody may have written a `NaN` by hand.
        case .numeric: Decimal.normalise(text).map { .decimal($0) } ?? .string(text)
        case .textArray, .jsonb: json(text)
        }
    }

    /// Of what the server has printed as JSON.
    static func json(_ text: String) -> JSONValue { (try? JSONParser.parse(Array(text.utf8))) ?? .string(text) }
}
