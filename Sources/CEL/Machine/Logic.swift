/// Logical operators over values that may be errors (cel-spec langdef: Logical Operators).
enum Logic {
    static func and(_ left: CELValue, _ right: CELValue) -> CELValue {
        switch (left, right) {
        case (.bool(false), _), (_, .bool(false)): .bool(false)
        case (.bool(true), .bool(true)): .bool(true)
        default: failure("&&", left, right)
        }
    }

    static func or(_ left: CELValue, _ right: CELValue) -> CELValue {
        switch (left, right) {
        case (.bool(true), _), (_, .bool(true)): .bool(true)
        case (.bool(false), .bool(false)): .bool(false)
        default: failure("||", left, right)
        }
    }

    static func not(_ value: CELValue) -> CELValue {
        if case .bool(let value) = value { return .bool(!value) }
        return .noOverload("!", value)
    }

    private static func failure(_ name: String, _ left: CELValue, _ right: CELValue) -> CELValue { .noOverload(name, left, right) }
}
