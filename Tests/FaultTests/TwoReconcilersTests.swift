import Glibc
import Postgres
import TestSupport
import Testing

/// More than one reconciler on one database.
@Suite struct TwoReconcilersTests {
    @Test func `three daemons at once apply each commit once`() throws {
        try TemporaryFolder.with { folder in
            let people = try People(500, at: folder + "/acme")
            try SharedPostgres.withDatabase { url, connection in
                let daemons = try (0..<3).map {
                    try RunningCharter(up: people.repository.path, state: folder + "/state-\($0)", database: url)
                }
                let clients = try daemons.map { try $0.client() }
                var commits = [try people.repository.head]
                for level in 1...6 {
                    commits.append(try people.commit(level: level))
                    for (daemon, client) in zip(daemons, clients) { try expectRecovery(to: commits[level], by: client, daemon) }
                }
                #expect(try connection.appliedCommits() == commits)
                try expectExactly(commits[6], of: people.repository.path, url, connection)
                for daemon in daemons { #expect(try daemon.interrupt() == 0) }
            }
        }
    }

    @Test(arguments: ["pg_advisory_xact_lock", "INSERT INTO governance.revision"])
    func `a reconciler stopped before or inside its transaction, and resumed after another's, is fenced off`(instant: String) throws {
        try TemporaryFolder.with { folder in
            let people = try People(500, at: folder + "/acme")
            let cluster = try OwnCluster(in: folder)
            let proxy = try PostgresProxy(to: cluster.socket)
            defer { proxy.stop() }
            let first = try people.repository.head
            let paused = try RunningCharter(up: people.repository.path, state: folder + "/paused", database: proxy.url())
            let pausedClient = try paused.client()
            try expectRecovery(to: first, by: pausedClient, paused)

            proxy.hold(instant)
            let second = try people.commit(level: 1)
            #expect(eventually { proxy.isHolding })
            paused.program.signal(SIGSTOP)
            defer { paused.program.signal(SIGCONT) }
            let third = try people.commit(level: 2)
            // Whoever is paused inside its transaction holds the lock, until the server ends a transaction in which nothing happens.
            let other = try RunningCharter(up: people.repository.path, state: folder + "/other", database: cluster.url)
            try expectRecovery(to: third, by: try other.client(), other)
            let connection = try cluster.connect()
            try expectExactly(third, of: people.repository.path, cluster.url, connection)

            proxy.release()
            paused.program.signal(SIGCONT)
            try expectRecovery(to: third, by: pausedClient, paused)
            // The second commit, which it was about to apply, has not come back.
            #expect(try connection.appliedCommits() == [first, third], "\(second) was fenced off")
            try expectExactly(third, of: people.repository.path, cluster.url, connection)
            let next = try people.commit(level: 3)
            try expectRecovery(to: next, by: pausedClient, paused)
            try expectExactly(next, of: people.repository.path, cluster.url, connection)
            #expect(try other.interrupt() == 0)
            #expect(try paused.interrupt() == 0)
            try cluster.stop(.immediate)
        }
    }

    @Test func `new commits while one is being applied`() throws {
        try TemporaryFolder.with { folder in
            let people = try People(500, at: folder + "/acme")
            try SharedPostgres.withDatabase { url, connection in
                let charter = try RunningCharter(up: people.repository.path, state: folder + "/state", database: url)
                let client = try charter.client()
                let first = try people.repository.head
                let blocker = try PostgresConnection(.init(uri: url))
                try blocker.script("BEGIN; LOCK TABLE governance.history IN EXCLUSIVE MODE")
                let start = ContinuousClock.now
                let second = try people.commit(level: 1)
                #expect(try eventually { try !connection.reconcilerBackends(where: "wait_event_type = 'Lock'").isEmpty })
                let third = try people.commit(level: 2)
                let fourth = try people.commit(level: 3)
                #expect(try eventually { try client.commitInForce() == fourth })
                #expect(try connection.heldCommit() == first)
                blocker.close()
                let elapsed = ContinuousClock.now - start
                try expectRecovery(to: fourth, by: client, charter)
                // The one that was under way was finished, and the one that nobody waits for any more left out.
                let applied = try connection.appliedCommits()
                // One that has waited for half a minute is given up for what is newest by then.
                let expected =
                    elapsed < .seconds(25)
                    ? [[first, second, fourth]] : [[first, second, fourth], [first, third, fourth], [first, fourth]]
                #expect(expected.contains(applied), "without \(third)")
                try expectExactly(fourth, of: people.repository.path, url, connection)
                #expect(try charter.interrupt() == 0)
            }
        }
    }
}
