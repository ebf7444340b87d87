/// Type conversions (cel-spec langdef: Type Conversions).
enum Conversion {
    static func apply(_ function: CELFunction, _ value: CELValue, _ meter: inout Meter) -> CELValue {
        switch function {
        case .toInt: int(value)
        case .toUint: uint(value)
        case .toDouble: double(value)
        case .toString: string(value, &meter)
        case .toBool: bool(value)
        case .toBytes: bytes(value, &meter)
        case .toTimestamp: timestamp(value)
        case .toDuration: duration(value)
        default: .malformed
        }
    }

    private static var range: CELValue { .failure(.overflow, "range error: the number does not fit the type") }

    private static func unreadable(_ text: String, _ type: String) -> CELValue {
        .failure(.conversion, "type conversion error: cannot read a \(type) from \"\(CELValue.string(String(text.prefix(64))).text)\"")
    }

    private static func int(_ value: CELValue) -> CELValue {
        switch value {
        case .int: value
        case .uint(let number): Int64(exactly: number).map { .int($0) } ?? range
        // Both ends of the range are left out: a double that rounds to one of them may stand for a number beyond it.
        case .double(let number): number > -0x1p63 && number < 0x1p63 ? .int(Int64(number)) : range
        case .string(let text): Int64(text).map { .int($0) } ?? unreadable(text, "int")
        case .timestamp(let time): .int(time.seconds)
        case .duration(let length): .int(length.nanoseconds / 1_000_000_000)
        default: .noOverload("int", value)
        }
    }

    private static func uint(_ value: CELValue) -> CELValue {
        switch value {
        case .uint: value
        case .int(let number): UInt64(exactly: number).map { .uint($0) } ?? range
        case .double(let number): number >= 0 && number < 0x1p64 ? .uint(UInt64(number)) : range
        case .string(let text): UInt64(text).map { .uint($0) } ?? unreadable(text, "uint")
        default: .noOverload("uint", value)
        }
    }

    private static func double(_ value: CELValue) -> CELValue {
        switch value {
        case .double: return value
        case .int(let number): return .double(Double(number))
        case .uint(let number): return .double(Double(number))
        case .string(let text):
            switch text {
            case "NaN", "nan": return .double(.nan)
            case "Infinity", "+Infinity", "inf", "+inf", "Inf", "+Inf": return .double(.infinity)
            case "-Infinity", "-inf", "-Inf": return .double(-.infinity)
            default:
                // Swift would also read hexadecimal numbers and further names.
                guard text.utf8.allSatisfy({ $0.isDigit || [43, 45, 46, 69, 101].contains($0) }), let number = Double(text) else {
                    return unreadable(text, "double")
                }
                return number.isFinite ? .double(number) : range
            }
        default: return .noOverload("double", value)
        }
    }

    private static func string(_ value: CELValue, _ meter: inout Meter) -> CELValue {
        switch value {
        case .string: return value
        case .bool, .int, .uint, .double, .timestamp, .duration, .address, .network: return .string(value.text)
        case .bytes(let bytes):
            guard meter.charge(text: bytes.count) else { return .budgetExceeded }
            return String(validating: bytes, as: UTF8.self).map { .string($0) } ?? .failure(.conversion, "invalid UTF-8 in bytes")
        default: return .noOverload("string", value)
        }
    }

    private static func bool(_ value: CELValue) -> CELValue {
        switch value {
        case .bool: value
        case .string("true"), .string("True"), .string("TRUE"), .string("t"), .string("T"), .string("1"): .bool(true)
        case .string("false"), .string("False"), .string("FALSE"), .string("f"), .string("F"), .string("0"): .bool(false)
        case .string(let text): unreadable(text, "bool")
        default: .noOverload("bool", value)
        }
    }

    private static func bytes(_ value: CELValue, _ meter: inout Meter) -> CELValue {
        switch value {
        case .bytes: value
        case .string(let text): meter.charge(text: text.utf8.count) ? .bytes(Array(text.utf8)) : .budgetExceeded
        default: .noOverload("bytes", value)
        }
    }

    private static func timestamp(_ value: CELValue) -> CELValue {
        switch value {
        case .timestamp: value
        case .int(let seconds): CELTimestamp(seconds: seconds).map { .timestamp($0) } ?? range
        case .string(let text): CELTimestamp(text: text).map { .timestamp($0) } ?? unreadable(text, "timestamp")
        default: .noOverload("timestamp", value)
        }
    }

    private static func duration(_ value: CELValue) -> CELValue {
        switch value {
        case .duration: value
        case .string(let text): CELDuration(text: text).map { .duration($0) } ?? unreadable(text, "duration")
        default: .noOverload("duration", value)
        }
    }
}
