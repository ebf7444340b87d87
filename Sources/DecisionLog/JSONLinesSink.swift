import Glibc
import JSON
import Spool

/// Decisions into a file, one JSON object a line.
///
/// A file that is renamed or removed, as programs that rotate logs do, is made anew. After a start the last line tells what is there already.
public final class JSONLinesSink: DecisionSink, @unchecked Sendable {
    // INVARIANT: all that is not constant is used by the worker's thread alone.

    public static let name = "file"
    public var name: String { Self.name }
    public let batchBytes = 1 << 20
    public let interval: Duration

    private let path: String
    private var file: Int32 = -1
    private var identity: (device: UInt64, number: UInt64) = (0, 0)
    /// The sequence after the last one in the file.
    private var position: UInt64 = 0
    private var writer = DecisionEventWriter()
    /// Bytes of the file up to the end of the last whole batch.
    private var size: off_t = 0

    public init(path: String, interval: Duration = .milliseconds(200)) {
        self.path = path
        self.interval = interval
    }

    deinit { if file >= 0 { close(file) } }

    public func deliver(_ batch: SpoolBatch, of stream: DecisionStream) throws(SinkFailure) -> SinkDelivery {
        try open(stream)
        writer.removeAll()
        batch.read { sequence, bytes in
            guard sequence >= position, let record = DecisionRecord(bytes) else { return }
            writer.append(record, sequence, stream)
        }
        do throws(SinkFailure) {
            try write(writer.bytes)
        } catch {
            // Whatever part of it was written is taken back, so that a line is there once or not at all.
            if ftruncate(file, size) != 0 {
                close(file)
                file = -1
            }
            throw error
        }
        size += off_t(writer.bytes.count)
        position = max(position, batch.next)
        return .whole
    }

    private func write(_ bytes: [UInt8]) throws(SinkFailure) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress?.advanced(by: written), bytes.count - written) }
            if count < 0, errno == EINTR { continue }
            if count < 0 { throw failure() }
            written += count
        }
        guard fdatasync(file) == 0 || errno == EINVAL || errno == EROFS else { throw failure() }
    }

    private func failure() -> SinkFailure { SinkFailure("`\(path)` cannot be written: \(String(cString: strerror(errno)))") }

    // MARK: Opening

    private func open(_ stream: DecisionStream) throws(SinkFailure) {
        var info = stat()
        if file >= 0, stat(path, &info) == 0, (UInt64(info.st_dev), UInt64(info.st_ino)) == identity { return }
        if file >= 0 { close(file) }
        file = Glibc.open(path, O_CREAT | O_RDWR | O_APPEND | O_CLOEXEC, 0o600)
        guard file >= 0, fstat(file, &info) == 0 else { throw failure() }
        identity = (UInt64(info.st_dev), UInt64(info.st_ino))
        size = info.st_size
        position = max(position, lastPosition(of: stream))
    }

    /// What the file ends with. A line that is not whole is of a process that was killed while it wrote it: it is taken away.
    private func lastPosition(of stream: DecisionStream) -> UInt64 {
        var tail: [UInt8] = []
        var start = size
        while start > 0, tail.count < 64 << 20 {
            let count = min(Int(start), 1 << 20)
            start -= off_t(count)
            var block = [UInt8](repeating: 0, count: count)
            guard pread(file, &block, count, start) == count else { return 0 }
            tail = block + tail
            let end = tail.lastIndex(of: 0x0a).map { $0 + 1 } ?? 0
            guard end > 0, let before = tail[..<(end - 1)].lastIndex(of: 0x0a) ?? (start == 0 ? -1 : nil) else { continue }
            if end < tail.count, ftruncate(file, start + off_t(end)) == 0 { size = start + off_t(end) }
            guard let line = try? JSONParser.parse(Array(tail[(before + 1)..<(end - 1)])),
                line["stream"]?.stringValue == stream.description,
                let sequence = line["sequence"]?.intValue
            else { return 0 }
            return UInt64(sequence) + 1
        }
        if start == 0, !tail.isEmpty, !tail.contains(0x0a), ftruncate(file, 0) == 0 { size = 0 }
        return 0
    }
}
