import Glibc

/// A part of the spool: one file. The newest is written to, the others are read and then used again.
///
/// INVARIANT: used under the spool's lock alone, save that a batch reads what was written before it was taken, which nobody changes while it is pinned.
final class Segment {
    /// Sequence of its first record.
    let first: UInt64
    /// The sequence after its last record.
    var end: UInt64
    /// Bytes that are written.
    var used = RecordFormat.segmentHeader
    /// Of another size than what is written now: it is read alone.
    var isSealed = false
    /// Batches that are being read.
    var pins = 0
    private let path: String
    private let size: Int
    private var mapped: MappedFile?

    private init(_ mapped: MappedFile, path: String, first: UInt64) {
        self.mapped = mapped
        self.path = path
        self.first = first
        size = mapped.size
        end = first
    }

    static func path(_ directory: String, first: UInt64) -> String {
        let digits = String(first, radix: 16)
        return "\(directory)/segment-\(String(repeating: "0", count: 16 - digits.count))\(digits)"
    }

    /// Makes a spare file the segment that begins with `first`; `nil` if it cannot be renamed.
    static func begin(_ spare: MappedFile, in directory: String, first: UInt64) -> Segment? {
        let path = path(directory, first: first)
        RecordFormat.begin(segment: spare.bytes, firstSequence: first)
        guard rename(spare.path, path) == 0 else { return nil }
        spare.path = path
        return Segment(spare, path: path, first: first)
    }

    /// A segment as an earlier process has left it: up to the first record that is not whole. `nil` if it is none.
    static func recover(_ file: MappedFile) -> Segment? {
        guard let first = RecordFormat.firstSequence(of: file.bytes) else { return nil }
        let segment = Segment(file, path: file.path, first: first)
        while let (record, sequence) = RecordFormat.read(file.bytes, at: segment.used, size: file.size, from: segment.end) {
            segment.used += RecordFormat.room(for: record.count)
            segment.end = sequence + 1
        }
        return segment
    }

    /// The file in memory, brought back if it was let go.
    func file() throws(SpoolError) -> MappedFile {
        if let mapped { return mapped }
        let opened = try MappedFile.open(existing: path, size: size)
        mapped = opened
        return opened
    }

    /// Lets go of the memory.
    func unmap() { mapped = nil }

    /// Makes it a spare file, which keeps its memory if it has it; `nil` if it cannot be renamed or mapped.
    func retire(to spare: String) -> MappedFile? {
        guard let file = try? file(), rename(path, spare) == 0 else { return nil }
        file.path = spare
        return file
    }

    func remove() {
        mapped = nil
        unlink(path)
    }
}
