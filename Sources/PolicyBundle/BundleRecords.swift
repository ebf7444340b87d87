import CEL
import CPrefetch
import Glibc

/// Where the records of a bundle lie: reading without checks, for the engine.
///
/// INVARIANT: the bundle was verified, so that every index that one of its words holds leads to a record, and it outlives this.
public struct BundleRecords: @unchecked Sendable {
    /// By section: where its records begin, how many there are.
    @usableFromInline let places: UnsafePointer<UnsafeRawPointer>
    @usableFromInline let counts: UnsafePointer<Int>
    private let end: UnsafeRawPointer

    init(places: UnsafePointer<UnsafeRawPointer>, counts: UnsafePointer<Int>, end: UnsafeRawPointer) {
        self.places = places
        self.counts = counts
        self.end = end
    }

    @inlinable
    public func count(_ section: BundleSection) -> Int { counts[section.rawValue] }

    /// The words of a section.
    @inlinable
    public func words(_ section: BundleSection) -> UnsafePointer<UInt32> {
        places[section.rawValue].assumingMemoryBound(to: UInt32.self)
    }

    /// The 64-bit words of a section.
    @inlinable
    public func doubleWords(_ section: BundleSection) -> UnsafePointer<UInt64> {
        places[section.rawValue].assumingMemoryBound(to: UInt64.self)
    }

    /// A record's first word.
    @inlinable
    public func record(_ section: BundleSection, _ row: Int) -> UnsafePointer<UInt32> { words(section) + row * section.stride }

    @inlinable
    public func word<Column: BundleColumn>(_ section: BundleSection, _ row: Int, _ column: Column) -> UInt32 {
        words(section)[row * section.stride + column.rawValue]
    }

    /// What text cells of conditions count from: `code` and all that follows.
    public var textMemory: UnsafeRawBufferPointer {
        let start = places[BundleSection.code.rawValue]
        return UnsafeRawBufferPointer(start: start, count: end - start)
    }

    /// The bytes of a string.
    @inlinable
    public func text(_ index: Int) -> UnsafeRawBufferPointer {
        let offsets = words(.strx)
        let start = Int(offsets[index])
        return UnsafeRawBufferPointer(start: places[BundleSection.strb.rawValue] + start, count: Int(offsets[index + 1]) - start)
    }

    // MARK: Hash tables

    /// A text of a request: the constant of some condition where it is one, else a copy in the activation.
    public func cell(ofText text: UnsafeRawBufferPointer, in activation: CELActivation) -> CELCell {
        let hash = CELActivation.hash(of: text)
        let table = words(.txtc)
        let mask = count(.txtc) - 1
        var place = Int(hash) & mask
        // INVARIANT: the verifier has seen an empty entry in the table, so that this ends.
        while true {
            let record = table + place * 3
            if record[2] == BundleFormat.none { return activation.makeText(text, hash: hash) }
            if record[0] == hash, Int(record[2]) == text.count,
                memcmp(places[BundleSection.code.rawValue] + Int(record[1]), text.baseAddress ?? UnsafeRawPointer(table), text.count) == 0
            {
                return CELActivation.storedText(offset: Int(record[1]), count: text.count, hash: hash)
            }
            place = (place + 1) & mask
        }
    }

    public func subject(_ name: UnsafeRawBufferPointer, _ isServiceAccount: Bool) -> Int? {
        let salt = isServiceAccount ? SubjectColumn.serviceAccount : 0
        return find(name, salt: salt, .sbjh, .subj, text: SubjectColumn.name.rawValue) { record in
            record[SubjectColumn.flags.rawValue] & SubjectColumn.serviceAccount == salt
        }
    }

    /// Asks for what `subject` is going to read for some users, who may or may not be there: step by step for all of them, as each step leads to
    /// the next through memory that is in no near cache.
    public func prefetchUsers(_ names: UnsafeMutableBufferPointer<UnsafeRawBufferPointer>) {
        let (entries, mask) = (words(.sbjh), count(.sbjh) - 1)
        let (subjects, offsets, bytes) = (words(.subj), words(.strx), places[BundleSection.strb.rawValue])
        withUnsafeTemporaryAllocation(of: Int.self, capacity: names.count) { steps in
            for number in names.indices {
                steps[number] = Int(StringHash.hash(names[number], salt: 0)) & mask
                prefetch_line(entries + steps[number])
            }
            for number in names.indices {
                let entry = entries[steps[number]]
                // Any record will do for whoever is not there.
                steps[number] = entry == BundleFormat.none ? 0 : Int(entry) * BundleSection.subj.stride
                prefetch_line(subjects + steps[number])
            }
            if count(.subj) == 0 { return }
            for number in names.indices {
                steps[number] = Int(subjects[steps[number] + SubjectColumn.name.rawValue])
                prefetch_line(offsets + steps[number])
            }
            for number in names.indices { prefetch_line(bytes + Int(offsets[steps[number]])) }
        }
    }

    public func identity(_ identity: UnsafeRawBufferPointer, _ isServiceAccount: Bool) -> Int? {
        let type: UInt32 = isServiceAccount ? 1 : 0
        let row = find(identity, salt: type * SubjectColumn.serviceAccount, .idnh, .iden, text: 0) { $0[1] == type }
        return row.map { Int(words(.iden)[$0 * 3 + 2]) }
    }

    public func model(_ name: UnsafeRawBufferPointer) -> Int? {
        find(name, salt: 0, .mdlh, .modl, text: ModelColumn.name.rawValue) { _ in true }
    }

    public func action(_ name: UnsafeRawBufferPointer) -> Int? { find(name, salt: 0, .acth, .actn, text: 0) { _ in true } }

    /// The value of a group of slots' values.
    public func equalityValue(_ text: UnsafeRawBufferPointer, group: Int) -> Int? {
        let salt = UInt32(truncatingIfNeeded: group)
        return find(text, salt: salt, .eqvh, .eqva, text: EqualityValueColumn.text.rawValue) {
            $0[EqualityValueColumn.group.rawValue] == salt
        }
    }

    @inline(__always)
    private func find(
        _ text: UnsafeRawBufferPointer, salt: UInt32, _ table: BundleSection, _ section: BundleSection, text column: Int,
        where matches: (UnsafePointer<UInt32>) -> Bool
    ) -> Int? {
        let entries = words(table)
        let mask = count(table) - 1
        let records = words(section)
        let stride = section.stride
        var place = Int(StringHash.hash(text, salt: salt)) & mask
        // INVARIANT: the verifier has seen an empty entry in the table, so that this ends.
        while true {
            let entry = entries[place]
            if entry == BundleFormat.none { return nil }
            let record = records + Int(entry) * stride
            let other = self.text(Int(record[column]))
            if other.count == text.count, matches(record),
                memcmp(other.baseAddress ?? UnsafeRawPointer(records), text.baseAddress ?? UnsafeRawPointer(records), text.count) == 0
            {
                return Int(entry)
            }
            place = (place + 1) & mask
        }
    }
}
