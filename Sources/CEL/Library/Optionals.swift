/// Optional values.
enum Optionals {
    static func apply(_ function: CELFunction, _ arguments: [CELValue]) -> CELValue {
        switch (function, arguments.first, arguments.last) {
        case (.optionalNone, _, _): .optional(nil)
        case (.optionalOf, let value?, _): .optional(value)
        case (.optionalOfNonZeroValue, let value?, _): .optional(value.isZero ? nil : value)
        case (.hasValue, .optional(let value), _): .bool(value != nil)
        case (.value, .optional(let value), _): value ?? .failure(.invalidArgument, "optional.none() dereference")
        case (.or, .optional(let value), .optional): value == nil ? arguments[1] : arguments[0]
        case (.orValue, .optional(let value), let other?): value ?? other
        case (.optionalUnwrap, .list(let list), _): unwrap(list)
        default: .noOverload(function.name, operands: arguments)
        }
    }

    /// What is in those of the optionals that are not empty.
    private static func unwrap(_ list: [CELValue]) -> CELValue {
        var result: [CELValue] = []
        for element in list {
            guard case .optional(let value) = element else { return .noOverload("unwrapOpt", element) }
            if let value { result.append(value) }
        }
        return .list(result)
    }
}
