import Git
import YAML

/// Files as bytes, to be read by the program that has written them. Only files without findings, and without templates: they are nearly all.
///
/// Numbers are 32 bits, low byte first: how many documents there are, how many links, how many bytes the tree takes; of each document its
/// kind, range, places and links; of each link its place, kind and form; then the tree.
extension ParsedFile {
    /// Nothing for a file that is to be parsed again.
    func append(to bytes: inout [UInt8]) -> Bool {
        guard let tree = documents.first?.tree, diagnostics.isEmpty, broken.isEmpty, tree.insertions.isEmpty,
            documents.allSatisfy({ $0.specimen == nil && $0.templateUse == nil && $0.tree === tree })
        else { return false }
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
            let places = document.places
            for place in [places.name, places.labels ?? Self.absent, places.annotations ?? Self.absent, places.spec] { writer.add(place) }
            writer.add(document.links.lowerBound)
            writer.add(document.links.upperBound)
        }
        for link in tree.links {
            writer.add(Int(link.offset))
            writer.add(Int(link.kind) << 8 | Int(link.form.rawValue))
        }
        bytes = writer.bytes
        tree.append(to: &bytes)
        return true
    }

    private static let absent = Int(UInt32.max)

    /// - Parameter bytes: what `append` has written; nil for anything that is not as long as it says.
    init?(_ bytes: ArraySlice<UInt8>, path: String) {
        var reader = NumberReader(bytes: bytes)
        guard let documentCount = reader.next(), let linkCount = reader.next(), let size = reader.next(),
            documentCount > 0, reader.left == documentCount * 44 + linkCount * 8 + size
        else { return nil }
        var heads: [(kind: Kind, range: YAMLRange, places: Document.Places, links: Range<Int>)] = []
        heads.reserveCapacity(documentCount)
        for _ in 0..<documentCount {
            let numbers = reader.take(11)
            func coordinate(_ number: Int) -> Int32 { Int32(truncatingIfNeeded: numbers[number]) }
            func optional(_ place: Int) -> Int? { place == Self.absent ? nil : place }
            guard numbers[0] < Kind.numbered.count, numbers[9] <= numbers[10], numbers[10] <= linkCount, numbers[5] < size,
                numbers[8] < size
            else { return nil }
            heads.append(
                (
                    Kind.numbered[numbers[0]],
                    YAMLRange(line: coordinate(1), column: coordinate(2), endLine: coordinate(3), endColumn: coordinate(4)),
                    Document.Places(name: numbers[5], labels: optional(numbers[6]), annotations: optional(numbers[7]), spec: numbers[8]),
                    numbers[9]..<numbers[10]
                ))
        }
        var links: [Link] = []
        links.reserveCapacity(linkCount)
        for _ in 0..<linkCount {
            let numbers = reader.take(2)
            guard let form = Link.Form(rawValue: UInt8(truncatingIfNeeded: numbers[1])) else { return nil }
            links.append(Link(offset: UInt32(truncatingIfNeeded: numbers[0]), kind: UInt8(truncatingIfNeeded: numbers[1] >> 8), form: form))
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

    mutating func next() -> Int? {
        guard left >= 4 else { return nil }
        defer { position += 4 }
        return bytes.withUnsafeBytes {
            Int(UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: position - bytes.startIndex, as: UInt32.self)))
        }
    }

    /// INVARIANT: it was made sure before that there are so many.
    mutating func take(_ count: Int) -> [Int] { (0..<count).map { _ in next() ?? 0 } }
}
