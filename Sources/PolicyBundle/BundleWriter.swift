import CEL
import Digest

/// Builds a bundle. The same calls in the same order give the same bytes, on every machine.
public struct BundleWriter {
    private var sections: [[UInt32]] = Array(repeating: [], count: BundleSection.allCases.count)
    private var stringBytes: [UInt8] = []
    /// By bytes: `String` takes a precomposed and a decomposed letter for equal, a bundle does not.
    private var stringIDs = InternTable()
    /// Lists by number; where each begins and ends is in `listRanges`.
    private var listIDs = InternTable()
    private var listRanges: [Range<Int>] = []
    private var recordIDs: [BundleSection: InternTable] = [:]
    var valueIDs: [ValueKey: UInt32] = [:]
    private var programIDs: [ProgramKey: UInt32] = [:]

    private var decisionTables: [CELDecisionTable] = []
    private var programTexts: [[UInt8]: Int] = [:]

    struct ValueKey: Hashable { var tag, a, b: UInt32 }
    /// All but the first word of a graph's header is in the cache line of its first instructions.
    private static let codeAlignment: UInt32 = 4

    private struct ProgramKey: Hashable {
        var image: [UInt64]
        var slotCount: Int
    }

    public init() { sections[BundleSection.strx.rawValue] = [0] }

    /// The number of records of `section` so far: the index that the next one gets.
    public func count(_ section: BundleSection) -> UInt32 {
        UInt32(sections[section.rawValue].count / max(1, section.stride))
    }

    /// Makes room for so many subjects at once: growing again and again would move them as often.
    public mutating func reserve(subjects: Int) {
        sections[BundleSection.subj.rawValue].reserveCapacity(subjects * BundleSection.subj.stride)
        sections[BundleSection.strx.rawValue].reserveCapacity(sections[BundleSection.strx.rawValue].count + subjects * 2)
        stringBytes.reserveCapacity(stringBytes.count + subjects * 40)
    }

    // MARK: Strings and lists

    /// An id for `text`, to be used where a column is a string. Equal texts have one id.
    public mutating func string(_ text: String) -> UInt32 {
        var text = text
        let (hash, known) = text.withUTF8 { bytes in
            let hash = CELActivation.hash(of: UnsafeRawBufferPointer(bytes))
            return (hash, stringIDs.find(hash) { isString($0, bytes) })
        }
        if let known { return known }
        let id = uniqueString(text)
        stringIDs.insert(id, hash: hash)
        return id
    }

    private func isString(_ id: UInt32, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        let offsets = sections[BundleSection.strx.rawValue]
        let range = Int(offsets[Int(id)])..<Int(offsets[Int(id) + 1])
        return range.count == bytes.count && stringBytes[range].elementsEqual(bytes)
    }

    /// An id for a text that hardly occurs a second time, such as the name of a user: it is not looked for among the others.
    public mutating func uniqueString(_ text: String) -> UInt32 {
        stringBytes.append(contentsOf: text.utf8)
        sections[BundleSection.strx.rawValue].append(UInt32(clamping: stringBytes.count))
        return UInt32(sections[BundleSection.strx.rawValue].count - 2)
    }

    /// The same for a text that lies somewhere as UTF-8.
    public mutating func uniqueString(_ text: UnsafeBufferPointer<UInt8>) -> UInt32 {
        stringBytes.append(contentsOf: text)
        sections[BundleSection.strx.rawValue].append(UInt32(clamping: stringBytes.count))
        return UInt32(sections[BundleSection.strx.rawValue].count - 2)
    }

    /// A list of words; equal ones are stored once.
    public mutating func list(_ words: [UInt32]) -> (offset: UInt32, count: UInt32) {
        if words.isEmpty { return (0, 0) }
        let hash = InternTable.hash(words)
        let known = listIDs.find(hash) { number in
            let range = listRanges[Int(number)]
            return range.count == words.count && sections[BundleSection.list.rawValue][range].elementsEqual(words)
        }
        if let known { return (UInt32(listRanges[Int(known)].lowerBound), UInt32(words.count)) }
        let start = sections[BundleSection.list.rawValue].count
        sections[BundleSection.list.rawValue] += words
        listIDs.insert(UInt32(listRanges.count), hash: hash)
        listRanges.append(start..<start + words.count)
        return (UInt32(start), UInt32(words.count))
    }

    public mutating func list(strings: [String]) -> (offset: UInt32, count: UInt32) { list(strings.map { string($0) }) }

    // MARK: Records

    /// Appends a record; columns that are not named are 0.
    /// - Returns: its index.
    @discardableResult
    public mutating func append<Column: BundleColumn & Hashable>(_ section: BundleSection, _ record: [Column: UInt32]) -> UInt32 {
        append(section, words: Column.allCases.map { record[$0] ?? 0 })
    }

