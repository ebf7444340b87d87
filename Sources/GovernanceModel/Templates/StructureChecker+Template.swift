import Diagnostics
import YAML

/// A policy made from a template without a policy that uses it: as far as the template alone determines it.
struct TemplateSpecimen {
    var spec: YAMLNode
    var insertions: [YAMLRange: Insertions]
    /// Defaults and values that must name documents.
    var references: [(kind: Kind, node: YAMLNode)]
}

/// A template is checked by itself, whether a policy uses it or not.
extension StructureChecker {
    /// So many of the values that parameters may have are tried in the body; fewer in a body of many nodes.
    private static let triedValues = 100
    private static let triedNodes = 200_000

    /// - Parameter spec: has been checked against the schema of templates.
    /// - Returns: nil if there is an error.
    mutating func template(_ spec: YAMLNode) -> TemplateSpecimen? {
        guard let body = spec["policy"] else { return nil }
        let parameters = TemplateParameter.all(of: spec)
        declarations(parameters)
        if case .mapping(let entries) = body.content, let nested = entries.first(where: { $0.key == "template" }) {
            report(
                .nestedTemplate, "a template cannot be made from a template", nested.keyRange, help: "write the rules of the other one out")
        }
        if diagnostics.hasErrors { return nil }

        var given: [String: TemplateExpander.Given] = [:]
        for parameter in parameters {
            guard let node = parameter.specimen, let value = ParameterValue(node, parameter.type) else { continue }
            given[parameter.name] = TemplateExpander.Given(value: value, node: node)
        }
        enter(.field("spec"))
        enter(.field("policy"))
        let isGood = structure(of: body, parameters, given)
        leave()
        leave()
        guard isGood else { return nil }
        var expander = TemplateExpander(
            parameters, values: given, leavesOutUnknown: true, checker: StructureChecker(path: path))
        let expanded = expander.expand(body)
        return TemplateSpecimen(
            spec: expanded, insertions: expander.insertions,
            references: parameters.flatMap { parameter in
                let nodes = [parameter.standard].compactMap(\.self).flatMap(\.scalars) + parameter.values
                return parameter.references.map { kind in nodes.map { (kind, $0) } } ?? []
            })
    }

    /// Checks the body with the parameters' defaults, and with each value that they may have instead.
    private mutating func structure(of body: YAMLNode, _ parameters: [TemplateParameter], _ given: [String: TemplateExpander.Given]) -> Bool
    {
        guard let used = tried(body, parameters, given) else { return false }
        for parameter in parameters where !used.contains(parameter.name) {
            report(
                .unusedParameter, "nothing in the template uses the parameter `\(parameter.name)`", parameter.range,
                help: "remove it, or write `${\(parameter.name)}` where it belongs")
        }
        var left = min(Self.triedValues, Self.triedNodes / body.nodeCount)
        for parameter in parameters where parameter.type != .stringList {
            for node in parameter.values.prefix(left) {
                guard let value = ParameterValue(node, parameter.type) else { continue }
                left -= 1
                let others = given.merging([parameter.name: TemplateExpander.Given(value: value, node: node)]) { $1 }
                if tried(body, parameters, others) == nil { return false }
            }
        }
        return true
    }

    /// - Returns: the names of the parameters that are used; nil if an error was found.
    private mutating func tried(
        _ body: YAMLNode, _ parameters: [TemplateParameter], _ given: [String: TemplateExpander.Given]
    ) -> Set<String>? {
        var trial = self
        let known = trial.takeDiagnostics()
        var expander = TemplateExpander(parameters, values: given, checker: trial)
        let expanded = expander.expand(body)
        trial = expander.checker
        if trial.diagnostics.isEmpty { trial.object(expanded, schema: Policy.body) }
        restore(known + trial.diagnostics)
        return trial.diagnostics.isEmpty ? expander.used : nil
    }
}

extension YAMLNode {
    /// The node and all below it; at least one.
    fileprivate var nodeCount: Int {
        switch content {
        case .scalar: 1
        case .sequence(let items): items.reduce(1) { $0 + $1.nodeCount }
        case .mapping(let entries): entries.reduce(1) { $0 + $1.value.nodeCount }
        }
    }

    /// The node, or the items of a sequence.
    var scalars: [YAMLNode] { if case .sequence(let items) = content { items } else { [self] } }
}
