/// The standard functions on strings.
enum Text {
    static func size(_ value: CELValue, _ meter: inout Meter) -> CELValue {
        switch value {
        case .string(let text):
            meter.charge(text: text.utf8.count)
            return .int(Int64(text.unicodeScalars.count))
        case .bytes(let bytes): return .int(Int64(bytes.count))
        case .list(let list): return .int(Int64(list.count))
        case .map(let map): return .int(Int64(map.count))
        default: return .noOverload("size", value)
        }
    }

    static func search(_ function: CELFunction, _ text: CELValue, _ part: CELValue, _ meter: inout Meter) -> CELValue {
        guard case .string(let text) = text, case .string(let part) = part else { return .noOverload(function.name, text, part) }
        switch function {
        case .startsWith: return .bool(text.utf8.starts(with: part.utf8))
        case .endsWith: return .bool(text.utf8.count >= part.utf8.count && text.utf8.suffix(part.utf8.count).elementsEqual(part.utf8))
        default:
            // What the search takes at worst.
            let (work, overflow) = text.utf8.count.multipliedReportingOverflow(by: 1 + part.utf8.count / 16)
            guard !overflow, meter.charge(text: work) else { return .budgetExceeded }
            return .bool(ByteSearch.first(Array(part.utf8), in: Array(text.utf8), from: 0) != nil)
        }
    }

    static func matches(_ text: CELValue, _ pattern: CELValue, _ meter: inout Meter) -> CELValue {
        guard case .string(let text) = text else { return .noOverload("matches", text, pattern) }
        meter.charge(text: text.utf8.count)
        switch pattern {
        case .pattern(let pattern): return .bool(pattern.isFound(in: text))
        case .string(let source):
            // Compiling costs far more than a step.
            guard meter.charge(100 + source.utf8.count) else { return .budgetExceeded }
            do throws(CELError) { return .bool(try CELPattern(source).isFound(in: text)) } catch { return .error(error) }
        default: return .noOverload("matches", .string(text), pattern)
        }
    }
}

/// Searching for bytes within bytes. UTF-8 is found in UTF-8 only at the borders of characters.
enum ByteSearch {
    /// The offset of the first occurrence at or after `start`.
    static func first(_ needle: [UInt8], in haystack: [UInt8], from start: Int) -> Int? {
        guard let head = needle.first else { return start <= haystack.count ? start : nil }
        guard haystack.count >= needle.count else { return nil }
        var position = start
        let last = haystack.count - needle.count
        while position <= last {
            if haystack[position] == head, haystack[position..<position + needle.count].elementsEqual(needle) { return position }
            position += 1
        }
        return nil
    }
}
