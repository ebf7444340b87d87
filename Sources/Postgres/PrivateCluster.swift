import Glibc

/// A Postgres server of our own, for those who have none: made and run with the system's `initdb` and `pg_ctl`.
///
/// It listens on a Unix socket only, in a folder that nobody but its user (and root) can enter. It outlives this process: a later
/// `start` finds it running and uses it. `stop` ends it.
public final class PrivateCluster: Sendable {
    /// How a server is stopped.
    public enum StopMode: String, Sendable {
        /// Open transactions are rolled back, and the data is written out.
        case fast
        /// At once, as in a crash; the next start recovers.
        case immediate
    }

    /// How much a crash of the machine may cost.
    public enum Durability: Sendable {
        /// Nothing that was committed.
        case durable
        /// Everything: for tests, which are faster so.
        case disposable
    }

    /// The folder that `start` was given, with its symbolic links resolved.
    public var directory: String { placement.directory }
    /// The folder of the socket.
    public let socketDirectory: String
    /// The server's process.
    public let processIdentifier: Int32
    /// The major version that runs.
    public let majorVersion: String
    /// Whether the server ran already and was used as it was.
    public let wasRunning: Bool

    private let port: Int
    private let placement: ClusterPlacement
    private let account: ServerAccount
    private let installation: ServerInstallation

    private init(
        _ running: RunningPostmaster, wasRunning: Bool, _ placement: ClusterPlacement, _ account: ServerAccount,
        _ installation: ServerInstallation
    ) {
        self.wasRunning = wasRunning
        socketDirectory = running.socketDirectory
        processIdentifier = running.process
        majorVersion = installation.majorVersion
        port = running.port
        self.placement = placement
        self.account = account
        self.installation = installation
    }

    /// Starts the cluster in `directory`, which is made and initialised if it is new; one that runs already is used as it is.
    ///
    /// `progress` is told in a few words what takes time.
    public static func start(
        directory: String, durability: Durability = .durable, progress: (String) -> Void = { _ in }
    ) throws(PrivateClusterError) -> PrivateCluster {
        let installations = ServerInstallation.all()
        guard let preferred = installations.first else { throw .notInstalled }
        guard let newcomer = ServerAccount.choose(owner: nil) else {
            throw .unusableDirectory(directory, reason: "Postgres does not run as root, and there is neither a user postgres nor nobody")
        }
        let placement = try ClusterPlacement(directory: directory, account: newcomer, progress: progress)
        let lock = try ClusterLock(placement.lock)
        defer { lock.release() }

        let account = ServerAccount.choose(owner: owner(of: placement.data)) ?? newcomer
        let installation = try fitting(installations, placement) ?? preferred
        let starter = ClusterStarter(
            placement: placement, account: account, installation: installation, durability: durability)
        let wasRunning = RunningPostmaster.on(data: placement.data) != nil
        return PrivateCluster(try starter.start(progress: progress), wasRunning: wasRunning, placement, account, installation)
    }

    /// How to connect to `database`, which is made if it is missing.
    public func configuration(database: String = "charter") throws(PrivateClusterError) -> PostgresConfiguration {
        let wanted = PostgresConfiguration(socketDirectory: socketDirectory, port: port, user: "charter", database: database)
        do throws(PostgresError) {
            try Self.createDatabase(database, through: wanted.with(database: "postgres"))
        } catch {
            throw .server(error)
        }
        return wanted
    }

    /// Stops the server and waits until it is gone; its socket goes with it. Stopping a stopped one does nothing.
    ///
    /// - Parameter whoever: whether a server that others have started in the folder since is stopped too.
    public func stop(mode: StopMode = .fast, whoever: Bool = false) throws(PrivateClusterError) {
        let lock = try ClusterLock(placement.lock)
        defer { lock.release() }
        // Another server than ours, started since, is not ours to stop.
        if let running = RunningPostmaster.on(data: placement.data) {
            guard whoever || running.process == processIdentifier else { return }
            let command = [installation.program("pg_ctl"), "stop", "-D", ClusterPlacement.dataName, "-m", mode.rawValue, "-w", "-t", "60"]
            let output: String
            do throws(ChildProcessFailure) {
                output = try ChildProcess.run(account.command(command), in: placement.home).output
            } catch {
                output = error.description
            }
            // Not pg_ctl's word counts: the server may have ended by itself meanwhile, or be ending still.
            guard running.waitForEnd(within: .seconds(20)) else {
                throw .failed(action: "stopping Postgres", output: output, log: ClusterLog(placement.log).tail())
            }
        }
        ClusterSocketDirectory.remove(placement)
    }

    private static func createDatabase(_ name: String, through maintenance: PostgresConfiguration) throws(PostgresError) {
        let connection = try PostgresConnection(maintenance)
        guard try connection.query("SELECT FROM pg_database WHERE datname = $1", [.text(name)]).isEmpty else { return }
        do throws(PostgresError) {
            try connection.execute("CREATE DATABASE \(PostgresConnection.quoteIdentifier(name))")
        } catch {
            // Another process made it in the meantime.
            guard error.sqlState == "42P04" || error.sqlState == "23505" else { throw error }
        }
    }

    /// The installation that can read the data there is; `nil` for a new cluster.
    private static func fitting(
        _ installations: [ServerInstallation], _ placement: ClusterPlacement
    ) throws(PrivateClusterError) -> ServerInstallation? {
        guard let text = ClusterPlacement.read(placement.data + "/PG_VERSION") else { return nil }
        let version = text.filter { !$0.isWhitespace }
        if let match = installations.first(where: { $0.majorVersion == version }) { return match }
        var versions: [String] = []
        for installation in installations where !versions.contains(installation.majorVersion) { versions.append(installation.majorVersion) }
        throw .versionMismatch(data: version, installed: versions.joined(separator: ", "), directory: placement.data)
    }

    private static func owner(of path: String) -> uid_t? {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_uid : nil
    }
}

/// Holds other processes off a cluster's directory while its server is started or stopped.
struct ClusterLock {
    private let descriptor: Int32

    /// Waits for whoever has it.
    init(_ path: String) throws(PrivateClusterError) {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .unusableDirectory(path, reason: String(cString: strerror(errno))) }
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else {
                let reason = String(cString: strerror(errno))
                close(descriptor)
                throw .unusableDirectory(path, reason: reason)
            }
        }
    }

    func release() { close(descriptor) }
}
