/// What a spool knows beside its records: who it is, the next sequence, and how far each reader is. One page.
///
/// INVARIANT: used under the spool's lock alone.
struct SpoolControl {
    static let size = 4096
    static let readerLimit = 16
    static let nameLimit = 32
    /// `CHSPCTL` and the format.
    private static let magic: UInt64 = 0x01_4C54_4350_5348_43
    private static let firstReader = 64
    private static let readerSize = 64

    private let file: MappedFile

    /// - Parameter isNew: whether it has to be filled.
    init(_ file: MappedFile, isNew: Bool) throws(SpoolError) {
        self.file = file
        if isNew {
            var generator = SystemRandomNumberGenerator()
            // A random UUID (RFC 9562 §5.4), in the order of its digits.
            let high = UInt64.random(in: 0...UInt64.max, using: &generator) & 0xffff_ffff_ffff_0fff | 0x4000
            let low = UInt64.random(in: 0...0x3fff_ffff_ffff_ffff, using: &generator) | 0x8000_0000_0000_0000
            file.bytes.storeBytes(of: high, toByteOffset: 8, as: UInt64.self)
            file.bytes.storeBytes(of: low, toByteOffset: 16, as: UInt64.self)
            file.bytes.storeBytes(of: Self.magic, as: UInt64.self)
        }
        guard file.bytes.load(as: UInt64.self) == Self.magic else {
            throw SpoolError(.foreign, "`\(file.path)` was not written by this program, or by another version of it; move it away")
        }
    }

    var stream: (high: UInt64, low: UInt64) {
        (file.bytes.load(fromByteOffset: 8, as: UInt64.self), file.bytes.load(fromByteOffset: 16, as: UInt64.self))
    }

    var nextSequence: UInt64 {
        get { file.bytes.load(fromByteOffset: 24, as: UInt64.self) }
        nonmutating set { file.bytes.storeBytes(of: newValue, toByteOffset: 24, as: UInt64.self) }
    }

    /// How far a reader is: the sequence it expects next, how many it will never get, and the sequence after the last that it was told of.
    struct Cursor {
        var name: String
        var expected: UInt64
        var lost: UInt64
        var settled: UInt64

        init(name: String, from sequence: UInt64) {
            self.name = name
            (expected, lost, settled) = (sequence, 0, sequence)
        }
    }

    func cursor(_ number: Int) -> Cursor? {
        let place = file.bytes + Self.firstReader + number * Self.readerSize
        let name = UnsafeRawBufferPointer(start: place, count: Self.nameLimit).prefix { $0 != 0 }
        if name.isEmpty { return nil }
        var cursor = Cursor(name: String(decoding: name, as: UTF8.self), from: place.load(fromByteOffset: 32, as: UInt64.self))
        cursor.lost = place.load(fromByteOffset: 40, as: UInt64.self)
        cursor.settled = place.load(fromByteOffset: 48, as: UInt64.self)
        return cursor
    }

    func setCursor(_ number: Int, _ cursor: Cursor?) {
        let place = file.bytes + Self.firstReader + number * Self.readerSize
        guard let cursor else {
            UnsafeMutableRawBufferPointer(start: place, count: Self.readerSize).initializeMemory(as: UInt8.self, repeating: 0)
            return
        }
        move(number, cursor)
        let name = UnsafeMutableRawBufferPointer(start: place, count: Self.nameLimit)
        let bytes = Array(cursor.name.utf8.prefix(Self.nameLimit - 1))
        for index in 0..<Self.nameLimit { name[index] = index < bytes.count ? bytes[index] : 0 }
    }

    /// Of a reader that is there: without its name, which stays.
    func move(_ number: Int, _ cursor: Cursor) {
        let place = file.bytes + Self.firstReader + number * Self.readerSize
        place.storeBytes(of: cursor.expected, toByteOffset: 32, as: UInt64.self)
        place.storeBytes(of: cursor.lost, toByteOffset: 40, as: UInt64.self)
        place.storeBytes(of: cursor.settled, toByteOffset: 48, as: UInt64.self)
    }
}
