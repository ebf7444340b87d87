import Diagnostics
import JSON
import YAML

/// Reads a file's bytes into documents.
public enum DocumentReader {
    /// The largest file that is read.
    public static let fileLimit = 8 << 20

    /// The most bytes that the documents of a file may take unfolded: more than any file under the limit has that does not repeat itself.
    static let unfoldedLimit = 64 << 20

    /// Parses and checks the structure of all documents of a file; never fails, says what is wrong in `diagnostics`.
    public static func read(_ bytes: [UInt8], path: String) -> ParsedFile {
        var file = ParsedFile(path: path, documents: [], broken: [], diagnostics: [])
        if bytes.count > fileLimit {
            file.diagnostics.append(tooLarge(path, size: bytes.count))
            return file
        }
        let (nodes, errors) = YAMLParser.parse(bytes)
        file.diagnostics = errors.map { diagnostic($0, path: path) }
        // A duplicate key or a bad tag was dropped from its mapping: the documents are read on, for the other errors that they may hold,
        // but none of them is handed on as good.
        var good: [Checked] = []
        for node in nodes { check(node, &file, &good) }
        if errors.isEmpty { pack(good, into: &file) } else { file.broken += good.map { ($0.kind, $0.name) } }
        return file
    }

    /// A document without errors.
    private struct Checked {
        var kind: Kind
        var name: String
        var node: YAMLNode
        /// Of a template.
        var specimen: TemplateSpecimen?
    }

    private static func check(_ node: YAMLNode, _ file: inout ParsedFile, _ good: inout [Checked]) {
        var checker = StructureChecker(path: file.path)
        let header = checker.header(node)
        checker.scanTexts(node)
        if let kind = header.kind {
            // The spec is checked even if the name is bad: all errors in one run.
            checker.spec(node, of: kind)
            let isTemplate = kind == .policyTemplate && !checker.diagnostics.hasErrors
            let specimen = isTemplate ? node["spec"].flatMap { checker.template($0) } : nil
            if let name = header.name {
                if checker.diagnostics.hasErrors {
                    file.broken.append((kind, name))
                } else {
                    good.append(Checked(kind: kind, name: name, node: node, specimen: specimen))
                }
            }
        }
        file.diagnostics += checker.diagnostics
    }

    /// Packs the documents of a file into one tree.
    private static func pack(_ documents: [Checked], into file: inout ParsedFile) {
        var builder = SpecTreeBuilder(limit: unfoldedLimit)
        let places = documents.map { add($0.node, to: &builder) }
        if builder.isOverLimit {
            // Only aliases can make so much of a file.
            file.diagnostics.append(
                Diagnostic(
                    .aliasExpansion, "the aliases of this file stand for more than \(unfoldedLimit) bytes",
                    at: SourceSpan(startOf: file.path),
                    help: aliasHelp))
            file.broken += documents.map { ($0.kind, $0.name) }
            return
        }
        let unlinked = SpecTree(SourceFiles(path: file.path), builder, links: [])
        var collector = LinkCollector()
        let links = zip(documents, places).map { document, places in
            let first = collector.links.count
            collector.collect(SpecNode(unlinked, at: places.spec), document.kind.schema)
            return first..<collector.links.count
        }
        let tree = SpecTree(unlinked, links: collector.links)
        for ((document, places), links) in zip(zip(documents, places), links) {
            file.documents.append(
                Document(
                    kind: document.kind, name: document.name, tree: tree, range: document.node.range, places: places, links: links,
                    specimen: specimen(of: document, path: file.path)))
        }
    }

    /// INVARIANT: what a template comes to by itself is its body and what may be put into it, which together are not over the limit of a file.
    private static func specimen(of template: Checked, path: String) -> Document? {
        guard let specimen = template.specimen, let name = template.node["metadata"]?["name"] else { return nil }
        return Document(
            policyNamed: name, SourceFiles(path: path), range: template.node.range, spec: specimen.spec, insertions: specimen.insertions,
            references: specimen.references)
    }

    private static func add(_ document: YAMLNode, to builder: inout SpecTreeBuilder) -> Document.Places {
        let metadata = document["metadata"]
        // INVARIANT: a document without errors has a name.
        let empty = YAMLNode(content: .mapping([]), range: StructureChecker.start(document.range))
        return Document.Places(
            name: builder.add(metadata?["name"] ?? empty), labels: metadata?["labels"].map { builder.add($0) },
            annotations: metadata?["annotations"].map { builder.add($0) }, spec: builder.add(document["spec"] ?? empty))
    }

    /// The finding for a file over the limit; also used where the size is known before anything is read.
    public static func tooLarge(_ path: String, size: Int) -> Diagnostic {
        Diagnostic(
            .fileTooLarge, "the file has \(size) bytes, the limit is \(fileLimit)", at: SourceSpan(startOf: path),
            help: "split it into several files; a governance document rarely needs more than a few kilobytes")
    }

    private static func diagnostic(_ error: YAMLError, path: String) -> Diagnostic {
        let span = SourceSpan(path: path, error.range)
        let related = error.related.map { [Diagnostic.Related(span: SourceSpan(path: path, $0.range), message: $0.message)] } ?? []
        switch error.kind {
        case .syntax: return Diagnostic(.malformedYAML, error.message, at: span, related: related, help: yamlHelp(error.message))
        case .unknownAlias:
            return Diagnostic(.malformedYAML, error.message, at: span, help: "define it with `&name` earlier in the same document")
        case .keyNotScalar: return Diagnostic(.malformedYAML, error.message, at: span)
        case .notUTF8: return Diagnostic(.notUTF8, error.message, at: span, help: "save the file as UTF-8")
        case .depth: return Diagnostic(.nestedTooDeeply, error.message, at: span, help: "no kind needs more than a dozen levels")
        case .nodes: return Diagnostic(.tooManyNodes, error.message, at: span, help: "split the file")
        case .aliasExpansion:
            return Diagnostic(.aliasExpansion, error.message, at: span, help: aliasHelp)
        case .duplicateKey: return Diagnostic(.duplicateKey, error.message, at: span, related: related, help: "remove one of the two")
        case .unsupportedTag: return Diagnostic(.unsupportedTag, error.message, at: span, help: "remove the tag")
        }
    }

    private static let aliasHelp = "write the values out, or use a PolicyTemplate"

    private static func yamlHelp(_ message: String) -> String? {
        if message.contains("a tab") { return "indent with spaces" }
        if message.contains("cannot begin") || message.contains("alias") { return "put the text in quotes: \"*\"" }
        if message.contains("mapping values") {
            return "text that holds `: ` needs quotes; the fields of one mapping need the same indentation"
        }
        if message.contains("quote") { return "close it; a quote inside double quotes is written `\\\"`, inside single quotes `''`" }
        if message.contains("expected `") { return "close the bracket" }
        if message.contains("expected") { return "check the indentation, and that every bracket and quote is closed" }
        return nil
    }
}
