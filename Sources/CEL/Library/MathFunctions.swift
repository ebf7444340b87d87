import Glibc

/// The math extensions.
enum MathFunctions {
    static func apply(_ function: CELFunction, _ arguments: [CELValue], _ meter: inout Meter) -> CELValue {
        switch (function, arguments[0]) {
        case (.greatest, let value), (.least, let value): return extreme(function, value, &meter)
        case (.bitAnd, let value), (.bitOr, let value), (.bitXor, let value): return combine(function, value, &meter)
        case (.bitShiftLeft, _), (.bitShiftRight, _): return shift(function, arguments[0], arguments[1])
        case (.abs, .int(let number)): return number == .min ? .overflow : .int(Swift.abs(number))
        case (.sign, .int(let number)): return .int(number.signum())
        case (.abs, .uint), (.sign, .uint(0)): return arguments[0]
        case (.sign, .uint): return .uint(1)
        case (.bitNot, .int(let number)): return .int(~number)
        case (.bitNot, .uint(let number)): return .uint(~number)
        case (.squareRoot, .int(let number)): return .double(Double(number).squareRoot())
        case (.squareRoot, .uint(let number)): return .double(Double(number).squareRoot())
        case (_, .double(let number)): return real(function, number)
        default: return .noOverload(function.name, operands: arguments)
        }
    }

    private static func real(_ function: CELFunction, _ number: Double) -> CELValue {
        switch function {
        case .ceil: .double(number.rounded(.up))
        case .floor: .double(number.rounded(.down))
        case .round: .double(number.rounded(.toNearestOrAwayFromZero))
        case .trunc: .double(number.rounded(.towardZero))
        case .abs: .double(number.magnitude)
        case .sign: .double(number > 0 ? 1 : number < 0 ? -1 : number.isNaN ? number : 0)
        case .isNaN: .bool(number.isNaN)
        case .isInf: .bool(number.isInfinite)
        case .isFinite: .bool(number.isFinite)
        case .squareRoot: .double(number.squareRoot())
        default: .noOverload(function.name, .double(number))
        }
    }

    /// Over a list of numbers, or the one number that is given.
    private static func extreme(_ function: CELFunction, _ value: CELValue, _ meter: inout Meter) -> CELValue {
        let numbers = value.elements
        guard meter.charge(numbers.count) else { return .budgetExceeded }
        guard var best = numbers.first else { return .failure(.invalidArgument, "\(function.name) needs at least one number") }
        guard best.isNumber else { return .noOverload(function.name, best) }
        for number in numbers.dropFirst() {
            guard number.isNumber else { return .noOverload(function.name, number) }
            guard let order = number.numericOrder(best) else { return .failure(.invalidArgument, "NaN cannot be ordered") }
            if order == (function == .greatest ? .greater : .less) { best = number }
        }
        return best
    }

    private static func combine(_ function: CELFunction, _ value: CELValue, _ meter: inout Meter) -> CELValue {
        let numbers = value.elements
        guard meter.charge(numbers.count) else { return .budgetExceeded }
        guard var result = numbers.first else { return .failure(.invalidArgument, "\(function.name) needs at least one number") }
        switch result {
        case .int, .uint: break
        default: return .noOverload(function.name, result)
        }
        for number in numbers.dropFirst() {
            switch (result, number) {
            case (.int(let left), .int(let right)): result = .int(bits(function, left, right))
            case (.uint(let left), .uint(let right)): result = .uint(bits(function, left, right))
            default: return .noOverload(function.name, result, number)
            }
        }
        return result
    }

    private static func bits<T: FixedWidthInteger>(_ function: CELFunction, _ left: T, _ right: T) -> T {
        switch function {
        case .bitAnd: left & right
        case .bitOr: left | right
        default: left ^ right
        }
    }

    // Vacated bits are zero, those of a negative number included.
    private static func shift(_ function: CELFunction, _ value: CELValue, _ count: CELValue) -> CELValue {
        guard case .int(let count) = count else { return .noOverload(function.name, value, count) }
        guard count >= 0 else { return .failure(.invalidArgument, "\(function.name): negative offset \(count)") }
        switch value {
        case .int(let number):
            let bits = UInt64(bitPattern: number)
            return .int(Int64(bitPattern: function == .bitShiftLeft ? bits << count : bits >> count))
        case .uint(let number): return .uint(function == .bitShiftLeft ? number << count : number >> count)
        default: return .noOverload(function.name, value, .int(count))
        }
    }
}

extension CELValue {
    fileprivate var isNumber: Bool {
        switch self {
        case .int, .uint, .double: true
        default: false
        }
    }

    /// A list's elements, or the value alone.
    fileprivate var elements: [CELValue] {
        if case .list(let list) = self { return list }
        return [self]
    }
}
