import Diagnostics
import JSON
import YAML

/// The values of fields, by their types.
extension StructureChecker {
    mutating func value(_ node: YAMLNode, _ type: FieldType) {
        switch type {
        case .object(let schema): object(node, schema: schema)
        case .list(let element, let minimum):
            guard case .sequence(let items) = node.content else { return wrong(node, "a list") }
            if items.count < minimum {
                report(.invalidValue, "`\(place)` must have at least \(minimum) entr\(minimum == 1 ? "y" : "ies")", node.range)
            }
            for (number, item) in items.enumerated() { at(.item(number)) { $0.value(item, element) } }
            if items.count > 1 { reportRepeated(items, element) }
        case .map(let element):
            guard case .mapping(let entries) = node.content else { return wrong(node, "a mapping") }
            for entry in entries { at(.field(entry.key)) { $0.value(entry.value, element) } }
        case .any: break
        default: scalar(node, type)
        }
    }

    private mutating func scalar(_ node: YAMLNode, _ type: FieldType) {
        guard case .scalar(let text, let isPlain) = node.content else { return wrong(node, Self.expectation(type)) }
        if unknownValues.contains(node.range) { return }
        let found = YAMLScalarType(text, isPlain: isPlain)
        switch type {
        case .bool:
            if found != .bool { wrong(node, "`true` or `false`") }
            return
        case .integer(let range):
            guard found == .int, let number = YAMLNumber.int(text) else { return wrong(node, "an integer") }
            if !range.contains(number) {
                report(.invalidValue, "`\(place)` must be from \(range.lowerBound) to \(range.upperBound), found \(number)", node.range)
            }
            return
        case .decimal:
            guard found == .int || found == .float else { return wrong(node, "a number") }
            guard let nano = Decimal.nanoUnits(text), nano >= 0 else {
                return report(
                    .invalidValue,
                    "`\(place)` must be a decimal from 0 to 9,223,372,036 with at most nine digits after the point, found `\(text)`",
                    node.range)
            }
            return
        default: break
        }
        guard found == .string else {
            if found == .null { return wrong(node, Self.expectation(type)) }
            return wrong(node, Self.expectation(type), help: "put it in quotes: \"\(text)\"")
        }
        checkText(text, node, type)
    }

    private mutating func checkText(_ text: String, _ node: YAMLNode, _ type: FieldType) {
        switch type {
        case .enumeration(let values):
            if !values.contains(text) {
                report(
                    .invalidValue, "`\(place)` cannot be `\(text)`", node.range,
                    help: Suggestion.help(for: text, among: values) ?? "one of \(Self.names(values))")
            }
        case .string(let format):
            if let problem = FormatCheck.problem(text, format) {
                report(problem.code, "`\(place)`: \(problem.message)", node.range, help: problem.help)
            }
        default: break
        }
    }

    /// The same reference or word twice in a list is a slip that would otherwise go unnoticed.
    private mutating func reportRepeated(_ items: [YAMLNode], _ element: FieldType) {
        switch element {
        case .reference, .enumeration, .string: break
        default: return
        }
        var seen: [String: YAMLRange] = [:]
        for item in items {
            guard case .scalar(let text, _) = item.content, !unknownValues.contains(item.range) else { continue }
            if let first = seen.updateValue(item.range, forKey: text) {
                report(
                    .duplicateEntry, "`\(text)` occurs twice in `\(place)`", item.range,
                    related: [.init(span: SourceSpan(path: path, first), message: "first here")])
            }
        }
    }
}
