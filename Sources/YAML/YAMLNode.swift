/// Where a node stands in its text: lines and columns count from 1, columns in Unicode scalars, the end exclusive.
public struct YAMLRange: Hashable, Sendable {
    public var line: Int32
    public var column: Int32
    public var endLine: Int32
    public var endColumn: Int32

    public init(line: Int32, column: Int32, endLine: Int32, endColumn: Int32) {
        self.line = line
        self.column = column
        self.endLine = endLine
        self.endColumn = endColumn
    }
}

/// A node of a YAML document, aliases already replaced by what they stand for.
public struct YAMLNode: Sendable {
    public enum Content: Sendable {
        /// A scalar; whether it is a number, a boolean or text depends on `isPlain` and on what its reader expects.
        case scalar(String, isPlain: Bool)
        case sequence([YAMLNode])
        case mapping([Entry])
    }

    /// A key of a mapping and its value; a key occurs once.
    public struct Entry: Sendable {
        public var key: String
        public var keyRange: YAMLRange
        public var value: YAMLNode

        public init(key: String, keyRange: YAMLRange, value: YAMLNode) {
            self.key = key
            self.keyRange = keyRange
            self.value = value
        }
    }

    public var content: Content
    public var range: YAMLRange
    /// For a literal block (`|`): the spaces before each line of its text, which begins on the line after the range's first.
    public var textIndentation: Int?

    public init(content: Content, range: YAMLRange) {
        self.content = content
        self.range = range
    }
}

/// The core schema's reading of a plain scalar (YAML 1.2.2 §10.3.2).
public enum YAMLScalarType: Sendable {
    case null, bool, int, float, string

    public init(_ text: String, isPlain: Bool) {
        self = isPlain ? YAMLScalarType.plain(text) : .string
    }

    private static func plain(_ text: String) -> YAMLScalarType {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE", "false", "False", "FALSE": return .bool
        case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF", ".nan", ".NaN", ".NAN": return .float
        default: break
        }
        guard let first = text.utf8.first, first < 0x3a, first >= 0x2b else { return .string }
        var rest = text.utf8[...]
        if rest.starts(with: "0x".utf8), rest.count > 2, rest.dropFirst(2).allSatisfy(isHexadecimal) { return .int }
        if rest.starts(with: "0o".utf8), rest.count > 2, rest.dropFirst(2).allSatisfy({ (0x30...0x37).contains($0) }) { return .int }
        if first == UInt8(ascii: "-") || first == UInt8(ascii: "+") { rest = rest.dropFirst() }
        let whole = rest.prefix(while: isDigit)
        rest = rest.dropFirst(whole.count)
        if rest.isEmpty { return whole.isEmpty ? .string : .int }
        var fraction = 0
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            fraction = rest.prefix(while: isDigit).count
            rest = rest.dropFirst(fraction)
        }
        guard !whole.isEmpty || fraction > 0 else { return .string }
        if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
            rest = rest.dropFirst()
            if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
            guard !rest.isEmpty, rest.allSatisfy(isDigit) else { return .string }
            return .float
        }
        return rest.isEmpty ? .float : .string
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        isDigit(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
    }
}
