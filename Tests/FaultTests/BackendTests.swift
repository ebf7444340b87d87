import Glibc
import Postgres
import TestSupport
import Testing

/// The server's process behind the reconciler's connection ends.
@Suite struct BackendTests {
    @Test func `pg_terminate_backend at 20 random instants of an apply`() throws {
        try withDaemon(people: 800) { people, cluster, charter, client in
            try strike(20, people, cluster, charter, client) { connection, backend in
                _ = try connection.query("SELECT pg_terminate_backend($1::integer)", [.int(Int64(backend))])
            }
        }
    }

    /// The server takes that for a crash, ends every other process too, and recovers.
    @Test func `kill -9 of the backend at 5 random instants of an apply`() throws {
        try withDaemon(people: 800) { people, cluster, charter, client in
            try strike(5, people, cluster, charter, client) { connection, backend in
                // All others end with it, ours too: what is asked next is to meet the server that has recovered.
                if kill(backend, SIGKILL) == 0 { _ = eventually { (try? connection.query("SELECT 1")) == nil } }
            }
        }
    }

    /// Strikes while commits are applied; each must be applied once all the same, and nothing of another be left.
    private func strike(
        _ count: Int, _ people: People, _ cluster: OwnCluster, _ charter: RunningCharter, _ client: HTTPClient,
        _ blow: (PostgresConnection, pid_t) throws -> Void
    ) throws {
        let seed = UInt64.random(in: .min ... .max)
        print("seed of the strikes: \(seed)")
        var generator = SeededGenerator(seed: seed)
        var commits = [try people.repository.head]
        let reference = try ExactState.ofAnyLevel(of: people)
        var hits = 0
        for level in 1...4 * count {
            // Each is a race: as many as were to be made, and then until one has hit.
            if level > count, hits > 0 { break }
            var connection = try cluster.connect()
            commits.append(try people.commit(level: level))
            #expect(try eventually { try connection.isApplying() || connection.heldCommit() == commits[level] })
            usleep(UInt32.random(in: 0..<100_000, using: &generator))
            let wasApplying = try connection.isApplying()
            for backend in try connection.reconcilerBackends() { try blow(connection, backend) }
            try expectRecovery(to: commits[level], by: client, charter)
            connection = try cluster.connect()
            if wasApplying { hits += 1 }
            #expect(try DeclaredState(connection, atLevel: level) == reference)
            #expect(try connection.appliedCommits() == commits)
        }
        print("\(hits) of \(commits.count - 1) strikes landed inside an apply")
        #expect(hits > 0)
        try expectExactly(try #require(commits.last), of: people.repository.path, cluster.url, try cluster.connect())
    }
}

/// Calls `body` with a daemon that keeps a cluster of its own, at level 0.
func withDaemon(
    people count: Int, database: (OwnCluster) throws -> String = { $0.url }, _ more: String...,
    body: (People, OwnCluster, RunningCharter, HTTPClient) throws -> Void
) throws {
    try TemporaryFolder.with { folder in
        let people = try People(count, at: folder + "/acme")
        let cluster = try OwnCluster(in: folder)
        let charter = try RunningCharter(
            ["up", people.repository.path, "--state", folder + "/state", "--listen", "127.0.0.1:0", "--poll-interval", "0.1"]
                + ["--database", try database(cluster)] + more)
        let client = try charter.client()
        try expectRecovery(to: try people.repository.head, by: client, charter)
        try body(people, cluster, charter, client)
        #expect(try charter.interrupt() == 0)
        try cluster.stop(.immediate)
    }
}
