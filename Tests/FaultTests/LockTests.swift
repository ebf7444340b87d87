import Postgres
import TestSupport
import Testing

/// Somebody else's session holds what the reconciler has to write.
@Suite struct LockTests {
    /// With a timeout for locks in the database's address, as somebody may have it who does not want to wait.
    private func impatient(_ cluster: OwnCluster) -> String { cluster.url + "?options=-c%20lock_timeout%3D300" }

    @Test func `a lock timeout while a session holds rows and tables`() throws {
        try withDaemon(people: 200, database: impatient) { people, cluster, charter, client in
            let connection = try cluster.connect()
            let blocker = try cluster.connect()
            var last = try people.repository.head
            for (level, statement) in [
                "SELECT FROM governance.users WHERE name = 'person-7' FOR UPDATE", "LOCK TABLE governance.teams IN SHARE MODE",
                "LOCK TABLE governance.revision IN EXCLUSIVE MODE", "LOCK TABLE governance.users IN ACCESS EXCLUSIVE MODE",
                "SELECT pg_advisory_xact_lock(x'63686172746572'::bigint)",
            ].enumerated() {
                try blocker.script("BEGIN; \(statement)")
                let commit = try people.commit(level: level + 1)
                try expectTold(.databaseLocked, by: client, charter)
                #expect(try eventually { try client.commitInForce() == commit })
                #expect(try connection.heldCommit() == last)
                try blocker.script("ROLLBACK")
                try expectRecovery(to: commit, by: client, charter)
                try expectExactly(commit, of: people.repository.path, cluster.url, connection)
                last = commit
            }
        }
    }

    @Test func `a deadlock with a session that the reconciler loses`() throws {
        try withDaemon(people: 200) { people, cluster, charter, client in
            let connection = try cluster.connect()
            let first = try people.repository.head
            let rival = try cluster.connect()
            // Postgres ends whoever notices first: the rival is in no hurry.
            try rival.script("SET deadlock_timeout = '60s'; BEGIN; SELECT FROM governance.teams WHERE name = 'team-0' FOR UPDATE")
            let second = try people.commit(level: 1)
            // Users come before teams.
            #expect(try eventually { try !connection.reconcilerBackends(where: "wait_event_type = 'Lock'").isEmpty })
            try rival.script("SELECT FROM governance.users WHERE name = 'person-7' FOR UPDATE")
            // The rival has got the row: the reconciler was the one to give way, and has kept nothing.
            #expect(try eventually { try client.failures(.databaseLocked) >= 1 })
            #expect(try connection.heldCommit() == first)
            try rival.script("ROLLBACK")
            try expectRecovery(to: second, by: client, charter)
            try expectExactly(second, of: people.repository.path, cluster.url, connection)
            #expect(try connection.appliedCommits() == [first, second])
        }
    }
}
