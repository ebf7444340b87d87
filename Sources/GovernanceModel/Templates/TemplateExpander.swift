import CEL
import Diagnostics
import YAML

/// Puts values into the body of a template. It works on the parsed tree, by the schema of policies: what a field holds decides how a value
/// is put in.
struct TemplateExpander {
    /// The most bytes that are put into one policy.
    static let limit = 1 << 20

    private let parameters: [String: TemplateParameter]
    /// A parameter that is missing here has a value, but it is not known which.
    private let values: [String: Given]
    /// Whether what depends on values that are not known is left out, conditions excepted. Otherwise something of its type stands there.
    private let leavesOutUnknown: Bool
    /// Reports what is found.
    var checker: StructureChecker
    private(set) var used: Set<String> = []
    /// Of conditions, by their places.
    private(set) var insertions: [YAMLRange: Insertions] = [:]
    private var bytesLeft = limit
    private var isInExceptions = false

    /// A value, and the node that it was read from.
    struct Given {
        var value: ParameterValue
        var node: YAMLNode
    }

    init(_ parameters: [TemplateParameter], values: [String: Given], leavesOutUnknown: Bool = false, checker: StructureChecker) {
        self.parameters = Dictionary(parameters.map { ($0.name, $0) }) { first, _ in first }
        self.values = values
        self.leavesOutUnknown = leavesOutUnknown
        self.checker = checker
    }

    /// The body as a policy's `spec`.
    mutating func expand(_ body: YAMLNode) -> YAMLNode { value(body, .object(Policy.schema)) ?? body }

    /// - Returns: nil if the field, or the item, is left out.
    private mutating func value(_ node: YAMLNode, _ type: FieldType) -> YAMLNode? {
        switch node.content {
        case .scalar(let text, _):
            guard let placeholders = PlaceholderText(text) else { return node }
            return scalar(node, placeholders, type)
        case .sequence(let items): return sequence(node, items, type)
        case .mapping(let entries): return mapping(node, entries, type)
        }
    }

    private mutating func mapping(_ node: YAMLNode, _ entries: [YAMLNode.Entry], _ type: FieldType) -> YAMLNode {
        var result = node
        result.content = .mapping(
            entries.compactMap { entry in
                if PlaceholderText(entry.key) != nil {
                    checker.report(
                        .misplacedParameter, "a parameter cannot stand in the name of a field", entry.keyRange,
                        help: "write a field for each case, or a template")
                    return nil
                }
                let field: FieldType
                switch type {
                case .object(let schema): field = schema.field(entry.key)?.type ?? .any
                case .map(let element): field = element
                default: field = .any
                }
                let wasInExceptions = isInExceptions
                if entry.key == "not" { isInExceptions = true }
                defer { isInExceptions = wasInExceptions }
                return at(.field(entry.key)) { $0.value(entry.value, field) }.map {
                    YAMLNode.Entry(key: entry.key, keyRange: entry.keyRange, value: $0)
                }
            })
        return result
    }

    private mutating func sequence(_ node: YAMLNode, _ items: [YAMLNode], _ type: FieldType) -> YAMLNode? {
        let element: FieldType = if case .list(let element, _) = type { element } else { .any }
        var result: [YAMLNode] = []
        for (number, item) in items.enumerated() {
            at(.item(number)) { expander in
                // The items of a list that stands for an item take its place.
                if let name = item.scalarText.flatMap(PlaceholderText.init)?.onlyParameter, expander.parameters[name]?.type == .stringList,
                    element.isTextual, !element.isExpression
                {
                    result += expander.value(item, .list(element))?.items ?? []
                } else if let value = expander.value(item, element) {
                    result.append(value)
                }
            }
        }
        if result.isEmpty, !items.isEmpty, isInExceptions || leavesOutUnknown { return nil }
        var sequence = node
        sequence.content = .sequence(result)
        return sequence
    }

