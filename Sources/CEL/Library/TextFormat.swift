/// `string.format` (cel-spec doc/extensions/strings.md).
enum TextFormat {
    static func format(_ pattern: String, _ values: [CELValue], _ meter: inout Meter) -> CELValue {
        var rest = Substring(pattern).unicodeScalars
        var output = ""
        var next = 0
        while let scalar = rest.popFirst() {
            guard scalar == "%" else {
                output.unicodeScalars.append(scalar)
                continue
            }
            if rest.first == "%" {
                rest.removeFirst()
                output += "%"
                continue
            }
            guard let precision = precision(&rest) else { return failure("could not parse formatting clause: invalid precision") }
            guard let clause = rest.popFirst() else { return failure("unexpected end of format string") }
            guard "sdfexXob".unicodeScalars.contains(clause) else {
                return failure("could not parse formatting clause: unrecognized formatting clause \"\(clause)\"")
            }
            guard next < values.count else { return failure("index \(next) out of range") }
            guard let text = write(values[next], clause, precision.value, &meter) else {
                if meter.isExhausted { return .budgetExceeded }
                return failure("error during formatting: clause %\(clause) cannot format \(values[next].typeName)")
            }
            next += 1
            guard meter.charge(text: 16 + text.utf8.count) else { return .budgetExceeded }
            output += text
        }
        return .string(output)
    }

    private static func failure(_ message: String) -> CELValue { .failure(.invalidArgument, message) }

    /// `.3`, or nothing. Nil when it is not a number that can be used.
    private static func precision(_ rest: inout Substring.UnicodeScalarView) -> (value: Int?, isValid: Bool)? {
        guard rest.first == "." else { return (nil, true) }
        rest.removeFirst()
        let digits = rest.prefix { ("0"..."9").contains($0) }
        rest = rest[digits.endIndex...]
        guard let value = Int(String(digits)), value <= 1_000 else { return nil }
        return (value, true)
    }

    private static func write(_ value: CELValue, _ clause: Unicode.Scalar, _ precision: Int?, _ meter: inout Meter) -> String? {
        switch (clause, value) {
        case ("s", _): return string(value, &meter)
        case ("d", .int), ("d", .uint), ("d", .double): return string(value, &meter)
        case ("f", .int(let number)): return DecimalText.fixed(Double(number), precision ?? 6)
        case ("f", .uint(let number)): return DecimalText.fixed(Double(number), precision ?? 6)
        case ("f", .double(let number)): return DecimalText.fixed(number, precision ?? 6)
        case ("e", .int(let number)): return DecimalText.scientific(Double(number), precision ?? 6)
        case ("e", .uint(let number)): return DecimalText.scientific(Double(number), precision ?? 6)
        case ("e", .double(let number)): return DecimalText.scientific(number, precision ?? 6)
        case ("b", .bool(let value)): return value ? "1" : "0"
        case ("b", .int(let number)): return String(number, radix: 2)
        case ("b", .uint(let number)): return String(number, radix: 2)
        case ("o", .int(let number)): return String(number, radix: 8)
        case ("o", .uint(let number)): return String(number, radix: 8)
        case ("x", .int(let number)), ("X", .int(let number)): return String(number, radix: 16, uppercase: clause == "X")
        case ("x", .uint(let number)), ("X", .uint(let number)): return String(number, radix: 16, uppercase: clause == "X")
        case ("x", .string(let text)), ("X", .string(let text)): return hexadecimal(text.utf8, uppercase: clause == "X", &meter)
        case ("x", .bytes(let bytes)), ("X", .bytes(let bytes)): return hexadecimal(bytes, uppercase: clause == "X", &meter)
        default: return nil
        }
    }

    private static func hexadecimal(_ bytes: some Collection<UInt8>, uppercase: Bool, _ meter: inout Meter) -> String? {
        guard meter.charge(bytes.count) else { return nil }
        return bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: uppercase) }.joined()
    }

    /// The text of any value; nil for one that has none, or when the budget is spent.
    private static func string(_ value: CELValue, _ meter: inout Meter) -> String? {
        guard meter.charge(text: 16 + value.textSize), meter.enter() else { return nil }
        defer { meter.leave() }
        switch value {
        case .double(let number): return DecimalText.plain(number)
        case .string(let text): return text
        case .bytes(let bytes): return repaired(bytes)
        case .list(let list):
            var parts: [String] = []
            for element in list {
                guard let part = string(element, &meter), meter.charge(text: part.utf8.count) else { return nil }
                parts.append(part)
            }
            return "[" + parts.joined(separator: ", ") + "]"
        case .map(let map):
            var parts: [(key: String, value: String)] = []
            for (key, value) in map {
                guard let key = string(key, &meter), let part = string(value, &meter), meter.charge(text: part.utf8.count) else {
                    return nil
                }
                parts.append((key, part))
            }
            parts.sort { $0.key.unicodeScalars.lexicographicallyPrecedes($1.key.unicodeScalars) }
            return "{" + parts.map { "\($0.key): \($0.value)" }.joined(separator: ", ") + "}"
        case .null, .bool, .int, .uint, .timestamp, .duration, .type: return value.text
        case .optional, .address, .network, .pattern, .error: return nil
        }
    }

    /// The text of bytes, each run of bytes that are no UTF-8 replaced by one U+FFFD.
    private static func repaired(_ bytes: [UInt8]) -> String {
        var result = String.UnicodeScalarView()
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        var isInRun = false
        while true {
            switch decoder.decode(&iterator) {
            case .scalarValue(let scalar):
                result.append(scalar)
                isInRun = false
            case .emptyInput: return String(result)
            case .error:
                if !isInRun { result.append("\u{FFFD}") }
                isInRun = true
            }
        }
    }
}
