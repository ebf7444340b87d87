import Diagnostics
import YAML

/// The values of one file's documents and their places, packed into one piece of memory: about a tenth of what the parser's nodes take.
///
/// A node is a byte that tells what it is, its range, and what it holds: the length of a text and the text; or the bytes that all items
/// take (four of them, low first), how many there are, and the items, each entry of a mapping led by the range and the text of its key.
/// Other numbers are in base 128, low digits first.
final class SpecTree: Sendable {
    let files: SourceFiles
    private let bytes: [UInt8]
    /// What the documents of the file say of others, in the order of the documents.
    let links: [Link]
    /// Of conditions that values were put into, by their places.
    let insertions: [YAMLRange: Insertions]

    init(_ files: SourceFiles, _ builder: SpecTreeBuilder, links: [Link], insertions: [YAMLRange: Insertions] = [:]) {
        self.files = files
        bytes = builder.bytes
        self.links = links
        self.insertions = insertions
    }

    /// - Parameter bytes: what `append` has written.
    init(_ files: SourceFiles, bytes: ArraySlice<UInt8>, links: [Link]) {
        self.files = files
        self.bytes = Array(bytes)
        self.links = links
        insertions = [:]
    }

    func append(to bytes: inout [UInt8]) { bytes += self.bytes }

    /// The same tree with the links that were found in it.
    init(_ tree: SpecTree, links: [Link]) {
        files = tree.files
        bytes = tree.bytes
        self.links = links
        insertions = tree.insertions
    }

    /// In bytes.
    var size: Int { bytes.count }

    /// The file that the document stands in.
    var path: String { files.path }

    func span(_ range: YAMLRange) -> SourceSpan { files.span(range) }

    /// What a node is, beside its place.
    enum Shape: Equatable {
        case scalar(isPlain: Bool)
        case sequence
        case mapping
    }

    /// A node that has been read up to its content.
    struct Head {
        var shape: Shape
        var range: YAMLRange
        var textIndentation: Int?
        /// Of a scalar, its text; of the others, their items.
        var content: Range<Int>
        /// How many items there are.
        var count: Int
    }

    fileprivate static let plain: UInt8 = 0
    fileprivate static let quoted: UInt8 = 1
    fileprivate static let sequence: UInt8 = 2
    fileprivate static let mapping: UInt8 = 3
    fileprivate static let hasIndentation: UInt8 = 4

    // INVARIANT: offsets come from the builder that wrote these bytes, so that every read finds what it expects.

    func head(at offset: Int) -> Head {
        var position = offset + 1
        let flags = bytes[offset]
        let range = self.range(&position)
        let indentation = flags & Self.hasIndentation != 0 ? Int(number(&position)) : nil
        switch flags & 3 {
        case Self.sequence, Self.mapping:
            let size = fixed(&position)
            let count = Int(number(&position))
            return Head(
                shape: flags & 3 == Self.sequence ? .sequence : .mapping, range: range, textIndentation: indentation,
                content: position..<position + size, count: count)
        default:
            let length = Int(number(&position))
            return Head(
                shape: .scalar(isPlain: flags & 3 == Self.plain), range: range, textIndentation: indentation,
                content: position..<position + length, count: 0)
        }
    }

    /// The key that stands at `position`, which is moved to the value.
    func key(_ position: inout Int) -> (text: Range<Int>, range: YAMLRange) {
        let range = self.range(&position)
        let length = Int(number(&position))
        defer { position += length }
        return (position..<position + length, range)
    }

    /// Where the value of the field `name` begins.
    func field(_ name: String, of mapping: Int) -> Int? {
        guard bytes[mapping] & 3 == Self.mapping else { return nil }
        var position = mapping + 1
        skipPlace(of: mapping, &position)
        position += 4
        for _ in 0..<number(&position) {
            for _ in 0..<4 { skip(&position) }
            let length = Int(number(&position))
            let key = position..<position + length
            position += length
            if isText(key, name) { return position }
            position = end(of: position)
        }
        return nil
    }

    /// Where the node ends.
    func end(of offset: Int) -> Int {
        var position = offset + 1
        skipPlace(of: offset, &position)
        if bytes[offset] & 3 >= Self.sequence {
            let size = fixed(&position)
            skip(&position)
            return position + size
        }
        let length = Int(number(&position))
        return position + length
    }

