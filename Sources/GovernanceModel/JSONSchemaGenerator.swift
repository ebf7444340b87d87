import JSON

/// JSON Schemas (draft 2020-12) of the kinds, for editors and for checking in other tools.
public enum JSONSchemaGenerator {
    /// The schema of one kind's documents.
    public static func schema(of kind: Kind) -> JSONValue {
        let nameRule: JSONValue = [
            "type": "string", "maxLength": 128,
            "pattern": .string(namePattern(kind)),
            "description": "The name, unique among documents of the kind.",
        ]
        // Of a kind that requires nothing it may be left out.
        let needsSpec = kind.schema.rule != nil || kind.schema.fields.contains(where: \.isRequired)
        let texts: JSONValue = ["type": "object", "additionalProperties": ["type": "string"]]
        return [
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": .string("https://charter.dev/schemas/\(fileName(kind))"),
            "title": .string(kind.rawValue),
            "description": .string(kind.schema.doc),
            "type": "object",
            "required": JSONValue(["apiVersion", "kind", "metadata"] + (needsSpec ? ["spec"] : [])),
            "additionalProperties": false,
            "properties": [
                "apiVersion": ["const": .string(Kind.apiVersion)],
                "kind": ["const": .string(kind.rawValue)],
                "metadata": [
                    "type": "object", "required": ["name"], "additionalProperties": false,
                    "properties": ["name": nameRule, "labels": texts, "annotations": texts],
                ],
                "spec": object(kind.schema),
            ],
        ]
    }

    /// The schema of a document of any kind. It holds those of all kinds, so that nothing is fetched to read it; only that of the document's own
    /// kind is applied, so that what is said of a mistake is about that kind.
    public static func schemaOfAllKinds() -> JSONValue {
        let kinds = Kind.allCases.map { kind in
            var schema = schema(of: kind).objectValue ?? JSONObject()
            // A place of its own would make other places of references.
            schema["$schema"] = nil
            schema["$id"] = nil
            return (kind.rawValue, JSONValue.object(schema))
        }
        return [
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": "https://charter.dev/schemas/charter.json",
            "title": "A Charter document",
            "type": "object",
            "required": ["apiVersion", "kind", "metadata"],
            "properties": ["kind": ["enum": JSONValue(Kind.allCases.map(\.rawValue))]],
            "allOf": .array(
                Kind.allCases.map { kind in
                    [
                        "if": ["required": ["kind"], "properties": ["kind": ["const": .string(kind.rawValue)]]],
                        "then": ["$ref": .string("#/$defs/\(kind.rawValue)")],
                    ]
                }),
            "$defs": .object(JSONObject(kinds)),
        ]
    }

    /// `ServiceAccount` → `ServiceAccount.json`.
    public static func fileName(_ kind: Kind) -> String { "\(kind.rawValue).json" }

    private static let word = "[a-z0-9]([a-z0-9._-]*[a-z0-9])?"

    private static func namePattern(_ kind: Kind) -> String {
        switch kind {
        case .model: "^\(word)/\(word)$"
        case .team: "^\(word)(/\(word))*$"
        default: "^\(word)$"
        }
    }

    private static func object(_ schema: ObjectSchema) -> JSONValue {
        var result: JSONObject = [
            "type": "object", "additionalProperties": false,
            "properties": .object(
                JSONObject(
                    schema.fields.map { field in
                        var type = value(field.type).objectValue ?? JSONObject()
                        type["description"] = .string(field.doc)
                        return (field.name, .object(type))
                    })),
        ]
        let required = schema.fields.filter(\.isRequired).map(\.name)
        if !required.isEmpty { result["required"] = JSONValue(required) }
        switch schema.rule {
        case nil: break
        case .exactlyOne(let names): result["oneOf"] = .array(names.map { ["required": [.string($0)]] })
        case .alternatives(let alternatives):
            // A field that an alternative excludes has no meaning beside it, which an editor need not know.
            result["oneOf"] = .array(alternatives.map { ["required": JSONValue([$0.field] + $0.needs)] })
        case .atLeastOne(let names): result["anyOf"] = .array(names.map { ["required": [.string($0)]] })
        }
        return .object(result)
    }

    private static func value(_ type: FieldType) -> JSONValue {
        switch type {
        case .bool: ["type": "boolean"]
        case .integer(let range): ["type": "integer", "minimum": .int(range.lowerBound), "maximum": .int(range.upperBound)]
        case .decimal: ["type": "number", "minimum": 0]
        case .enumeration(let values): ["enum": JSONValue(values)]
        case .reference(let kind): ["type": "string", "pattern": .string(namePattern(kind))]
        case .list(let element, let minimum): ["type": "array", "items": value(element), "minItems": .int(Int64(minimum))]
        case .map(let element): ["type": "object", "additionalProperties": value(element)]
        case .object(let schema): object(schema)
        case .any: .object(JSONObject())
        case .string(let format): string(format)
        }
    }

    private static func string(_ format: StringFormat) -> JSONValue {
        switch format {
        case .name: ["type": "string", "pattern": .string("^\(word)$"), "maxLength": 128]
        case .email: ["type": "string", "format": "email"]
        case .timestamp: ["type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt].+)?$"]
        case .period: ["type": "string", "pattern": "^[0-9]+(ms|s|m|h|d)$"]
        case .currency: ["type": "string", "pattern": "^[A-Z]{3}$"]
        case .url: ["type": "string", "format": "uri"]
        case .glob: ["type": "string", "pattern": "^[^?\\[\\]{}\\s]+$"]
        case .typedGlob: ["type": "string", "pattern": "^[^:]+:[^?\\[\\]{}\\s]+$"]
        case .subject: ["type": "string", "pattern": "^(user|service-account|team|role):.+$"]
        case .control: ["type": "string", "pattern": "^[^/]+/.+$"]
        case .text, .timeZone, .condition, .expression, .message, .pattern: ["type": "string", "minLength": 1]
        }
    }
}
