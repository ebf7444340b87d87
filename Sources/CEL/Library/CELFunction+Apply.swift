extension CELFunction {
    /// Calls the function. An argument that is an error is the result; the first one, if there are several.
    func apply(_ arguments: [CELValue], _ meter: inout Meter) -> CELValue {
        for argument in arguments { if case .error = argument { return argument } }
        guard arguments.count == arity else { return .malformed }
        switch rawValue {
        case 1..<32: return applyOperator(arguments, &meter)
        case 32..<64: return applyStandard(arguments, &meter)
        case 64..<96: return Temporal.apply(self, arguments)
        case 96..<128: return Optionals.apply(self, arguments)
        case 128..<192: return StringFunctions.apply(self, arguments, &meter)
        case 192..<224: return MathFunctions.apply(self, arguments, &meter)
        case 224..<240: return Base64.apply(self, arguments[0], &meter)
        case 240..<256: return ListFunctions.apply(self, arguments, &meter)
        case 256..<264: return SetFunctions.apply(self, arguments, &meter)
        case 264..<288: return RegexFunctions.apply(self, arguments, &meter)
        case 288..<320: return NetworkFunctions.apply(self, arguments)
        default: return Messages.apply(self, arguments, &meter)
        }
    }

    private func applyOperator(_ arguments: [CELValue], _ meter: inout Meter) -> CELValue {
        let first = arguments[0]
        guard arguments.count == 2 else { return self == .not ? Logic.not(first) : Arithmetic.negate(first) }
        let second = arguments[1]
        return switch self {
        case .add: Arithmetic.add(first, second, &meter)
        case .subtract: Arithmetic.subtract(first, second)
        case .multiply: Arithmetic.multiply(first, second)
        case .divide: Arithmetic.divide(first, second)
        case .modulo: Arithmetic.modulo(first, second)
        case .equal: Comparison.equal(first, second, &meter)
        case .notEqual: Logic.not(Comparison.equal(first, second, &meter))
        case .less: Comparison.less(first, second, &meter)
        case .lessOrEqual: Comparison.lessOrEqual(first, second, &meter)
        case .greater: Comparison.greater(first, second, &meter)
        case .greaterOrEqual: Comparison.greaterOrEqual(first, second, &meter)
        default: Comparison.isIn(first, second, &meter)
        }
    }

    private func applyStandard(_ arguments: [CELValue], _ meter: inout Meter) -> CELValue {
        switch self {
        case .size: Text.size(arguments[0], &meter)
        case .contains, .startsWith, .endsWith: Text.search(self, arguments[0], arguments[1], &meter)
        case .matches: Text.matches(arguments[0], arguments[1], &meter)
        case .typeOf: .type(arguments[0].typeName)
        case .toDyn: arguments[0]
        default: Conversion.apply(self, arguments[0], &meter)
        }
    }
}
