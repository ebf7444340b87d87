import Foundation
import Glibc
import Postgres

/// The Postgres server on a data directory, as its `postmaster.pid` tells.
package struct Postmaster {
    package let data: String
    package let process: pid_t
    package let socketDirectory: String

    /// `nil` if no server runs there.
    package init?(data: String) {
        guard let text = try? String(contentsOfFile: data + "/postmaster.pid", encoding: .utf8) else { return nil }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count >= 5, let process = pid_t(lines[0]) else { return nil }
        self.data = data
        self.process = process
        socketDirectory = String(lines[4])
        guard isAlive else { return nil }
    }

    /// The private server of a state folder.
    package init?(state: String) { self.init(data: state + "/postgres/data") }

    /// A process that only waits for its parent to take note is not alive.
    package var isAlive: Bool {
        guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8), let name = text.lastIndex(of: ")") else {
            return false
        }
        return !["Z", "X"].contains(text[name...].dropFirst(2).prefix(1))
    }

    package func connect() throws -> PostgresConnection {
        try PostgresConnection(.init(socketDirectory: socketDirectory, user: "charter", database: "charter"))
    }
}

/// One Postgres for all tests that do not care which, started by the first and removed when the process ends.
package enum SharedPostgres {
    private static let cluster: Result<PrivateCluster, any Error> = Result {
        let cluster = try PrivateCluster.start(directory: try TemporaryFolder.make(), durability: .disposable)
        atexit {
            guard let cluster = try? SharedPostgres.cluster.get() else { return }
            try? cluster.stop(mode: .immediate)
            TemporaryFolder.remove(cluster.directory)
        }
        // Roles belong to the cluster, and two databases migrated at the same moment would both want to make them.
        // So would two fleets, for their organisations.
        let roles = ["", "acme_", "globex_", "initech_", "nowhere_"].flatMap { organisation in
            ["planner", "reconciler", "server"].map { "CREATE ROLE \(organisation)charter_\($0)" }
        }
        try PostgresConnection(cluster.configuration(database: "postgres")).script(roles.joined(separator: "; "))
        return cluster
    }

    /// Calls `body` with the URL of a new database and a connection to it, and removes the database.
    package static func withDatabase<Value>(_ body: (_ url: String, PostgresConnection) throws -> Value) throws -> Value {
        let cluster = try cluster.get()
        let name = "test_" + UUID().uuidString.lowercased().replacing("-", with: "")
        let connection = try PostgresConnection(try cluster.configuration(database: name))
        defer {
            connection.close()
            let drop = "DROP DATABASE IF EXISTS \(name) WITH (FORCE)"
            if let maintenance = try? PostgresConnection(cluster.configuration(database: "postgres")) { _ = try? maintenance.execute(drop) }
        }
        let host = cluster.socketDirectory.replacing("/", with: "%2F")
        return try body("postgresql://charter@\(host)/\(name)", connection)
    }
}
