import FoundationEssentials
import Glibc

/// The steps of a start: initialise, configure, run, wait.
struct ClusterStarter {
    let placement: ClusterPlacement
    let account: ServerAccount
    let installation: ServerInstallation
    let durability: PrivateCluster.Durability

    func start(progress: (String) -> Void) throws(PrivateClusterError) -> RunningPostmaster {
        if let running = RunningPostmaster.on(data: placement.data) {
            progress("using the Postgres \(installation.majorVersion) that runs in \(placement.home) (process \(running.process))")
            // It may just have been started by a process that was killed while it waited.
            try waitUntilReady(running)
            return running
        }
        if access(placement.data + "/PG_VERSION", F_OK) != 0 { try initialise(progress) }
        RunningPostmaster.removeStaleRecord(data: placement.data)
        try configure(socketDirectory: try ClusterSocketDirectory.prepare(placement, account: account))
        progress("starting Postgres \(installation.majorVersion) in \(placement.home)")
        try run()
        guard let running = RunningPostmaster.on(data: placement.data) else {
            throw .failed(action: "starting Postgres", output: "it ended again at once", log: ClusterLog(placement.log).tail())
        }
        return running
    }

    /// Into a folder of another name first: an initialisation that was cut short is then never taken for data.
    private func initialise(_ progress: (String) -> Void) throws(PrivateClusterError) {
        if let found = try? FileManager.default.contentsOfDirectory(atPath: placement.data), !found.isEmpty {
            throw .unusableDirectory(placement.data, reason: "it is not empty, and holds no Postgres data")
        }
        progress("initialising Postgres \(installation.majorVersion) in \(placement.home)")
        // A name of our own: after a killed start its initdb may still be writing to another.
        let suffix = ".\(getpid()).new"
        let fresh = placement.data + suffix
        for left in (try? FileManager.default.contentsOfDirectory(atPath: placement.home)) ?? [] where left.hasSuffix(".new") {
            try? FileManager.default.removeItem(atPath: placement.home + "/" + left)
        }
        try ClusterPlacement.make(fresh, mode: 0o700)
        try account.take(fresh)
        var command = [installation.program("initdb"), "-D", ClusterPlacement.dataName + suffix, "-A", "trust", "-U", "charter"]
        command += ["--encoding=UTF8", hasUnicodeLocale() ? "--locale=C.UTF-8" : "--no-locale"]
        if durability == .disposable { command.append("--no-sync") }
        try check(command, action: "initialising Postgres", log: nil)
        do {
            // Last, so that it wins over what stands above it.
            let main = fresh + "/postgresql.conf"
            let text = (ClusterPlacement.read(main) ?? "") + "\n# Written at every start.\ninclude 'charter.conf'\n"
            try Data(text.utf8).write(to: URL(filePath: main))
        } catch {
            throw .unusableDirectory(fresh, reason: "postgresql.conf cannot be written: \(error)")
        }
        rmdir(placement.data)
        guard rename(fresh, placement.data) == 0 else {
            throw .unusableDirectory(placement.data, reason: String(cString: strerror(errno)))
        }
    }

    private func configure(socketDirectory: String) throws(PrivateClusterError) {
        // A list of paths, so that one with a comma or space stands in double quotes, all within the single quotes of the file.
        let quoted = "\"" + socketDirectory.replacing("\"", with: "\"\"") + "\""
        let literal = quoted.replacing("\\", with: "\\\\").replacing("'", with: "''")
        var lines = [
            "# Written by charter at every start; changes belong into postgresql.auto.conf (ALTER SYSTEM).",
            "listen_addresses = ''",
            "cluster_name = 'charter'",
            "port = \(ClusterPlacement.port)",
            "unix_socket_directories = '\(literal)'",
            "unix_socket_permissions = 0700",
            "shared_buffers = 128MB",
            "max_connections = \(durability == .disposable ? 300 : 50)",
            "timezone = 'UTC'",
            "log_timezone = 'UTC'",
            "lc_messages = 'C'",
        ]
        // What lives for minutes needs no vacuum, whose workers keep new databases waiting for the template.
        if durability == .disposable { lines += ["fsync = off", "full_page_writes = off", "autovacuum = off"] }
        let path = placement.data + "/charter.conf"
        try ClusterPlacement.write(lines.joined(separator: "\n") + "\n", to: path)
        try account.take(path)
    }

    private func run() throws(PrivateClusterError) {
        let log = try ClusterLog(preparing: placement.log, for: account)
        // -s: only errors. pg_ctl makes the server leader of a session of its own, out of reach of our terminal's Ctrl-C.
        let command = [
            installation.program("pg_ctl"), "start", "-D", ClusterPlacement.dataName, "-l", ClusterPlacement.logName, "-w", "-t", "60",
            "-s",
        ]
        for attempt in 1... {
            do throws(PrivateClusterError) {
                return try check(command, action: "starting Postgres", log: log)
            } catch {
                // The last children of a server that was killed hold its memory for a moment longer.
                guard attempt < 20, log.tail().contains("shared memory block") else {
                    ClusterSocketDirectory.remove(placement)
                    throw error
                }
                usleep(250_000)
            }
        }
    }

    private func waitUntilReady(_ running: RunningPostmaster) throws(PrivateClusterError) {
        let probe = PostgresConfiguration(
            socketDirectory: running.socketDirectory, port: running.port, user: "charter", database: "postgres")
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            do throws(PostgresError) {
                return try PostgresConnection(probe).close()
            } catch {
                guard error.isRetryable, ContinuousClock.now < deadline else {
                    throw .failed(
                        action: "connecting to the running Postgres", output: error.description, log: ClusterLog(placement.log).tail())
                }
                usleep(50_000)
            }
        }
    }

    private func check(_ command: [String], action: String, log: ClusterLog?) throws(PrivateClusterError) {
        let ended: ChildProcess
        do throws(ChildProcessFailure) {
            ended = try ChildProcess.run(account.command(command), in: placement.home)
        } catch {
            throw .failed(action: action, output: error.description, log: "")
        }
        guard ended.status == 0 else { throw .failed(action: action, output: ended.output, log: log?.tail() ?? "") }
    }

    private func hasUnicodeLocale() -> Bool {
        guard let locale = newlocale(1 << LC_CTYPE, "C.UTF-8", nil) else { return false }
        freelocale(locale)
        return true
    }
}

/// The file the server writes its messages to.
struct ClusterLog {
    private static let longest = 8 << 20
    private let path: String
    /// What was there before this start.
    private let start: Int

    init(_ path: String) {
        self.path = path
        start = 0
    }

    /// Makes the file for a start, setting a long one aside.
    init(preparing path: String, for account: ServerAccount) throws(PrivateClusterError) {
        self.path = path
        var status = stat()
        if stat(path, &status) == 0, status.st_size > Self.longest { rename(path, path + ".1") }
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .unusableDirectory(path, reason: String(cString: strerror(errno))) }
        fstat(descriptor, &status)
        close(descriptor)
        start = Int(status.st_size)
        try account.take(path)
    }

    /// The last 20 lines since this start.
    func tail() -> String {
        guard let bytes = FileManager.default.contents(atPath: path) else { return "" }
        let text = String(decoding: bytes.dropFirst(start), as: UTF8.self)
        return text.split(separator: "\n").suffix(20).joined(separator: "\n")
    }
}
