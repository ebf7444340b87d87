import JSON
import YAML

extension SpecNode {
    /// The value as JSON by YAML's core schema.
    public var json: JSONValue {
        let head = head
        guard case .scalar(let isPlain) = head.shape else {
            if head.shape == .sequence { return .array(items.map(\.json)) }
            return .object(JSONObject(entries.lazy.map { ($0.key.value, $0.value.json) }))
        }
        let text = tree.text(head.content)
        switch YAMLScalarType(text, isPlain: isPlain) {
        case .null: return .null
        case .bool: return .bool(text.lowercased() == "true")
        case .int: return YAMLNumber.int(text).map { .int($0) } ?? Decimal.normalise(text).map { .decimal($0) } ?? .string(text)
        case .float: return Decimal.normalise(text).map { .decimal($0) } ?? .string(text)
        case .string: return .string(text)
        }
    }

    /// The value of a document that was checked, as JSON by the type of its field; members are in the order of the schema.
    public func json(as type: FieldType) -> JSONValue {
        switch type {
        case .object(let schema): return .object(json(as: schema))
        case .list(let element, _): return .array(items.map { $0.json(as: element) })
        case .map(let element): return .object(JSONObject(entries.lazy.map { ($0.key.value, $0.value.json(as: element)) }))
        case .any: return json
        case .bool: return .bool(text?.lowercased() == "true")
        case .integer: return text.flatMap { YAMLNumber.int($0) }.map { .int($0) } ?? .null
        case .decimal: return text.flatMap { Decimal.nanoUnits($0) }.map { .decimal(Decimal.text(nanoUnits: $0)) } ?? .null
        case .string, .enumeration, .reference: return .string(text ?? "")
        }
    }

    /// The same for an object.
    public func json(as schema: ObjectSchema) -> JSONObject {
        JSONObject(
            schema.fields.lazy.compactMap { field in
                self[field.name].map { (field.name, $0.json(as: field.type)) }
            })
    }
}
