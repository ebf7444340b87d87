import Diagnostics
import YAML

/// What every document has: apiVersion, kind and metadata.
extension StructureChecker {
    struct Header {
        var kind: Kind?
        var name: String?
    }

    private static let topLevel = ["apiVersion", "kind", "metadata", "spec"]
    private static let metadataFields = ["name", "labels", "annotations"]

    mutating func header(_ document: YAMLNode) -> Header {
        var header = Header()
        guard case .mapping(let entries) = document.content else {
            report(
                .notADocument, "expected a document, found \(Self.describe(document))", document.range,
                help: "a document is a mapping with `apiVersion`, `kind`, `metadata` and `spec`")
            return header
        }
        unknown(entries, known: Self.topLevel, in: "a document")
        version(document)
        header.kind = kind(document)
        metadata(document, &header)
        return header
    }

    private mutating func version(_ document: YAMLNode) {
        guard let version = document["apiVersion"] else {
            return report(
                .missingField, "the field `apiVersion` is missing", Self.start(document.range),
                help: "add `apiVersion: \(Kind.apiVersion)`")
        }
        if version.scalarText != Kind.apiVersion {
            report(
                .unsupportedVersion, "the apiVersion \(Self.quote(version)) is not known", version.range,
                help: "write `apiVersion: \(Kind.apiVersion)`")
        }
    }

    private mutating func kind(_ document: YAMLNode) -> Kind? {
        guard let field = document["kind"] else {
            report(
                .missingField, "the field `kind` is missing", Self.start(document.range),
                help: "one of \(Self.names(Kind.allCases.map(\.rawValue)))")
            return nil
        }
        guard let text = field.scalarText, let kind = Kind(rawValue: text) else {
            let kinds = Kind.allCases.map(\.rawValue)
            report(
                .unknownKind, "the kind \(Self.quote(field)) does not exist", field.range,
                help: Suggestion.help(for: field.scalarText ?? "", among: kinds) ?? "one of \(Self.names(kinds))")
            return nil
        }
        return kind
    }

    private mutating func metadata(_ document: YAMLNode, _ header: inout Header) {
        guard let metadata = document["metadata"] else {
            return report(
                .missingField, "the field `metadata` is missing", Self.start(document.range), help: "add `metadata: {name: …}`")
        }
        guard case .mapping(let entries) = metadata.content else {
            return report(.wrongType, "`metadata` must be a mapping, found \(Self.describe(metadata))", metadata.range)
        }
        unknown(entries, known: Self.metadataFields, in: "`metadata`")
        for name in ["labels", "annotations"] {
            guard let field = metadata[name] else { continue }
            at(.field("metadata")) { $0.at(.field(name)) { $0.value(field, .map(.string(.text))) } }
        }
        guard let name = metadata["name"] else {
            return report(.missingField, "the field `metadata.name` is missing", Self.start(metadata.range), help: "add `name: …`")
        }
        guard let text = name.scalarText else {
            return report(.wrongType, "`metadata.name` must be a string, found \(Self.describe(name))", name.range)
        }
        guard Names.isValid(text, for: header.kind) else {
            let shape = header.kind == .model ? "a model's name is `provider/model`, each part " : "a name is made of "
            return report(.invalidName, "`\(text)` is not a valid name", name.range, help: shape + Names.rule)
        }
        header.name = text
    }

    /// Checks the `spec`; of a kind that requires nothing it may be left out.
    mutating func spec(_ document: YAMLNode, of kind: Kind) {
        let schema = kind.schema
        if let spec = document["spec"] { return at(.field("spec")) { $0.object(spec, schema: schema) } }
        let required = schema.fields.filter(\.isRequired).map(\.name)
        if required.isEmpty, schema.rule == nil { return }
        if case .mapping = document.content {
            report(
                .missingField, "the field `spec` is missing", Self.start(document.range),
                help: required.isEmpty ? "add `spec`" : "add `spec` with at least \(Self.names(required))")
        }
    }
}

extension YAMLNode {
    /// The field `name` of a mapping.
    subscript(name: String) -> YAMLNode? {
        guard case .mapping(let entries) = content else { return nil }
        return entries.first { $0.key == name }?.value
    }

    var scalarText: String? {
        if case .scalar(let text, _) = content { text } else { nil }
    }

    /// The items of a sequence.
    var items: [YAMLNode] {
        if case .sequence(let items) = content { items } else { [] }
    }
}
