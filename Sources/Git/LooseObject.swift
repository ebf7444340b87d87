internal import CLibGit2
internal import Glibc

/// Reads the objects that are files of their own.
///
/// libgit2 1.5 never returns from a loose object whose compressed data ends early, so it is given none to read that has not been read
/// here to its end.
struct LooseObjects {
    /// The object folders: the repository's own, then its alternates.
    let folders: [String]

    struct Header {
        let type: git_object_t
        /// Bytes of content.
        let size: Int
    }

    /// Type and size; `nil` if no folder has the object.
    func header(of id: GitObjectID) throws(GitError) -> Header? {
        guard let file = try open(id) else { return nil }
        defer { close(file) }
        var stream = try LooseObjectStream(file: file, id: id)
        defer { stream.end() }
        return try stream.header()
    }

    /// The content, its hash verified; `nil` if no folder has the object.
    func read(_ id: GitObjectID, path: String, limit: Int) throws(GitError) -> (type: git_object_t, bytes: [UInt8])? {
        guard let file = try open(id) else { return nil }
        defer { close(file) }
        var stream = try LooseObjectStream(file: file, id: id)
        defer { stream.end() }
        let header = try stream.header()
        guard header.size <= limit else { throw .tooLarge(path, size: header.size, limit: limit) }
        let bytes = try stream.content(header.size)
        var hash = git_oid()
        let code = bytes.withUnsafeBytes { git_odb_hash(&hash, $0.baseAddress, $0.count, header.type) }
        guard code >= 0, GitObjectID(hash) == id else { throw .damaged(id, "is damaged (its content does not match its id)") }
        return (header.type, bytes)
    }

    private func open(_ id: GitObjectID) throws(GitError) -> Int32? {
        let hex = id.description
        for folder in folders {
            let path = "\(folder)/\(hex.prefix(2))/\(hex.dropFirst(2))"
            let file = Glibc.open(path, O_RDONLY | O_CLOEXEC)
            if file >= 0 { return file }
            let reason = errno
            guard reason == ENOENT || reason == ENOTDIR else {
                throw GitError(.other, "reading object \(id): \(String(cString: strerror(reason)))")
            }
        }
        return nil
    }
}

/// The decompression of one loose object: `type SP size NUL content`.
private struct LooseObjectStream {
    private let file: Int32
    private let id: GitObjectID
    // zlib keeps the address of the stream it began with, so it must not move.
    private let stream: UnsafeMutablePointer<z_stream>
    private var input = [UInt8](repeating: 0, count: 16 << 10)
    /// Decompressed and not yet taken.
    private var output: [UInt8] = []
    private var isOver = false

    init(file: Int32, id: GitObjectID) throws(GitError) {
        self.file = file
        self.id = id
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        guard charter_inflate_init(stream) == Z_OK else {
            stream.deallocate()
            throw GitError(.other, "no memory to decompress object \(id)")
        }
    }

    func end() {
        inflateEnd(stream)
        stream.deallocate()
    }

    mutating func header() throws(GitError) -> LooseObjects.Header {
        // The longest is `commit `, 19 digits and the NUL.
        while !output.contains(0), output.count < 32, try advance() {}
        guard let end = output.prefix(32).firstIndex(of: 0) else { throw .damaged(id, "is damaged (its header is unreadable)") }
        let words = output[..<end].split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        let type = git_object_string2type(words.first.map { String(decoding: $0, as: UTF8.self) } ?? "")
        guard words.count == 2, let size = Int(String(decoding: words[1], as: UTF8.self)), size >= 0, type != GIT_OBJECT_INVALID else {
            throw .damaged(id, "is damaged (its header is unreadable)")
        }
        output.removeFirst(end + 1)
        return LooseObjects.Header(type: type, size: size)
    }

    mutating func content(_ size: Int) throws(GitError) -> [UInt8] {
        while output.count <= size, try advance() {}
        guard output.count == size, isOver else { throw .damaged(id, "is damaged (its size is not what it says)") }
        return output
    }

    /// Decompresses some more; false at the end of the stream.
    private mutating func advance() throws(GitError) -> Bool {
        if isOver { return false }
        var count = read(file, &input, input.count)
        while count < 0, errno == EINTR { count = read(file, &input, input.count) }
        guard count >= 0 else { throw GitError(.other, "reading object \(id): \(String(cString: strerror(errno)))") }
        guard count > 0 else { throw .damaged(id, "is damaged (it is cut short)") }
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        let ended: Bool? = input.withUnsafeMutableBufferPointer { input in
            stream.pointee.next_in = input.baseAddress
            stream.pointee.avail_in = UInt32(count)
            while true {
                let (code, room): (Int32, UInt32) = chunk.withUnsafeMutableBufferPointer { chunk in
                    stream.pointee.next_out = chunk.baseAddress
                    stream.pointee.avail_out = UInt32(chunk.count)
                    return (inflate(stream, Z_NO_FLUSH), stream.pointee.avail_out)
                }
                output.append(contentsOf: chunk[..<(chunk.count - Int(room))])
                if code == Z_STREAM_END { return true }
                guard code == Z_OK || code == Z_BUF_ERROR else { return nil }
                // Room left over: all of this input is used up.
                if room > 0 { return false }
            }
        }
        guard let ended else { throw .damaged(id, "is damaged (its compressed data is wrong)") }
        isOver = ended
        return true
    }
}