    /// Where the text of a scalar is; nil for another node.
    func content(ofScalar offset: Int) -> Range<Int>? {
        if bytes[offset] & 3 >= Self.sequence { return nil }
        var position = offset + 1
        skipPlace(of: offset, &position)
        let length = Int(number(&position))
        return position..<position + length
    }

    func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    func withBytes<Result>(_ range: Range<Int>, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        bytes[range].withUnsafeBufferPointer(body)
    }

    func isText(_ range: Range<Int>, _ text: String) -> Bool {
        range.count == text.utf8.count && bytes[range].elementsEqual(text.utf8)
    }

    private func range(_ position: inout Int) -> YAMLRange {
        let line = number(&position)
        let column = number(&position)
        let lines = number(&position)
        return YAMLRange(line: line, column: column, endLine: line + lines, endColumn: number(&position))
    }

    private func number(_ position: inout Int) -> Int32 {
        let first = bytes[position]
        position += 1
        if first < 0x80 { return Int32(first) }
        var value = UInt32(first & 0x7f)
        var shift: UInt32 = 7
        while true {
            let byte = bytes[position]
            position += 1
            value |= UInt32(byte & 0x7f) << shift
            if byte < 0x80 { return Int32(truncatingIfNeeded: value) }
            shift += 7
        }
    }

    /// Moves from behind a node's first byte to what it holds.
    private func skipPlace(of offset: Int, _ position: inout Int) {
        for _ in 0..<(bytes[offset] & Self.hasIndentation != 0 ? 5 : 4) { skip(&position) }
    }

    private func skip(_ position: inout Int) {
        while bytes[position] >= 0x80 { position += 1 }
        position += 1
    }

    private func fixed(_ position: inout Int) -> Int {
        defer { position += 4 }
        return Int(bytes[position]) | Int(bytes[position + 1]) << 8 | Int(bytes[position + 2]) << 16 | Int(bytes[position + 3]) << 24
    }
}

/// Writes a `SpecTree`.
struct SpecTreeBuilder {
    fileprivate var bytes: [UInt8] = []
    private let limit: Int

    /// - Parameter limit: so many bytes are written; what comes then is left out.
    init(limit: Int) { self.limit = limit }

    /// Whether anything was left out, so that the tree is good for nothing.
    var isOverLimit: Bool { bytes.count > limit }

    /// Adds a node with all that is below it.
    /// - Returns: where it begins.
    @discardableResult
    mutating func add(_ node: YAMLNode) -> Int {
        let offset = bytes.count
        // A text, whose length is limited by itself, may be the last.
        if isOverLimit { return offset }
        let flags: UInt8 = node.textIndentation == nil ? 0 : SpecTree.hasIndentation
        switch node.content {
        case .scalar(let text, let isPlain):
            begin(node, flags | (isPlain ? SpecTree.plain : SpecTree.quoted))
            add(text)
        case .sequence(let items):
            begin(node, flags | SpecTree.sequence)
            contents(items.count) { builder in for item in items { builder.add(item) } }
        case .mapping(let entries):
            begin(node, flags | SpecTree.mapping)
            contents(entries.count) { builder in
                for entry in entries {
                    builder.add(entry.keyRange)
                    builder.add(entry.key)
                    builder.add(entry.value)
                }
            }
        }
        return offset
    }

    private mutating func begin(_ node: YAMLNode, _ flags: UInt8) {
        bytes.append(flags)
        add(node.range)
        if let indentation = node.textIndentation { add(Int32(clamping: max(0, indentation))) }
    }

    private mutating func contents(_ count: Int, _ write: (inout Self) -> Void) {
        let place = bytes.count
        bytes += [0, 0, 0, 0]
        add(Int32(clamping: count))
        let start = bytes.count
        write(&self)
        // INVARIANT: a file's size is limited far below 4 GiB, and so is what it unfolds to.
        let size = UInt32(clamping: bytes.count - start)
        for byte in 0..<4 { bytes[place + byte] = UInt8(truncatingIfNeeded: size >> UInt32(byte * 8)) }
    }

    private mutating func add(_ range: YAMLRange) {
        add(range.line)
        add(range.column)
        add(max(0, range.endLine - range.line))
        add(range.endColumn)
    }

    private mutating func add(_ text: String) {
        add(Int32(clamping: text.utf8.count))
        bytes += text.utf8
    }

    private mutating func add(_ number: Int32) {
        var rest = UInt32(bitPattern: number)
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
