internal import Glibc

/// What the file system says of a path.
enum FileStatus {
    /// Whether anything is at `path`, a dangling link included.
    static func exists(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }
}
