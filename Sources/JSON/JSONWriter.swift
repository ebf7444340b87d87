/// Writes JSON text.
public struct JSONWriter {
    /// How the text looks.
    public enum Style: Sendable {
        /// No white space.
        case compact
        /// Two spaces a level, one member a line.
        case pretty
        /// Byte for byte what PostgreSQL prints for the same value as `jsonb`: keys by length and then bytes, `", "` and `": "`.
        case postgres
    }

    private var out: [UInt8] = []
    private let style: Style

    public static func bytes(_ value: JSONValue, style: Style = .compact) -> [UInt8] {
        var writer = JSONWriter(style: style)
        writer.write(value, depth: 0)
        return writer.out
    }

    public static func text(_ value: JSONValue, style: Style = .compact) -> String {
        String(decoding: bytes(value, style: style), as: UTF8.self)
    }

    /// `text` as a JSON string with its quotes.
    public static func quote(_ text: String) -> String {
        var writer = JSONWriter(style: .compact)
        writer.writeString(text)
        return String(decoding: writer.out, as: UTF8.self)
    }

    private init(style: Style) { self.style = style }

    private mutating func write(_ value: JSONValue, depth: Int) {
        switch value {
        case .null: out += "null".utf8
        case .bool(let flag): out += (flag ? "true" : "false").utf8
        case .int(let number): out += String(number).utf8
        case .double(let number): writeDouble(number)
        case .decimal(let text): out += text.utf8
        case .string(let text): writeString(text)
        case .array(let items): writeList(items.count, open: "[", close: "]", depth: depth) { $0.write(items[$1], depth: depth + 1) }
        case .object(let object):
            let members = style == .postgres ? object.members.sorted(by: Self.postgresOrder) : object.members
            writeList(members.count, open: "{", close: "}", depth: depth) { writer, index in
                writer.writeString(members[index].name)
                writer.out += (writer.style == .compact ? ":" : ": ").utf8
                writer.write(members[index].value, depth: depth + 1)
            }
        }
    }

    private mutating func writeList(
        _ count: Int, open: String, close: String, depth: Int, element: (inout JSONWriter, Int) -> Void
    ) {
        out += open.utf8
        for index in 0..<count {
            if index > 0 { out += (style == .postgres ? ", " : ",").utf8 }
            newLine(depth + 1)
            element(&self, index)
        }
        if count > 0 { newLine(depth) }
        out += close.utf8
    }

    private mutating func newLine(_ depth: Int) {
        guard style == .pretty else { return }
        out.append(UInt8(ascii: "\n"))
        out += [UInt8](repeating: UInt8(ascii: " "), count: depth * 2)
    }

    private mutating func writeDouble(_ number: Double) {
        // JSON has no NaN and no infinities; `null` is what other writers print and what readers expect.
        guard number.isFinite else {
            out += "null".utf8
            return
        }
        out += (Decimal.normalise(number.description) ?? number.description).utf8
    }

    private mutating func writeString(_ text: String) {
        out.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): out += "\\\"".utf8
            case UInt8(ascii: "\\"): out += "\\\\".utf8
            case 0x08: out += "\\b".utf8
            case 0x0c: out += "\\f".utf8
            case 0x0a: out += "\\n".utf8
            case 0x0d: out += "\\r".utf8
            case 0x09: out += "\\t".utf8
            case 0..<0x20:
                let digits = Array("0123456789abcdef".utf8)
                out += "\\u00".utf8
                out.append(digits[Int(byte >> 4)])
                out.append(digits[Int(byte & 15)])
            default: out.append(byte)
            }
        }
        out.append(UInt8(ascii: "\""))
    }

    private static func postgresOrder(_ a: JSONObject.Member, _ b: JSONObject.Member) -> Bool {
        let (left, right) = (a.name.utf8, b.name.utf8)
        return left.count == right.count ? left.lexicographicallyPrecedes(right) : left.count < right.count
    }
}
