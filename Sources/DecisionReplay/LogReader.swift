import Compression
import Glibc

/// Why a log cannot be replayed.
public struct ReplayError: Error, Sendable, Equatable, CustomStringConvertible {
    public var description: String

    public init(_ description: String) { self.description = description }
}

/// Reads a decision log in pieces of whole lines, from a file or a pipe, plain or folded by gzip.
///
/// It is read and not mapped: a log that another program cuts short while it is replayed would end a process that has mapped it.
final class LogReader {
    /// A piece ends with the first line that ends after so many bytes.
    static let pieceBytes = 1 << 20
    private static let readBytes = 256 << 10
    /// More than any line of a decision log can have: a request is at most 16 MiB.
    static let longestLine = 64 << 20

    private let name: String
    private let file: Int32
    private let isOwned: Bool
    private var gzip: GzipStream?
    /// Bytes that were read to find out what the file is.
    private var head: ArraySlice<UInt8> = []
    private let buffer = LogBuffer()
    private var isAtEnd = false
    /// Bytes of the file that were read; of a folded one as they lie on disk.
    private(set) var bytesRead = 0
    /// Of the file; nil for what has no size.
    let size: Int?

    /// - Parameter path: `-` for standard input.
    init(path: String) throws(ReplayError) {
        name = path == "-" ? "standard input" : "`\(path)`"
        isOwned = path != "-"
        file = isOwned ? open(path, O_RDONLY | O_CLOEXEC) : 0
        guard file >= 0 else { throw ReplayError("\(name) cannot be read: \(String(cString: strerror(errno)))") }
        var info = stat()
        let isKnown = fstat(file, &info) == 0
        if isKnown, info.st_mode & S_IFMT == S_IFDIR {
            if isOwned { close(file) }
            throw ReplayError("\(name) is a folder; name a file with a decision on each line")
        }
        size = isKnown && info.st_mode & S_IFMT == S_IFREG ? Int(info.st_size) : nil
        var start: [UInt8] = []
        while start.count < 2 {
            let count = try read(into: buffer.room(for: 2 - start.count))
            if count == 0 { break }
            buffer.count += count
            start += buffer.take(count)
        }
        head = start[...]
        // RFC 1952 §2.3.1.
        if start == [0x1f, 0x8b] { try unfold() }
    }

    deinit { if isOwned { close(file) } }

    private func unfold() throws(ReplayError) {
        do throws(GzipError) {
            gzip = try GzipStream { [unowned self] in try self.readRaw(into: $0) }
        } catch {
            throw failure(error)
        }
    }

    /// Bytes as the file has them.
    private func readRaw(into memory: UnsafeMutableRawBufferPointer) throws(ReplayError) -> Int {
        if !head.isEmpty {
            let count = min(head.count, memory.count)
            memory.copyBytes(from: head.prefix(count))
            head = head.dropFirst(count)
            return count
        }
        return try read(into: memory)
    }

    private func read(into memory: UnsafeMutableRawBufferPointer) throws(ReplayError) -> Int {
        while true {
            let count = Glibc.read(file, memory.baseAddress, memory.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw ReplayError("\(name) cannot be read: \(String(cString: strerror(errno)))") }
            bytesRead += count
            return count
        }
    }

    private func readText(into memory: UnsafeMutableRawBufferPointer) throws(ReplayError) -> Int {
        guard let gzip else { return try readRaw(into: memory) }
        do {
            return try gzip.unfold(into: memory)
        } catch let error as ReplayError {
            throw error
        } catch {
            throw failure(error)
        }
    }

    private func failure(_ error: any Error) -> ReplayError {
        switch error as? GzipError {
        case .noMemory: ReplayError("there is no memory to unfold \(name)")
        default: ReplayError("\(name) begins as gzip and is damaged, or ends too early")
        }
    }

    /// The next piece; nil at the end of the log.
    func next() throws(ReplayError) -> [UInt8]? {
        var searched = Self.pieceBytes
        while true {
            if let end = buffer.lineEnd(from: searched) { return buffer.take(end + 1) }
            searched = max(searched, buffer.count)
            if isAtEnd { return buffer.count > 0 ? buffer.take(buffer.count) : nil }
            if buffer.count > Self.pieceBytes + Self.longestLine {
                throw ReplayError("\(name) has a line of more than \(Self.longestLine >> 20) MiB: it is no decision log")
            }
            let count = try readText(into: buffer.room(for: Self.readBytes))
            buffer.count += count
            isAtEnd = count == 0
        }
    }
}

/// What was read and not taken yet.
private final class LogBuffer {
    // INVARIANT: `count` bytes of `memory` are written.
    private var memory = UnsafeMutableRawBufferPointer.allocate(byteCount: LogReader.pieceBytes * 2, alignment: 8)
    var count = 0

    deinit { memory.deallocate() }

    /// Memory after what is written.
    func room(for more: Int) -> UnsafeMutableRawBufferPointer {
        if count + more > memory.count {
            let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: (count + more) * 2, alignment: 8)
            larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[..<count]))
            memory.deallocate()
            memory = larger
        }
        return UnsafeMutableRawBufferPointer(rebasing: memory[count..<count + more])
    }

    /// The end of the first line that ends at `start` or after it.
    func lineEnd(from start: Int) -> Int? {
        guard start < count, let base = memory.baseAddress, let found = memchr(base + start, 0x0a, count - start) else { return nil }
        return base.distance(to: found)
    }

    /// Gives away the first bytes.
    func take(_ length: Int) -> [UInt8] {
        let taken = Array(memory[..<length])
        if let base = memory.baseAddress { memmove(base, base + length, count - length) }
        count -= length
        return taken
    }
}
