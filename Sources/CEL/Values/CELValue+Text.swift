extension CELValue: CustomStringConvertible {
    /// How the value reads in a message: strings bare, lists and maps in brackets, at most about a thousand characters of them.
    public var description: String { text }

    var text: String {
        var output = ""
        write(to: &output, quoted: false)
        return output
    }

    private func write(to output: inout String, quoted: Bool, depth: Int = 0) {
        guard output.utf8.count < 1_000, depth < 50 else {
            if !output.hasSuffix("…") { output += "…" }
            return
        }
        switch self {
        case .null: output += "null"
        case .bool(let value): output += value ? "true" : "false"
        case .int(let value): output += String(value)
        case .uint(let value): output += String(value)
        case .double(let value): output += value.celText
        case .string(let value): output += quoted ? "\"\(value)\"" : value
        case .bytes(let value): output += String(decoding: value, as: UTF8.self)
        case .timestamp(let value): output += value.text
        case .duration(let value): output += value.text
        case .type(let name): output += name
        case .address(let value): output += value.text
        case .network(let value): output += value.text
        case .pattern(let value): output += value.source
        case .error(let error): output += error.message
        case .optional(let value):
            output += value == nil ? "optional.none()" : "optional("
            if let value {
                value.write(to: &output, quoted: true, depth: depth + 1)
                output += ")"
            }
        case .list(let values):
            output += "["
            for (position, value) in values.enumerated() {
                if position > 0 { output += ", " }
                value.write(to: &output, quoted: true, depth: depth + 1)
                if output.utf8.count > 1_000 { break }
            }
            output += "]"
        case .map(let map):
            output += "{"
            for (position, entry) in map.enumerated() {
                if position > 0 { output += ", " }
                entry.key.write(to: &output, quoted: true, depth: depth + 1)
                output += ": "
                entry.value.write(to: &output, quoted: true, depth: depth + 1)
                if output.utf8.count > 1_000 { break }
            }
            output += "}"
        }
    }
}

extension Double {
    /// The shortest text that reads back as the same number; whole numbers without `.0`.
    var celText: String {
        if isNaN { return "NaN" }
        if isInfinite { return self < 0 ? "-Infinity" : "Infinity" }
        let text = description
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}
