import Postgres

/// SQL for a layout's columns: generated, because the columns are; whole statements stand in `SQL/`.
enum ColumnExpressions {
    /// The canonical text of a column, equal to `StoredValue.canonicalText`.
    static func canonical(_ column: TableLayout.Column) -> String {
        let name = PostgresConnection.quoteIdentifier(column.name)
        switch column.type {
        case .text: return name
        case .boolean, .bigint, .jsonb: return "\(name)::text"
        case .numeric: return "trim_scale(\(name))::text"
        case .textArray: return "array_to_json(\(name))::text"
        }
    }

    /// The hash of a row, computed from what its columns hold, equal to `StoredRow.hash`.
    static func hash(_ layout: TableLayout) -> String {
        let parts = layout.keys.map { PostgresConnection.quoteIdentifier($0) } + layout.columns.map { canonical($0) }
        return "sha256(convert_to(json_build_array(\(parts.joined(separator: ", ")))::text, 'UTF8'))"
    }

    /// What `held.content_hash` must be for a row whose hash is `computed.hash`; equal to `StoredRow.contentHash`.
    static let contentHash =
        "sha256(computed.hash || convert_to(json_build_array(held.source_path, held.source_line::text, held.source_commit)::text, 'UTF8'))"

    /// The hash of a row; something else if its source or its stored hash was changed by hand.
    static let checkedHash = "CASE WHEN held.content_hash = \(contentHash) THEN computed.hash ELSE 'changed by hand'::bytea END"

    static func keys(_ layout: TableLayout) -> String {
        layout.keys.map { PostgresConnection.quoteIdentifier($0) }.joined(separator: ", ")
    }

    /// A row's keys as one text, for naming it in a parameter. All but the last carry their length in bytes, so that no two rows share a
    /// text, whatever was written by hand.
    static func keyText(_ layout: TableLayout) -> String {
        let names = layout.keys.map { PostgresConnection.quoteIdentifier($0) }
        let parts = names.dropLast().map { "octet_length(\($0)) || ':' || \($0)" } + names.suffix(1)
        return parts.joined(separator: " || ")
    }

    /// The same text for the values of the keys.
    static func keyText(_ key: [String]) -> String {
        key.dropLast().reduce(into: "") { $0 += "\($1.utf8.count):\($1)" } + (key.last ?? "")
    }
}
