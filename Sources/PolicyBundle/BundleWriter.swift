import CEL
import Digest

/// Builds a bundle. The same calls in the same order give the same bytes, on every machine.
public struct BundleWriter {
    private var interner = StringInterner()
    private var sections: [BundleSection: [UInt32]] = [:]
    /// Words that hold ids of strings, to be replaced by their final order: positions by section.
    private var stringWords: [BundleSection: [Int]] = [:]
    private var valueIndex: [ValueKey: UInt32] = [:]

    public init() {}

    private enum ValueKey: Hashable { case record(UInt32, UInt32, UInt32) }

    /// The number of records of `section` so far: the index that the next one gets.
    public func count(_ section: BundleSection) -> UInt32 {
        UInt32((sections[section]?.count ?? 0) / max(1, section.stride))
    }

    /// An id for `text`, to be used where a column is a string.
    public mutating func string(_ text: String) -> UInt32 { interner.id(of: text) }

    /// Appends a record; columns that are not named are 0.
    /// - Returns: its index.
    @discardableResult
    public mutating func append<Column: BundleColumn & Hashable>(_ section: BundleSection, _ record: [Column: UInt32]) -> UInt32 {
        let index = count(section)
        var words = sections[section] ?? []
        let base = words.count
        words += [UInt32](repeating: 0, count: section.stride)
        for column in Column.allCases {
            guard let word = record[column] else { continue }
            words[base + column.rawValue] = word
            switch column.type {
            case .string: stringWords[section, default: []].append(base + column.rawValue)
            case .optionalString where word != BundleFormat.none: stringWords[section, default: []].append(base + column.rawValue)
            default: break
            }
        }
        sections[section] = words
        return index
    }

    /// Appends a list of words that are not strings.
    public mutating func list(_ words: [UInt32]) -> (offset: UInt32, count: UInt32) {
        let offset = UInt32(sections[.list]?.count ?? 0)
        sections[.list, default: []] += words
        return (words.isEmpty ? 0 : offset, UInt32(words.count))
    }

    /// Appends a list of strings.
    public mutating func list(strings: [String]) -> (offset: UInt32, count: UInt32) {
        let ids = strings.map { interner.id(of: $0) }
        let place = list(ids)
        stringWords[.list, default: []] += ids.indices.map { Int(place.offset) + $0 }
        return place
    }

    /// Where something was written.
    public mutating func source(path: String, line: Int, column: Int) -> UInt32 {
        let index = count(.srce)
        stringWords[.srce, default: []].append(Int(index) * 3)
        sections[.srce, default: []] += [interner.id(of: path), UInt32(clamping: line), UInt32(clamping: column)]
        return index
    }

    /// An external identity of a subject.
    public mutating func identity(_ identity: String, type: UInt32, subject: UInt32) {
        let base = sections[.iden]?.count ?? 0
        stringWords[.iden, default: []].append(base)
        sections[.iden, default: []] += [interner.id(of: identity), type, subject]
    }

    /// A slot that conditions read.
    public mutating func slot(path: String, type: String) {
        let base = sections[.slot]?.count ?? 0
        stringWords[.slot, default: []] += [base, base + 1]
        sections[.slot, default: []] += [interner.id(of: path), interner.id(of: type)]
    }

    /// A compiled condition.
    public mutating func program(_ program: CELProgram, slotCount: Int) -> UInt32 {
        let code = count(.code)
        sections[.code, default: []] += program.words
        let constants = list(program.constants.map { value($0) })
        let slotsRead = list(program.slotsRead.map { UInt32(clamping: $0) })
        return append(
            .prog,
            [
                ProgramColumn.code: code, .codeCount: UInt32(program.words.count), .constants: constants.offset,
                .constantCount: constants.count, .slotsRead: slotsRead.offset, .slotsReadCount: slotsRead.count,
                .registers: UInt32(program.registerCount), .resultType: string(program.resultType.description),
                .slotCount: UInt32(slotCount),
            ])
    }

    /// A value; equal scalars are stored once.
    public mutating func value(_ value: CELValue) -> UInt32 {
        switch value {
        case .null: return record(.null, 0, 0)
        case .bool(let flag): return record(.bool, flag ? 1 : 0, 0)
        case .int(let number): return record(.int, UInt64(bitPattern: number))
        case .uint(let number): return record(.uint, number)
        case .double(let number): return record(.double, number.bitPattern)
        case .string(let text): return record(.string, interner.id(of: text), 0)
        case .type(let name): return record(.type, interner.id(of: name), 0)
        case .pattern(let pattern): return record(.pattern, interner.id(of: pattern.source), 0)
        case .bytes(let bytes):
            let place = list(bytes.map(UInt32.init))
            return record(.bytes, place.offset, place.count)
        case .list(let items):
            let place = list(items.map { self.value($0) })
            return record(.list, place.offset, place.count)
        case .map(let map):
            var words: [UInt32] = []
            for (key, entry) in zip(map.keys, map.values) { words += [self.value(key), self.value(entry)] }
            let place = list(words)
            return record(.map, place.offset, place.count / 2)
        case .timestamp(let time):
            let words = [UInt32(truncatingIfNeeded: time.seconds), UInt32(truncatingIfNeeded: time.seconds >> 32)]
            return record(.timestamp, list(words).offset, UInt32(bitPattern: time.nanoseconds))
        case .duration(let length): return record(.duration, UInt64(bitPattern: length.nanoseconds))
        default:
            // Optionals, errors and network values are never constants; a reader takes this for a value that no condition accepts.
            return record(.null, 0, 0)
        }
    }

