import Foundation
import Postgres
import TestSupport
import Testing

/// A remote repository that does not do what it should.
@Suite struct RemoteTests {
    /// Calls `body` with a daemon that follows a remote through a server of the test's own.
    private func withRemote(_ body: (People, GitHTTPServer, RunningCharter, HTTPClient, PostgresConnection, String) throws -> Void) throws {
        try TemporaryFolder.with { folder in
            let people = try People(100, at: folder + "/acme")
            try people.repository.git("clone", "--quiet", "--bare", people.repository.path, folder + "/served/acme.git")
            try people.repository.git("remote", "add", "origin", folder + "/served/acme.git")
            let server = try GitHTTPServer(root: folder + "/served")
            defer { server.stop() }
            try SharedPostgres.withDatabase { url, connection in
                let charter = try RunningCharter(
                    ["up", server.url("acme.git"), "--state", folder + "/state", "--listen", "127.0.0.1:0", "--poll-interval", "0.1"]
                        + ["--fetch-timeout", "8", "--database", url])
                let client = try charter.client()
                try expectRecovery(to: try people.repository.head, by: client, charter)
                try body(people, server, charter, client, connection, url)
                #expect(try charter.interrupt() == 0)
            }
        }
    }

    private static let faults: [(GitHTTPServer.Behaviour, Reason)] = [
        (.silent, .fetchTimedOut), (.stalled, .fetchTimedOut), (.truncated, .fetchFailed), (.truncatedPack, .fetchFailed),
        (.status("429 Too Many Requests"), .fetchFailed), (.status("500 Internal Server Error"), .fetchFailed),
        (.status("502 Bad Gateway"), .fetchFailed), (.status("503 Service Unavailable"), .fetchFailed),
        (.status("404 Not Found"), .repositoryNotFound), (.nonsense, .fetchFailed),
        (.redirect("http://127.0.0.1:1/elsewhere.git"), .fetchFailed),
    ]

    @Test func `remote that hangs, truncates, answers 429 or 5xx, sends elsewhere or talks nonsense`() throws {
        try withRemote { people, server, charter, client, connection, url in
            var last = try people.repository.head
            for (level, (behaviour, reason)) in Self.faults.enumerated() {
                server.behave(behaviour)
                let commit = try people.commit(level: level + 1)
                try people.repository.git("push", "--quiet", "origin", "main")
                try expectTold(reason, by: client, charter, "\(behaviour)")
                #expect(try client.commitInForce() == last, "\(behaviour)")
                #expect(try connection.heldCommit() == last, "\(behaviour)")
                // What has been applied is guarded meanwhile.
                try connection.script("UPDATE governance.users SET display_name = 'Somebody else' WHERE name = 'person-7'")
                #expect(
                    try eventually {
                        try connection.query("SELECT FROM governance.users WHERE display_name = 'Somebody else'").isEmpty
                    })
                server.behave(.good)
                try expectRecovery(to: commit, by: client, charter)
                last = commit
            }
            try expectExactly(last, of: people.repository.path, url, connection)
        }
    }

    @Test func `remote that serves a damaged repository, or none`() throws {
        try withRemote { people, _, charter, client, connection, url in
            let served = URL(fileURLWithPath: people.repository.path).deletingLastPathComponent().path + "/served/acme.git"
            let first = try people.repository.head
            // The tree of the new commit is not there.
            let second = try people.commit(level: 1)
            try people.repository.git("push", "--quiet", "origin", "main")
            try expectRecovery(to: second, by: client, charter)
            let third = try people.commit(level: 2)
            let tree = try people.repository.git("rev-parse", "\(third)^{tree}")
            try FileManager.default.moveItem(atPath: served, toPath: served + ".away")
            try expectTold(.repositoryNotFound, by: client, charter)
            try people.repository.git("clone", "--quiet", "--bare", "--no-hardlinks", people.repository.path, served + ".new")
            let broken = try TestRepository.bare(served + ".new")
            try broken.unpack()
            try FileManager.default.removeItem(atPath: broken.looseObject(tree))
            try FileManager.default.moveItem(atPath: served + ".new", toPath: served)
            try expectTold(.fetchFailed, by: client, charter)
            #expect(try client.commitInForce() == second)
            try FileManager.default.removeItem(atPath: served)
            try FileManager.default.moveItem(atPath: served + ".away", toPath: served)
            try people.repository.git("push", "--quiet", "origin", "main")
            try expectRecovery(to: third, by: client, charter)
            #expect(try connection.appliedCommits() == [first, second, third])
            try expectExactly(third, of: people.repository.path, url, connection)
        }
    }

    @Test func `deleted branch`() throws {
        try withRemote { people, _, charter, client, connection, url in
            let first = try people.repository.head
            let served = try TestRepository.bare(
                URL(fileURLWithPath: people.repository.path).deletingLastPathComponent().path + "/served/acme.git")
            try served.git("branch", "other", "main")
            try served.git("update-ref", "-d", "refs/heads/main")
            try expectTold(.branchNotFound, by: client, charter)
            #expect(try client.commitInForce() == first)
            #expect(try connection.heldCommit() == first)
            let second = try people.commit(level: 1)
            try people.repository.git("push", "--quiet", "origin", "main")
            try expectRecovery(to: second, by: client, charter)
            try expectExactly(second, of: people.repository.path, url, connection)
        }
    }

    @Test func `force-push`() throws {
        try withRemote { people, _, charter, client, connection, url in
            let first = try people.repository.head
            let second = try people.commit(level: 1)
            try people.repository.git("push", "--quiet", "origin", "main")
            try expectRecovery(to: second, by: client, charter)
            // Another commit in the place of the second, and then none.
            for level in [2, nil] {
                try people.repository.git("reset", "--quiet", "--hard", first)
                if let level { try people.commit(level: level) }
                try people.repository.git("push", "--quiet", "--force", "origin", "main")
                try expectTold(.historyRewritten, by: client, charter)
                #expect(try client.commitInForce() == second)
                #expect(try connection.heldCommit() == second)
            }
            try people.repository.git("reset", "--quiet", "--hard", second)
            let third = try people.commit(level: 3)
            try people.repository.git("push", "--quiet", "--force", "origin", "main")
            try expectRecovery(to: third, by: client, charter)
            #expect(try connection.appliedCommits() == [first, second, third])
            try expectExactly(third, of: people.repository.path, url, connection)
        }
    }
}
