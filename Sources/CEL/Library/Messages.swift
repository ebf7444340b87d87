/// What the well-known messages of protocol buffers make of their fields (cel-spec langdef: Dynamic Values).
enum Messages {
    static func apply(_ function: CELFunction, _ arguments: [CELValue], _ meter: inout Meter) -> CELValue {
        switch (function, arguments[0]) {
        case (.wrapInt32, .int(let number)): return Int32(exactly: number) == nil ? range : arguments[0]
        case (.wrapUInt32, .uint(let number)): return UInt32(exactly: number) == nil ? range : arguments[0]
        case (.wrapFloat, .double(let number)): return .double(Double(Float(number)))
        case (.wrapInt64, .int), (.wrapUInt64, .uint), (.wrapDouble, .double), (.wrapBool, .bool), (.wrapString, .string),
            (.wrapBytes, .bytes), (.jsonNumber, .double), (.jsonString, .string), (.jsonBool, .bool):
            return arguments[0]
        case (.jsonNull, .null), (.jsonNull, .int(0)): return .null
        case (.jsonStruct, .map), (.jsonList, .list): return json(arguments[0], &meter)
        case (.makeTimestamp, .int(let seconds)): return timestamp(seconds, arguments[1])
        case (.unpackAny, .string(let address)): return AnyMessage.unpack(address, arguments[1], &meter)
        case (.makeDuration, .int(let seconds)): return duration(seconds, arguments[1])
        default: return .noOverload("message", operands: arguments)
        }
    }

    static var range: CELValue { .failure(.overflow, "range error: the number does not fit the field") }

    static func timestamp(_ seconds: Int64, _ nanoseconds: CELValue) -> CELValue {
        guard case .int(let nanoseconds) = nanoseconds else { return .noOverload("google.protobuf.Timestamp", nanoseconds) }
        guard let part = Int32(exactly: nanoseconds), let time = CELTimestamp(seconds: seconds, nanoseconds: part) else { return range }
        return .timestamp(time)
    }

    static func duration(_ seconds: Int64, _ nanoseconds: CELValue) -> CELValue {
        guard case .int(let nanoseconds) = nanoseconds else { return .noOverload("google.protobuf.Duration", nanoseconds) }
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (total, carry) = scaled.addingReportingOverflow(nanoseconds)
        return overflow || carry || nanoseconds.magnitude >= 1_000_000_000 ? range : .duration(CELDuration(nanoseconds: total))
    }

    /// The value as JSON holds it: numbers are doubles, keys are strings (cel-spec langdef: JSON Data Conversion).
    private static func json(_ value: CELValue, _ meter: inout Meter) -> CELValue {
        guard meter.charge(1), meter.enter() else { return .budgetExceeded }
        defer { meter.leave() }
        switch value {
        case .null, .bool, .string, .error: return value
        case .double(let number): return number.isFinite ? value : .string(value.text)
        // Beyond, not every whole number has a double of its own.
        case .int(let number): return number.magnitude < 1 << 53 ? .double(Double(number)) : .string(value.text)
        case .uint(let number): return number < 1 << 53 ? .double(Double(number)) : .string(value.text)
        case .bytes(let bytes): return meter.charge(text: bytes.count) ? .string(Base64.encode(bytes)) : .budgetExceeded
        case .timestamp, .duration: return .string(value.text)
        case .list(let list):
            var result: [CELValue] = []
            for element in list {
                let element = json(element, &meter)
                if element.isError { return element }
                result.append(element)
            }
            return .list(result)
        case .map(let map):
            var result = CELMap()
            for (key, value) in map {
                guard case .string = key else { return .noOverload("google.protobuf.Struct", key) }
                if let error = result.insert(key, json(value, &meter)) { return error }
            }
            return .map(result)
        case .type, .optional, .address, .network, .pattern: return .noOverload("google.protobuf.Value", value)
        }
    }
}
