import Git
import YAML

/// Files as bytes, to be read by the program that has written them. Only files without findings, and without templates: they are nearly all.
///
/// Numbers are 32 bits, low byte first: how many documents there are, how many links, how many bytes the tree takes; of each document its
/// kind, range, places and links; of each link its place, kind and form; then the tree.
extension ParsedFile {
    private static let documentSize = 44
    private static let linkSize = 8
    private static let absent = UInt32.max

    /// Whether all there is to say of it can be written.
    var canBeKept: Bool {
        guard let tree = documents.first?.tree, diagnostics.isEmpty, broken.isEmpty, tree.insertions.isEmpty else { return false }
        return documents.allSatisfy { $0.specimen == nil && $0.templateUse == nil && $0.tree === tree }
    }

    /// INVARIANT: it can be kept.
    func append(to bytes: inout [UInt8]) {
        guard let tree = documents.first?.tree else { return }
        var writer = NumberWriter(bytes: bytes)
        bytes = []
        writer.add(documents.count)
        writer.add(tree.links.count)
        writer.add(tree.size)
        for document in documents {
            writer.add(Int(document.kind.number))
            for number in [document.range.line, document.range.column, document.range.endLine, document.range.endColumn] {
                writer.add(Int(number))
            }
            let (places, absent) = (document.places, Int(Self.absent))
            for place in [places.name, places.labels ?? absent, places.annotations ?? absent, places.spec] { writer.add(place) }
            writer.add(document.links.lowerBound)
            writer.add(document.links.upperBound)
        }
        for link in tree.links {
            writer.add(Int(link.offset))
            writer.add(Int(link.kind) << 8 | Int(link.form.rawValue))
        }
        bytes = writer.bytes
        tree.append(to: &bytes)
    }

    /// - Parameter bytes: what `append` has written; nil for what cannot be that. What the tree's bytes say is not looked at.
    init?(_ bytes: ArraySlice<UInt8>, path: String) {
        var reader = NumberReader(bytes: bytes)
        guard let documentCount = reader.next(), let linkCount = reader.next(), let size = reader.next(), documentCount > 0,
            reader.left == Int(documentCount) * Self.documentSize + Int(linkCount) * Self.linkSize + Int(size)
        else { return nil }
        var heads: [Head] = []
        heads.reserveCapacity(Int(documentCount))
        for _ in 0..<documentCount {
            guard let head = Head(&reader, linkCount: linkCount, treeSize: size) else { return nil }
            heads.append(head)
        }
        var links: [Link] = []
        links.reserveCapacity(Int(linkCount))
        for _ in 0..<linkCount {
            guard let offset = reader.next(), let what = reader.next(), let form = Link.Form(rawValue: UInt8(truncatingIfNeeded: what)),
                offset < size, Int(what >> 8) < Kind.numbered.count
            else { return nil }
            links.append(Link(offset: offset, kind: UInt8(truncatingIfNeeded: what >> 8), form: form))
        }
        let tree = SpecTree(SourceFiles(path: path), bytes: reader.rest, links: links)
        self.init(
            path: path,
            documents: heads.map { head in
                Document(
                    kind: head.kind, name: SpecNode(tree, at: head.places.name).text ?? "", tree: tree, range: head.range,
                    places: head.places, links: head.links)
            }, broken: [], diagnostics: [])
    }

    private struct Head {
        var kind: Kind
        var range: YAMLRange
        var places: Document.Places
        var links: Range<Int>

        init?(_ reader: inout NumberReader, linkCount: UInt32, treeSize: UInt32) {
            guard let kind = reader.next(), let line = reader.next(), let column = reader.next(), let endLine = reader.next(),
                let endColumn = reader.next(), let name = reader.next(), let labels = reader.next(), let annotations = reader.next(),
                let spec = reader.next(), let first = reader.next(), let end = reader.next(), Int(kind) < Kind.numbered.count,
                name < treeSize, spec < treeSize, first <= end, end <= linkCount
            else { return nil }
            func optional(_ place: UInt32) -> Int? { place < treeSize ? Int(place) : nil }
            self.kind = Kind.numbered[Int(kind)]
            range = YAMLRange(
                line: Int32(truncatingIfNeeded: line), column: Int32(truncatingIfNeeded: column),
                endLine: Int32(truncatingIfNeeded: endLine),
                endColumn: Int32(truncatingIfNeeded: endColumn))
            places = Document.Places(name: Int(name), labels: optional(labels), annotations: optional(annotations), spec: Int(spec))
            links = Int(first)..<Int(end)
        }
    }
}

private struct NumberWriter {
    var bytes: [UInt8]

    mutating func add(_ number: Int) {
        withUnsafeBytes(of: UInt32(truncatingIfNeeded: number).littleEndian) { bytes.append(contentsOf: $0) }
    }
}

private struct NumberReader {
    private let bytes: ArraySlice<UInt8>
    private var position: Int

    init(bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    var left: Int { bytes.endIndex - position }
    var rest: ArraySlice<UInt8> { bytes[position...] }

    mutating func next() -> UInt32? {
        guard left >= 4 else { return nil }
        defer { position += 4 }
        return bytes.withUnsafeBytes {
            UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: position - bytes.startIndex, as: UInt32.self))
        }
    }
}
