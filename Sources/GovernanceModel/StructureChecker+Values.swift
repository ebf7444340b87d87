import Diagnostics
import JSON
import YAML

/// The values of fields, by their types.
extension StructureChecker {
    mutating func value(_ node: YAMLNode, _ type: FieldType, place: String) -> JSONValue {
        switch type {
        case .object(let schema): return .object(object(node, schema: schema, place: place))
        case .list(let element, let minimum):
            guard case .sequence(let items) = node.content else { return wrong(node, "a list", place) }
            if items.count < minimum {
                report(.invalidValue, "`\(place)` must have at least \(minimum) entr\(minimum == 1 ? "y" : "ies")", node.range)
            }
            let values = items.enumerated().map { value($1, element, place: "\(place)[\($0)]") }
            reportRepeated(items, element, place: place)
            return .array(values)
        case .map(let element):
            guard case .mapping(let entries) = node.content else { return wrong(node, "a mapping", place) }
            return .object(JSONObject(entries.map { ($0.key, value($0.value, element, place: "\(place).\($0.key)")) }))
        case .any: return JSONValue(coreSchema: node)
        default: return scalar(node, type, place: place)
        }
    }

    mutating func scalar(_ node: YAMLNode, _ type: FieldType, place: String) -> JSONValue {
        guard case .scalar(let text, let isPlain) = node.content else { return wrong(node, Self.expectation(type), place) }
        let found = YAMLScalarType(text, isPlain: isPlain)
        switch type {
        case .bool:
            guard found == .bool else { return wrong(node, "`true` or `false`", place) }
            return .bool(text.lowercased() == "true")
        case .integer(let range):
            guard found == .int, let number = YAMLNumber.int(text) else { return wrong(node, "an integer", place) }
            if !range.contains(number) {
                report(.invalidValue, "`\(place)` must be from \(range.lowerBound) to \(range.upperBound), found \(number)", node.range)
            }
            return .int(number)
        case .decimal:
            guard found == .int || found == .float else { return wrong(node, "a number", place) }
            guard let nano = Decimal.nanoUnits(text), nano >= 0 else {
                report(
                    .invalidValue,
                    "`\(place)` must be a decimal from 0 to 9,223,372,036 with at most nine digits after the point, found `\(text)`",
                    node.range)
                return .null
            }
            return .decimal(Decimal.text(nanoUnits: nano))
        default: break
        }
        guard found == .string else {
            if found == .null { return wrong(node, Self.expectation(type), place) }
            return wrong(node, Self.expectation(type), place, help: "put it in quotes: \"\(text)\"")
        }
        checkText(text, node, type, place: place)
        return .string(text)
    }

    mutating func checkText(_ text: String, _ node: YAMLNode, _ type: FieldType, place: String) {
        let located = Located(text, at: SourceSpan(path: path, node.range))
        switch type {
        case .reference(let kind): references.append(.init(kind: kind, name: located))
        case .enumeration(let values):
            if !values.contains(text) {
                report(
                    .invalidValue, "`\(place)` cannot be `\(text)`", node.range,
                    help: Suggestion.help(for: text, among: values) ?? "one of \(Self.names(values))")
            }
        case .string(let format):
            if case .glob(of: let kind?) = format { globs.append(.init(kind: kind, pattern: located)) }
            if case .subject = format, let target = SubjectReference(text) {
                references.append(.init(kind: target.kind, name: Located(target.name, at: located.span)))
            }
            if case .control = format, let slash = text.firstIndex(of: "/") {
                references.append(.init(kind: .complianceFramework, name: Located(String(text[..<slash]), at: located.span)))
            }
            if let problem = FormatCheck.problem(text, format) {
                report(problem.code, "`\(place)`: \(problem.message)", node.range, help: problem.help)
            }
        default: break
        }
    }

    /// The same reference or word twice in a list is a slip that would otherwise go unnoticed.
    mutating func reportRepeated(_ items: [YAMLNode], _ element: FieldType, place: String) {
        switch element {
        case .reference, .enumeration, .string: break
        default: return
        }
        var seen: [String: YAMLRange] = [:]
        for item in items {
            guard case .scalar(let text, _) = item.content else { continue }
            if let first = seen.updateValue(item.range, forKey: text) {
                report(
                    .duplicateEntry, "`\(text)` occurs twice in `\(place)`", item.range,
                    related: [.init(span: SourceSpan(path: path, first), message: "first here")])
            }
        }
    }
}
