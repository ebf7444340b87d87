import CEL
import Digest

/// Makes hostile bytes harmless: after it has passed, no accessor can leave the file and no index leads nowhere.
enum BundleVerifier {
    struct Layout {
        var digest: SHA256Digest
        var places: [UnsafeRawPointer]
        var counts: [Int]
        var end: UnsafeRawPointer
    }

    /// Checks the header, the table of sections and, unless the file is trusted, the digest.
    static func layout(of memory: UnsafeRawBufferPointer, isTrusted: Bool) throws(BundleError) -> Layout {
        guard let start = memory.baseAddress, memory.count >= BundleFormat.headerSize, memory[0..<8].elementsEqual(BundleFormat.magic)
        else {
            throw BundleError(.notABundle, "this is not a bundle: it does not begin with the magic bytes")
        }
        let version = load(memory, 8, UInt32.self)
        guard version == BundleFormat.version else {
            throw BundleError(
                .otherVersion,
                "the bundle has format version \(version), this program reads version \(BundleFormat.version); compile it again with this program"
            )
        }
        guard load(memory, 16, UInt64.self) == UInt64(memory.count) else {
            throw BundleError(
                .damaged, "the bundle is damaged: it has \(memory.count) bytes, its header says \(load(memory, 16, UInt64.self))")
        }
        let digest = try checkedDigest(memory, isTrusted: isTrusted)
        let all = BundleSection.allCases
        guard load(memory, 12, UInt32.self) == UInt32(all.count) else { throw damaged("it has an unexpected number of sections") }
        var places: [UnsafeRawPointer] = []
        var counts: [Int] = []
        var end = BundleFormat.padded(BundleFormat.headerSize + all.count * BundleFormat.sectionEntrySize)
        guard end <= memory.count else { throw damaged("its table of sections is cut off") }
        for (position, section) in all.enumerated() {
            let entry = BundleFormat.headerSize + position * BundleFormat.sectionEntrySize
            let offset = load(memory, entry + 8, UInt64.self)
            let size = load(memory, entry + 16, UInt64.self)
            guard load(memory, entry, UInt32.self) == section.tag, load(memory, entry + 4, UInt32.self) == UInt32(section.stride),
                offset == UInt64(end), size <= UInt64(memory.count - end), section.stride == 0 || size % UInt64(section.stride * 4) == 0
            else { throw damaged("the entry of section `\(section.name)` is wrong") }
            places.append(start + end)
            counts.append(section.stride == 0 ? Int(size) : Int(size) / (section.stride * 4))
            end += BundleFormat.padded(Int(size))
            guard end <= memory.count else { throw damaged("section `\(section.name)` is cut off") }
        }
        guard end + BundleFormat.trailer == memory.count else { throw damaged("it does not end after its last section") }
        return Layout(digest: digest, places: places, counts: counts, end: start + memory.count)
    }

    private static func checkedDigest(_ memory: UnsafeRawBufferPointer, isTrusted: Bool) throws(BundleError) -> SHA256Digest {
        let range = BundleFormat.digestRange
        if isTrusted, let stated = SHA256Digest(bytes: Array(memory[range])) { return stated }
        var hasher = SHA256Hasher()
        hasher.update(UnsafeRawBufferPointer(rebasing: memory[..<range.lowerBound]))
        hasher.update([UInt8](repeating: 0, count: range.count))
        hasher.update(UnsafeRawBufferPointer(rebasing: memory[range.upperBound...]))
        let computed = hasher.finish()
        guard computed.bytes.elementsEqual(memory[range]) else { throw damaged("its content does not match its digest") }
        return computed
    }

    /// Checks every word of every record.
    static func verify(_ records: BundleRecords) throws(BundleError) {
        guard records.count(.meta) == 1, records.count(.indx) == 1 else {
            throw damaged("it must have one record of `meta` and one of `indx`")
        }
        try verifyStrings(records)
        try verifyValues(records)
        let checker = RecordVerifier(records)
        for section in BundleSection.allCases where !section.columns.isEmpty { try checker.verify(section) }
        try checker.verifyPlain()
        try checker.verifyConstants()
        try checker.verifyIndex()
        try verifyTables(records)
        try verifyConditions(records)
    }

    /// What the index says of graphs is what they say themselves.
    static func verifyGraphs(_ records: BundleRecords, _ conditions: CELGraphTable) throws(BundleError) {
        for row in 0..<records.count(.prog) {
            let spans = Int(records.word(.prog, row, ProgramColumn.spans))
            let size = UInt32(clamping: records.text(Int(records.word(.prog, row, ProgramColumn.text))).count)
            // Tracing writes a byte for each instruction where its span is.
            guard Int(records.word(.prog, row, ProgramColumn.spanCount)) == conditions.instructionCount(row) else {
                throw wrong(.prog, row)
            }
            for number in spans..<spans + conditions.instructionCount(row) {
                let span = records.words(.span) + number * 2
                guard span[0] <= span[1], span[1] <= size else { throw wrong(.span, number) }
            }
        }
        // Many policies may share a condition.
        var tables: [UInt32: CELDecisionTable] = [BundleFormat.none: .always]
        for row in 0..<records.count(.hotp) {
            let policy = records.record(.hotp, row)
            var table = CELDecisionTable.none
            if policy[HotPolicyColumn.flags.rawValue] & HotPolicyColumn.isComplex == 0 {
                let condition = policy[HotPolicyColumn.condition.rawValue]
                table = tables[condition] ?? conditions.decisionTable(Int(condition))
                tables[condition] = table
            }
            guard table.words.elementsEqual(UnsafeBufferPointer(start: policy, count: CELDecisionTable.wordCount)) else {
                throw wrong(.hotp, row)
            }
        }
    }

