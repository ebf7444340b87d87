import Glibc

/// Which file lies at a path, and in which version: another after it was replaced, written to, or reached by a link that was switched.
struct FileIdentity: Sendable, Hashable, CustomStringConvertible {
    let description: String

    /// `nil` where there is no file.
    init?(_ path: String) {
        var info = stat()
        // The file itself, through whatever links lead to it.
        guard stat(path, &info) == 0 else { return nil }
        let modified = "\(info.st_mtim.tv_sec).\(info.st_mtim.tv_nsec)"
        let changed = "\(info.st_ctim.tv_sec).\(info.st_ctim.tv_nsec)"
        description = "\(info.st_dev)/\(info.st_ino) \(info.st_size) \(modified) \(changed)"
    }
}
