import YAML

/// What a template says of one of its parameters.
struct TemplateParameter {
    var name: String
    /// Where it is declared.
    var range: YAMLRange
    var type: ParameterType
    /// Without it a policy must give a value.
    var standard: YAMLNode?
    var values: [YAMLNode]
    var minimum: YAMLNode?
    var maximum: YAMLNode?
    var pattern: YAMLNode?
    var minItems: YAMLNode?
    var maxItems: YAMLNode?
    /// The kind of the documents that values name.
    var references: Kind?

    /// - Parameter node: an item of `parameters` whose structure has been checked.
    init?(_ node: YAMLNode) {
        guard let name = node["name"], let text = name.scalarText, let type = node["type"]?.scalarText.flatMap(ParameterType.init) else {
            return nil
        }
        self.name = text
        self.type = type
        range = name.range
        standard = node["default"]
        values = node["values"]?.items ?? []
        minimum = node["minimum"]
        maximum = node["maximum"]
        pattern = node["pattern"]
        minItems = node["minItems"]
        maxItems = node["maxItems"]
        references = node["references"]?.scalarText.flatMap(Kind.init)
    }

    /// The node that a template is checked by itself with: the default, or the first of the values allowed.
    var specimen: YAMLNode? {
        if let standard { return standard }
        guard let first = values.first else { return nil }
        return type == .stringList ? YAMLNode(content: .sequence([first]), range: first.range) : first
    }

    static func all(of spec: YAMLNode) -> [TemplateParameter] { spec["parameters"]?.items.compactMap(TemplateParameter.init) ?? [] }
}

/// What a parameter holds.
enum ParameterType: String, CaseIterable {
    case string, int, double, bool, timestamp, duration, stringList

    /// Whether values have an order, so that they can be too small or too large.
    var isOrdered: Bool { [.int, .double, .timestamp, .duration].contains(self) }
    /// Whether values are made of text that documents choose freely.
    var isTextual: Bool { self == .string || self == .stringList }

    /// As a message says it.
    var expectation: String {
        switch self {
        case .string: "a text"
        case .int: "an integer"
        case .double: "a number"
        case .bool: "`true` or `false`"
        case .timestamp: "a date or time"
        case .duration: "a length of time such as `15m`"
        case .stringList: "a list of texts"
        }
    }
}
