/// The regular expression extensions.
enum RegexFunctions {
    static func apply(_ function: CELFunction, _ arguments: [CELValue], _ meter: inout Meter) -> CELValue {
        guard case .string(let text) = arguments[0] else { return .noOverload(function.name, operands: arguments) }
        let pattern: CELPattern
        switch arguments[1] {
        case .pattern(let compiled): pattern = compiled
        case .string(let source):
            guard meter.charge(100 + source.utf8.count) else { return .budgetExceeded }
            do throws(CELError) { pattern = try CELPattern(source) } catch { return .error(error) }
        default: return .noOverload(function.name, operands: arguments)
        }
        switch (function, arguments.count > 2 ? arguments[2] : .null, arguments.last) {
        case (.regexExtract, _, _): return extract(Array(text.utf8), pattern, all: false, &meter)
        case (.regexExtractAll, _, _): return extract(Array(text.utf8), pattern, all: true, &meter)
        case (.regexReplace, .string(let replacement), _): return replace(text, pattern, replacement, limit: -1, &meter)
        case (.regexReplaceLimit, .string(let replacement), .int(let limit)):
            return replace(text, pattern, replacement, limit: limit, &meter)
        default: return .noOverload(function.name, operands: arguments)
        }
    }

    /// The matches from left to right without overlaps; an empty match right after another one does not count.
    private static func matches(_ text: [UInt8], _ pattern: CELPattern, limit: Int, _ meter: inout Meter) -> [[Range<Int>?]]? {
        var result: [[Range<Int>?]] = []
        var start = 0
        var lastEnd = -1
        while result.count < limit, start <= text.count {
            guard meter.charge(10 + (text.count - start) / 16) else { return nil }
            guard let groups = pattern.firstMatch(in: text, from: start), let whole = groups[0] else { break }
            if whole.isEmpty, whole.lowerBound == lastEnd {
                start = following(start, text)
                continue
            }
            result.append(groups)
            lastEnd = whole.upperBound
            start = whole.isEmpty ? following(whole.upperBound, text) : whole.upperBound
        }
        return result
    }

    /// The start of the next character.
    private static func following(_ position: Int, _ text: [UInt8]) -> Int {
        var next = position + 1
        while next < text.count, text[next] & 0xC0 == 0x80 { next += 1 }
        return next
    }

    private static func extract(_ text: [UInt8], _ pattern: CELPattern, all: Bool, _ meter: inout Meter) -> CELValue {
        guard pattern.groupCount <= 1 else {
            return .failure(.invalidArgument, "regular expression has more than one capturing group: \"\(pattern.source)\"")
        }
        guard let matches = matches(text, pattern, limit: all ? .max : 1, &meter) else { return .budgetExceeded }
        // A group that matched nothing counts as no match.
        let found = matches.compactMap { groups -> CELValue? in
            guard let range = groups[pattern.groupCount], pattern.groupCount == 0 || !range.isEmpty else { return nil }
            return .string(String(decoding: text[range], as: UTF8.self))
        }
        return all ? .list(found) : .optional(found.first)
    }

    private static func replace(
        _ source: String, _ pattern: CELPattern, _ replacement: String, limit: Int64, _ meter: inout Meter
    ) -> CELValue {
        guard limit != 0 else { return .string(source) }
        let text = Array(source.utf8)
        guard let matches = matches(text, pattern, limit: limit < 0 ? .max : Int(limit), &meter) else { return .budgetExceeded }
        var result: [UInt8] = []
        var start = 0
        for groups in matches {
            guard let whole = groups[0] else { continue }
            result += text[start..<whole.lowerBound]
            if let error = expand(replacement, groups, text, into: &result, &meter) { return error }
            start = whole.upperBound
        }
        result += text[start...]
        return .string(String(decoding: result, as: UTF8.self))
    }

    /// Writes the replacement with `\1` and the like replaced by groups.
    private static func expand(
        _ replacement: String, _ groups: [Range<Int>?], _ text: [UInt8], into result: inout [UInt8], _ meter: inout Meter
    ) -> CELValue? {
        guard meter.charge(text: 16 + replacement.utf8.count) else { return .budgetExceeded }
        var bytes = Array(replacement.utf8)[...]
        while let byte = bytes.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                result.append(byte)
                continue
            }
            guard let next = bytes.popFirst(), next.isDigit || next == byte else {
                return .failure(.invalidArgument, "invalid replacement string: \\ must be followed by a digit or \\")
            }
            if next == byte {
                result.append(byte)
                continue
            }
            let group = Int(next) - 48
            guard group < groups.count else {
                return .failure(
                    .invalidArgument, "replacement string references group \(group) but regex has only \(groups.count - 1) group(s)")
            }
            guard let range = groups[group] else { continue }
            guard meter.charge(text: 16 + range.count) else { return .budgetExceeded }
            result += text[range]
        }
        return nil
    }
}
