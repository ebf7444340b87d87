import Glibc

/// Files for their owner's eyes, replaced as a whole.
enum PrivateFile {
    static func write(_ bytes: [UInt8], to path: String) throws(AccessError) {
        let new = "\(path).\(getpid()).new"
        unlink(new)
        // Made anew with this mode, so that nobody has it open.
        let file = open(new, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw failure(path) }
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress?.advanced(by: written), bytes.count - written) }
            if count < 0, errno == EINTR { continue }
            if count < 0 { break }
            written += count
        }
        let isWhole = written == bytes.count && fsync(file) == 0
        let error = failure(path)
        close(file)
        guard isWhole else {
            unlink(new)
            throw error
        }
        guard rename(new, path) == 0 else {
            let error = failure(path)
            unlink(new)
            throw error
        }
    }

    private static func failure(_ path: String) -> AccessError {
        AccessError("`\(path)` cannot be written: \(String(cString: strerror(errno)))")
    }
}
