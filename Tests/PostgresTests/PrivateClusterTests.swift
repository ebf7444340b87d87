import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import Postgres

@Suite struct PrivateClusterTests {
    private func start(_ directory: String, progress: (String) -> Void = { _ in }) throws -> PrivateCluster {
        try PrivateCluster.start(directory: directory, durability: .disposable, progress: progress)
    }

    private func isAlive(_ process: Int32) -> Bool { RunningPostmaster.isAlive(process) }

    @Test("a cluster keeps its data over a stop, is used as it is while it runs, and stops without a trace")
    func lifeCycle() throws {
        try TemporaryDirectory.with { directory in
            var told: [String] = []
            let first = try start(directory) { told.append($0) }
            #expect(told.map { $0.prefix(8) } == ["initiali", "starting"])
            let connection = try PostgresConnection(first.configuration())
            try connection.script("CREATE TABLE kept (a int); INSERT INTO kept VALUES (42)")
            #expect(try connection.query("SHOW listen_addresses")[0][0] == "")
            #expect(try connection.query("SHOW shared_buffers")[0][0] == "128MB")
            #expect(try connection.query("SHOW server_encoding")[0][0] == "UTF8")

            told = []
            let second = try start(directory) { told.append($0) }
            #expect(second.processIdentifier == first.processIdentifier)
            #expect(told.count == 1 && told[0].hasPrefix("using"))

            let socket = first.socketDirectory + "/" + ClusterPlacement.socketName
            #expect(access(socket, F_OK) == 0)
            try first.stop()
            #expect(!isAlive(first.processIdentifier))
            #expect(access(socket, F_OK) != 0)
            try second.stop()

            let third = try start(directory)
            #expect(third.processIdentifier != first.processIdentifier)
            #expect(try PostgresConnection(third.configuration()).query("SELECT a FROM kept")[0][0] == "42")
            // One that was started since is not the first one's to stop.
            try first.stop()
            #expect(isAlive(third.processIdentifier))
            try third.stop(mode: .immediate)
            #expect(!isAlive(third.processIdentifier))
            #expect(access(socket, F_OK) != 0)
        }
    }

    @Test("only the server's user may enter the socket's folder, and the server has a session of its own")
    func isolation() throws {
        let cluster = try TestCluster.shared.get()
        var status = stat()
        #expect(stat(cluster.socketDirectory, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o700)
        #expect(getsid(cluster.processIdentifier) != getsid(0))
        #expect(getsid(cluster.processIdentifier) > 0)
    }

    @Test("a server killed outright is started anew over its stale record")
    func staleRecord() throws {
        try TemporaryDirectory.with { directory in
            let first = try start(directory)
            try PostgresConnection(first.configuration()).script("CREATE TABLE kept (a int)")
            kill(first.processIdentifier, SIGKILL)
            #expect(eventually { RunningPostmaster.on(data: directory + "/data") == nil })
            let second = try start(directory)
            #expect(second.processIdentifier != first.processIdentifier)
            #expect(try PostgresConnection(second.configuration()).query("SELECT to_regclass('kept')")[0][0] == "kept")
            try second.stop()

            // The number of the record belongs to another program by now: ours.
            let record = directory + "/data/postmaster.pid"
            try "\(getpid())\n\(directory)/data\n1\n5432\n/tmp\n\n1 1\nready\n".write(toFile: record, atomically: true, encoding: .utf8)
            let third = try start(directory)
            #expect(third.processIdentifier != getpid())
            try third.stop()
        }
    }

    @Test("data of another major version is refused, with both versions and what to do")
    func versionMismatch() throws {
        try TemporaryDirectory.with { directory in
            try FileManager.default.createDirectory(atPath: directory + "/data", withIntermediateDirectories: true)
            try "11\n".write(toFile: directory + "/data/PG_VERSION", atomically: true, encoding: .utf8)
            let error = #expect(throws: PrivateClusterError.self) { try start(directory) }
            let text = error?.description ?? ""
            #expect(text.contains("written by Postgres 11,") && text.contains("postgresql-11"))
            #expect(text.contains("Postgres \(ServerInstallation.all()[0].majorVersion)"))
        }
    }

