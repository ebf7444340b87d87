import Digest
import Foundation
import Glibc
import JSON
import Postgres
import TestSupport
import Testing

/// What somebody must be told reaches a receiver, signed, at least once, whatever happens in between.
@Suite struct AlertTests {
    private static let secret = "whsec_" + Base64.encode(Array("a key of two and thirty bytes ok".utf8))

    private func up(_ repository: TestRepository, _ folder: String, _ url: String, _ port: UInt16) throws -> RunningCharter {
        try RunningCharter(
            [
                "up", repository.path, "--state", folder + "/state", "--listen", "127.0.0.1:0", "--poll-interval", "0.1", "--database", url,
                "--alert-webhook", "http://127.0.0.1:\(port)/alerts",
            ], environment: ["CHARTER_ALERT_SECRET": Self.secret])
    }

    @Test("an alert is sent again until it is taken, signed, and once for one cause")
    func delivered() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            let receiver = try PostReceiver(statuses: [500, 302])
            try SharedPostgres.withDatabase { url, database in
                let charter = try up(repository, folder, url, receiver.port)
                let client = try charter.client()
                try repository.write("kind: Usr\n", to: "users/broken.yaml")
                let broken = try repository.commit("Break it")
                #expect(try eventually { try client.reason("Stalled") == "CommitInvalid" })
                #expect(eventually { receiver.posts.count >= 3 })
                let posts = receiver.posts
                #expect(Set(posts.map { $0.headers["webhook-id"] }).count == 1)
                let post = try #require(posts.last)
                let body = try JSONParser.parse(post.body)
                #expect(body["type"] == "charter.reconcile.CommitInvalid")
                #expect(body["data"]?["commit"]?.stringValue == broken)
                #expect(body["data"]?["severity"] == "high")
                #expect(body["data"]?["attempt"] == 3)
                // The signature by the words of the standard, made here anew.
                let signed = "\(post.headers["webhook-id"] ?? "").\(post.headers["webhook-timestamp"] ?? "")."
                let code = HMACSHA256.code(of: Array(signed.utf8) + post.body, key: Array("a key of two and thirty bytes ok".utf8))
                #expect(post.headers["webhook-signature"] == "v1," + Base64.encode(code))
                #expect(
                    try eventually {
                        try !database.query("SELECT FROM governance.alert_deliveries WHERE delivered_at IS NOT NULL AND attempts = 3")
                            .isEmpty
                    })
                #expect(try charter.interrupt() == 0)
            }
        }
    }

    @Test("an alert outlives a receiver that is down and a kill")
    func kept() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            let gone = try PostReceiver()
            let port = gone.port
            gone.stop()
            try SharedPostgres.withDatabase { url, database in
                let charter = try up(repository, folder, url, port)
                let client = try charter.client()
                try repository.write("kind: Usr\n", to: "users/broken.yaml")
                try repository.commit("Break it")
                #expect(try eventually { try client.reason("Stalled") == "CommitInvalid" })
                // Killed while it sends, it would send again only after two minutes.
                let failed = "SELECT FROM governance.alert_deliveries WHERE last_error IS NOT NULL"
                #expect(try eventually { try !database.query(failed).isEmpty })
                let since = try client.condition("Stalled")?["lastTransitionTime"]
                charter.program.signal(SIGKILL)
                _ = try charter.program.wait()

                let receiver = try PostReceiver(port: port)
                let again = try up(repository, folder, url, port)
                let second = try again.client()
                #expect(
                    eventually {
                        receiver.posts.contains { (try? JSONParser.parse($0.body))?["type"] == "charter.reconcile.CommitInvalid" }
                    })
                // That it stands as it stood is no flip, and no news.
                #expect(try eventually { try second.reason("Stalled") == "CommitInvalid" })
                #expect(try second.condition("Stalled")?["lastTransitionTime"] == since)
                #expect(try again.interrupt() == 0)
            }
        }
    }
}
