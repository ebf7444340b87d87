import Foundation
import Glibc
import Postgres

@testable import Reconciler

/// One cluster for the whole run, started by the first test that needs it and removed when the process ends.
enum TestCluster {
    static let shared: Result<PrivateCluster, any Error> = Result {
        let directory = try TemporaryDirectory.make()
        let cluster = try PrivateCluster.start(directory: directory, durability: .disposable)
        atexit {
            guard let cluster = try? TestCluster.shared.get() else { return }
            try? cluster.stop(mode: .immediate)
            try? FileManager.default.removeItem(atPath: cluster.directory)
        }
        return cluster
    }
}

/// Folders of a test's own.
enum TemporaryDirectory {
    /// A new folder that every user may pass through: Postgres does not run as root.
    static func make() throws -> String {
        var template = Array("/tmp/charter-reconciler-tests-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw POSIXError(.EIO) }
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        chmod(path, 0o755)
        return path
    }

    /// Calls `body` with a new folder and removes it.
    static func with<R>(_ body: (String) throws -> R) throws -> R {
        let path = try make()
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try body(path)
    }
}

/// A database of a test's own, dropped with this object.
final class TestDatabase {
    let name: String
    let configuration: PostgresConfiguration
    /// The owner's connection, which may do what the reconciler's roles may not.
    let owner: PostgresConnection
    private let cluster: PrivateCluster

    init(migrated: Bool = true, on cluster: PrivateCluster? = nil) throws {
        self.cluster = try cluster ?? TestCluster.shared.get()
        name = "test_" + UUID().uuidString.lowercased().filter { $0 != "-" }
        configuration = try self.cluster.configuration(database: name)
        owner = try PostgresConnection(configuration)
        if migrated {
            let reconciler = Reconciler(configuration)
            defer { reconciler.close() }
            try reconciler.migrate()
        }
    }

    deinit {
        owner.close()
        guard let maintenance = try? PostgresConnection(configuration.with(database: "postgres")) else { return }
        _ = try? maintenance.execute("DROP DATABASE \(PostgresConnection.quoteIdentifier(name)) WITH (FORCE)")
    }

    func reconciler() -> Reconciler { Reconciler(configuration) }

    /// Every row of declared state, the revision and the migrations, by table and key: its columns as text.
    ///
    /// - Parameter versions: whether the row's version (`xmin`) is part of it, so that a row written anew with the same content differs.
    func contents(versions: Bool = true) throws -> [String: String] {
        let tables =
            TableLayout.all.map { ($0.qualifiedName, $0.keys) } + [
                ("governance.revision", ["singleton"]), ("governance.migrations", ["version"]),
            ]
        let statements = tables.map { table, keys in
            let names = keys.map { PostgresConnection.quoteIdentifier($0) + "::text" }.joined(separator: ", ")
            let version = versions ? "held.xmin::text || ' ' || " : ""
            return "SELECT '\(table) ' || concat_ws('/', \(names)) AS key, \(version)to_jsonb(held)::text AS row FROM \(table) AS held"
        }
        var contents: [String: String] = [:]
        for row in try owner.query(statements.joined(separator: " UNION ALL ")) { contents[try row.text("key")] = try row.text("row") }
        return contents
    }

    /// The keys of `contents()` that differ between two moments.
    static func changes(_ before: [String: String], _ after: [String: String]) -> Set<String> {
        Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }
    }

    /// The server processes of reconcilers that wait for a lock.
    func blockedReconcilers() throws -> Set<Int> {
        let rows = try owner.query(
            "SELECT pid FROM pg_stat_activity WHERE datname = $1 AND application_name = 'charter reconciler' AND wait_event_type = 'Lock'",
            [.text(name)])
        return Set(try rows.compactMap { try $0.int("pid") })
    }
}

/// The error `body` throws, as a `ReconcilerError`.
func reconcilerError<R>(_ body: () throws -> R) -> ReconcilerError? {
    do {
        _ = try body()
        return nil
    } catch {
        return error as? ReconcilerError
    }
}

/// The state of SQL of the error that `statement` meets; `nil` if it succeeds.
func sqlState(_ statement: String, on connection: PostgresConnection) -> String? {
    do throws(PostgresError) {
        try connection.script(statement)
        return nil
    } catch {
        return error.sqlState
    }
}
