import CEL
import Diagnostics
import YAML

/// The parameters of a template, and values given to them.
extension StructureChecker {
    /// Checks what a template declares: names, and that constraints, defaults and values fit each other.
    mutating func declarations(_ parameters: [TemplateParameter]) {
        var first: [String: YAMLRange] = [:]
        for parameter in parameters {
            if !PlaceholderText.isName(parameter.name) {
                report(
                    .invalidName, "`\(parameter.name)` cannot name a parameter", parameter.range,
                    help: "letters, digits and `_`, not beginning with a digit")
            }
            if let other = first.updateValue(parameter.range, forKey: parameter.name) {
                report(
                    .duplicateEntry, "the parameter `\(parameter.name)` is declared twice", parameter.range,
                    related: [.init(span: SourceSpan(path: path, other), message: "first here")], help: "rename one of the two")
            }
            let before = diagnostics.count
            constraints(parameter)
            // What contradicts itself can hold no value.
            if diagnostics.count > before { continue }
            var unlimited = parameter
            unlimited.values = []
            for value in parameter.values { _ = self.value(value, of: unlimited, listed: true) }
            if diagnostics.count == before, let standard = parameter.standard { _ = value(standard, of: parameter) }
        }
    }

    private mutating func constraints(_ parameter: TemplateParameter) {
        let (type, name) = (parameter.type, parameter.name)
        func refuse(_ field: String, _ node: YAMLNode?, unless isGood: Bool) -> YAMLRange? { isGood ? nil : node?.range }
        let meaningless: [(field: String, range: YAMLRange?)] = [
            ("minimum", refuse("minimum", parameter.minimum, unless: type.isOrdered)),
            ("maximum", refuse("maximum", parameter.maximum, unless: type.isOrdered)),
            ("pattern", refuse("pattern", parameter.pattern, unless: type.isTextual)),
            ("minItems", refuse("minItems", parameter.minItems, unless: type == .stringList)),
            ("maxItems", refuse("maxItems", parameter.maxItems, unless: type == .stringList)),
        ]
        for (field, range) in meaningless {
            guard let range else { continue }
            report(
                .invalidParameter, "`\(field)` has no meaning for `\(name)`, which is of type `\(type.rawValue)`", range, help: "remove it")
        }
        if parameter.references != nil, !type.isTextual {
            report(
                .invalidParameter, "`\(name)` is of type `\(type.rawValue)` and cannot name documents", parameter.range,
                help: "make it a `string` or a `stringList`, or remove `references`")
        }
        if type.isOrdered { limits(parameter) }
        if let minimum = parameter.minItems, let maximum = parameter.maxItems, let least = minimum.scalarText.flatMap(YAMLNumber.int),
            let most = maximum.scalarText.flatMap(YAMLNumber.int), least > most
        {
            crossed("minItems", minimum, "maxItems", maximum, name)
        }
        if let pattern = parameter.pattern, let text = pattern.scalarText, type.isTextual {
            do throws(CELError) { _ = try CELPattern(text) } catch {
                report(.invalidPattern, error.message, pattern.range, help: "the syntax is RE2's: no look-around, no back-references")
            }
        }
    }

    private mutating func limits(_ parameter: TemplateParameter) {
        var values: [ParameterValue] = []
        for node in [parameter.minimum, parameter.maximum].compactMap({ $0 }) {
            if let value = ParameterValue(node, parameter.type) {
                values.append(value)
            } else {
                report(
                    .parameterType, "the limits of `\(parameter.name)` must be \(parameter.type.expectation), found \(Self.describe(node))",
                    node.range)
            }
        }
        if let minimum = parameter.minimum, let maximum = parameter.maximum, values.count == 2, values[1].isLess(than: values[0]) == true {
            crossed("minimum", minimum, "maximum", maximum, parameter.name)
        }
    }

    private mutating func crossed(_ low: String, _ minimum: YAMLNode, _ high: String, _ maximum: YAMLNode, _ name: String) {
        report(
            .invalidParameter, "the `\(low)` of `\(name)` is above its `\(high)`: no value is allowed", minimum.range,
            related: [.init(span: SourceSpan(path: path, maximum.range), message: "the `\(high)`")])
    }

    // MARK: Values

    /// So many names or values are listed in a help.
    static let namesShown = 20

