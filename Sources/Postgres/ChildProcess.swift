import Glibc

/// A program run to its end.
///
/// It begins in a folder of the caller's choice and in a process group of its own: Postgres' programs complain of a working directory that
/// their user cannot enter, and a Ctrl-C in our terminal must not reach them.
struct ChildProcess {
    /// The exit status; 128 and the signal's number where a signal ended it.
    let status: Int32
    /// What it wrote on both streams.
    let output: String

    /// Looks `arguments[0]` up in PATH; status 126 or 127 where it cannot be run.
    static func run(_ arguments: [String], in folder: String = "/") throws(ChildProcessFailure) -> ChildProcess {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw ChildProcessFailure(arguments, errno) }
        defer { Glibc.close(ends[0]) }
        // Children started at the same moment elsewhere must not keep our pipe open.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let started = spawn(arguments, in: folder, output: ends[1])
        Glibc.close(ends[1])
        let process = try started.get()
        // Read to the end before waiting: a child whose pipe is full waits for us.
        let output = readAll(ends[0])
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 {
            guard errno == EINTR else { throw ChildProcessFailure(arguments, errno) }
        }
        let signal = status & 0x7F
        return ChildProcess(status: signal == 0 ? (status >> 8) & 0xFF : 128 + signal, output: output)
    }

    private static func spawn(_ arguments: [String], in folder: String, output: Int32) -> Result<pid_t, ChildProcessFailure> {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, output, 2)
        // A server outlives us: it must not hold our sockets and locks open.
        for descriptor in openDescriptors() where descriptor > 2 { posix_spawn_file_actions_addclose(&actions, descriptor) }

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // Nor may it inherit signals that we block or ignore.
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        let shell = ["/bin/sh", "-c", "cd -- \"$0\" && exec \"$@\"", folder]
        let argv = (shell + arguments).map { strdup($0) } + [nil]
        let envp = environment().map { strdup($0) } + [nil]
        defer { for string in argv + envp { free(string) } }
        var process: pid_t = 0
        let code = posix_spawn(&process, shell[0], &actions, &attributes, argv, envp)
        return code == 0 ? .success(process) : .failure(ChildProcessFailure(arguments, code))
    }

    private static func openDescriptors() -> [Int32] {
        guard let folder = opendir("/proc/self/fd") else { return [] }
        defer { closedir(folder) }
        var found: [Int32] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if let descriptor = Int32(name), descriptor != dirfd(folder) { found.append(descriptor) }
        }
        return found
    }

    /// Nothing of ours but the path: PGDATA, PGPORT and their like would change what is started, and messages are to be in English.
    private static func environment() -> [String] {
        let inherited = getenv("PATH").map { String(cString: $0) }
        // The system's own folders are added because a service's PATH often lacks the sbin that `runuser` is in.
        return ["PATH=" + (inherited.map { $0 + ":" } ?? "") + "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"]
    }

    private static func readAll(_ descriptor: Int32) -> String {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 8192)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            if count > 0 { bytes.append(contentsOf: chunk[..<count]) } else if count == 0 || errno != EINTR { break }
        }
        var text = String(decoding: bytes, as: UTF8.self)
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}

/// A program that could not be run at all.
struct ChildProcessFailure: Error, CustomStringConvertible {
    let program: String
    let code: Int32

    init(_ arguments: [String], _ code: Int32) {
        program = arguments.first ?? ""
        self.code = code
    }

    var description: String { "\(program): \(String(cString: strerror(code)))" }
}
