import ArgumentParser
import ControlPlane
import GovernanceModel
import JSON

struct SchemasCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schemas", abstract: "Write the JSON Schemas (draft 2020-12) of all kinds into a folder, for editors and other tools.")

    @Argument(help: "The folder; it must exist.")
    var directory: String

    func run() throws {
        try Terminal.run {
            for kind in Kind.allCases {
                try write(JSONSchemaGenerator.schema(of: kind), to: JSONSchemaGenerator.fileName(kind))
            }
            try write(JSONSchemaGenerator.schemaOfAllKinds(), to: "charter.json")
            Terminal.out("\(Kind.allCases.count + 1) schemas in \(directory)")
        }
    }

    private func write(_ schema: JSONValue, to name: String) throws {
        try AtomicFile.write(JSONWriter.bytes(schema, style: .pretty) + Array("\n".utf8), to: "\(directory)/\(name)")
    }
}
