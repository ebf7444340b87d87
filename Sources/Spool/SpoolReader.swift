/// Records that were read together, in the order in which they were appended.
///
/// It keeps their memory; it ends with `SpoolReader.finish` or `SpoolReader.putBack`.
///
/// INVARIANT: what it reads was written before it was taken and does not change while its segment is pinned, which it is until then.
public struct SpoolBatch: @unchecked Sendable {
    /// The sequence the reader expected: what is between it and the first record was lost.
    public let expected: UInt64
    /// The sequence after the last that the reader was told of, before this batch: what is between it and `expected` was given up since, and counted.
    public let settled: UInt64
    /// The sequence after the last record.
    public let next: UInt64
    public let count: Int
    /// How many sequences were behind it when it was taken.
    public let behind: UInt64
    let segment: Segment
    let places: Range<Int>
    /// Keeps the memory, save where there is no record.
    let file: MappedFile?

    /// Sequences that were lost.
    public var lost: UInt64 { next - expected - UInt64(count) }

    /// Bytes, headers included.
    public var bytes: Int { places.count }

    /// Calls `body` with each record; the bytes stay as long as the batch.
    public func read<Failure: Error>(_ body: (UInt64, UnsafeRawBufferPointer) throws(Failure) -> Void) throws(Failure) {
        guard let file else { return }
        var place = places.lowerBound
        while place < places.upperBound {
            let header = file.bytes + place
            let count = Int(header.load(as: UInt64.self))
            try body(
                header.load(fromByteOffset: 8, as: UInt64.self),
                UnsafeRawBufferPointer(start: header + RecordFormat.recordHeader, count: count))
            place += RecordFormat.room(for: count)
        }
    }
}

/// One of a spool's readers. Not for use by two threads at once.
public final class SpoolReader {
    private let spool: Spool
    private let number: Int

    /// - Precondition: the spool was opened with a reader of this name, which has no other `SpoolReader`.
    public init(_ spool: Spool, _ name: String) {
        self.spool = spool
        number = spool.guarded.withLock { $0.state.readers.firstIndex { $0.cursor.name == name } } ?? -1
        precondition(number >= 0, "the spool has no reader `\(name)`")
    }

    /// What comes next: whole records of `maxBytes` together, one at least; `nil` if there is nothing.
    public func next(maxBytes: Int) throws(SpoolError) -> SpoolBatch? {
        let result: Result<SpoolBatch?, SpoolError> = spool.guarded.withLock { guarded in
            do throws(SpoolError) {
                return .success(try take(maxBytes, &guarded.state))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private func take(_ maxBytes: Int, _ state: inout Spool.State) throws(SpoolError) -> SpoolBatch? {
        var reader = state.readers[number]
        while reader.place >= reader.segment.used, let index = state.segments.firstIndex(where: { $0 === reader.segment }),
            index + 1 < state.segments.count
        {
            reader.segment = state.segments[index + 1]
            reader.place = RecordFormat.segmentHeader
        }
        let expected = reader.cursor.expected
        let (segment, start) = (reader.segment, reader.place)
        guard start < segment.used else {
            // What could not be stored, with nothing stored after it.
            guard expected < state.next else { return nil }
            segment.pins += 1
            return SpoolBatch(
                expected: expected, settled: reader.cursor.settled, next: state.next, count: 0, behind: 0, segment: segment,
                places: start..<start, file: nil)
        }
        let file = try segment.file()
        var (end, count, next) = (start, 0, expected)
        while end < segment.used, end - start < maxBytes {
            let header = file.bytes + end
            end += RecordFormat.room(for: Int(header.load(as: UInt64.self)))
            next = header.load(fromByteOffset: 8, as: UInt64.self) + 1
            count += 1
        }
        segment.pins += 1
        return SpoolBatch(
            expected: expected, settled: reader.cursor.settled, next: next, count: count, behind: state.next - next, segment: segment,
            places: start..<end, file: file)
    }

    /// The batch is where it should be, and will not be told again.
    ///
    /// - Parameter refused: how many of its records are not there and never will be: they are lost to this reader.
    public func finish(_ batch: SpoolBatch, refused: UInt64 = 0) {
        spool.guarded.withLock { guarded in
            unpin(batch, &guarded.state)
            guarded.state.readers[number].segment = batch.segment
            guarded.state.readers[number].place = batch.places.upperBound
            guarded.state.readers[number].cursor.expected = batch.next
            guarded.state.readers[number].cursor.lost += batch.lost + min(refused, UInt64(batch.count))
            guarded.state.readers[number].cursor.settled = batch.next
            guarded.state.control.move(number, guarded.state.readers[number].cursor)
            spool.releaseRead(&guarded.state)
        }
    }

    /// The batch could not be delivered: it is next once more, unless it is given up meanwhile.
    public func putBack(_ batch: SpoolBatch) {
        spool.guarded.withLock { unpin(batch, &$0.state) }
    }

    private func unpin(_ batch: SpoolBatch, _ state: inout Spool.State) {
        batch.segment.pins -= 1
        guard batch.segment.pins == 0, batch.segment !== state.segments.last,
            !state.readers.contains(where: { $0.segment === batch.segment })
        else { return }
        batch.segment.unmap()
    }
}
