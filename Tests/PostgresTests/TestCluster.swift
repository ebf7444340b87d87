import Foundation
import Glibc
import Synchronization

@testable import Postgres

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

    static func configuration() throws -> PostgresConfiguration { try shared.get().configuration() }

    static func connect() throws -> PostgresConnection { try PostgresConnection(configuration()) }
}

/// Folders of a test's own.
enum TemporaryDirectory {
    /// A new folder that every user may pass through, unless `mode` says otherwise.
    static func make(mode: mode_t = 0o755) throws -> String {
        var template = Array("/tmp/charter-postgres-tests-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw POSIXError(.EIO) }
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        chmod(path, mode)
        return path
    }

    /// Calls `body` with a new folder and removes it, stopping whatever server still runs in it.
    static func with<R>(mode: mode_t = 0o755, _ body: (String) throws -> R) throws -> R {
        let path = try make(mode: mode)
        defer {
            var homes = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).map { path + "/" + $0 } + [path]
            if let other = ClusterPlacement.read(path + "/cluster-location") { homes.append(other.trimmingCharacters(in: .newlines)) }
            for home in homes {
                if let running = RunningPostmaster.on(data: home + "/data") { kill(running.process, SIGQUIT) }
                try? FileManager.default.removeItem(atPath: home)
            }
            // Fails where it holds the cluster of anybody else. Where every user can pass, none was made there.
            if mode != 0o755 { rmdir("/var/lib/charter") }
        }
        return try body(path)
    }
}

/// The error `body` throws, as a `PostgresError`.
func postgresError<R>(_ body: () throws -> R) -> PostgresError? {
    do {
        _ = try body()
        return nil
    } catch {
        return error as? PostgresError
    }
}
