import Foundation
import GovernanceModel
import JSON
import Testing

@Suite struct SchemaTests {
    /// What a schema may hold: enough of JSON Schema to find a word that is misspelt or means nothing.
    private static let keywords: Set<String> = [
        "$schema", "$id", "title", "description", "type", "required", "additionalProperties", "properties", "const", "enum", "items",
        "minItems",
        "minimum", "maximum", "minLength", "maxLength", "pattern", "format", "oneOf", "anyOf", "$ref",
    ]

    private func check(_ schema: JSONValue, at place: String) {
        guard case .object(let object) = schema else {
            if schema != .bool(false) { Issue.record("\(place) is no schema: \(schema)") }
            return
        }
        for member in object.members {
            #expect(Self.keywords.contains(member.name), "\(place): \(member.name)")
            if member.name == "description" { #expect(member.value.stringValue?.isEmpty == false, "\(place) has no description") }
        }
        let properties = object["properties"]?.objectValue ?? JSONObject()
        for name in object["required"]?.arrayValue ?? [] {
            #expect(properties[name.stringValue ?? ""] != nil || properties.isEmpty, "\(place) requires \(name), which it does not have")
        }
        for alternative in (object["oneOf"]?.arrayValue ?? []) + (object["anyOf"]?.arrayValue ?? []) {
            for name in alternative["required"]?.arrayValue ?? [] {
                #expect(properties[name.stringValue ?? ""] != nil, "\(place) lacks \(name)")
            }
        }
        for property in properties.members { check(property.value, at: "\(place)/\(property.name)") }
        if let items = object["items"] { check(items, at: place + "[]") }
        if let free = object["additionalProperties"] { check(free, at: place + "/*") }
    }

    @Test(arguments: Kind.allCases) func `the JSON Schema of a kind is consistent and stable`(_ kind: Kind) throws {
        let schema = JSONSchemaGenerator.schema(of: kind)
        check(schema, at: kind.rawValue)
        #expect(schema == JSONSchemaGenerator.schema(of: kind))
        let text = JSONWriter.text(schema, style: .pretty)
        #expect(try JSONParser.parse(text, depthLimit: 100) == schema, "what is written is what is meant")
        #expect(schema["title"]?.stringValue == kind.rawValue && schema["properties"]?["kind"]?["const"]?.stringValue == kind.rawValue)
        #expect(schema["$id"]?.stringValue?.hasSuffix("/" + JSONSchemaGenerator.fileName(kind)) == true)
    }

    @Test func `the schemas that lie in the repository are those of the program`() throws {
        let here = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        let folder = here.appendingPathComponent("../../../schemas").standardizedFileURL
        let kinds = Kind.allCases.map { (JSONSchemaGenerator.fileName($0), JSONSchemaGenerator.schema(of: $0)) }
        for (name, schema) in kinds + [("charter.json", JSONSchemaGenerator.schemaOfAllKinds())] {
            let text = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
            #expect(text == JSONWriter.text(schema, style: .pretty) + "\n", "schemas/\(name) is old: `make schemas` writes it anew")
        }
    }

    @Test func `the schema of all kinds holds each, and applies that of the document's kind`() {
        let schema = JSONSchemaGenerator.schemaOfAllKinds()
        #expect(schema["properties"]?["kind"]?["enum"] == JSONValue(Kind.allCases.map(\.rawValue)))
        let choices = schema["allOf"]?.arrayValue ?? []
        #expect(choices.count == Kind.allCases.count)
        for (kind, choice) in zip(Kind.allCases, choices) {
            #expect(choice["if"]?["properties"]?["kind"]?["const"]?.stringValue == kind.rawValue)
            #expect(choice["then"]?["$ref"]?.stringValue == "#/$defs/\(kind.rawValue)")
            let own = JSONSchemaGenerator.schema(of: kind)
            let held = schema["$defs"]?[kind.rawValue]
            #expect(held?["properties"] == own["properties"] && held?["required"] == own["required"] && held?["$id"] == nil)
        }
    }

    @Test(arguments: Kind.allCases) func `the fields of a kind are unique and documented`(_ kind: Kind) {
        func walk(_ schema: ObjectSchema, _ place: String) {
            #expect(Set(schema.fields.map(\.name)).count == schema.fields.count, "\(place)")
            switch schema.rule {
            case .exactlyOne(let names)?, .atLeastOne(let names)?:
                for name in names { #expect(schema.field(name) != nil, "\(place): \(name)") }
            case .alternatives(let alternatives)?:
                for name in alternatives.flatMap({ [$0.field] + $0.needs + $0.excludes }) {
                    #expect(schema.field(name) != nil, "\(place): \(name)")
                }
            case nil: break
            }
            for field in schema.fields {
                #expect(field.doc.hasSuffix(".") && field.doc.count > 3, "\(place)/\(field.name)")
                var type = field.type
                while true {
                    if case .list(let inner, _) = type { type = inner } else if case .map(let inner) = type { type = inner } else { break }
                }
                if case .object(let inner) = type { walk(inner, "\(place)/\(field.name)") }
            }
        }
        walk(kind.schema, kind.rawValue)
    }
}
