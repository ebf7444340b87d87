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