    private mutating func record(_ tag: ValueTag, _ bits: UInt64) -> UInt32 {
        record(tag, UInt32(truncatingIfNeeded: bits), UInt32(truncatingIfNeeded: bits >> 32))
    }

    private mutating func record(_ tag: ValueTag, _ a: UInt32, _ b: UInt32) -> UInt32 {
        let key = ValueKey.record(tag.rawValue, a, b)
        if let known = valueIndex[key] { return known }
        let index = count(.valu)
        if tag.holdsString { stringWords[.valu, default: []].append(Int(index) * 3 + 1) }
        sections[.valu, default: []] += [tag.rawValue, a, b]
        valueIndex[key] = index
        return index
    }

    /// The finished file.
    public consuming func finish() -> [UInt8] {
        let (strings, place) = interner.sorted()
        for (section, positions) in stringWords {
            guard var words = sections.removeValue(forKey: section) else { continue }
            for position in positions { words[position] = place[Int(words[position])] }
            sections[section] = words
        }
        sortByString(.iden, stride: 3)
        var bytes: [UInt8] = []
        var offsets: [UInt32] = [0]
        for text in strings {
            bytes += text.utf8
            offsets.append(UInt32(bytes.count))
        }
        sections[.strx] = offsets
        sections[.strh] = Self.hashTable(strings)
        return Self.assemble(sections, stringBytes: bytes)
    }

    private mutating func sortByString(_ section: BundleSection, stride: Int) {
        guard let words = sections[section] else { return }
        let starts = Swift.stride(from: 0, to: words.count, by: stride).sorted { (words[$0], words[$0 + 1]) < (words[$1], words[$1 + 1]) }
        sections[section] = starts.flatMap { words[$0..<$0 + stride] }
    }

    private static func hashTable(_ strings: [String]) -> [UInt32] {
        let capacity = StringHash.capacity(strings.count)
        var table = [UInt32](repeating: BundleFormat.none, count: capacity)
        for (index, text) in strings.enumerated() {
            var text = text
            var slot = Int(truncatingIfNeeded: text.withUTF8 { StringHash.hash(UnsafeRawBufferPointer($0)) }) & (capacity - 1)
            while table[slot] != BundleFormat.none { slot = (slot + 1) & (capacity - 1) }
            table[slot] = UInt32(index)
        }
        return table
    }

    private static func assemble(_ sections: [BundleSection: [UInt32]], stringBytes: [UInt8]) -> [UInt8] {
        var file: [UInt8] = BundleFormat.magic
        let all = BundleSection.allCases
        append(&file, BundleFormat.version)
        append(&file, UInt32(all.count))
        let tableStart = BundleFormat.headerSize
        var offset = tableStart + all.count * BundleFormat.sectionEntrySize
        var table: [UInt8] = []
        var body: [UInt8] = []
        for section in all {
            var content: [UInt8] = []
            if section == .strb {
                content = stringBytes
            } else {
                content.reserveCapacity((sections[section]?.count ?? 0) * 4)
                for word in sections[section] ?? [] { append(&content, word) }
            }
            let size = content.count
            append(&table, section.tag)
            append(&table, UInt32(section.stride))
            append(&table, UInt64(offset))
            append(&table, UInt64(size))
            content += [UInt8](repeating: 0, count: (8 - size % 8) % 8)
            body += content
            offset += content.count
        }
        append(&file, UInt64(offset))
        file += [UInt8](repeating: 0, count: BundleFormat.headerSize - file.count)
        file += table + body
        let digest = SHA256Digest(of: file)
        file.replaceSubrange(BundleFormat.digestRange, with: digest.bytes)
        return file
    }

    private static func append<Number: FixedWidthInteger>(_ bytes: inout [UInt8], _ number: Number) {
        withUnsafeBytes(of: number.littleEndian) { bytes += $0 }
    }
}

/// The kinds of records of `valu`.
enum ValueTag: UInt32 {
    case null, bool, int, uint, double, string, bytes, list, map, timestamp, duration, type, pattern

    var holdsString: Bool { self == .string || self == .type || self == .pattern }
}
