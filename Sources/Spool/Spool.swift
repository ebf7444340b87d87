import Glibc
import Synchronization

/// A bounded queue of records on disk with several readers, which takes a record in less than a microsecond.
///
/// Records are written to files in memory: what was appended survives the process, however it ends. Each record takes the next sequence number,
/// stored or not, and each reader is told every sequence once: delivered, or lost. For each reader `expected = delivered + lost` since it began.
///
/// What no reader needs any more is used again. Where the bound is reached, or the disk is full, the oldest segment is given up: for those
/// who have not read it its records are lost, and counted.
public final class Spool: Sendable {
    public struct Configuration: Sendable {
        public var directory: String
        /// Of a file; a record cannot be larger.
        public var segmentBytes: Int
        /// Of all files that hold records.
        public var maxBytes: Int

        public init(directory: String, segmentBytes: Int = 4 << 20, maxBytes: Int = 1 << 30) {
            self.directory = directory
            self.segmentBytes = max(1 << 16, segmentBytes & ~4095)
            self.maxBytes = max(2 * self.segmentBytes, maxBytes)
        }
    }

    /// How a reader stands.
    public struct ReaderStatus: Sendable {
        public var name: String
        /// Records that wait for it.
        public var backlog: UInt64
        /// Records that it will never get.
        public var lost: UInt64
    }

    /// A reader of an earlier run that is not there any more, and what it had not read.
    public struct Forgotten: Sendable {
        public var name: String
        public var backlog: UInt64
    }

    struct State {
        /// Oldest first; the last is written to.
        var segments: [Segment] = []
        var spares: [MappedFile] = []
        var spareNumber = 0
        var readers: [Reader] = []
        var next: UInt64 = 0
        var isClosed = false
        let control: SpoolControl
    }

    struct Reader {
        var cursor: SpoolControl.Cursor
        /// Where it goes on.
        var segment: Segment
        var place: Int
    }

    /// INVARIANT: what is in it is reached under the lock alone.
    struct Guarded: @unchecked Sendable { var state: State }

    let configuration: Configuration
    /// What its sequences belong to: a random UUID, in the order of its digits.
    public let stream: (high: UInt64, low: UInt64)
    public let forgotten: [Forgotten]
    let guarded: Mutex<Guarded>
    private let lock: Int32

    /// Opens the spool of a folder, or makes it; what an earlier process has left there is read first.
    ///
    /// - Parameter readers: names; a reader that is new gets what is appended from now on.
    public init(_ configuration: Configuration, readers: [String]) throws(SpoolError) {
        precondition(readers.count <= SpoolControl.readerLimit && Set(readers).count == readers.count, "readers have different names")
        self.configuration = configuration
        lock = try SpoolRecovery.lock(configuration.directory)
        do throws(SpoolError) {
            var recovery = try SpoolRecovery(configuration)
            forgotten = recovery.assign(readers)
            stream = recovery.state.control.stream
            guarded = Mutex(Guarded(state: recovery.state))
        } catch {
            Glibc.close(lock)
            throw error
        }
    }

    deinit {
        // A process that is just being forked off has the file open too for a moment, and would keep the lock.
        _ = flock(lock, LOCK_UN)
        Glibc.close(lock)
    }

    /// Appends a record of `count` bytes, which `write` fills.
    ///
    /// - Returns: its sequence, and whether it was stored. One that was not is lost to all readers, and counted.
    @discardableResult
    public func append(count: Int, _ write: (UnsafeMutableRawBufferPointer) -> Void) -> (sequence: UInt64, isStored: Bool) {
        guarded.withLock { guarded in
            let sequence = guarded.state.next
            guarded.state.next = sequence + 1
            if guarded.state.isClosed { return (sequence, false) }
            defer { guarded.state.control.nextSequence = sequence + 1 }
            let room = RecordFormat.room(for: count)
            guard hasRoom(room, first: sequence, &guarded.state), let segment = guarded.state.segments.last,
                let bytes = try? segment.file().bytes
            else { return (sequence, false) }
            let record = bytes + segment.used
            write(UnsafeMutableRawBufferPointer(start: record + RecordFormat.recordHeader, count: count))
            RecordFormat.seal(record, count: count, sequence: sequence)
            segment.used += room
            segment.end = sequence + 1
            return (sequence, true)
        }
    }

