import Postgres
import TestSupport
import Testing

/// The connection is lost at the one instant at which a client cannot know what became of its transaction.
@Suite struct CommitLostTests {
    @Test(arguments: [PostgresProxy.Cut.commitNotDelivered, .answerLost, .answerNotAwaited])
    func `connection lost at COMMIT`(cut: PostgresProxy.Cut) throws {
        var opened: PostgresProxy?
        func throughProxy(_ cluster: OwnCluster) throws -> String {
            let proxy = try PostgresProxy(to: cluster.socket)
            opened = proxy
            return proxy.url()
        }
        try withDaemon(people: 200, database: throughProxy) { people, cluster, charter, client in
            let proxy = try #require(opened)
            defer { proxy.stop() }
            let connection = try cluster.connect()
            var commits = [try people.repository.head]
            for level in 1...5 {
                proxy.cut(cut)
                commits.append(try people.commit(level: level))
                #expect(eventually { proxy.fired == level })
                try expectRecovery(to: commits[level], by: client, charter)
                // Neither lost nor done twice.
                #expect(try connection.appliedCommits() == commits)
            }
            #expect(try client.failures(.databaseUnavailable) >= 1)
            try expectExactly(commits[5], of: people.repository.path, cluster.url, connection)

            if cut == .commitNotDelivered {
                proxy.cut(cut, times: .max)
                let last = try people.commit(level: 6)
                try expectTold(.databaseUnavailable, by: client, charter)
                #expect(try connection.heldCommit() == commits[5])
                proxy.cut(nil)
                try expectRecovery(to: last, by: client, charter)
            }
        }
    }

    @Test func `a single run whose connection is lost at COMMIT says that it does not know, and the next one does`() throws {
        try TemporaryFolder.with { folder in
            let people = try People(200, at: folder + "/acme")
            let cluster = try OwnCluster(in: folder)
            let proxy = try PostgresProxy(to: cluster.socket)
            defer { proxy.stop() }
            func reconcile() throws -> Outcome {
                try CharterProgram.run("reconcile", people.repository.path, "--once", "--database", proxy.url())
            }
            #expect(try reconcile().status == 0)
            for (level, cut) in [PostgresProxy.Cut.commitNotDelivered, .answerLost, .answerNotAwaited].enumerated() {
                let commit = try people.commit(level: level + 1)
                proxy.cut(cut)
                let outcome = try reconcile()
                #expect(outcome.isClearFailure(75, naming: "outcome of the commit unknown"), "\(outcome)")
                #expect(try reconcile().status == 0)
                try expectExactly(commit, of: people.repository.path, cluster.url, try cluster.connect())
            }
            try cluster.stop(.immediate)
        }
    }
}