    // MARK: Texts

    private mutating func scalar(_ node: YAMLNode, _ text: PlaceholderText, _ type: FieldType) -> YAMLNode? {
        guard areKnown(text, node) else { return node }
        if type.isExpression { return condition(node, text) }
        if let name = text.onlyParameter, let parameter = parameters[name] { return whole(node, parameter, type) }
        var (result, isKnown) = ("", true)
        for (piece, _) in text.pieces {
            switch piece {
            case .text(let text): result += text
            case .broken: break
            case .parameter(let name):
                guard let parameter = parameters[name] else { continue }
                if parameter.type == .stringList { return misplaced(node, parameter, "a list cannot be put into a text") }
                if values[name] == nil { isKnown = false }
                result += spend((values[name]?.value ?? ParameterValue(specimenOf: parameter.type)).plainText ?? "", node)
            }
        }
        return isKnown ? Self.text(result, node.range) : unknown(Self.text(result, node.range))
    }

    /// Reports what is no placeholder, or none of a parameter.
    private mutating func areKnown(_ text: PlaceholderText, _ node: YAMLNode) -> Bool {
        var isGood = true
        for (piece, _) in text.pieces {
            switch piece {
            case .text: break
            case .broken(let text):
                checker.report(
                    .misplacedParameter, "`\(StructureChecker.excerpt(text, 40))` begins no placeholder in `\(checker.place)`", node.range,
                    help: "a placeholder is `${name}`; the text `${` is written `$${`")
                isGood = false
            case .parameter(let name):
                used.insert(name)
                if parameters[name] != nil { continue }
                checker.report(
                    .unknownParameter, "the template has no parameter `\(name)`", node.range,
                    help: checker.suggestion(for: name, among: parameters.keys)
                        ?? "declare it in `parameters`; the text `${` is written `$${`")
                isGood = false
            }
        }
        return isGood
    }

    /// A value that is all of a field, or of an item.
    private mutating func whole(_ node: YAMLNode, _ parameter: TemplateParameter, _ type: FieldType) -> YAMLNode? {
        guard let given = values[parameter.name] else {
            return type.takes(parameter.type) ? unknown(specimen(parameter.type, node.range)) : refused(node, parameter, type)
        }
        guard type.takes(parameter.type) else { return refused(node, parameter, type) }
        switch given.value {
        case .list(let texts):
            _ = spend(texts.joined(), node)
            return texts.isEmpty && isInExceptions ? nil : given.node
        case .int, .double, .bool:
            if !type.isTextual { return given.node }
        case .text, .timestamp, .duration: break
        }
        return Self.text(spend(given.value.plainText ?? "", node), given.node.range)
    }

    private mutating func refused(_ node: YAMLNode, _ parameter: TemplateParameter, _ type: FieldType) -> YAMLNode? {
        misplaced(
            node, parameter,
            "`\(checker.place)` must be \(StructureChecker.expectation(type)), the parameter `\(parameter.name)` is \(parameter.type.expectation)"
        )
    }

    private mutating func misplaced(_ node: YAMLNode, _ parameter: TemplateParameter, _ message: String) -> YAMLNode? {
        checker.report(
            .misplacedParameter, message, node.range,
            related: [.init(span: SourceSpan(path: checker.path, parameter.range), message: "declared here")])
        return nil
    }

    private mutating func unknown(_ node: YAMLNode) -> YAMLNode? {
        checker.unknownValues.insert(node.range)
        return leavesOutUnknown ? nil : node
    }

    private func specimen(_ type: ParameterType, _ range: YAMLRange) -> YAMLNode {
        let value = ParameterValue(specimenOf: type)
        if case .list(let texts) = value {
            return YAMLNode(content: .sequence(texts.map { Self.text($0, range) }), range: range)
        }
        let isPlain = [.int, .double, .bool].contains(type)
        return YAMLNode(content: .scalar(value.plainText ?? "", isPlain: isPlain), range: range)
    }

