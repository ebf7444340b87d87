/// How records lie in a segment: a header of 24 bytes (length, zero, sequence, checksum) and the record, up to a multiple of 8 bytes.
///
/// A segment begins with 32 bytes: magic, format, sequence of its first record, zero. It is used again when its records are no longer needed, so that what
/// follows the last record is older: another sequence. The checksum tells a record that was being written when the machine failed.
enum RecordFormat {
    static let segmentHeader = 32
    static let recordHeader = 24
    /// `CHSPOOL` and the format.
    static let magic: UInt64 = 0x01_4C4F_4F50_5348_43

    static func room(for count: Int) -> Int { recordHeader + (count + 7) & ~7 }

    static func begin(segment: UnsafeMutableRawPointer, firstSequence: UInt64) {
        segment.storeBytes(of: magic, as: UInt64.self)
        segment.storeBytes(of: firstSequence, toByteOffset: 8, as: UInt64.self)
        // INVARIANT: a segment that was used before does not go on with its old first record, which could have this very place.
        segment.storeBytes(of: 0, toByteOffset: segmentHeader, as: UInt64.self)
    }

    /// The sequence of the first record; `nil` if this is no segment.
    static func firstSequence(of segment: UnsafeRawPointer) -> UInt64? {
        guard segment.load(as: UInt64.self) == magic else { return nil }
        return segment.load(fromByteOffset: 8, as: UInt64.self)
    }

    /// Writes what goes before a record that is in its place already.
    static func seal(_ record: UnsafeMutableRawPointer, count: Int, sequence: UInt64) {
        // Its padding is part of what is checked.
        for place in count..<((count + 7) & ~7) { record.storeBytes(of: 0, toByteOffset: recordHeader + place, as: UInt8.self) }
        record.storeBytes(of: UInt64(count), as: UInt64.self)
        record.storeBytes(of: sequence, toByteOffset: 8, as: UInt64.self)
        record.storeBytes(of: checksum(record + recordHeader, count, sequence), toByteOffset: 16, as: UInt64.self)
    }

    /// The record at `place`, if there is one with a sequence from `sequence` on.
    static func read(
        _ segment: UnsafeRawPointer, at place: Int, size: Int, from sequence: UInt64
    ) -> (record: UnsafeRawBufferPointer, sequence: UInt64)? {
        guard place + recordHeader <= size else { return nil }
        let header = segment + place
        let count = header.load(as: UInt64.self)
        let found = header.load(fromByteOffset: 8, as: UInt64.self)
        guard found >= sequence, count <= UInt64(size - place - recordHeader), place + room(for: Int(count)) <= size,
            header.load(fromByteOffset: 16, as: UInt64.self) == checksum(header + recordHeader, Int(count), found)
        else { return nil }
        return (UnsafeRawBufferPointer(start: header + recordHeader, count: Int(count)), found)
    }

    /// Tells damage, not forgery: four lanes of multiplication, for as many as the processor does at once.
    static func checksum(_ bytes: UnsafeRawPointer, _ count: Int, _ sequence: UInt64) -> UInt64 {
        let factor: UInt64 = 0x9E37_79B9_7F4A_7C15
        var (first, second, third, fourth) = (sequence &+ factor, UInt64(count) ^ factor, ~sequence, factor &* 3)
        let words = (count + 7) / 8
        var word = 0
        @inline(__always) func next(_ offset: Int) -> UInt64 { bytes.load(fromByteOffset: (word + offset) * 8, as: UInt64.self) }
        while word + 4 <= words {
            first = (first ^ next(0)) &* factor
            second = (second ^ next(1)) &* factor
            third = (third ^ next(2)) &* factor
            fourth = (fourth ^ next(3)) &* factor
            first ^= first >> 29
            second ^= second >> 31
            third ^= third >> 30
            fourth ^= fourth >> 28
            word += 4
        }
        while word < words {
            first = (first ^ next(0)) &* factor
            first ^= first >> 29
            word += 1
        }
        var sum = first &+ second &* 3 &+ third &* 5 &+ fourth &* 7
        sum = (sum ^ sum >> 33) &* factor
        return sum ^ sum >> 31
    }
}
