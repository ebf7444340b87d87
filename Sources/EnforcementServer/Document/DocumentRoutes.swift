import HTTPService
import JSON
import NIOCore
import NIOHTTP1
import YAML

/// The API's own description, OpenAPI 3.1.
extension APIRoutes {
    mutating func addDocument() {
        open(.GET, "/openapi.yaml") { _ in
            .ready(HTTPResponse(headers: ["Content-Type": "application/yaml"], body: APIDocument.yaml))
        }
        open(.GET, "/openapi.json") { _ in
            // The first answer takes the time to parse it.
            .later { HTTPResponse(headers: ["Content-Type": "application/json"], body: APIDocument.json) }
        }
    }
}

/// `schemas/openapi.yaml`, which is compiled into the program.
enum APIDocument {
    static let yaml = ByteBuffer(bytes: PackageResources.openapi_yaml)
    static let json = ByteBuffer(bytes: JSONWriter.bytes(value))

    /// `null` if it is no YAML, which a test rules out.
    static let value = YAMLParser.parse(PackageResources.openapi_yaml).documents.first.map(json) ?? .null

    /// By YAML's core schema.
    private static func json(_ node: YAMLNode) -> JSONValue {
        switch node.content {
        case .mapping(let entries): .object(JSONObject(entries.map { ($0.key, json($0.value)) }))
        case .sequence(let items): .array(items.map(json))
        case .scalar(let text, let isPlain):
            switch YAMLScalarType(text, isPlain: isPlain) {
            case .null: .null
            case .bool: .bool(text.lowercased() == "true")
            case .int, .float: Int64(text).map { .int($0) } ?? Decimal.normalise(text).map { .decimal($0) } ?? .string(text)
            case .string: .string(text)
            }
        }
    }
}
