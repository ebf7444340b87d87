import Glibc

/// Reads what is in a spool's folder.
struct SpoolRecovery {
    private(set) var state: Spool.State

    /// Keeps a second process out.
    static func lock(_ directory: String) throws(SpoolError) -> Int32 {
        guard mkdir(directory, 0o700) == 0 || errno == EEXIST else { throw MappedFile.failure(directory, errno) }
        let lock = open(directory + "/lock", O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard lock >= 0 else { throw MappedFile.failure(directory, errno) }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            close(lock)
            throw SpoolError(.inUse, "another process has the spool `\(directory)` open")
        }
        return lock
    }

    init(_ configuration: Spool.Configuration) throws(SpoolError) {
        let directory = configuration.directory
        let names = try Self.list(directory)
        let isNew = !names.contains("control")
        let control = try Self.openControl(directory, isNew: isNew)
        state = Spool.State(control: control)
        state.next = control.nextSequence
        for name in names.sorted() {
            let path = "\(directory)/\(name)"
            if name.hasPrefix("spare-") || (isNew && name.hasPrefix("segment-")) {
                // Of a spool whose control page is gone nobody can tell what was delivered: its segments are another stream's.
                if name.hasPrefix("segment-") { throw SpoolError(.foreign, "`\(path)` has no control file; move the folder away") }
                unlink(path)
            } else if name.hasPrefix("segment-") {
                recover(path, size: configuration.segmentBytes)
            }
        }
        if state.segments.isEmpty {
            let spare = try MappedFile.make("\(directory)/spare-0", size: configuration.segmentBytes)
            guard let segment = Segment.begin(spare, in: directory, first: state.next) else { throw MappedFile.failure(directory, errno) }
            state.segments = [segment]
        }
        // With a second file there is always one to be given up, however full the disk is.
        state.spareNumber = 1
        state.spares = [try MappedFile.make("\(directory)/spare-1", size: configuration.segmentBytes)]
    }

    private static func openControl(_ directory: String, isNew: Bool) throws(SpoolError) -> SpoolControl {
        let path = directory + "/control"
        guard isNew else { return try SpoolControl(MappedFile.open(existing: path, size: SpoolControl.size), isNew: false) }
        // Whole before it has its name.
        let draft = directory + "/control.new"
        unlink(draft)
        let control = try SpoolControl(MappedFile.make(draft, size: SpoolControl.size), isNew: true)
        guard rename(draft, path) == 0 else { throw MappedFile.failure(path, errno) }
        return control
    }

    private mutating func recover(_ path: String, size: Int) {
        // Of another size: the setting was changed. What it holds is read all the same.
        guard let file = try? MappedFile.open(existing: path, size: nil), let segment = Segment.recover(file) else { return }
        state.next = max(state.next, segment.end)
        if file.size != size || segment.end == segment.first {
            if segment.end == segment.first { return segment.remove() }
            // It cannot be written to, but read.
            segment.isSealed = true
        }
        segment.unmap()
        state.segments.append(segment)
    }

    private static func list(_ directory: String) throws(SpoolError) -> [String] {
        guard let folder = opendir(directory) else { throw MappedFile.failure(directory, errno) }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            names.append(name)
        }
        return names
    }

    /// Gives each reader its place; cursors of others are forgotten.
    mutating func assign(_ names: [String]) -> [Spool.Forgotten] {
        let known = (0..<SpoolControl.readerLimit).compactMap { state.control.cursor($0) }
        let forgotten = known.filter { cursor in !names.contains(cursor.name) }
            .map { Spool.Forgotten(name: $0.name, backlog: state.next - min(state.next, $0.expected)) }
        for number in 0..<SpoolControl.readerLimit { state.control.setCursor(number, nil) }
        for (number, name) in names.enumerated() {
            let cursor = known.first { $0.name == name } ?? .init(name: name, from: state.next)
            let place = position(of: cursor.expected)
            state.readers.append(Spool.Reader(cursor: cursor, segment: place.segment, place: place.offset))
            state.control.setCursor(number, cursor)
        }
        return forgotten
    }

    /// Where a reader goes on that expects this sequence.
    private func position(of expected: UInt64) -> (segment: Segment, offset: Int) {
        // INVARIANT: there is one segment at least.
        var segment = state.segments[0]
        for candidate in state.segments where candidate.first <= expected { segment = candidate }
        var offset = RecordFormat.segmentHeader
        if let file = try? segment.file() {
            while offset < segment.used, let (record, sequence) = RecordFormat.read(file.bytes, at: offset, size: segment.used, from: 0),
                sequence < expected
            {
                offset += RecordFormat.room(for: record.count)
            }
        }
        return (segment, offset)
    }
}
