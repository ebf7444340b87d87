/// Arithmetic operators (cel-spec langdef: Numeric Values, Overflow). What does not fit is an error.
enum Arithmetic {
    static func add(_ left: CELValue, _ right: CELValue, _ meter: inout Meter) -> CELValue {
        switch (left, right) {
        case (.int(let left), .int(let right)): checked(left.addingReportingOverflow(right)) { .int($0) }
        case (.uint(let left), .uint(let right)): checked(left.addingReportingOverflow(right)) { .uint($0) }
        case (.double(let left), .double(let right)): .double(left + right)
        case (.string(let left), .string(let right)):
            meter.charge(text: left.utf8.count + right.utf8.count) ? .string(left + right) : .budgetExceeded
        case (.bytes(let left), .bytes(let right)): meter.charge(text: left.count + right.count) ? .bytes(left + right) : .budgetExceeded
        case (.list(let left), .list(let right)): meter.charge(left.count + right.count) ? .list(left + right) : .budgetExceeded
        case (.duration(let left), .duration(let right)):
            checked(left.nanoseconds.addingReportingOverflow(right.nanoseconds)) { .duration(CELDuration(nanoseconds: $0)) }
        case (.timestamp(let time), .duration(let length)), (.duration(let length), .timestamp(let time)):
            time.advanced(by: length).map { .timestamp($0) } ?? timestampRange
        default: .noOverload("+", left, right)
        }
    }

    static func subtract(_ left: CELValue, _ right: CELValue) -> CELValue {
        switch (left, right) {
        case (.int(let left), .int(let right)): checked(left.subtractingReportingOverflow(right)) { .int($0) }
        case (.uint(let left), .uint(let right)): checked(left.subtractingReportingOverflow(right)) { .uint($0) }
        case (.double(let left), .double(let right)): .double(left - right)
        case (.duration(let left), .duration(let right)):
            checked(left.nanoseconds.subtractingReportingOverflow(right.nanoseconds)) { .duration(CELDuration(nanoseconds: $0)) }
        case (.timestamp(let left), .timestamp(let right)): left.since(right).map { .duration($0) } ?? .overflow
        case (.timestamp(let time), .duration(let length)): time.receded(by: length).map { .timestamp($0) } ?? timestampRange
        default: .noOverload("-", left, right)
        }
    }

    static func multiply(_ left: CELValue, _ right: CELValue) -> CELValue {
        switch (left, right) {
        case (.int(let left), .int(let right)): checked(left.multipliedReportingOverflow(by: right)) { .int($0) }
        case (.uint(let left), .uint(let right)): checked(left.multipliedReportingOverflow(by: right)) { .uint($0) }
        case (.double(let left), .double(let right)): .double(left * right)
        default: .noOverload("*", left, right)
        }
    }

    static func divide(_ left: CELValue, _ right: CELValue) -> CELValue {
        switch (left, right) {
        case (.int, .int(0)), (.uint, .uint(0)): .failure(.divideByZero, "divide by zero")
        case (.int(let left), .int(let right)): checked(left.dividedReportingOverflow(by: right)) { .int($0) }
        case (.uint(let left), .uint(let right)): .uint(left / right)
        case (.double(let left), .double(let right)): .double(left / right)
        default: .noOverload("/", left, right)
        }
    }

    static func modulo(_ left: CELValue, _ right: CELValue) -> CELValue {
        switch (left, right) {
        case (.int, .int(0)), (.uint, .uint(0)): .failure(.divideByZero, "modulus by zero")
        case (.int(let left), .int(let right)): checked(left.remainderReportingOverflow(dividingBy: right)) { .int($0) }
        case (.uint(let left), .uint(let right)): .uint(left % right)
        default: .noOverload("%", left, right)
        }
    }

    static func negate(_ value: CELValue) -> CELValue {
        switch value {
        case .int(let value): checked(Int64(0).subtractingReportingOverflow(value)) { .int($0) }
        case .double(let value): .double(-value)
        case .duration(let value):
            checked(Int64(0).subtractingReportingOverflow(value.nanoseconds)) { .duration(CELDuration(nanoseconds: $0)) }
        default: .noOverload("-", value)
        }
    }

    private static var timestampRange: CELValue { .failure(.overflow, "timestamp is out of range") }

    private static func checked<T>(_ result: (partialValue: T, overflow: Bool), _ make: (T) -> CELValue) -> CELValue {
        result.overflow ? .overflow : make(result.partialValue)
    }
}
