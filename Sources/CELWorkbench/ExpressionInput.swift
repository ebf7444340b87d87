import CEL
import JSON

/// Variables for an expression, made from a JSON object: a member a variable.
public struct ExpressionInput: Sendable {
    public var environment: CELEnvironment
    public var slots: [CELValue?]

    /// Scalars get their own types, so that mistakes are found when the expression is checked; what is inside lists and objects is `dyn`.
    public init(_ object: JSONObject) {
        var variables: [CELEnvironment.Variable] = []
        slots = []
        for member in object.members {
            let value = Self.value(member.value)
            variables.append(.init(member.name, Self.type(of: value)))
            slots.append(value)
        }
        environment = CELEnvironment(variables: variables)
    }

    private static func value(_ json: JSONValue) -> CELValue {
        switch json {
        case .null: .null
        case .bool(let flag): .bool(flag)
        case .int(let number): .int(number)
        case .double(let number): .double(number)
        case .decimal(let text): Double(text).map { .double($0) } ?? .null
        case .string(let text): .string(text)
        case .array(let items): .list(items.map(value))
        case .object(let object): .map(CELMap(object.members.map { ($0.name, value($0.value)) }))
        }
    }

    private static func type(of value: CELValue) -> CELType {
        switch value {
        case .bool: .bool
        case .int: .int
        case .double: .double
        case .string: .string
        case .list: .list(.dyn)
        case .map: .map(.string, .dyn)
        default: .dyn
        }
    }
}
