import Foundation
import JSON
import TestSupport
import Testing

@testable import EnforcementServer

/// The description of the API, and the server that it describes.
@Suite struct DescriptionTests {
    /// Every operation of the description, as method and path.
    private static func described() throws -> [String: JSONValue] {
        var operations: [String: JSONValue] = [:]
        for path in try #require(APIDocument.value["paths"]?.objectValue).members {
            for operation in path.value.objectValue?.members ?? [] {
                operations["\(operation.name.uppercased()) \(path.name)"] = operation.value
            }
        }
        return operations
    }

    @Test func `the description has each route of the server and no other`() throws {
        let server = try EnforcementServer(.init(host: "127.0.0.1", port: 0), store: BundleStore(), status: ServiceStatus())
        let methods = ["GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE"]
        let operations = try Self.described()
        var routes: [String] = []
        for route in server.routes {
            // A path of several segments is one parameter in a description.
            let path = route.path.replacing("...}", with: "}")
            for method in route.isForAnyMethod ? methods : [route.method.rawValue] {
                routes.append("\(method) \(path)")
                let operation = operations["\(method) \(path)"]
                #expect(operation?["x-charter-action"]?.stringValue == route.operation?.action, "\(method) \(path)")
            }
        }
        let described = Set(operations.keys)
        #expect(routes.count > 60)
        #expect(Set(routes).subtracting(described).sorted() == [])
        #expect(described.subtracting(routes).sorted() == [])
    }

    @Test func `each operation has an id of its own, and what it refers to is there`() throws {
        let operations = try Self.described()
        let ids = operations.values.compactMap { $0["operationId"]?.stringValue }
        #expect(ids.count == operations.count)
        #expect(Set(ids).count == ids.count)
        let actions = Set(APIOperation.allCases.map(\.action))
        for (name, operation) in operations {
            guard let action = operation["x-charter-action"]?.stringValue else { continue }
            #expect(actions.contains(action), "\(name): \(action)")
        }
        var references: Set<String> = []
        Self.collect(APIDocument.value, &references)
        #expect(references.count > 50)
        for reference in references {
            let place = reference.dropFirst(2).split(separator: "/").reduce(APIDocument.value as JSONValue?) { $0?[String($1)] }
            #expect(place != nil, "\(reference)")
        }
    }

    private static func collect(_ value: JSONValue, _ references: inout Set<String>) {
        if let reference = value["$ref"]?.stringValue { references.insert(reference) }
        for member in value.objectValue?.members ?? [] { collect(member.value, &references) }
        for item in value.arrayValue ?? [] { collect(item, &references) }
    }

    @Test func `the server hands out the description that lies among the schemas, as it is and as JSON`() async throws {
        let server = try EnforcementServer(.init(host: "127.0.0.1", port: 0), store: BundleStore(), status: ServiceStatus())
        let client = HTTPClient(port: UInt16(try await server.start()))
        let answers = try? await onOwnThread { try ["/openapi.yaml", "/openapi.json"].map { try client.get($0) } }
        await server.stop()
        let yaml = try #require(answers?.first)
        let json = try #require(answers?.last)
        let here = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        let file = here.appendingPathComponent("../../../schemas/openapi.yaml").standardizedFileURL
        #expect(yaml.body == Array(try Data(contentsOf: file)))
        #expect(yaml.fields["content-type"] == "application/yaml")
        #expect(json.fields["content-type"] == "application/json")
        #expect(try json.json == APIDocument.value)
        #expect(try json.json["openapi"] == "3.1.0")
    }
}
