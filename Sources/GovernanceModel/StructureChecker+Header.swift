import Diagnostics
import JSON
import YAML

/// What every document has: apiVersion, kind and metadata.
extension StructureChecker {
    struct Header {
        var kind: Kind?
        var name: Located<String>?
        var labels = JSONObject()
        var annotations = JSONObject()
    }

    private static let topLevel = ["apiVersion", "kind", "metadata", "spec"]
    private static let metadataFields = ["name", "labels", "annotations"]

    mutating func header(_ document: SpecNode) -> Header {
        var header = Header()
        guard case .mapping(let entries) = document.node.content else {
            report(
                .notADocument, "expected a document, found \(Self.describe(document.node))", document.node.range,
                help: "a document is a mapping with `apiVersion`, `kind`, `metadata` and `spec`")
            return header
        }
        unknown(entries, known: Self.topLevel, in: "a document")
        version(document)
        header.kind = kind(document)
        metadata(document, &header)
        return header
    }

    private mutating func version(_ document: SpecNode) {
        guard let version = document["apiVersion"] else {
            return report(
                .missingField, "the field `apiVersion` is missing", Self.start(document.node.range),
                help: "add `apiVersion: \(Kind.apiVersion)`")
        }
        if version.string?.value != Kind.apiVersion {
            report(
                .unsupportedVersion, "the apiVersion \(Self.quote(version.node)) is not known", version.node.range,
                help: "write `apiVersion: \(Kind.apiVersion)`")
        }
    }

    private mutating func kind(_ document: SpecNode) -> Kind? {
        guard let field = document["kind"] else {
            report(
                .missingField, "the field `kind` is missing", Self.start(document.node.range),
                help: "one of \(Self.names(Kind.allCases.map(\.rawValue)))")
            return nil
        }
        guard let text = field.string?.value, let kind = Kind(rawValue: text) else {
            let kinds = Kind.allCases.map(\.rawValue)
            report(
                .unknownKind, "the kind \(Self.quote(field.node)) does not exist", field.node.range,
                help: Suggestion.help(for: field.string?.value ?? "", among: kinds) ?? "one of \(Self.names(kinds))")
            return nil
        }
        return kind
    }

    private mutating func metadata(_ document: SpecNode, _ header: inout Header) {
        guard let metadata = document["metadata"] else {
            return report(
                .missingField, "the field `metadata` is missing", Self.start(document.node.range), help: "add `metadata: {name: …}`")
        }
        guard case .mapping(let entries) = metadata.node.content else {
            return report(.wrongType, "`metadata` must be a mapping, found \(Self.describe(metadata.node))", metadata.node.range)
        }
        unknown(entries, known: Self.metadataFields, in: "`metadata`")
        for name in ["labels", "annotations"] {
            guard let field = metadata[name] else { continue }
            let value = self.value(field.node, .map(.string(.text)), place: "metadata.\(name)")
            if name == "labels" {
                header.labels = value.objectValue ?? JSONObject()
            } else {
                header.annotations = value.objectValue ?? JSONObject()
            }
        }
        guard let name = metadata["name"] else {
            return report(.missingField, "the field `metadata.name` is missing", Self.start(metadata.node.range), help: "add `name: …`")
        }
        guard let text = name.string else {
            return report(.wrongType, "`metadata.name` must be a string, found \(Self.describe(name.node))", name.node.range)
        }
        guard Names.isValid(text.value, for: header.kind) else {
            let shape = header.kind == .model ? "a model's name is `provider/model`, each part " : "a name is made of "
            return report(.invalidName, "`\(text.value)` is not a valid name", name.node.range, help: shape + Names.rule)
        }
        header.name = text
    }

    /// The checked `spec`; of a kind that requires nothing it may be left out.
    mutating func spec(_ document: SpecNode, of kind: Kind) -> (node: SpecNode, json: JSONObject) {
        if let spec = document["spec"] { return (spec, object(spec.node, schema: kind.schema, place: "spec")) }
        let empty = SpecNode(YAMLNode(content: .mapping([]), range: Self.start(document.node.range)), path: path)
        let required = kind.schema.fields.filter(\.isRequired).map(\.name)
        if required.isEmpty, kind.schema.rule == nil { return (empty, object(empty.node, schema: kind.schema, place: "spec")) }
        if case .mapping = document.node.content {
            report(
                .missingField, "the field `spec` is missing", Self.start(document.node.range),
                help: required.isEmpty ? "add `spec`" : "add `spec` with at least \(Self.names(required))")
        }
        return (empty, JSONObject())
    }
}
