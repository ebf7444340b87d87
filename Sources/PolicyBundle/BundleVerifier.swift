import Digest

/// Makes hostile bytes harmless: after it has passed, no accessor can leave the file and no index leads nowhere.
enum BundleVerifier {
    struct Layout {
        var digest: SHA256Digest
        var places: [Int]
        var counts: [Int]
    }

    /// Checks the header, the digest and the table of sections.
    static func layout(of memory: UnsafeRawBufferPointer) throws(BundleError) -> Layout {
        guard memory.count >= BundleFormat.headerSize, memory[0..<8].elementsEqual(BundleFormat.magic) else {
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
        let digest = try checkedDigest(memory)
        let all = BundleSection.allCases
        guard load(memory, 12, UInt32.self) == UInt32(all.count) else { throw damaged("it has an unexpected number of sections") }
        var places: [Int] = []
        var counts: [Int] = []
        var end = BundleFormat.headerSize + all.count * BundleFormat.sectionEntrySize
        guard end <= memory.count else { throw damaged("its table of sections is cut off") }
        for (position, section) in all.enumerated() {
            let entry = BundleFormat.headerSize + position * BundleFormat.sectionEntrySize
            let offset = load(memory, entry + 8, UInt64.self)
            let size = load(memory, entry + 16, UInt64.self)
            guard load(memory, entry, UInt32.self) == section.tag, load(memory, entry + 4, UInt32.self) == UInt32(section.stride),
                offset == UInt64(end), size <= UInt64(memory.count - end), section.stride == 0 || size % UInt64(section.stride * 4) == 0
            else { throw damaged("the entry of section `\(section.rawValue)` is wrong") }
            places.append(end)
            counts.append(section.stride == 0 ? Int(size) : Int(size) / (section.stride * 4))
            end += (Int(size) + 7) / 8 * 8
            guard end <= memory.count else { throw damaged("section `\(section.rawValue)` is cut off") }
        }
        guard end == memory.count else { throw damaged("there are bytes after the last section") }
        return Layout(digest: digest, places: places, counts: counts)
    }

    private static func checkedDigest(_ memory: UnsafeRawBufferPointer) throws(BundleError) -> SHA256Digest {
        let range = BundleFormat.digestRange
        var hasher = SHA256Hasher()
        hasher.update(UnsafeRawBufferPointer(rebasing: memory[..<range.lowerBound]))
        hasher.update([UInt8](repeating: 0, count: range.count))
        hasher.update(UnsafeRawBufferPointer(rebasing: memory[range.upperBound...]))
        let computed = hasher.finish()
        guard computed.bytes.elementsEqual(memory[range]) else { throw damaged("its content does not match its digest") }
        return computed
    }

    /// Checks every word of every record.
    static func verifyRecords(_ bundle: PolicyBundle) throws(BundleError) {
        try verifyStrings(bundle)
        try verifyValues(bundle)
        guard bundle.count(.meta) == 1 else { throw damaged("it must have one `meta` record") }
        for row in 0..<bundle.count(.srce) { try string(bundle, bundle.word(.srce, row, 0), .srce, row) }
        for row in 0..<bundle.count(.iden) {
            try string(bundle, bundle.word(.iden, row, 0), .iden, row)
            guard bundle.word(.iden, row, 1) < 2, bundle.word(.iden, row, 2) < UInt32(bundle.count(.subj)) else { throw wrong(.iden, row) }
        }
        for row in 0..<bundle.count(.slot) {
            try string(bundle, bundle.word(.slot, row, 0), .slot, row)
            try string(bundle, bundle.word(.slot, row, 1), .slot, row)
        }
        try verify(bundle, .meta, MetaColumn.self)
        try verify(bundle, .subj, SubjectColumn.self)
        try verify(bundle, .team, TeamColumn.self)
        try verify(bundle, .role, RoleColumn.self)
        try verify(bundle, .perm, PermissionColumn.self)
        try verify(bundle, .rtyp, ResourceTypeColumn.self)
        try verify(bundle, .prov, ProviderColumn.self)
        try verify(bundle, .modl, ModelColumn.self)
        try verify(bundle, .pric, PriceColumn.self)
        try verify(bundle, .poli, PolicyColumn.self)
        try verify(bundle, .rule, RuleColumn.self)
        try verify(bundle, .exem, ExemptionColumn.self)
        try verify(bundle, .prog, ProgramColumn.self)
        try verify(bundle, .attr, AttributeColumn.self)
    }

    private static func verifyStrings(_ bundle: PolicyBundle) throws(BundleError) {
        let offsets = bundle.count(.strx)
        guard offsets > 0, bundle.word(.strx, 0, 0) == 0, bundle.word(.strx, offsets - 1, 0) == UInt32(bundle.count(.strb)) else {
            throw damaged("its table of strings is wrong")
        }
        for row in 1..<max(1, offsets) where bundle.word(.strx, row, 0) < bundle.word(.strx, row - 1, 0) { throw wrong(.strx, row) }
        for row in 0..<offsets - 1 where String(validating: bundle.stringBytes(row), as: UTF8.self) == nil { throw wrong(.strb, row) }
        let capacity = bundle.count(.strh)
        guard capacity == StringHash.capacity(offsets - 1) else { throw damaged("its table of string hashes has the wrong size") }
        var empty = 0
        for row in 0..<capacity {
            let entry = bundle.word(.strh, row, 0)
            if entry == BundleFormat.none { empty += 1 } else if entry >= UInt32(offsets - 1) { throw wrong(.strh, row) }
        }
        guard empty > 0 else { throw damaged("its table of string hashes is full") }
    }

    /// The deepest that lists and maps of a stored value may nest, and the most values that one may unfold to.
    private static let valueDepthLimit = 64
    private static let valueSizeLimit = 1 << 20

    private static func verifyValues(_ bundle: PolicyBundle) throws(BundleError) {
        // Elements are shared: a few records that each name the one before twice would unfold to more than any memory holds.
        var depths = [Int](repeating: 0, count: bundle.count(.valu))
        var sizes = [Int](repeating: 1, count: bundle.count(.valu))
        for row in 0..<bundle.count(.valu) {
            guard let tag = ValueTag(rawValue: bundle.word(.valu, row, 0)) else { throw wrong(.valu, row) }
            let (a, b) = (bundle.word(.valu, row, 1), bundle.word(.valu, row, 2))
            switch tag {
            case .null, .bool, .int, .uint, .double, .duration: break
            case .string, .type, .pattern: try string(bundle, a, .valu, row)
            case .bytes: try range(bundle, .list, a, b, .valu, row)
            case .timestamp: try range(bundle, .list, a, 2, .valu, row)
            case .list, .map:
                let words = tag == .map ? UInt64(b) * 2 : UInt64(b)
                guard UInt64(a) + words <= UInt64(bundle.count(.list)) else { throw wrong(.valu, row) }
                for offset in 0..<Int(words) {
                    // INVARIANT: elements stand before what holds them, so that reading a value cannot go round in circles.
                    let element = Int(bundle.word(.list, Int(a) + offset, 0))
                    guard element < row else { throw wrong(.valu, row) }
                    depths[row] = max(depths[row], depths[element] + 1)
                    sizes[row] += sizes[element]
                    guard depths[row] <= valueDepthLimit, sizes[row] <= valueSizeLimit else { throw wrong(.valu, row) }
                }
            }
        }
    }

    private static func verify<Column: BundleColumn>(_ bundle: PolicyBundle, _ section: BundleSection, _: Column.Type) throws(BundleError) {
        for row in 0..<bundle.count(section) {
            for column in Column.allCases {
                let word = bundle.word(section, row, column.rawValue)
                switch column.type {
                case .number, .offset: break
                case .below(let bound): guard word < bound else { throw wrong(section, row) }
                case .string: try string(bundle, word, section, row)
                case .optionalString: if word != BundleFormat.none { try string(bundle, word, section, row) }
                case .index(let target): guard word < UInt32(bundle.count(target)) else { throw wrong(section, row) }
                case .optional(let target):
                    guard word == BundleFormat.none || word < UInt32(bundle.count(target)) else { throw wrong(section, row) }
                case .recordCount(let target):
                    try range(bundle, target, bundle.word(section, row, column.rawValue - 1), word, section, row)
                case .listCount(let element):
                    let offset = bundle.word(section, row, column.rawValue - 1)
                    try range(bundle, .list, offset, word, section, row)
                    try verifyList(bundle, offset, word, element, section, row)
                }
            }
        }
    }

    private static func verifyList(
        _ bundle: PolicyBundle, _ offset: UInt32, _ count: UInt32, _ element: ColumnType.ListElement, _ section: BundleSection, _ row: Int
    ) throws(BundleError) {
        if element == .typedGlobs, count % 2 != 0 { throw wrong(section, row) }
        for index in 0..<Int(count) {
            let word = bundle.word(.list, Int(offset) + index, 0)
            switch element {
            case .strings, .typedGlobs: try string(bundle, word, section, row)
            case .records(let target): guard word < UInt32(bundle.count(target)) else { throw wrong(section, row) }
            case .numbers: break
            }
        }
    }

    private static func string(_ bundle: PolicyBundle, _ word: UInt32, _ section: BundleSection, _ row: Int) throws(BundleError) {
        guard Int(word) < bundle.count(.strx) - 1 else { throw wrong(section, row) }
    }

    private static func range(
        _ bundle: PolicyBundle, _ target: BundleSection, _ first: UInt32, _ count: UInt32, _ section: BundleSection, _ row: Int
    ) throws(BundleError) {
        guard UInt64(first) + UInt64(count) <= UInt64(bundle.count(target)) else { throw wrong(section, row) }
    }

    private static func load<Number: FixedWidthInteger>(_ memory: UnsafeRawBufferPointer, _ offset: Int, _: Number.Type) -> Number {
        Number(littleEndian: memory.loadUnaligned(fromByteOffset: offset, as: Number.self))
    }

    private static func damaged(_ what: String) -> BundleError { BundleError(.damaged, "the bundle is damaged: \(what)") }

    private static func wrong(_ section: BundleSection, _ row: Int) -> BundleError {
        damaged("record \(row) of section `\(section.rawValue)` is wrong")
    }
}
