import Foundation
import Postgres
import Reconciler

/// A database of a test's own with the schema up to date, in a cluster that all tests of the process share.
package final class MigratedDatabase: Sendable {
    private static let shared: Result<PrivateCluster, any Error> = Result {
        let cluster = try PrivateCluster.start(directory: try TemporaryFolder.make(), durability: .disposable)
        atexit {
            guard let cluster = try? MigratedDatabase.shared.get() else { return }
            try? cluster.stop(mode: .immediate)
            try? FileManager.default.removeItem(atPath: cluster.directory)
        }
        return cluster
    }

    package let configuration: PostgresConfiguration
    private let name: String

    package init() throws {
        name = "test_" + UUID().uuidString.lowercased().filter { $0 != "-" }
        configuration = try Self.shared.get().configuration(database: name)
        let reconciler = Reconciler(configuration)
        defer { reconciler.close() }
        try reconciler.migrate()
    }

    deinit {
        guard let maintenance = try? PostgresConnection(configuration.with(database: "postgres")) else { return }
        _ = try? maintenance.execute("DROP DATABASE \(PostgresConnection.quoteIdentifier(name)) WITH (FORCE)")
    }

    /// The owner's connection.
    package func connect() throws -> PostgresConnection { try PostgresConnection(configuration) }

    /// One value, as text.
    package func value(_ query: String) throws -> String? {
        let connection = try connect()
        defer { connection.close() }
        return try connection.query(query).first?[0]
    }
}
