import Glibc

/// A server that runs on a data directory, as its `postmaster.pid` tells (one line each: process, data directory, start time, port, socket
/// directory, listen address, shared memory key, status).
struct RunningPostmaster {
    let process: pid_t
    let port: Int
    let socketDirectory: String

    /// The server running on `data`, if there is one. A `postmaster.pid` left behind by a server that was killed is none.
    static func on(data: String) -> RunningPostmaster? {
        guard let process = recordedProcess(data: data), isPostmaster(process, on: data),
            let text = ClusterPlacement.read(data + "/postmaster.pid")
        else { return nil }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count >= 5, let port = Int(lines[3]), !lines[4].isEmpty else { return nil }
        return RunningPostmaster(process: process, port: port, socketDirectory: String(lines[4]))
    }

    /// Removes a `postmaster.pid` whose process number another program has by now. Postgres itself removes one whose process is gone, but
    /// would take such a program for a server, were it of the same user.
    static func removeStaleRecord(data: String) {
        guard let process = recordedProcess(data: data), !isPostmaster(process, on: data) else { return }
        unlink(data + "/postmaster.pid")
    }

    /// Whether the process is gone within the time; one that only waits for its parent to take note is.
    func waitForEnd(within time: Duration) -> Bool {
        let deadline = ContinuousClock.now + time
        while Self.isAlive(process) {
            guard ContinuousClock.now < deadline else { return false }
            usleep(5_000)
        }
        return true
    }

    /// Whether `process` runs, as the third field of its `stat` tells; the second is a name in parentheses.
    static func isAlive(_ process: pid_t) -> Bool {
        guard let text = ClusterPlacement.read("/proc/\(process)/stat"), let name = text.lastIndex(of: ")") else { return false }
        return !["Z", "X"].contains(text[name...].dropFirst(2).prefix(1))
    }

    private static func recordedProcess(data: String) -> pid_t? {
        ClusterPlacement.read(data + "/postmaster.pid")?.split(separator: "\n").first.flatMap { pid_t($0) }.map { abs($0) }
    }

    /// A postmaster's working directory is its data directory, which no other program has any reason to be in.
    private static func isPostmaster(_ process: pid_t, on data: String) -> Bool {
        guard process > 0, let folder = realpath("/proc/\(process)/cwd", nil) else { return false }
        defer { free(folder) }
        return String(cString: folder) == data
    }
}