    /// Checks a value against the parameter's declaration.
    ///
    /// - Parameter listed: whether it is one of the parameter's own `values`, which for a list are values of its items.
    mutating func value(_ node: YAMLNode, of parameter: TemplateParameter, listed: Bool = false) -> ParameterValue? {
        let type = listed && parameter.type == .stringList ? .string : parameter.type
        let before = diagnostics.count
        guard let value = ParameterValue(node, type) else {
            var help: String?
            if type == .string, case .scalar(let text, _) = node.content, !text.isEmpty {
                help = "put it in quotes: \"\(Self.excerpt(text, 60))\""
            }
            if type == .stringList, node.scalarText != nil { help = "put it in brackets" }
            refuse(.parameterType, "must be \(type.expectation), found \(Self.describe(node))", node, parameter, help: help)
            return nil
        }
        if case .list(let texts) = value {
            count(texts.count, node, parameter)
            let allowed = Set(parameter.values.compactMap { $0.scalarText.map { Array($0.utf8) } })
            let pattern = pattern(of: parameter)
            // A list is made of scalars, as many as there are texts.
            for (text, item) in zip(texts, node.items) {
                if !allowed.isEmpty, !allowed.contains(Array(text.utf8)) { notAmong(text, item, parameter, "cannot hold") }
                matches(text, pattern, item, parameter)
            }
        } else {
            among(value, node, parameter)
            if case .text(let text) = value { matches(text, pattern(of: parameter), node, parameter) }
            if let minimum = parameter.minimum, let limit = ParameterValue(minimum, type), value.isLess(than: limit) == true {
                refuse(.parameterValue, "must be at least \(Self.quote(minimum)), found \(Self.quote(node))", node, parameter)
            }
            if let maximum = parameter.maximum, let limit = ParameterValue(maximum, type), limit.isLess(than: value) == true {
                refuse(.parameterValue, "must be at most \(Self.quote(maximum)), found \(Self.quote(node))", node, parameter)
            }
        }
        return diagnostics.count == before ? value : nil
    }

    private mutating func among(_ value: ParameterValue, _ node: YAMLNode, _ parameter: TemplateParameter) {
        let values = parameter.values
        if values.isEmpty || values.contains(where: { ParameterValue($0, parameter.type)?.isSame(as: value) == true }) { return }
        notAmong(value.plainText ?? "", node, parameter, "cannot be")
    }

    private mutating func notAmong(_ text: String, _ node: YAMLNode, _ parameter: TemplateParameter, _ verb: String) {
        let texts = parameter.values.lazy.compactMap(\.scalarText)
        refuse(
            .parameterValue, "\(verb) \(Self.quote(node))", node, parameter,
            help: suggestion(for: text, among: texts) ?? "one of \(Self.names(Array(texts.prefix(Self.namesShown))))")
    }

    /// A parameter's pattern, for a whole text.
    private func pattern(of parameter: TemplateParameter) -> CELPattern? {
        // A pattern that is invalid by itself could become another one between brackets, and has been reported.
        guard let text = parameter.pattern?.scalarText, (try? CELPattern(text)) != nil else { return nil }
        return try? CELPattern("\\A(?:\(text))\\z")
    }

    private mutating func matches(_ text: String, _ pattern: CELPattern?, _ node: YAMLNode, _ parameter: TemplateParameter) {
        guard let pattern, !pattern.isFound(in: text) else { return }
        refuse(
            .parameterValue, "cannot be \(Self.quote(node)), which does not match `\(parameter.pattern?.scalarText ?? "")`", node, parameter
        )
    }

    private mutating func count(_ count: Int, _ node: YAMLNode, _ parameter: TemplateParameter) {
        func limit(_ node: YAMLNode?) -> Int64? { node?.scalarText.flatMap(YAMLNumber.int) }
        if let least = limit(parameter.minItems), count < least {
            refuse(.parameterValue, "must have at least \(least) item\(least == 1 ? "" : "s"), found \(count)", node, parameter)
        }
        if let most = limit(parameter.maxItems), count > most {
            refuse(.parameterValue, "must have at most \(most) item\(most == 1 ? "" : "s"), found \(count)", node, parameter)
        }
    }

    private mutating func refuse(
        _ code: DiagnosticCode, _ message: String, _ node: YAMLNode, _ parameter: TemplateParameter, help: String? = nil
    ) {
        report(
            code, "the parameter `\(parameter.name)` \(message)", node.range,
            related: [.init(span: SourceSpan(path: path, parameter.range), message: "declared here")], help: help)
    }
}
