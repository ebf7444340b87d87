import CLibZ

/// Unfolds gzip (RFC 1952) as it is read, one member after the other, in memory of a fixed size: for texts that are larger than memory.
public final class GzipStream {
    // INVARIANT: `stream` was initialised and stays where it is until `deinit`, as zlib keeps its address; `input` outlives what zlib has left of it.
    private let stream: UnsafeMutablePointer<z_stream>
    private let input: UnsafeMutableRawBufferPointer
    private let read: (UnsafeMutableRawBufferPointer) throws -> Int
    private var isBetweenMembers = false

    /// - Parameters:
    ///   - bufferSize: bytes that are read at once.
    ///   - read: fills memory with what comes next of the folded text; 0 at its end.
    /// - Throws: `GzipError.noMemory`.
    public init(bufferSize: Int = 256 << 10, _ read: @escaping (UnsafeMutableRawBufferPointer) throws -> Int) throws(GzipError) {
        self.read = read
        input = .allocate(byteCount: bufferSize, alignment: 8)
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // 16 above the window's size: gzip, and neither zlib's own format nor a guess.
        guard inflateInit2_(stream, 16 + MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else { throw .noMemory }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
        input.deallocate()
    }

    /// Fills memory with what comes next of the text.
    ///
    /// - Returns: how many bytes; 0 at the end of the text, and not before.
    /// - Throws: `GzipError`, and what `read` throws.
    public func unfold(into output: UnsafeMutableRawBufferPointer) throws -> Int {
        guard !output.isEmpty else { return 0 }
        while true {
            if stream.pointee.avail_in == 0 {
                let count = try read(input)
                if count == 0 {
                    guard isBetweenMembers else { throw GzipError.damaged }
                    return 0
                }
                stream.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: Bytef.self)
                stream.pointee.avail_in = uInt(count)
            }
            if isBetweenMembers {
                guard inflateReset(stream) == Z_OK else { throw GzipError.damaged }
                isBetweenMembers = false
            }
            let room = min(output.count, Int(UInt32.max))
            stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: Bytef.self)
            stream.pointee.avail_out = uInt(room)
            switch CLibZ.inflate(stream, Z_NO_FLUSH) {
            case Z_STREAM_END: isBetweenMembers = true
            // A buffer error says that there is nothing to do before more is read.
            case Z_OK, Z_BUF_ERROR: break
            case Z_MEM_ERROR: throw GzipError.noMemory
            default: throw GzipError.damaged
            }
            let count = room - Int(stream.pointee.avail_out)
            if count > 0 { return count }
        }
    }
}