    @Test("a folder with other files in place of the data is refused")
    func foreignData() throws {
        try TemporaryDirectory.with { directory in
            try FileManager.default.createDirectory(atPath: directory + "/data/precious", withIntermediateDirectories: true)
            #expect(throws: PrivateClusterError.self) { try start(directory) }
            #expect(access(directory + "/data/precious", F_OK) == 0)
        }
    }

    @Test("an initialisation that was cut short is begun again")
    func cutShort() throws {
        try TemporaryDirectory.with { directory in
            try FileManager.default.createDirectory(atPath: directory + "/data.new/base", withIntermediateDirectories: true)
            try start(directory).stop()
        }
    }

    @Test("a server that cannot start tells the end of its log, and leaves no socket")
    func startFailure() throws {
        try TemporaryDirectory.with { directory in
            try start(directory).stop()
            let settings = directory + "/data/postgresql.auto.conf"
            let handle = try #require(FileHandle(forWritingAtPath: settings))
            try handle.seekToEnd()
            try handle.write(contentsOf: Data("max_connections = 'plenty'\n".utf8))
            try handle.close()
            let error = #expect(throws: PrivateClusterError.self) { try start(directory) }
            #expect(error?.description.contains("invalid value for parameter \"max_connections\"") == true)
            #expect(access(directory + "/socket", F_OK) != 0)
        }
    }

    @Test(
        "an awkward path of the folder does no harm; where no socket can be in it, the socket is made elsewhere",
        arguments: [String(repeating: "d", count: 120), ",", ""])
    func awkwardPath(part: String) throws {
        try TemporaryDirectory.with { parent in
            let directory = parent + "/it's \"odd\" \\ $(exit 1) `" + part
            let cluster = try start(directory)
            #expect(cluster.socketDirectory.hasPrefix(directory) == part.isEmpty)
            var status = stat()
            #expect(stat(cluster.socketDirectory, &status) == 0 && status.st_mode & 0o777 == 0o700)
            #expect(try PostgresConnection(cluster.configuration(database: "it's \"odd\"")).isUsable)
            #expect(try start(directory).socketDirectory == cluster.socketDirectory)
            try cluster.stop()
            #expect(access(cluster.socketDirectory, F_OK) != 0)
        }
    }

    @Test("for root, a folder the server's user cannot enter is replaced by one it can", .enabled(if: geteuid() == 0))
    func unreachableFolder() throws {
        try TemporaryDirectory.with(mode: 0o700) { directory in
            var told: [String] = []
            let cluster = try start(directory) { told.append($0) }
            let home = try #require(ClusterPlacement.read(directory + "/cluster-location")?.trimmingCharacters(in: .newlines))
            #expect(home.hasPrefix("/var/lib/charter/") && home.count == "/var/lib/charter/".count + 16)
            #expect(told.first?.contains(home) == true)
            #expect(try PostgresConnection(cluster.configuration()).isUsable)
            #expect(try start(directory).processIdentifier == cluster.processIdentifier)
            try cluster.stop()
        }
    }

    @Test("several processes that start one folder at once get one server")
    func startedAtOnce() throws {
        try TemporaryDirectory.with { directory in
            let found = Mutex<[PrivateCluster]>([])
            DispatchQueue.concurrentPerform(iterations: 3) { _ in
                guard let cluster = try? PrivateCluster.start(directory: directory, durability: .disposable),
                    (try? cluster.configuration()) != nil
                else { return }
                found.withLock { $0.append(cluster) }
            }
            let clusters = found.withLock { $0 }
            #expect(clusters.count == 3)
            #expect(Set(clusters.map(\.processIdentifier)).count == 1)
            try clusters.first?.stop()
        }
    }
}
