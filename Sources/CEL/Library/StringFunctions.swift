/// The string extensions. Positions count code points.
enum StringFunctions {
    private typealias Scalars = [Unicode.Scalar]

    static func apply(_ function: CELFunction, _ arguments: [CELValue], _ meter: inout Meter) -> CELValue {
        guard meter.charge(text: arguments.reduce(0) { $0 + $1.textSize }) else { return .budgetExceeded }
        switch (function, arguments[0], arguments.count > 1 ? arguments[1] : .null, arguments.count > 2 ? arguments[2] : .null) {
        case (.lowerAscii, .string(let text), _, _): return .string(cased(text, upper: false))
        case (.upperAscii, .string(let text), _, _): return .string(cased(text, upper: true))
        case (.trim, .string(let text), _, _): return .string(trimmed(text))
        case (.reverse, .string(let text), _, _): return .string(string(Scalars(text.unicodeScalars).reversed()))
        case (.reverse, .list(let list), _, _): return meter.charge(list.count) ? .list(list.reversed()) : .budgetExceeded
        case (.quote, .string(let text), _, _): return .string(quoted(text))
        case (.charAt, .string(let text), .int(let index), _): return charAt(Scalars(text.unicodeScalars), index)
        case (.indexOf, .string(let text), .string(let part), _): return find(text, part, from: nil, backwards: false, &meter)
        case (.indexOfFrom, .string(let text), .string(let part), .int(let start)):
            return find(text, part, from: start, backwards: false, &meter)
        case (.lastIndexOf, .string(let text), .string(let part), _): return find(text, part, from: nil, backwards: true, &meter)
        case (.lastIndexOfFrom, .string(let text), .string(let part), .int(let start)):
            return find(text, part, from: start, backwards: true, &meter)
        case (.substring, .string(let text), .int(let start), _): return substring(Scalars(text.unicodeScalars), start, nil)
        case (.substringTo, .string(let text), .int(let start), .int(let end)):
            return substring(Scalars(text.unicodeScalars), start, end)
        case (.join, .list(let list), _, _): return join(list, "", &meter)
        case (.joinWith, .list(let list), .string(let separator), _): return join(list, separator, &meter)
        case (.format, .string(let pattern), .list(let values), _): return TextFormat.format(pattern, values, &meter)
        case (.replace, .string, .string, .string), (.replaceLimit, .string, .string, .string), (.split, .string, .string, _),
            (.splitLimit, .string, .string, .int):
            return StringSplitting.apply(function, arguments, &meter)
        default: return .noOverload(function.name, operands: arguments)
        }
    }

    private static func string(_ scalars: some Sequence<Unicode.Scalar>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }

    private static func cased(_ text: String, upper: Bool) -> String {
        let range: ClosedRange<UInt8> = upper ? 97...122 : 65...90
        return String(decoding: text.utf8.map { range.contains($0) ? $0 ^ 0x20 : $0 }, as: UTF8.self)
    }

    private static func trimmed(_ text: String) -> String {
        let scalars = text.unicodeScalars
        guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
            let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
        else { return "" }
        return String(scalars[first...last])
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 7: result += "\\a"
            case 8: result += "\\b"
            case 9: result += "\\t"
            case 10: result += "\\n"
            case 11: result += "\\v"
            case 12: result += "\\f"
            case 13: result += "\\r"
            case 34: result += "\\\""
            case 92: result += "\\\\"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    private static func outOfRange(_ index: Int64) -> CELValue { .failure(.invalidArgument, "index out of range: \(index)") }

    private static func charAt(_ scalars: Scalars, _ index: Int64) -> CELValue {
        guard (0...Int64(scalars.count)).contains(index) else { return outOfRange(index) }
        return .string(Int(index) == scalars.count ? "" : String(Character(scalars[Int(index)])))
    }

    private static func substring(_ scalars: Scalars, _ start: Int64, _ end: Int64?) -> CELValue {
        let end = end ?? Int64(scalars.count)
        guard (0...Int64(scalars.count)).contains(start) else { return outOfRange(start) }
        guard (0...Int64(scalars.count)).contains(end) else { return outOfRange(end) }
        guard start <= end else { return .failure(.invalidArgument, "invalid substring range. start: \(start), end: \(end)") }
        return .string(string(scalars[Int(start)..<Int(end)]))
    }

    private static func find(_ text: String, _ part: String, from start: Int64?, backwards: Bool, _ meter: inout Meter) -> CELValue {
        let scalars = Scalars(text.unicodeScalars)
        let wanted = Scalars(part.unicodeScalars)
        if wanted.isEmpty { return .int(start ?? (backwards ? Int64(scalars.count) : 0)) }
        if let start, !(0..<max(1, Int64(scalars.count))).contains(start) { return outOfRange(start) }
        guard wanted.count <= scalars.count else { return .int(-1) }
        let last = scalars.count - wanted.count
        let first = start.map(Int.init) ?? (backwards ? last : 0)
        let candidates =
            backwards ? Array(stride(from: min(first, last), through: 0, by: -1)) : Array(stride(from: first, through: last, by: 1))
        guard meter.charge(text: candidates.count * (1 + wanted.count / 16)) else { return .budgetExceeded }
        let found = candidates.first { scalars[$0] == wanted[0] && scalars[$0..<$0 + wanted.count].elementsEqual(wanted) }
        return .int(Int64(found ?? -1))
    }

    private static func join(_ list: [CELValue], _ separator: String, _ meter: inout Meter) -> CELValue {
        var result = ""
        for (position, element) in list.enumerated() {
            guard case .string(let text) = element else { return .noOverload("join", .list(list)) }
            guard meter.charge(text: 16 + text.utf8.count + separator.utf8.count) else { return .budgetExceeded }
            if position > 0 { result += separator }
            result += text
        }
        return .string(result)
    }
}

extension CELValue {
    /// The bytes of a string, nothing for other values.
    var textSize: Int {
        switch self {
        case .string(let text): text.utf8.count
        case .bytes(let bytes): bytes.count
        default: 0
        }
    }
}
