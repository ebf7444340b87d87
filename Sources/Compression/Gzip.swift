import CLibZ

/// The gzip file format (RFC 1952).
public enum Gzip {
    /// How far a text may unfold: what is sent small and is large then takes memory and time that its sender did not pay for.
    public struct Limits: Sendable {
        /// The most bytes.
        public var bytes: Int
        /// The most bytes for each byte of the compressed text, looked at from `ratioFrom` bytes on.
        public var ratio: Int
        public var ratioFrom: Int

        public init(bytes: Int, ratio: Int, ratioFrom: Int) {
            self.bytes = bytes
            self.ratio = ratio
            self.ratioFrom = ratioFrom
        }

        func most(for compressed: Int) -> Int { min(bytes, max(ratioFrom, compressed * ratio)) }
    }

    /// Unfolds a text of one or more members, one after the other (RFC 1952 §2.2).
    public static func inflate(_ bytes: UnsafeRawBufferPointer, limits: Limits) throws(GzipError) -> [UInt8] {
        guard let start = bytes.baseAddress, bytes.count > 0, bytes.count <= Int(UInt32.max) else { throw .damaged }
        var stream = z_stream()
        // 16 above the window's size: gzip, and neither zlib's own format nor a guess.
        guard inflateInit2_(&stream, 16 + MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else { throw .noMemory }
        defer { inflateEnd(&stream) }
        // zlib reads and does not write through it.
        stream.next_in = UnsafeMutablePointer(mutating: start.assumingMemoryBound(to: Bytef.self))
        stream.avail_in = uInt(bytes.count)
        let most = limits.most(for: bytes.count)
        var out: [UInt8] = []
        out.reserveCapacity(min(most, bytes.count * 8))
        while true {
            let code = nextChunk(&stream, into: &out)
            if out.count > most { throw .tooLarge }
            switch code {
            case Z_STREAM_END:
                if stream.avail_in == 0 { return out }
                guard inflateReset(&stream) == Z_OK else { throw .damaged }
            case Z_OK: continue
            case Z_MEM_ERROR: throw .noMemory
            // Among them the error that there is no more to be read.
            default: throw .damaged
            }
        }
    }

    private static let chunkSize = 32 << 10

    private static func nextChunk(_ stream: inout z_stream, into out: inout [UInt8]) -> Int32 {
        var code: Int32 = Z_OK
        withUnsafeTemporaryAllocation(byteCount: chunkSize, alignment: 1) { chunk in
            stream.next_out = chunk.baseAddress?.assumingMemoryBound(to: Bytef.self)
            stream.avail_out = uInt(chunkSize)
            code = CLibZ.inflate(&stream, Z_NO_FLUSH)
            out += UnsafeRawBufferPointer(rebasing: chunk[..<(chunkSize - Int(stream.avail_out))])
        }
        return code
    }

    /// Folds a text into one member; nil if there is no memory for it.
    public static func deflate(_ bytes: UnsafeRawBufferPointer) -> [UInt8]? {
        guard bytes.count <= Int(UInt32.max / 2) else { return nil }
        var stream = z_stream()
        let code = deflateInit2_(
            &stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        guard code == Z_OK else { return nil }
        defer { deflateEnd(&stream) }
        if let start = bytes.baseAddress {
            stream.next_in = UnsafeMutablePointer(mutating: start.assumingMemoryBound(to: Bytef.self))
            stream.avail_in = uInt(bytes.count)
        }
        let bound = Int(deflateBound(&stream, uLong(bytes.count)))
        var isWhole = false
        let out = [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
            stream.next_out = buffer.baseAddress
            stream.avail_out = uInt(bound)
            isWhole = CLibZ.deflate(&stream, Z_FINISH) == Z_STREAM_END
            count = bound - Int(stream.avail_out)
        }
        return isWhole ? out : nil
    }
}

/// Why a text cannot be unfolded.
public enum GzipError: Error, Hashable {
    /// It is not gzip, ends too early, or its checksum is another.
    case damaged
    /// It unfolds to more than the limits allow.
    case tooLarge
    case noMemory
}
