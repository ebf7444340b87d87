import Digest
import Glibc

/// A bundle, read in place from memory of its own that stays as long as it lives.
///
/// Opening checks the digest and every word of every record (`BundleVerifier`), so that the accessors cannot leave the bundle.
public final class PolicyBundle: @unchecked Sendable {
    // INVARIANT: the memory belongs to this object alone and nobody writes to it from `init` to `deinit`, hence `@unchecked Sendable`. What
    // `init` has verified is therefore what is read ever after: accessors and interpreter rely on it.
    let memory: UnsafeRawBufferPointer
    private let isMapped: Bool
    private let places: [Int]
    private let counts: [Int]

    /// SHA-256 over the file with the digest's own place filled with zeros.
    public let digest: SHA256Digest
    /// Size of the bundle in bytes.
    public var size: Int { memory.count }

    /// Reads and verifies the file at `path`. What becomes of the file afterwards changes nothing.
    public static func open(path: String) throws(BundleError) -> PolicyBundle {
        let file = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw BundleError(.unreadable, "`\(path)` cannot be opened: \(String(cString: strerror(errno)))") }
        defer { close(file) }
        var info = stat()
        guard fstat(file, &info) == 0, info.st_mode & S_IFMT == S_IFREG else {
            throw BundleError(.unreadable, "`\(path)` is not a regular file")
        }
        guard info.st_size <= BundleFormat.sizeLimit else { throw BundleError(.tooLarge, "`\(path)` is larger than a bundle may be") }
        guard info.st_size >= BundleFormat.headerSize else { throw BundleError(.notABundle, "`\(path)` is not a bundle: it is too short") }
        let size = Int(info.st_size)
        // The file is copied and the copy verified. A mapping of the file, private or not, is not fixed: who can write to the file would change
        // what has been verified and is in force, and who cuts it off would end the process with SIGBUS.
        guard let address = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), address != MAP_FAILED else {
            throw BundleError(.unreadable, "there is no memory for the \(size) bytes of `\(path)`")
        }
        let copy = UnsafeMutableRawBufferPointer(start: address, count: size)
        do throws(BundleError) {
            try fill(copy, from: file, path: path)
            // From here on a stray write of this program ends it instead of changing a decision.
            guard mprotect(address, size, PROT_READ) == 0 else {
                throw BundleError(.unreadable, "the memory of `\(path)` cannot be made read-only: \(String(cString: strerror(errno)))")
            }
        } catch {
            munmap(address, size)
            throw error
        }
        return try PolicyBundle(memory: UnsafeRawBufferPointer(copy), isMapped: true)
    }

    private static func fill(_ memory: UnsafeMutableRawBufferPointer, from file: CInt, path: String) throws(BundleError) {
        var done = 0
        while done < memory.count {
            let count = read(file, memory.baseAddress.map { $0 + done }, memory.count - done)
            if count > 0 {
                done += count
            } else if count == 0 {
                throw BundleError(.damaged, "`\(path)` became shorter while it was read")
            } else if errno != EINTR {
                throw BundleError(.unreadable, "`\(path)` cannot be read: \(String(cString: strerror(errno)))")
            }
        }
    }

    /// Verifies a bundle in memory.
    public convenience init(bytes: [UInt8]) throws(BundleError) {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max(bytes.count, 1), alignment: 8)
        copy.copyBytes(from: bytes)
        try self.init(memory: UnsafeRawBufferPointer(start: copy.baseAddress, count: bytes.count), isMapped: false)
    }

    private init(memory: UnsafeRawBufferPointer, isMapped: Bool) throws(BundleError) {
        self.memory = memory
        self.isMapped = isMapped
        do throws(BundleError) {
            let layout = try BundleVerifier.layout(of: memory)
            digest = layout.digest
            places = layout.places
            counts = layout.counts
        } catch {
            // `deinit` does not run for an object that failed to become one.
            Self.release(memory, isMapped: isMapped)
            throw error
        }
        try BundleVerifier.verifyRecords(self)
    }

    deinit { Self.release(memory, isMapped: isMapped) }

    private static func release(_ memory: UnsafeRawBufferPointer, isMapped: Bool) {
        if isMapped {
            munmap(UnsafeMutableRawPointer(mutating: memory.baseAddress), memory.count)
        } else {
            memory.deallocate()
        }
    }

    // MARK: Records

    /// The number of records of `section`.
    public func count(_ section: BundleSection) -> Int { counts[section.ordinal] }

    /// Word `column` of record `row`.
    public func word(_ section: BundleSection, _ row: Int, _ column: Int) -> UInt32 {
        precondition(row >= 0 && row < counts[section.ordinal] && column >= 0 && column < section.stride)
        let offset = places[section.ordinal] + (row * section.stride + column) * 4
        return UInt32(littleEndian: memory.load(fromByteOffset: offset, as: UInt32.self))
    }

    public func word<Column: BundleColumn>(_ section: BundleSection, _ row: Int, _ column: Column) -> UInt32 {
        word(section, row, column.rawValue)
    }

    public func index<Column: BundleColumn>(_ section: BundleSection, _ row: Int, _ column: Column) -> Int {
        Int(word(section, row, column.rawValue))
    }

    /// Two words as one number, low half first.
    public func int64<Column: BundleColumn>(_ section: BundleSection, _ row: Int, _ low: Column) -> Int64 {
        Int64(truncatingIfNeeded: UInt64(word(section, row, low.rawValue)) | UInt64(word(section, row, low.rawValue + 1)) << 32)
    }

    /// The list whose offset is in `column` and whose count is in the column after it.
    public func list<Column: BundleColumn>(_ section: BundleSection, _ row: Int, _ column: Column) -> [Int] {
        let offset = Int(word(section, row, column.rawValue))
        return (0..<Int(word(section, row, column.rawValue + 1))).map { Int(word(.list, offset + $0, 0)) }
    }

    /// The records whose first is in `column` and whose count is in the column after it.
    public func records<Column: BundleColumn>(_ section: BundleSection, _ row: Int, _ column: Column) -> Range<Int> {
        let first = Int(word(section, row, column.rawValue))
        return first..<first + Int(word(section, row, column.rawValue + 1))
    }

    // MARK: Strings

    public func stringBytes(_ index: Int) -> UnsafeRawBufferPointer {
        let start = Int(word(.strx, index, 0))
        let end = Int(word(.strx, index + 1, 0))
        let base = places[BundleSection.strb.ordinal]
        return UnsafeRawBufferPointer(rebasing: memory[base + start..<base + end])
    }

    public func string(_ index: Int) -> String { String(decoding: stringBytes(index), as: UTF8.self) }

    public func string<Column: BundleColumn>(_ section: BundleSection, _ row: Int, _ column: Column) -> String {
        string(index(section, row, column))
    }

    public func strings<Column: BundleColumn>(_ section: BundleSection, _ row: Int, _ column: Column) -> [String] {
        list(section, row, column).map { string($0) }
    }

    /// The index of `text` among the bundle's strings; `nil` if no document mentions it.
    public func find(_ text: String) -> Int? {
        var text = text
        return text.withUTF8 { bytes in
            let raw = UnsafeRawBufferPointer(bytes)
            let mask = count(.strh) - 1
            var slot = Int(truncatingIfNeeded: StringHash.hash(raw)) & mask
            // INVARIANT: the verifier has seen an empty entry in the table, so that this ends.
            while true {
                let entry = word(.strh, slot, 0)
                if entry == BundleFormat.none { return nil }
                let candidate = stringBytes(Int(entry))
                if candidate.count == raw.count, raw.isEmpty || memcmp(candidate.baseAddress!, raw.baseAddress!, raw.count) == 0 {
                    return Int(entry)
                }
                slot = (slot + 1) & mask
            }
        }
    }

    /// The record of `section` whose words at `columns` are `key`; the records are sorted by these words.
    public func search(_ section: BundleSection, _ key: (UInt32, UInt32), columns: (Int, Int)) -> Int? {
        search(section) {
            (word(section, $0, columns.0), word(section, $0, columns.1)) < key
        } where: {
            (word(section, $0, columns.0), word(section, $0, columns.1)) == key
        }
    }

    /// The record of `section` whose word at `column` is `key`; the records are sorted by it.
    public func search<Column: BundleColumn>(_ section: BundleSection, _ key: UInt32, column: Column) -> Int? {
        search(section) {
            word(section, $0, column) < key
        } where: {
            word(section, $0, column) == key
        }
    }

    private func search(_ section: BundleSection, isBefore: (Int) -> Bool, where matches: (Int) -> Bool) -> Int? {
        var (low, high) = (0, count(section))
        while low < high {
            let middle = (low + high) / 2
            if isBefore(middle) { low = middle + 1 } else { high = middle }
        }
        return low < count(section) && matches(low) ? low : nil
    }
}

extension BundleSection {
    /// Place among all cases: the order in the file.
    var ordinal: Int { Self.ordinals[self] ?? 0 }

    private static let ordinals = Dictionary(uniqueKeysWithValues: BundleSection.allCases.enumerated().map { ($1, $0) })
}
