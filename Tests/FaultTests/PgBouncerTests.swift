import Foundation
import Glibc
import Postgres
import TestSupport
import Testing

/// PgBouncer in transaction mode: each transaction may run on another connection to the server.
@Suite struct PgBouncerTests {
    private static func program() -> String? {
        ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/usr/local/bin/pgbouncer"].first { access($0, X_OK) == 0 }
    }

    /// Starts one that owns a few connections to the server, and waits until it answers.
    private func start(_ program: String, to cluster: OwnCluster, in folder: String) throws -> (process: ChildProgram, url: String) {
        let port = try LoopbackListener().port
        let directory = folder + "/bouncer"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try """
        [databases]
        charter = host=\(cluster.cluster.socketDirectory) port=5432 user=charter dbname=charter
        [pgbouncer]
        listen_addr = 127.0.0.1
        listen_port = \(port)
        unix_socket_dir =
        auth_type = any
        pool_mode = transaction
        default_pool_size = 3
        server_round_robin = 1

        """.write(toFile: directory + "/pgbouncer.ini", atomically: true, encoding: .utf8)
        // It refuses to run as root, and the server's socket is for its own user.
        var status = stat()
        guard stat(cluster.directory + "/data", &status) == 0 else { throw Failure("no data directory") }
        let owner = String(cString: getpwuid(status.st_uid).pointee.pw_name)
        let command = getuid() == 0 ? [program, "-u", owner] : [program]
        let process = try ChildProgram(command + [directory + "/pgbouncer.ini"], in: directory)
        let url = "postgresql://charter@127.0.0.1:\(port)/charter?sslmode=disable"
        let answers = eventually { (try? PostgresConnection(.init(uri: url)).query("SELECT 1")) != nil }
        guard answers else { throw Failure("PgBouncer does not answer: \(process.output) \(process.errors)") }
        return (process, url)
    }

    @Test func `PgBouncer in transaction mode under three daemons`() throws {
        guard let program = Self.program() else {
            print("\n!!! NOT TESTED: PgBouncer, which is not installed (deploy/install-packages.sh does that)\n")
            return
        }
        try TemporaryFolder.with { folder in
            let people = try People(500, at: folder + "/acme")
            let cluster = try OwnCluster(in: folder)
            let (bouncer, url) = try start(program, to: cluster, in: folder)
            defer { bouncer.end() }
            let daemons = try (0..<3).map { try RunningCharter(up: people.repository.path, state: folder + "/state-\($0)", database: url) }
            let clients = try daemons.map { try $0.client() }
            let connection = try cluster.connect()
            var commits = [try people.repository.head]
            for level in 1...6 {
                commits.append(try people.commit(level: level))
                for (daemon, client) in zip(daemons, clients) { try expectRecovery(to: commits[level], by: client, daemon) }
            }
            #expect(try connection.appliedCommits() == commits)
            // Drift is found through it too.
            try connection.script("UPDATE governance.users SET display_name = 'Somebody else' WHERE name = 'person-7'")
            #expect(
                try eventually {
                    try connection.query("SELECT FROM governance.users WHERE display_name = 'Somebody else'").isEmpty
                })
            #expect(try eventually { try clients.allSatisfy { try $0.tellsNothing() } })
            try expectExactly(commits[6], of: people.repository.path, cluster.url, connection)
            // What the reconcilers want of a connection stays with them: another client of the pool finds it as the server makes it.
            let pool = try (0..<3).map { _ in try PostgresConnection(.init(uri: url)) }
            for other in pool { try other.script("BEGIN") }
            for other in pool {
                #expect(try other.query("SHOW statement_timeout").first?[0] == "0")
                #expect(try other.query("SELECT current_user").first?[0] == "charter")
                #expect(try other.query("SELECT FROM pg_class WHERE relpersistence = 't' AND relkind = 'r'").isEmpty)
                other.close()
            }
            for daemon in daemons { #expect(try daemon.interrupt() == 0) }
            try cluster.stop(.immediate)
        }
    }
}
