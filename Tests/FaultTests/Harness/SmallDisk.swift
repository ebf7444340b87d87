import Foundation
import Glibc
import TestSupport

/// A disk that can be filled to the last byte: a tmpfs.
struct SmallDisk {
    let path: String

    /// Calls `body` with one; `nil`, with the reason printed, where none can be mounted.
    static func with<Value>(megabytes: Int, at path: String, _ body: (SmallDisk) throws -> Value) throws -> Value? {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let mount = try ChildProgram(["mount", "-t", "tmpfs", "-o", "size=\(megabytes)m,mode=0755", "charter-test", path], in: "/")
        guard try mount.wait() == 0 else {
            print("\n!!! NOT TESTED: a full disk. A tmpfs cannot be mounted: \(mount.errors)\n")
            return nil
        }
        defer { _ = try? ChildProgram(["umount", "--lazy", path], in: "/").wait() }
        return try body(SmallDisk(path: path))
    }

    /// Leaves no byte.
    func fill() throws {
        let file = open(path + "/ballast", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw Failure("\(path)/ballast: \(String(cString: strerror(errno)))") }
        defer { close(file) }
        for size in [1 << 20, 4096, 1] {
            let bytes = [UInt8](repeating: 0x2A, count: size)
            while write(file, bytes, size) == size {}
        }
    }

    func empty() { unlink(path + "/ballast") }

    /// Gives the folder to whoever owns another.
    func give(_ folder: String, as other: String) throws {
        var status = stat()
        guard stat(other, &status) == 0, chown(folder, status.st_uid, status.st_gid) == 0 else {
            throw Failure("\(folder): \(String(cString: strerror(errno)))")
        }
    }
}
