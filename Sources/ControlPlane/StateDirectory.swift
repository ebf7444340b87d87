import Files
import Foundation
import Glibc
import PolicyBundle

/// The folder in which a running Charter keeps what survives a restart: the private Postgres, mirrors of remote repositories, and the last
/// good bundle. Everything in it can be made again from git.
public final class StateDirectory: Sendable {
    /// Raised when an older program could not read what a newer one wrote.
    public static let formatVersion = 1

    public let path: String
    private let lock: Int32

    /// Opens or makes the folder and locks it against a second Charter.
    public init(_ path: String) throws(ControlError) {
        let absolute = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
        self.path = absolute
        do {
            try FileManager.default.createDirectory(atPath: absolute, withIntermediateDirectories: true)
        } catch {
            throw ControlError(.input, "the state folder `\(absolute)` cannot be made: \(error.localizedDescription)")
        }
        let lock = open(absolute + "/lock", O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard lock >= 0 else {
            throw ControlError(.input, "the state folder `\(absolute)` cannot be written: \(String(cString: strerror(errno)))")
        }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            close(lock)
            throw ControlError(
                .tryAgain, "another Charter is running with the state folder `\(absolute)`; stop it, or choose another with --state")
        }
        do throws(ControlError) {
            try Self.checkVersion(of: absolute)
        } catch {
            Self.release(lock)
            throw error
        }
        // Last: from here on it is given up by `deinit`, and before by nobody else.
        self.lock = lock
    }

    deinit { Self.release(lock) }

    /// Said outright: a process that another thread is starting holds the lock too until it has become another program.
    private static func release(_ lock: Int32) {
        _ = flock(lock, LOCK_UN)
        close(lock)
    }

    /// Where the private Postgres lives.
    public var postgres: String { path + "/postgres" }
    /// Where mirrors of remote repositories live.
    public var mirror: String { path + "/mirror.git" }
    /// The last bundle that was put in force.
    public var bundle: String { path + "/bundle.charter" }

    /// What has happened and is not in the database yet.
    public var events: String { path + "/events.jsonl" }

    /// The digests of API keys that the database held last.
    public var apiKeys: String { path + "/api-keys.json" }

    /// What this Charter is known by, over restarts: made at the first.
    public func instance() throws(ControlError) -> String {
        let file = path + "/instance"
        if let data = FileManager.default.contents(atPath: file) {
            let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
            if UUID(uuidString: text) != nil { return text }
        }
        let made = UUID().uuidString.lowercased()
        try AtomicFile.write(Array("\(made)\n".utf8), to: file)
        return made
    }

    /// Writes `bytes` so that a reader sees the old file or the new one, never a part, whatever happens to this process or the machine.
    public func store(bundle bytes: [UInt8]) throws(ControlError) { try AtomicFile.write(bytes, to: bundle) }

    /// Makes the folder, or checks that it is one, without keeping others out: for commands that may run beside `charter up`.
    static func prepare(_ path: String) throws(ControlError) {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw ControlError(.input, "the state folder `\(path)` cannot be made: \(error.localizedDescription)")
        }
        try checkVersion(of: path)
    }

    private static func checkVersion(of path: String) throws(ControlError) {
        let file = path + "/version"
        if let data = FileManager.default.contents(atPath: file) {
            let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
            if text == String(formatVersion) { return }
            throw ControlError(
                .input,
                "the state folder `\(path)` has format version \(text.prefix(20)), this program uses version \(formatVersion); move it away and start again: everything in it is made anew from git"
            )
        }
        let others = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).filter { $0 != "lock" && $0 != ".gitignore" }
        guard others.isEmpty else {
            throw ControlError(.input, "`\(path)` holds files but is no state folder of Charter; choose another with --state")
        }
        try AtomicFile.write(Array("\(formatVersion)\n".utf8), to: file)
        // The folder may lie in a repository: it must never be committed.
        try AtomicFile.write(Array("*\n".utf8), to: path + "/.gitignore")
    }
}

/// Files that are replaced as a whole.
public enum AtomicFile {
    /// Replaces the file at `path`; a device or pipe there is written to as it is.
    public static func write(_ bytes: [UInt8], to path: String, mode: mode_t = 0o644) throws(ControlError) {
        var info = stat()
        let isSpecial = stat(path, &info) == 0 && info.st_mode & S_IFMT != S_IFREG
        do throws(FileFailure) {
            if isSpecial { try WholeFile.write(bytes, into: path) } else { try WholeFile.replace(path, with: bytes, mode: mode) }
        } catch {
            throw ControlError(.input, error.description)
        }
    }
}
