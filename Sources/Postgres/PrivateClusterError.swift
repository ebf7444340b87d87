/// Why a private cluster cannot be started, used or stopped.
public enum PrivateClusterError: Error, Sendable, CustomStringConvertible {
    /// No `initdb` and `pg_ctl` on this machine.
    case notInstalled
    /// The data was written by another major version than any that is installed.
    case versionMismatch(data: String, installed: String, directory: String)
    /// The directory, or what is in it, cannot be used.
    case unusableDirectory(String, reason: String)
    /// One of Postgres' programs failed; `log` is the end of the server's log.
    case failed(action: String, output: String, log: String)
    /// The server runs, but not as asked.
    case server(PostgresError)

    public var description: String {
        switch self {
        case .notInstalled:
            return "no Postgres server is installed: neither `pg_config --bindir`, /usr/lib/postgresql nor PATH has initdb and pg_ctl; "
                + "on Debian and Ubuntu, `apt-get install postgresql`"
        case .versionMismatch(let data, let installed, let directory):
            return "the data in `\(directory)` was written by Postgres \(data), and Postgres \(installed) is installed; "
                + "install Postgres \(data) (on Debian and Ubuntu, `apt-get install postgresql-\(data)`), "
                + "convert the data with pg_upgrade, or move the directory away to begin with an empty database"
        case .unusableDirectory(let directory, let reason):
            return "`\(directory)` cannot hold a Postgres cluster: \(reason)"
        case .failed(let action, let output, let log):
            var text = "\(action) failed"
            if !output.isEmpty { text += "\n" + output }
            if !log.isEmpty { text += "\nthe server's log ends:\n" + log }
            return text
        case .server(let error):
            return error.description
        }
    }
}
