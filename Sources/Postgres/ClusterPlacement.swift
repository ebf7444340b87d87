import FoundationEssentials
import Glibc

/// Where the files of a private cluster are.
///
///     DIRECTORY/                      what the caller named
///       lock                          held while a start or stop is under way
///       cluster-location              only where HOME is elsewhere: its path
///     HOME/                           DIRECTORY, or /var/lib/charter/HASH where the server's user cannot reach that
///       data/                         PGDATA
///       server.log
///       socket/                       0700
///       socket-location               only where the path of socket/ is too long or odd: a folder under /tmp in its stead
struct ClusterPlacement: Sendable {
    /// What the caller named, with its symbolic links resolved.
    let directory: String
    let home: String

    /// The names within `home`. Programs are run in `home` and given these: pg_ctl passes its arguments through a shell without escaping
    /// them, so that a path with a quote or a `$` would be read as something else.
    static let dataName = "data"
    static let logName = "server.log"

    var data: String { home + "/" + Self.dataName }
    var log: String { home + "/" + Self.logName }
    var lock: String { directory + "/lock" }
    var socketPointer: String { home + "/socket-location" }
    static let port = 5432
    static let socketName = ".s.PGSQL.\(port)"
    /// What `sockaddr_un` holds, less the NUL.
    static let longestSocketPath = 107

    /// Makes `directory` and decides where the cluster's home is.
    init(directory: String, account: ServerAccount, progress: (String) -> Void) throws(PrivateClusterError) {
        try Self.make(directory, mode: 0o755)
        guard let resolved = realpath(directory, nil) else {
            throw .unusableDirectory(directory, reason: String(cString: strerror(errno)))
        }
        defer { free(resolved) }
        let directory = String(cString: resolved)
        self.directory = directory
        home = try Self.home(of: directory, account: account, progress: progress)
        guard (data + log).allSatisfy({ !$0.isNewline }) else {
            throw .unusableDirectory(directory, reason: "its name holds a line break")
        }
    }

    /// Makes a folder and what is missing above it; one that exists is left as it is.
    static func make(_ path: String, mode: Int) throws(PrivateClusterError) {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: mode])
        } catch {
            throw .unusableDirectory(path, reason: "it cannot be made: \(String(cString: strerror(errno)))")
        }
    }

    static func read(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }

    static func write(_ text: String, to path: String) throws(PrivateClusterError) {
        do {
            try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw .unusableDirectory(path, reason: "it cannot be written: \(error)")
        }
    }

    private static func home(
        of directory: String, account: ServerAccount, progress: (String) -> Void
    ) throws(PrivateClusterError) -> String {
        let pointer = directory + "/cluster-location"
        if let recorded = read(pointer)?.split(whereSeparator: \.isNewline).first { return String(recorded) }
        guard let obstacle = account.obstacle(to: directory) else { return directory }
        let parent = "/var/lib/charter"
        let home = parent + "/" + hash(directory)
        try make(home, mode: 0o755)
        if let blocked = account.obstacle(to: home) {
            throw .unusableDirectory(
                directory, reason: "the user \(account.name), whom the server runs as, may enter neither `\(obstacle)` nor `\(blocked)`")
        }
        try write(home + "\n", to: pointer)
        progress("the user \(account.name) may not enter \(obstacle); the cluster is placed in \(home)")
        return home
    }

    /// 64 bits of FNV-1a in hexadecimal: a name, not a safeguard.
    private static func hash(_ text: String) -> String {
        let value = text.utf8.reduce(UInt64(0xCBF2_9CE4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
