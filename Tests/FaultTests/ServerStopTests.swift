import Glibc
import Postgres
import TestSupport
import Testing

/// Postgres goes away and comes back while the daemon runs.
@Suite struct ServerStopTests {
    @Test(arguments: [PrivateCluster.StopMode.fast, .immediate])
    func `Postgres stopped and started while the daemon runs`(mode: PrivateCluster.StopMode) throws {
        try withDaemon(people: 500) { people, cluster, charter, client in
            let first = try people.repository.head
            // Idle.
            try cluster.stop(mode)
            try expectTold(.databaseUnavailable, by: client, charter)
            #expect(try client.commitInForce() == first)
            try cluster.start()
            try expectRecovery(to: first, by: client, charter)
            try expectExactly(first, of: people.repository.path, cluster.url, try cluster.connect())

            // In the middle of an apply, which a lock on the last row that is written makes last.
            let blocker = try cluster.connect()
            try blocker.script("BEGIN; LOCK TABLE governance.history IN EXCLUSIVE MODE")
            let second = try people.commit(level: 1)
            let observer = try cluster.connect()
            #expect(try eventually { try !observer.reconcilerBackends(where: "wait_event_type = 'Lock'").isEmpty })
            try cluster.stop(mode)
            try expectTold(.databaseUnavailable, by: client, charter)
            // Commits go on coming in, and deciding with them.
            let third = try people.commit(level: 2)
            #expect(try eventually { try client.commitInForce() == third })
            try cluster.start()
            try expectRecovery(to: third, by: client, charter)
            let connection = try cluster.connect()
            try expectExactly(third, of: people.repository.path, cluster.url, connection)
            // What was cut off has left nothing.
            #expect(try connection.appliedCommits() == [first, third], "\(second) was cut off")
        }
    }

    @Test func `kill -9 of the whole server in the middle of an apply`() throws {
        try withDaemon(people: 500) { people, cluster, charter, client in
            let first = try people.repository.head
            let blocker = try cluster.connect()
            try blocker.script("BEGIN; LOCK TABLE governance.history IN EXCLUSIVE MODE")
            let second = try people.commit(level: 1)
            let observer = try cluster.connect()
            #expect(try eventually { try !observer.reconcilerBackends(where: "wait_event_type = 'Lock'").isEmpty })
            let server = try #require(Postmaster(data: cluster.directory + "/data"))
            let processes = children(of: server.process) + [server.process]
            for process in processes.reversed() { kill(process, SIGKILL) }
            #expect(eventually { processes.allSatisfy { !isRunning($0) } })
            try expectTold(.databaseUnavailable, by: client, charter)
            try cluster.start()
            try expectRecovery(to: second, by: client, charter)
            let connection = try cluster.connect()
            try expectExactly(second, of: people.repository.path, cluster.url, connection)
            #expect(try connection.appliedCommits() == [first, second])
        }
    }
}
