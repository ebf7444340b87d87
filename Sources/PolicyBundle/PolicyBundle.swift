import CEL
import Digest
import Glibc

#if _endian(big)
    #error("bundles are read in place and little-endian")
#endif

/// A bundle, read in place from memory that stays as long as it lives.
///
/// Opening checks the digest and every word of every record (`BundleVerifier`), so that the accessors cannot leave the bundle.
public final class PolicyBundle: @unchecked Sendable {
    // INVARIANT: nobody writes to the memory from `init` to `deinit`, hence `@unchecked Sendable`: it belongs to this object alone, or
    // whoever called `map` vouches for the file. What `init` has verified is therefore what is read ever after: accessors and interpreter rely
    // on it.
    let memory: UnsafeRawBufferPointer
    private let isMapped: Bool
    /// By section: where its records begin, how many there are.
    private let places: UnsafeMutablePointer<UnsafeRawPointer>
    private let counts: UnsafeMutablePointer<Int>
    /// The conditions, ready to run where they lie.
    public let conditions: CELGraphTable

    /// SHA-256 over the file with the digest's own place filled with zeros.
    public let digest: SHA256Digest
    /// Size of the bundle in bytes.
    public var size: Int { memory.count }

    /// Reads and verifies the file at `path`. What becomes of the file afterwards changes nothing.
    public static func open(path: String) throws(BundleError) -> PolicyBundle {
        let (file, size) = try openFile(path)
        defer { close(file) }
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
        return try PolicyBundle(memory: UnsafeRawBufferPointer(copy), isMapped: true, isTrusted: false)
    }

    /// Maps the file at `path` and verifies nothing but that its parts are where they should be: a matter of microseconds, whatever its size.
    ///
    /// Only for a file that this program or one of its kind has verified before, and that nobody else can write to: who changes, or cuts off,
    /// the file while it is mapped changes decisions or ends the process.
    public static func map(trustedPath path: String) throws(BundleError) -> PolicyBundle {
        let (file, size) = try openFile(path)
        defer { close(file) }
        guard let address = mmap(nil, size, PROT_READ, MAP_SHARED, file, 0), address != MAP_FAILED else {
            throw BundleError(.unreadable, "`\(path)` cannot be mapped: \(String(cString: strerror(errno)))")
        }
        return try PolicyBundle(memory: UnsafeRawBufferPointer(start: address, count: size), isMapped: true, isTrusted: true)
    }

