import Glibc

/// Files that are read as a whole, once.
public enum BoundedFile {
    /// The bytes of the file, or pipe, at `path`.
    ///
    /// - Parameter limit: more bytes than this are refused.
    public static func read(_ path: String, limit: Int) throws(SigningError) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw SigningError(.unreadable, "`\(path)` cannot be opened: \(String(cString: strerror(errno)))") }
        defer { close(file) }
        var info = stat()
        let size = fstat(file, &info) == 0 ? Int(info.st_size) : 0
        guard size <= limit else { throw SigningError(.unreadable, "`\(path)` is larger than \(limit) bytes") }
        // One byte more than is expected, so that a file that fits is read without growing; a small limit is never outgrown, which leaves
        // no copy of a secret behind.
        var bytes = [UInt8](repeating: 0, count: min(limit, max(size, 65_536)) + 1)
        var filled = 0
        while true {
            let count = bytes.withUnsafeMutableBytes { Glibc.read(file, $0.baseAddress.map { $0 + filled }, $0.count - filled) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw SigningError(.unreadable, "`\(path)` cannot be read: \(String(cString: strerror(errno)))") }
            if count == 0 { break }
            filled += count
            guard filled <= limit else { throw SigningError(.unreadable, "`\(path)` is larger than \(limit) bytes") }
            if filled == bytes.count { bytes += [UInt8](repeating: 0, count: min(bytes.count, limit + 1 - filled)) }
        }
        bytes.removeLast(bytes.count - filled)
        return bytes
    }
}
