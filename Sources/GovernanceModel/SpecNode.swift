import Diagnostics
import JSON
import YAML

/// Read access to a part of a document whose structure has been checked against its schema.
///
/// The accessors of the kinds stand on it. A field that is absent, or (in a document that failed its checks) has another type, reads as
/// `nil` or empty.
public struct SpecNode: Sendable {
    let node: YAMLNode
    let path: String

    init(_ node: YAMLNode, path: String) {
        self.node = node
        self.path = path
    }

    public var span: SourceSpan { SourceSpan(path: path, node.range) }

    /// The field `name` of a mapping.
    public subscript(name: String) -> SpecNode? {
        guard case .mapping(let entries) = node.content, let entry = entries.first(where: { $0.key == name }) else { return nil }
        return SpecNode(entry.value, path: path)
    }

    public var string: Located<String>? {
        guard case .scalar(let text, _) = node.content else { return nil }
        var located = Located(text, at: span)
        located.textIndentation = node.textIndentation
        return located
    }

    /// A scalar as it is written: enough to tell that two have the same value. Compared by bytes, unlike texts, of which two ways to compose a
    /// letter are equal.
    public struct Scalar: Hashable, Sendable {
        public var text: String
        /// Without quotes, so that the core schema says what it is.
        public var isPlain: Bool

        public static func == (left: Scalar, right: Scalar) -> Bool {
            left.isPlain == right.isPlain && left.text.utf8.elementsEqual(right.text.utf8)
        }

        public func hash(into hasher: inout Hasher) {
            // Texts from a file lie in one piece; of others the length will do.
            let isHashed: Void? = text.utf8.withContiguousStorageIfAvailable { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
            if isHashed == nil { hasher.combine(text.utf8.count) }
            hasher.combine(isPlain)
        }
    }

    public var scalar: Scalar? {
        guard case .scalar(let text, let isPlain) = node.content else { return nil }
        return Scalar(text: text, isPlain: isPlain)
    }

    public func string(_ name: String) -> Located<String>? { self[name]?.string }

    /// INVARIANT: `name` is required by the schema, so the checked document has it; the empty text is never seen by a compiler.
    public func requiredString(_ name: String) -> Located<String> { string(name) ?? Located("", at: span) }

    public func strings(_ name: String) -> [Located<String>] { self[name]?.strings ?? [] }

    /// The texts of a sequence.
    public var strings: [Located<String>] {
        guard case .sequence(let items) = node.content else { return [] }
        return items.compactMap { SpecNode($0, path: path).string }
    }

    public func list(_ name: String) -> [SpecNode] {
        guard let field = self[name], case .sequence(let items) = field.node.content else { return [] }
        return items.map { SpecNode($0, path: path) }
    }

    /// The entries of the mapping `name`, in the order of the file.
    public func map(_ name: String) -> [(key: Located<String>, value: SpecNode)] {
        guard let field = self[name], case .mapping(let entries) = field.node.content else { return [] }
        return entries.map { (Located($0.key, at: SourceSpan(path: path, $0.keyRange)), SpecNode($0.value, path: path)) }
    }

    public func bool(_ name: String) -> Bool? {
        guard let text = string(name)?.value else { return nil }
        return ["true", "True", "TRUE"].contains(text)
    }

    public func int(_ name: String) -> Located<Int64>? {
        guard let field = string(name), let value = YAMLNumber.int(field.value) else { return nil }
        return Located(value, at: field.span)
    }

    /// A decimal in units of 10⁻⁹.
    public func nanoUnits(_ name: String) -> Located<Int64>? {
        guard let field = string(name), let value = Decimal.nanoUnits(field.value) else { return nil }
        return Located(value, at: field.span)
    }

    /// The value as JSON by YAML's core schema.
    public var json: JSONValue { JSONValue(coreSchema: node) }
}

extension SourceSpan {
    public init(path: String, _ range: YAMLRange) {
        self.init(
            path: path, line: Int(range.line), column: Int(range.column), endLine: Int(range.endLine), endColumn: Int(range.endColumn))
    }
}

extension JSONValue {
    /// A YAML node as JSON, scalars read by the core schema.
    init(coreSchema node: YAMLNode) {
        switch node.content {
        case .sequence(let items): self = .array(items.map { JSONValue(coreSchema: $0) })
        case .mapping(let entries): self = .object(JSONObject(entries.map { ($0.key, JSONValue(coreSchema: $0.value)) }))
        case .scalar(let text, let isPlain):
            switch YAMLScalarType(text, isPlain: isPlain) {
            case .null: self = .null
            case .bool: self = .bool(text.lowercased() == "true")
            case .int: self = YAMLNumber.int(text).map { .int($0) } ?? Decimal.normalise(text).map { .decimal($0) } ?? .string(text)
            case .float: self = Decimal.normalise(text).map { .decimal($0) } ?? .string(text)
            case .string: self = .string(text)
            }
        }
    }
}

/// Integers in the notations of YAML's core schema.
enum YAMLNumber {
    static func int(_ text: String) -> Int64? {
        // Nearly all are plain digits.
        if text.utf8.count <= 18, !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            return text.utf8.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
        }
        let negative = text.hasPrefix("-")
        let digits = text.hasPrefix("-") || text.hasPrefix("+") ? text.dropFirst() : text[...]
        if digits.hasPrefix("0x") { return Int64((negative ? "-" : "") + digits.dropFirst(2), radix: 16) }
        if digits.hasPrefix("0o") { return Int64((negative ? "-" : "") + digits.dropFirst(2), radix: 8) }
        return Int64((negative ? "-" : "") + digits)
    }
}