    private static func openFile(_ path: String) throws(BundleError) -> (file: CInt, size: Int) {
        let file = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw BundleError(.unreadable, "`\(path)` cannot be opened: \(String(cString: strerror(errno)))") }
        do throws(BundleError) {
            var info = stat()
            guard fstat(file, &info) == 0, info.st_mode & S_IFMT == S_IFREG else {
                throw BundleError(.unreadable, "`\(path)` is not a regular file")
            }
            guard info.st_size <= BundleFormat.sizeLimit else { throw BundleError(.tooLarge, "`\(path)` is larger than a bundle may be") }
            guard info.st_size >= BundleFormat.headerSize else {
                throw BundleError(.notABundle, "`\(path)` is not a bundle: it is too short")
            }
            return (file, Int(info.st_size))
        } catch {
            close(file)
            throw error
        }
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
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max(bytes.count, 1), alignment: 64)
        copy.copyBytes(from: bytes)
        try self.init(memory: UnsafeRawBufferPointer(start: copy.baseAddress, count: bytes.count), isMapped: false, isTrusted: false)
    }

    private init(memory: UnsafeRawBufferPointer, isMapped: Bool, isTrusted: Bool) throws(BundleError) {
        self.memory = memory
        self.isMapped = isMapped
        let sections = BundleSection.allCases.count
        places = .allocate(capacity: sections)
        counts = .allocate(capacity: sections)
        do throws(BundleError) {
            let layout = try BundleVerifier.layout(of: memory, isTrusted: isTrusted)
            digest = layout.digest
            for section in 0..<sections {
                (places + section).initialize(to: layout.places[section])
                (counts + section).initialize(to: layout.counts[section])
            }
            let records = BundleRecords(places: places, counts: counts, end: layout.end)
            if !isTrusted { try BundleVerifier.verify(records) }
            let table = try Self.conditions(records, isTrusted: isTrusted)
            if !isTrusted { try BundleVerifier.verifyGraphs(records, table) }
            // Comes last: an object whose every property is set runs `deinit` when its initializer throws.
            conditions = table
        } catch {
            // `deinit` does not run for an object that did not become one.
            places.deallocate()
            counts.deallocate()
            Self.release(memory, isMapped: isMapped)
            throw error
        }
    }

    private static func conditions(_ records: BundleRecords, isTrusted: Bool) throws(BundleError) -> CELGraphTable {
        let places = (0..<records.count(.prog)).map { row in
            CELGraphTable.Place(
                word: Int(records.word(.prog, row, ProgramColumn.word)), count: Int(records.word(.prog, row, ProgramColumn.wordCount)),
                slotCount: Int(records.word(.prog, row, ProgramColumn.slotCount)))
        }
        do throws(CELVerificationError) {
            return try CELGraphTable(places, in: records.textMemory, isTrusted: isTrusted)
        } catch {
            throw BundleError(.damaged, "the bundle is damaged: a condition is not valid: \(error)")
        }
    }

    deinit {
        places.deallocate()
        counts.deallocate()
        Self.release(memory, isMapped: isMapped)
    }

    private static func release(_ memory: UnsafeRawBufferPointer, isMapped: Bool) {
        if isMapped {
            munmap(UnsafeMutableRawPointer(mutating: memory.baseAddress), memory.count)
        } else {
            memory.deallocate()
        }
    }

    // MARK: Records

    /// Raw access for what runs in front of every request.
    ///
    /// - Precondition: the bundle outlives it.
    public var records: BundleRecords {
        BundleRecords(places: places, counts: counts, end: memory.baseAddress.map { $0 + memory.count } ?? places[0])
    }

    /// The number of records of `section`.
    public func count(_ section: BundleSection) -> Int { counts[section.rawValue] }

    /// Word `column` of record `row`.
    public func word(_ section: BundleSection, _ row: Int, _ column: Int) -> UInt32 {
        precondition(row >= 0 && row < counts[section.rawValue] && column >= 0 && column < section.stride)
        return places[section.rawValue].load(fromByteOffset: (row * section.stride + column) * 4, as: UInt32.self)
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
        precondition(index >= 0 && index < count(.strx) - 1)
        return records.text(index)
    }

    public func string(_ index: Int) -> String { String(decoding: stringBytes(index), as: UTF8.self) }

    public func string<Column: BundleColumn>(_ section: BundleSection, _ row: Int, _ column: Column) -> String {
        string(index(section, row, column))
    }

    public func strings<Column: BundleColumn>(_ section: BundleSection, _ row: Int, _ column: Column) -> [String] {
        list(section, row, column).map { string($0) }
    }

    // MARK: Finding

    /// The subject of this name.
    public func findSubject(_ name: String, isServiceAccount: Bool) -> Int? { find(name) { records.subject($0, isServiceAccount) } }

    /// The subject of this external identity.
    public func findIdentity(_ identity: String, isServiceAccount: Bool) -> Int? {
        find(identity) { records.identity($0, isServiceAccount) }
    }

    public func findModel(_ name: String) -> Int? { find(name) { records.model($0) } }

    /// The place in `actn` of an action that some document names.
    public func findAction(_ name: String) -> Int? { find(name) { records.action($0) } }

    private func find(_ text: String, _ body: (UnsafeRawBufferPointer) -> Int?) -> Int? {
        var text = text
        return text.withUTF8 { body(UnsafeRawBufferPointer($0)) }
    }
}
