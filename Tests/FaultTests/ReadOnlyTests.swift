import Postgres
import TestSupport
import Testing

@Suite struct ReadOnlyTests {
    @Test func `a database that has become read-only`() throws {
        try withDaemon(people: 200) { people, cluster, charter, client in
            let connection = try cluster.connect()
            let first = try people.repository.head
            try cluster.set("default_transaction_read_only", to: "on")
            // The server has only been sent a signal.
            #expect(try eventually { try connection.query("SHOW default_transaction_read_only").first?[0] == "on" })
            let second = try people.commit(level: 1)
            try expectTold(.databaseReadOnly, by: client, charter)
            #expect(try client.commitInForce() == second)
            #expect(try connection.heldCommit() == first)
            try cluster.set("default_transaction_read_only", to: nil)
            try expectRecovery(to: second, by: client, charter)
            try expectExactly(second, of: people.repository.path, cluster.url, connection)

            // A daemon that starts on a read-only database that holds its commit already.
            #expect(try connection.appliedCommits() == [first, second])
        }
    }
}