    private static func text(_ text: String, _ range: YAMLRange) -> YAMLNode {
        YAMLNode(content: .scalar(text, isPlain: false), range: range)
    }

    /// A list may be large, and stand in many places: what comes of them together is limited.
    private mutating func spend(_ text: String, _ node: YAMLNode) -> String {
        if bytesLeft < 0 { return "" }
        bytesLeft -= text.utf8.count
        if bytesLeft >= 0 { return text }
        checker.report(
            .expansionLimit, "the values put into the template come to more than \(Self.limit) bytes", node.range,
            help: "give shorter lists, or use them in fewer places")
        return ""
    }

    // MARK: Conditions

    /// Values become literals, or content of the literal that they stand in: whatever a value is, it is one operand and nothing else.
    private mutating func condition(_ node: YAMLNode, _ text: PlaceholderText) -> YAMLNode {
        guard case .scalar(let written, _) = node.content else { return node }
        var (masked, places): (String, [Range<Int>]) = ("", [])
        for (piece, range) in text.pieces {
            if case .text(let text) = piece {
                masked += text
            } else {
                places.append(masked.utf8.count..<masked.utf8.count + range.count)
                masked += String(repeating: "_", count: range.count)
            }
        }
        // What cannot be read is left to the compiler, which tells why.
        let sites = CELSource.sites(of: places, in: masked)
        var insertions = Insertions(written: written)
        var (result, number) = ("", 0)
        for (piece, range) in text.pieces {
            let start = result.utf8.count
            switch piece {
            case .broken: break
            case .text(let text):
                result += text
                // All but `$${` stands as it is written.
                if text.utf8.count == range.count { continue }
            case .parameter(let name):
                result += sites.map { inserted(name, at: $0[number], node) } ?? String(repeating: "_", count: range.count)
                number += 1
            }
            insertions.add(start..<result.utf8.count, for: range)
        }
        self.insertions[node.range] = insertions
        var expanded = node
        expanded.content = .scalar(result, isPlain: false)
        return expanded
    }

    private mutating func inserted(_ name: String, at site: CELSource.Site, _ node: YAMLNode) -> String {
        guard let parameter = parameters[name] else { return "" }
        let value = values[name]?.value ?? ParameterValue(specimenOf: parameter.type)
        switch (site, value.plainText) {
        case (.operand, _), (.comment, _): return spend(value.literal, node)
        case (.text, let text?): return spend(CELSource.escaped(text), node)
        case (.text, nil): _ = misplaced(node, parameter, "the list `\(name)` cannot be put into a text")
        case (.other, _):
            _ = misplaced(
                node, parameter, "`${\(name)}` must stand by itself, as a value would, or in a text between quotes without a prefix")
        }
        return ""
    }

    private mutating func at<Result>(_ step: StructureChecker.Step, _ body: (inout Self) -> Result) -> Result {
        checker.enter(step)
        defer { checker.leave() }
        return body(&self)
    }
}

extension FieldType {
    /// Whether the field holds a text.
    fileprivate var isTextual: Bool {
        switch self {
        case .string, .enumeration, .reference: true
        case .bool, .integer, .decimal, .list, .map, .object, .any: false
        }
    }

    /// Whether the field holds CEL.
    fileprivate var isExpression: Bool {
        switch self {
        case .string(.condition), .string(.expression), .string(.message): true
        default: false
        }
    }

    /// Whether a parameter of the type can be all of the field.
    fileprivate func takes(_ type: ParameterType) -> Bool {
        switch self {
        case .list(let element, _): type == .stringList && element.isTextual
        case .string, .enumeration, .reference: type != .stringList
        case .integer: type == .int
        case .decimal: type == .int || type == .double
        case .bool: type == .bool
        case .map, .object: false
        // A field that does not exist, which is reported.
        case .any: true
        }
    }
}
