import Glibc
import Postgres
import TestSupport

/// A Postgres of a test's own, which it may do everything to.
final class OwnCluster {
    let directory: String
    private(set) var cluster: PrivateCluster

    init(in folder: String) throws {
        directory = folder + "/cluster"
        cluster = try PrivateCluster.start(directory: directory, durability: .disposable)
        _ = try cluster.configuration()
    }

    deinit { try? cluster.stop(mode: .immediate) }

    var url: String { "postgresql://charter@\(cluster.socketDirectory.replacing("/", with: "%2F"))/charter" }
    var socket: String { cluster.socketDirectory + "/.s.PGSQL.5432" }

    /// A connection, as soon as the server takes one: after a crash it recovers first.
    func connect() throws -> PostgresConnection {
        var connection: PostgresConnection?
        _ = try eventually {
            do throws(PostgresError) {
                connection = try PostgresConnection(PostgresConfiguration(uri: url))
                return true
            } catch {
                // 57P03: it starts, stops or recovers.
                guard error.sqlState == "57P03" || error.sqlState == nil else { throw error }
                return false
            }
        }
        return try connection ?? PostgresConnection(PostgresConfiguration(uri: url))
    }

    func stop(_ mode: PrivateCluster.StopMode) throws { try cluster.stop(mode: mode) }

    func start() throws { cluster = try PrivateCluster.start(directory: directory, durability: .disposable) }

    /// Changes a setting of the server's for everybody.
    func set(_ name: String, to value: String?) throws {
        let connection = try connect()
        defer { connection.close() }
        // What makes everything read-only must not stand in the way of its own end.
        try connection.script("SET default_transaction_read_only = off")
        try connection.script(value.map { "ALTER SYSTEM SET \(name) = '\($0)'" } ?? "ALTER SYSTEM RESET \(name)")
        _ = try connection.query("SELECT pg_reload_conf()")
    }
}
