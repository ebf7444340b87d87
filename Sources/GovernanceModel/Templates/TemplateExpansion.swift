import Diagnostics
import YAML

/// What a policy that uses a template comes to.
struct TemplateExpansion: Sendable {
    /// The policy, as if it had been written out; nil if there is an error.
    var document: Document?
    var diagnostics: [Diagnostic]

    /// A template, taken apart for policies that are made from it.
    struct Prepared {
        let document: Document
        let parameters: [TemplateParameter]
        let body: YAMLNode

        init(_ document: Document) {
            let spec = document.spec.yaml(shift: SourceFiles.otherLines)
            self.document = document
            parameters = TemplateParameter.all(of: spec)
            // INVARIANT: the schema requires a body.
            body = spec["policy"] ?? spec
        }
    }

    init(_ policy: Document, _ template: Prepared) {
        let files = SourceFiles(path: policy.path, otherPath: template.document.path)
        let use = TemplateUse(policy: policy, template: template.document)
        let own = policy.spec.yaml()
        var checker = StructureChecker(path: policy.path)
        let values = checker.values(own, template)
        if checker.diagnostics.hasErrors {
            self.init(document: nil, diagnostics: checker.diagnostics.map { use.explained(files.placed($0)) })
            return
        }
        checker.enter(.field("spec"))
        var expander = TemplateExpander(template.parameters, values: values, checker: checker)
        let spec = PolicyOverrides.merge(own, over: expander.expand(template.body))
        checker = expander.checker
        if checker.diagnostics.isEmpty { checker.object(spec, schema: Policy.body) }
        let references = template.parameters.flatMap { parameter in
            let nodes = values[parameter.name]?.node.scalars ?? []
            return parameter.references.map { kind in nodes.map { (kind, $0) } } ?? []
        }
        var document: Document?
        if checker.diagnostics.isEmpty {
            document = Document(policy, use: use, files, spec: spec, insertions: expander.insertions, references: references)
            if document == nil {
                checker.report(
                    .expansionLimit, "the policy `\(policy.plainName)` comes to more than \(DocumentReader.unfoldedLimit) bytes",
                    policy.nameRange, help: "give shorter lists, or make the template shorter")
            }
        }
        self.init(document: document, diagnostics: checker.diagnostics.map { use.explained(files.placed($0)) })
    }

    /// Of a policy for which there is no room beside all others.
    init(refused policy: Document, limit: Int) {
        self.init(
            document: nil,
            diagnostics: [
                Diagnostic(
                    .expansionLimit, "the policies made from templates come to more than \(limit) bytes together",
                    at: policy.name.span, help: "make the templates shorter, or fewer policies from them")
            ])
    }

    private init(document: Document?, diagnostics: [Diagnostic]) {
        self.document = document
        self.diagnostics = diagnostics
    }
}

extension StructureChecker {
    /// The values of all parameters: those that the policy gives, and defaults.
    fileprivate mutating func values(_ policy: YAMLNode, _ template: TemplateExpansion.Prepared) -> [String: TemplateExpander.Given] {
        var given: [String: YAMLNode] = [:]
        let use = policy["template"]
        let declared = Set(template.parameters.map(\.name))
        if case .mapping(let entries)? = use?["with"]?.content {
            for entry in entries {
                given[entry.key] = entry.value
                if declared.contains(entry.key) { continue }
                let names = template.parameters.lazy.map(\.name)
                report(
                    .unknownParameter, "the template `\(template.document.plainName)` has no parameter `\(entry.key)`", entry.keyRange,
                    help: suggestion(for: entry.key, among: names)
                        ?? (names.isEmpty ? "it has no parameters" : "its parameters: \(Self.names(Array(names.prefix(Self.namesShown))))"))
            }
        }
        var values: [String: TemplateExpander.Given] = [:]
        for parameter in template.parameters {
            if let node = given[parameter.name] {
                if let value = value(node, of: parameter) { values[parameter.name] = TemplateExpander.Given(value: value, node: node) }
            } else if let node = parameter.standard {
                // INVARIANT: the template was checked, its default is a value.
                if let value = ParameterValue(node, parameter.type) {
                    values[parameter.name] = TemplateExpander.Given(value: value, node: node)
                }
            } else {
                report(
                    .missingParameter, "the template `\(template.document.plainName)` needs the parameter `\(parameter.name)`",
                    use?["name"]?.range ?? policy.range,
                    related: [.init(span: SourceSpan(path: path, parameter.range), message: "declared here, without a default")],
                    help: "add `\(parameter.name)` to `with`: \(parameter.type.expectation)")
            }
        }
        return values
    }
}

extension Document {
    /// The policy that another one comes to.
    fileprivate convenience init?(
        _ policy: Document, use: TemplateUse, _ files: SourceFiles, spec: YAMLNode, insertions: [YAMLRange: Insertions],
        references: [(kind: Kind, node: YAMLNode)]
    ) {
        let name = YAMLNode(content: .scalar(policy.plainName, isPlain: false), range: policy.nameRange)
        self.init(
            policyNamed: name, files, range: policy.range, spec: spec, insertions: insertions, references: references, templateUse: use)
    }

    /// - Parameter references: nodes that name documents; the policy is linked to those too.
    /// - Returns: nil if it is larger than a file may be.
    convenience init?(
        policyNamed name: YAMLNode, _ files: SourceFiles, range: YAMLRange, spec: YAMLNode, insertions: [YAMLRange: Insertions],
        references: [(kind: Kind, node: YAMLNode)], templateUse: TemplateUse? = nil
    ) {
        var builder = SpecTreeBuilder(limit: DocumentReader.unfoldedLimit)
        let places = Places(name: builder.add(name), labels: nil, annotations: nil, spec: builder.add(spec))
        let named = references.map { ($0.kind, builder.add($0.node)) }
        if builder.isOverLimit { return nil }
        let unlinked = SpecTree(files, builder, links: [], insertions: insertions)
        var collector = LinkCollector()
        collector.collect(SpecNode(unlinked, at: places.spec), Policy.schema)
        for (kind, place) in named { collector.add(SpecNode(unlinked, at: place), kind, .name) }
        self.init(
            kind: .policy, name: name.scalarText ?? "", tree: SpecTree(unlinked, links: collector.links), range: range, places: places,
            links: 0..<collector.links.count, specimen: nil, templateUse: templateUse)
    }
}
