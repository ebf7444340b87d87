import Glibc

/// A file of a fixed size in memory. What is written to it survives the process, however that ends; it survives the machine once the kernel has
/// written it out.
///
/// INVARIANT: `bytes` is mapped from `init` to `deinit`; who has a pointer into it keeps this object. The file's blocks were allocated before
/// it was mapped, so that no write to it can fail for want of room.
final class MappedFile {
    /// It can be renamed while it is mapped.
    var path: String
    let size: Int
    let bytes: UnsafeMutableRawPointer

    private init(path: String, size: Int, bytes: UnsafeMutableRawPointer) {
        self.path = path
        self.size = size
        self.bytes = bytes
    }

    deinit { munmap(bytes, size) }

    /// Makes a file, which is not there yet, with all its blocks.
    static func make(_ path: String, size: Int) throws(SpoolError) -> MappedFile {
        let file = Glibc.open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failure(path, errno) }
        defer { close(file) }
        let code = posix_fallocate(file, 0, off_t(size))
        guard code == 0 else {
            unlink(path)
            throw failure(path, code)
        }
        return try map(file, path, size)
    }

    /// Opens a file that was made before.
    /// - Parameter size: what it must have; any if `nil`.
    static func open(existing path: String, size: Int?) throws(SpoolError) -> MappedFile {
        let file = Glibc.open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else { throw failure(path, errno) }
        defer { close(file) }
        var info = stat()
        guard fstat(file, &info) == 0, info.st_mode & S_IFMT == S_IFREG, info.st_size > 0, size == nil || info.st_size == size ?? 0 else {
            throw SpoolError(.foreign, "`\(path)` is no file of a spool, or of another size")
        }
        // A file that was copied may have holes.
        let code = posix_fallocate(file, 0, info.st_size)
        guard code == 0 else { throw failure(path, code) }
        return try map(file, path, Int(info.st_size))
    }

    private static func map(_ file: Int32, _ path: String, _ size: Int) throws(SpoolError) -> MappedFile {
        guard let bytes = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), bytes != MAP_FAILED else {
            throw failure(path, errno)
        }
        return MappedFile(path: path, size: size, bytes: bytes)
    }

    static func failure(_ path: String, _ code: Int32) -> SpoolError {
        SpoolError(.files, "`\(path)` cannot be written: \(String(cString: strerror(code)))")
    }
}
