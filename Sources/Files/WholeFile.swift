import Glibc

/// Files that are replaced as a whole: a reader sees the old one or the new one, never a part, whatever happens to this process or to the machine.
public enum WholeFile {
    /// Replaces the file at `path`, or makes it. What cannot be written leaves it as it was.
    ///
    /// - Parameters:
    ///   - path: a link there is replaced, not followed.
    ///   - mode: of the new file, before the process's mask. Nobody has it open.
    public static func replace(_ path: String, with bytes: [UInt8], mode: mode_t = 0o644) throws(FileFailure) {
        // A name of its own for each writer, whatever process or container it is in.
        let draft = "\(path).\(String(UInt64.random(in: .min ... .max), radix: 36)).new"
        let file = open(draft, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, mode)
        guard file >= 0 else { throw FileFailure(path) }
        do throws(FileFailure) {
            defer { close(file) }
            try write(bytes, to: file, path, isLasting: true)
            guard rename(draft, path) == 0 else { throw FileFailure(path) }
        } catch {
            unlink(draft)
            throw error
        }
        keepName(of: path)
    }

    /// Writes to what is at `path` already, from its start: a device, or a pipe.
    public static func write(_ bytes: [UInt8], into path: String) throws(FileFailure) {
        let file = open(path, O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { throw FileFailure(path) }
        defer { close(file) }
        try write(bytes, to: file, path, isLasting: true)
    }

    /// Writes all of `bytes` to a file that is open.
    ///
    /// - Parameters:
    ///   - path: for the error.
    ///   - isLasting: whether they are to be on the disk before this returns.
    public static func write(_ bytes: [UInt8], to file: Int32, _ path: String, isLasting: Bool) throws(FileFailure) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress?.advanced(by: written), bytes.count - written) }
            if count < 0, errno == EINTR { continue }
            if count < 0 { throw FileFailure(path) }
            written += count
        }
        // A device knows no `fsync`.
        if isLasting, fsync(file) != 0, errno != EINVAL, errno != EROFS { throw FileFailure(path) }
    }

    /// A new name is on the disk when its folder is. Where a folder cannot be opened, or forced to the disk, the file has its name all the same.
    private static func keepName(of path: String) {
        let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { return }
        fsync(directory)
        close(directory)
    }
}

/// What stands in the way of a file.
public struct FileFailure: Error, CustomStringConvertible {
    public var path: String
    /// As `errno` has it.
    public var code: Int32

    /// Of the call that has just failed.
    init(_ path: String) {
        self.path = path
        code = errno
    }

    public var description: String { "`\(path)` cannot be written: \(String(cString: strerror(code)))" }
}