    /// Appends a record by all its words.
    @discardableResult
    public mutating func append(_ section: BundleSection, words: [UInt32]) -> UInt32 {
        let index = count(section)
        sections[section.rawValue] += words
        return index
    }

    /// Appends a subject: there may be a million, and a list of words for each would take as long as all else.
    public mutating func subject(
        name: UInt32, email: UInt32, flags: UInt32, subjectClass: UInt32, attributes: UInt32, path: UInt32, line: UInt32
    ) -> UInt32 {
        let section = BundleSection.subj.rawValue
        let row = count(.subj)
        sections[section].append(name)
        sections[section].append(email)
        sections[section].append(flags)
        sections[section].append(subjectClass)
        sections[section].append(attributes)
        sections[section].append(path)
        sections[section].append(line)
        return row
    }

    /// Appends a record unless there is an equal one.
    public mutating func appendOnce(_ section: BundleSection, words: [UInt32]) -> UInt32 {
        let hash = InternTable.hash(words)
        let known = recordIDs[section]?.find(hash) { row in
            let start = Int(row) * words.count
            return sections[section.rawValue][start..<start + words.count].elementsEqual(words)
        }
        if let known { return known }
        let index = append(section, words: words)
        recordIDs[section, default: InternTable()].insert(index, hash: hash)
        return index
    }

    /// Sets a word of a record that is there already.
    public mutating func set<Column: BundleColumn>(_ section: BundleSection, _ row: UInt32, _ column: Column, _ word: UInt32) {
        sections[section.rawValue][Int(row) * section.stride + column.rawValue] = word
    }

    public func word(_ section: BundleSection, _ row: UInt32, _ column: Int) -> UInt32 {
        sections[section.rawValue][Int(row) * section.stride + column]
    }

    public func word<Column: BundleColumn>(_ section: BundleSection, _ row: UInt32, _ column: Column) -> UInt32 {
        sections[section.rawValue][Int(row) * section.stride + column.rawValue]
    }

    /// Where something was written.
    public mutating func source(path: String, line: Int, column: Int) -> UInt32 {
        append(.srce, words: [string(path), UInt32(clamping: line), UInt32(clamping: column)])
    }

    /// An external identity of a subject.
    public mutating func identity(_ identity: String, type: UInt32, subject: UInt32) {
        append(.iden, words: [uniqueString(identity), type, subject])
    }

    /// A slot that conditions read.
    public mutating func slot(path: String, type: String) { append(.slot, words: [string(path), string(type), 0]) }

    /// 64-bit words of a dense bitmap. Equal ones need not be stored twice, which is for the caller to know.
    /// - Returns: the number of its first word.
    public mutating func bitmap(_ words: [UInt64]) -> UInt32 {
        let offset = count(.bits)
        for word in words { append(.bits, words: [UInt32(truncatingIfNeeded: word), UInt32(truncatingIfNeeded: word >> 32)]) }
        return offset
    }

    // MARK: Conditions

    public func decisionTable(_ program: UInt32) -> CELDecisionTable { decisionTables[Int(program)] }

    /// A compiled condition; equal ones are stored once.
    ///
    /// - Parameter source: the text that it was compiled from.
    public mutating func program(_ program: CELProgram, slotCount: Int, source: String = "") -> UInt32 {
        let key = ProgramKey(image: program.image, slotCount: slotCount)
        if let known = programIDs[key] { return known }
        while count(.code) % 8 != Self.codeAlignment { append(.code, words: [0, 0]) }
        let word = count(.code)
        let image = program.image(at: Int(word), texts: &programTexts)
        for word in image { append(.code, words: [UInt32(truncatingIfNeeded: word), UInt32(truncatingIfNeeded: word >> 32)]) }
        for slot in program.slotsRead where slot < Int(count(.slot)) { sections[BundleSection.slot.rawValue][slot * 3 + 2] = 1 }
        let spans = count(.span)
        for span in program.graphSpans {
            let isKnown = span.upperBound <= source.utf8.count
            append(.span, words: isKnown ? [UInt32(span.lowerBound), UInt32(span.upperBound)] : [0, 0])
        }
        let index = append(
            .prog,
            [
                ProgramColumn.word: word, .wordCount: UInt32(image.count), .slotCount: UInt32(slotCount), .text: string(source),
                .spans: spans, .spanCount: UInt32(program.graphSpans.count),
            ])
        programIDs[key] = index
        decisionTables.append(CELDecisionTable(ofImage: image))
        return index
    }

    // MARK: The file