    /// Lets another process open it. What is appended from now on is lost.
    public func close() {
        guarded.withLock { guarded in
            if guarded.state.isClosed { return }
            guarded.state.isClosed = true
            _ = flock(lock, LOCK_UN)
        }
    }

    public var status: [ReaderStatus] {
        guarded.withLock { guarded in
            guarded.state.readers.map {
                ReaderStatus(name: $0.cursor.name, backlog: guarded.state.next - $0.cursor.expected, lost: $0.cursor.lost)
            }
        }
    }

    /// Sequences taken since the spool was made.
    public var nextSequence: UInt64 { guarded.withLock { $0.state.next } }

    /// Bytes of the files that hold records.
    public var bytes: Int { guarded.withLock { $0.state.segments.count * configuration.segmentBytes } }

    // MARK: Segments

    private func hasRoom(_ room: Int, first sequence: UInt64, _ state: inout State) -> Bool {
        guard let active = state.segments.last, room <= configuration.segmentBytes - RecordFormat.segmentHeader else { return false }
        if !active.isSealed, active.used + room <= configuration.segmentBytes { return true }
        guard let spare = takeSpare(&state) else { return false }
        guard let fresh = Segment.begin(spare, in: configuration.directory, first: sequence) else { return false }
        state.segments.append(fresh)
        if active.pins == 0, !state.readers.contains(where: { $0.segment === active }) { active.unmap() }
        return true
    }

    /// A file to go on with: one that is no longer needed, a new one, or the oldest, given up.
    private func takeSpare(_ state: inout State) -> MappedFile? {
        let isFull = (state.segments.count + 1) * configuration.segmentBytes > configuration.maxBytes
        if !isFull {
            if let spare = state.spares.popLast() { return spare }
            if let made = makeSpare(&state) { return made }
        }
        giveUpOldest(&state)
        return state.spares.popLast()
    }

    private func makeSpare(_ state: inout State) -> MappedFile? {
        state.spareNumber += 1
        return try? MappedFile.make("\(configuration.directory)/spare-\(state.spareNumber)", size: configuration.segmentBytes)
    }

    /// The oldest segment is lost to whoever has not read it. One that is being read, or written, is not given up.
    private func giveUpOldest(_ state: inout State) {
        guard state.segments.count > 1, state.segments[0].pins == 0 else { return }
        let next = state.segments[1]
        for number in state.readers.indices where state.readers[number].cursor.expected < next.first {
            state.readers[number].cursor.lost += next.first - state.readers[number].cursor.expected
            state.readers[number].cursor.expected = next.first
            state.control.move(number, state.readers[number].cursor)
        }
        releaseOldest(&state)
    }

    /// Segments that all have read are used again.
    static let keptSpares = 2

    func releaseRead(_ state: inout State) {
        while state.segments.count > 1, state.segments[0].pins == 0,
            state.readers.allSatisfy({ $0.cursor.expected >= state.segments[0].end })
        {
            releaseOldest(&state)
        }
    }

    private func releaseOldest(_ state: inout State) {
        let old = state.segments.removeFirst()
        let next = state.segments[0]
        for number in state.readers.indices where state.readers[number].segment === old {
            state.readers[number].segment = next
            state.readers[number].place = RecordFormat.segmentHeader
        }
        guard state.spares.count < Self.keptSpares else { return old.remove() }
        state.spareNumber += 1
        if let spare = old.retire(to: "\(configuration.directory)/spare-\(state.spareNumber)") {
            state.spares.append(spare)
        } else {
            old.remove()
        }
    }
}
