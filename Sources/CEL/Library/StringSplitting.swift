/// `replace` and `split`. Both cut a string at the occurrences of a part; an empty part occurs between all code points.
enum StringSplitting {
    static func apply(_ function: CELFunction, _ arguments: [CELValue], _ meter: inout Meter) -> CELValue {
        switch (function, arguments[0], arguments[1], arguments.last) {
        case (.replace, .string(let text), .string(let part), .string(let replacement)):
            return replace(text, part, replacement, limit: -1, &meter)
        case (.replaceLimit, .string(let text), .string(let part), .int(let limit)):
            guard case .string(let replacement) = arguments[2] else { break }
            return replace(text, part, replacement, limit: limit, &meter)
        case (.split, .string(let text), .string(let part), _): return split(text, part, limit: -1, &meter)
        case (.splitLimit, .string(let text), .string(let part), .int(let limit)): return split(text, part, limit: limit, &meter)
        default: break
        }
        return .noOverload(function.name, operands: arguments)
    }

    private static func split(_ text: String, _ separator: String, limit: Int64, _ meter: inout Meter) -> CELValue {
        if limit == 0 { return .list([]) }
        if limit == 1 { return .list([.string(text)]) }
        if separator.isEmpty, text.isEmpty { return .list([]) }
        let bytes = Array(text.utf8)
        guard let cuts = cuts(bytes, Array(separator.utf8), limit: limit < 0 ? .max : Int(clamping: limit) - 1, atEnds: false, &meter)
        else {
            return .budgetExceeded
        }
        var result: [CELValue] = []
        var start = 0
        for cut in cuts {
            result.append(.string(String(decoding: bytes[start..<cut.lowerBound], as: UTF8.self)))
            start = cut.upperBound
        }
        result.append(.string(String(decoding: bytes[start...], as: UTF8.self)))
        return .list(result)
    }

    private static func replace(_ text: String, _ part: String, _ replacement: String, limit: Int64, _ meter: inout Meter) -> CELValue {
        let bytes = Array(text.utf8)
        guard let cuts = cuts(bytes, Array(part.utf8), limit: limit < 0 ? .max : Int(clamping: limit), atEnds: true, &meter) else {
            return .budgetExceeded
        }
        let (added, overflow) = replacement.utf8.count.multipliedReportingOverflow(by: cuts.count)
        guard !overflow, meter.charge(text: added) else { return .budgetExceeded }
        var result: [UInt8] = []
        var start = 0
        for cut in cuts {
            result += bytes[start..<cut.lowerBound]
            result += replacement.utf8
            start = cut.upperBound
        }
        result += bytes[start...]
        return .string(String(decoding: result, as: UTF8.self))
    }

    /// Where the part occurs, without overlaps; nil when the budget does not allow the search.
    private static func cuts(_ bytes: [UInt8], _ part: [UInt8], limit: Int, atEnds: Bool, _ meter: inout Meter) -> [Range<Int>]? {
        let (work, overflow) = bytes.count.multipliedReportingOverflow(by: 1 + part.count / 16)
        guard !overflow, meter.charge(text: work) else { return nil }
        var cuts: [Range<Int>] = []
        if part.isEmpty {
            guard meter.charge(bytes.count) else { return nil }
            for position in 0...bytes.count {
                guard cuts.count < limit else { break }
                let isBorder = position == bytes.count || bytes[position] & 0xC0 != 0x80
                if isBorder, atEnds || (position > 0 && position < bytes.count) { cuts.append(position..<position) }
            }
            return cuts
        }
        var start = 0
        while cuts.count < limit, let found = ByteSearch.first(part, in: bytes, from: start) {
            guard meter.charge(1) else { return nil }
            cuts.append(found..<found + part.count)
            start = found + part.count
        }
        return cuts
    }
}