    /// The conditions as the general machine reads them; their graphs are verified where they are made ready to run.
    private static func verifyConditions(_ records: BundleRecords) throws(BundleError) {
        for row in 0..<records.count(.prog) {
            do throws(CELVerificationError) {
                let program = try records.program(row)
                try CELVerifier.verify(program, slotCount: Int(records.word(.prog, row, ProgramColumn.slotCount)))
            } catch {
                throw damaged("condition \(row) is not valid: \(error)")
            }
        }
    }

    private static func verifyStrings(_ records: BundleRecords) throws(BundleError) {
        let offsets = records.words(.strx)
        let count = records.count(.strx)
        let size = records.count(.strb)
        guard count > 0, offsets[0] == 0, offsets[count - 1] == UInt32(size) else { throw damaged("its table of strings is wrong") }
        let start = records.places[BundleSection.strb.rawValue].assumingMemoryBound(to: UInt8.self)
        let bytes = UnsafeBufferPointer(start: start, count: size)
        guard UTF8Check.isValid(bytes) else { throw damaged("its strings are not valid UTF-8") }
        var last: UInt32 = 0
        for row in 1..<max(1, count) {
            let offset = offsets[row]
            // A string that begins inside a character is none, though the whole be valid.
            guard offset >= last, offset <= UInt32(size), Int(offset) == size || bytes[Int(offset)] & 0xC0 != 0x80 else {
                throw wrong(.strx, row)
            }
            last = offset
        }
    }

    private static func verifyTables(_ records: BundleRecords) throws(BundleError) {
        let tables: [(BundleSection, BundleSection)] = [
            (.sbjh, .subj), (.idnh, .iden), (.mdlh, .modl), (.acth, .actn), (.eqvh, .eqva),
        ]
        for (table, target) in tables {
            let capacity = records.count(table)
            let entries = records.words(table)
            let limit = UInt32(records.count(target))
            guard capacity == StringHash.capacity(Int(limit)) else { throw damaged("the hash table `\(table.name)` has the wrong size") }
            var empty = 0
            for place in 0..<capacity {
                if entries[place] == BundleFormat.none { empty += 1 } else if entries[place] >= limit { throw wrong(table, place) }
            }
            // A search ends at an empty entry.
            guard empty > 0 else { throw damaged("the hash table `\(table.name)` is full") }
        }
    }

    /// The deepest that lists and maps of a stored value may nest, and the most values that one may unfold to.
    private static let valueDepthLimit = 64
    private static let valueSizeLimit = 1 << 20

    private static func verifyValues(_ records: BundleRecords) throws(BundleError) {
        let strings = records.count(.strx) - 1
        let listCount = UInt64(records.count(.list))
        // Elements are shared: a few records that each name the one before twice would unfold to more than any memory holds.
        var depths = [Int](repeating: 0, count: records.count(.valu))
        var sizes = [Int](repeating: 1, count: records.count(.valu))
        for row in 0..<records.count(.valu) {
            let record = records.words(.valu) + row * 3
            guard let tag = ValueTag(rawValue: record[0]) else { throw wrong(.valu, row) }
            let (a, b) = (record[1], record[2])
            switch tag {
            case .null, .bool, .int, .uint, .double, .duration: break
            case .string, .type, .pattern: guard Int(a) < strings else { throw wrong(.valu, row) }
            case .bytes: guard UInt64(a) + UInt64(b) <= listCount else { throw wrong(.valu, row) }
            case .timestamp: guard UInt64(a) + 2 <= listCount else { throw wrong(.valu, row) }
            case .list, .map:
                let words = tag == .map ? UInt64(b) * 2 : UInt64(b)
                guard UInt64(a) + words <= listCount else { throw wrong(.valu, row) }
                for offset in 0..<Int(words) {
                    // INVARIANT: elements stand before what holds them, so that reading a value cannot go round in circles.
                    let element = Int(records.words(.list)[Int(a) + offset])
                    guard element < row else { throw wrong(.valu, row) }
                    depths[row] = max(depths[row], depths[element] + 1)
                    sizes[row] += sizes[element]
                    guard depths[row] <= valueDepthLimit, sizes[row] <= valueSizeLimit else { throw wrong(.valu, row) }
                }
            }
        }
    }

    private static func load<Number: FixedWidthInteger>(_ memory: UnsafeRawBufferPointer, _ offset: Int, _: Number.Type) -> Number {
        Number(littleEndian: memory.loadUnaligned(fromByteOffset: offset, as: Number.self))
    }

    static func damaged(_ what: String) -> BundleError { BundleError(.damaged, "the bundle is damaged: \(what)") }

    static func wrong(_ section: BundleSection, _ row: Int) -> BundleError {
        damaged("record \(row) of section `\(section.name)` is wrong")
    }
}