    /// The finished file.
    ///
    /// - Throws: `BundleError` of kind `tooLarge`.
    public consuming func finish() throws(BundleError) -> [UInt8] {
        if count(.indx) == 0 { append(.indx, [IndexColumn.policyWords: 0]) }
        sections[BundleSection.sbjh.rawValue] = table(.subj, text: SubjectColumn.name.rawValue) { words, row in
            words[row + SubjectColumn.flags.rawValue] & SubjectColumn.serviceAccount
        }
        sections[BundleSection.idnh.rawValue] = table(.iden, text: 0) { words, row in words[row + 1] * SubjectColumn.serviceAccount }
        sections[BundleSection.mdlh.rawValue] = table(.modl, text: ModelColumn.name.rawValue) { _, _ in 0 }
        sections[BundleSection.acth.rawValue] = table(.actn, text: 0) { _, _ in 0 }
        sections[BundleSection.eqvh.rawValue] = table(.eqva, text: EqualityValueColumn.text.rawValue) { words, row in words[row] }
        sections[BundleSection.txtc.rawValue] = constantTable()
        return try assemble()
    }

    /// The texts that conditions compare with, by the hash that their cells carry.
    private func constantTable() -> [UInt32] {
        let mask = StringHash.capacity(programTexts.count) - 1
        var table = [UInt32](repeating: BundleFormat.none, count: (mask + 1) * 3)
        for (text, offset) in programTexts.sorted(by: { $0.value < $1.value }) {
            let hash = text.withUnsafeBytes { CELActivation.hash(of: $0) }
            var place = Int(hash) & mask
            while table[place * 3 + 2] != BundleFormat.none { place = (place + 1) & mask }
            table[place * 3] = hash
            table[place * 3 + 1] = UInt32(offset)
            table[place * 3 + 2] = UInt32(text.count)
        }
        return table
    }

    /// A hash table of the records of a section by the text in a column and a salt.
    private func table(_ section: BundleSection, text column: Int, salt: ([UInt32], Int) -> UInt32) -> [UInt32] {
        let words = sections[section.rawValue]
        let offsets = sections[BundleSection.strx.rawValue]
        let count = Int(count(section))
        let mask = StringHash.capacity(count) - 1
        var table = [UInt32](repeating: BundleFormat.none, count: mask + 1)
        stringBytes.withUnsafeBytes { bytes in
            for row in 0..<count {
                let start = row * section.stride
                let string = Int(words[start + column])
                let text = UnsafeRawBufferPointer(rebasing: bytes[Int(offsets[string])..<Int(offsets[string + 1])])
                var place = Int(StringHash.hash(text, salt: salt(words, start))) & mask
                while table[place] != BundleFormat.none { place = (place + 1) & mask }
                table[place] = UInt32(row)
            }
        }
        return table
    }

    private consuming func assemble() throws(BundleError) -> [UInt8] {
        let all = BundleSection.allCases
        let bodyStart = BundleFormat.padded(BundleFormat.headerSize + all.count * BundleFormat.sectionEntrySize)
        let sizes = all.map { $0 == .strb ? stringBytes.count : sections[$0.rawValue].count * 4 }
        let total = sizes.reduce(bodyStart + BundleFormat.trailer) { $0 + BundleFormat.padded($1) }
        guard total <= BundleFormat.sizeLimit else {
            throw BundleError(.tooLarge, "the bundle would have \(total) bytes, more than the \(BundleFormat.sizeLimit) that one may have")
        }
        var file: [UInt8] = []
        file.reserveCapacity(total)
        file += BundleFormat.magic
        Self.append(&file, BundleFormat.version)
        Self.append(&file, UInt32(all.count))
        Self.append(&file, UInt64(total))
        file += [UInt8](repeating: 0, count: BundleFormat.headerSize - file.count)
        var offset = bodyStart
        for (section, size) in zip(all, sizes) {
            Self.append(&file, section.tag)
            Self.append(&file, UInt32(section.stride))
            Self.append(&file, UInt64(offset))
            Self.append(&file, UInt64(size))
            offset += BundleFormat.padded(size)
        }
        file += [UInt8](repeating: 0, count: bodyStart - file.count)
        for (section, size) in zip(all, sizes) {
            if section == .strb {
                file += stringBytes
                stringBytes = []
            } else {
                // Words are little-endian in memory too: see `PolicyBundle`.
                sections[section.rawValue].withUnsafeBytes { file += $0 }
                sections[section.rawValue] = []
            }
            file += [UInt8](repeating: 0, count: BundleFormat.padded(size) - size)
        }
        file += [UInt8](repeating: 0, count: BundleFormat.trailer)
        let digest = SHA256Digest(of: file)
        file.replaceSubrange(BundleFormat.digestRange, with: digest.bytes)
        return file
    }

    private static func append<Number: FixedWidthInteger>(_ bytes: inout [UInt8], _ number: Number) {
        withUnsafeBytes(of: number.littleEndian) { bytes += $0 }
    }
}
