import Diagnostics
import JSON
import YAML

/// Read access to a part of a document whose structure has been checked against its schema.
///
/// The accessors of the kinds stand on it. A field that is absent, or (in a document that failed its checks) has another type, reads as
/// `nil` or empty.
public struct SpecNode: Sendable {
    let tree: SpecTree
    let offset: Int

    init(_ tree: SpecTree, at offset: Int) {
        self.tree = tree
        self.offset = offset
    }

    var head: SpecTree.Head { tree.head(at: offset) }

    public var span: SourceSpan { tree.span(head.range) }

    /// The field `name` of a mapping.
    public subscript(name: String) -> SpecNode? { tree.field(name, of: offset).map { SpecNode(tree, at: $0) } }

    public var string: Located<String>? {
        let head = head
        guard case .scalar = head.shape else { return nil }
        var located = Located(tree.text(head.content), at: tree.span(head.range))
        located.textIndentation = head.textIndentation
        if !tree.insertions.isEmpty { located.insertions = tree.insertions[head.range] }
        return located
    }

    /// The text of a scalar, without its place.
    public var text: String? { tree.content(ofScalar: offset).map { tree.text($0) } }

    /// The same, as bytes that are valid during the call.
    public func withText<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result? {
        tree.content(ofScalar: offset).map { tree.withBytes($0, body) }
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
        let head = head
        guard case .scalar(let isPlain) = head.shape else { return nil }
        return Scalar(text: tree.text(head.content), isPlain: isPlain)
    }

    public func string(_ name: String) -> Located<String>? { self[name]?.string }

    /// INVARIANT: `name` is required by the schema, so the checked document has it; the empty text is never seen by a compiler.
    public func requiredString(_ name: String) -> Located<String> { string(name) ?? Located("", at: span) }

    public func strings(_ name: String) -> [Located<String>] { self[name]?.strings ?? [] }

    /// The texts of a sequence.
    public var strings: [Located<String>] { items.compactMap(\.string) }

    /// The same without their places.
    public var texts: [String] {
        var texts: [String] = []
        forEachItem { if let text = $0.text { texts.append(text) } }
        return texts
    }

    public func texts(_ name: String) -> [String] { self[name]?.texts ?? [] }

    /// The items of a sequence.
    public var items: [SpecNode] {
        let head = head
        guard head.shape == .sequence else { return [] }
        var items: [SpecNode] = []
        items.reserveCapacity(head.count)
        forEachItem(head) { items.append($0) }
        return items
    }

    /// How many items a sequence has; 0 for anything else.
    public var itemCount: Int {
        let head = head
        return head.shape == .sequence ? head.count : 0
    }

    /// Visits the items of a sequence.
    public func forEachItem(_ body: (SpecNode) -> Void) {
        let head = head
        if head.shape == .sequence { forEachItem(head, body) }
    }

    private func forEachItem(_ head: SpecTree.Head, _ body: (SpecNode) -> Void) {
        var position = head.content.lowerBound
        for _ in 0..<head.count {
            body(SpecNode(tree, at: position))
            position = tree.end(of: position)
        }
    }

    /// The entries of a mapping, in the order of the file.
    var entries: [(key: Located<String>, value: SpecNode)] {
        let head = head
        guard head.shape == .mapping else { return [] }
        var entries: [(key: Located<String>, value: SpecNode)] = []
        var position = head.content.lowerBound
        for _ in 0..<head.count {
            let key = tree.key(&position)
            entries.append((Located(tree.text(key.text), at: tree.span(key.range)), SpecNode(tree, at: position)))
            position = tree.end(of: position)
        }
        return entries
    }

    public func list(_ name: String) -> [SpecNode] { self[name]?.items ?? [] }

    /// The entries of the mapping `name`, in the order of the file.
    public func map(_ name: String) -> [(key: Located<String>, value: SpecNode)] { self[name]?.entries ?? [] }

    public func bool(_ name: String) -> Bool? {
        guard let text = self[name]?.text else { return nil }
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
}

extension SourceSpan {
    public init(path: String, _ range: YAMLRange) {
        self.init(
            path: path, line: Int(range.line), column: Int(range.column), endLine: Int(range.endLine), endColumn: Int(range.endColumn))
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
