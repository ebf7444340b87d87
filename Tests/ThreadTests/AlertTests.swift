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
                // What else is told of is no matter of this test.
                func told() -> [(post: PostReceiver.Post, body: JSONValue)] {
                    receiver.posts.compactMap { post in (try? JSONParser.parse(post.body)).map { (post, $0) } }
                        .filter { $0.body["type"] == "charter.reconcile.CommitInvalid" }
                }
                #expect(eventually { told().contains { $0.body["data"]?["attempt"] == 3 } })
                let posts = told()
                #expect(Set(posts.map { $0.post.headers["webhook-id"] }).count == 1)
                let (post, body) = try #require(posts.first { $0.body["data"]?["attempt"] == 3 })
                #expect(body["data"]?["commit"]?.stringValue == broken)
                #expect(body["data"]?["severity"] == "high")
                // The signature by the words of the standard, made here anew.
                let signed = "\(post.headers["webhook-id"] ?? "").\(post.headers["webhook-timestamp"] ?? "")."
                let code = HMACSHA256.code(of: Array(signed.utf8) + post.body, key: Array("a key of two and thirty bytes ok".utf8))
                #expect(post.headers["webhook-signature"] == "v1," + Base64.encode(code))
                #expect(
                    try eventually {
                        try !database.query("SELECT FROM governance.alert_deliveries WHERE delivered_at IS NOT NULL AND attempts >= 3")
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
            let gone = try PostReceiver(isListening: false)
            let port = gone.port
            try SharedPostgres.withDatabase { url, database in
                let charter = try up(repository, folder, url, port)
                let client = try charter.client()
                try repository.write("kind: Usr\n", to: "users/broken.yaml")
                try repository.commit("Break it")
                #expect(try eventually { try client.reason("Stalled") == "CommitInvalid" })
                let failed = "SELECT FROM governance.alert_deliveries WHERE last_error IS NOT NULL"
                #expect(try eventually { try !database.query(failed).isEmpty })
                // What it stands at is in the database before a kill, as far as it is to outlive one.
                let since = try #require(try client.condition("Stalled")?["lastTransitionTime"]?.stringValue)
                let held = #"[{"type":"Stalled","reason":"CommitInvalid","lastTransitionTime":"\#(since)"}]"#
                let kept = "SELECT FROM runtime.instances WHERE conditions->'organization' @> $1::jsonb"
                #expect(try eventually { try !database.query(kept, [.text(held)]).isEmpty })
                charter.program.signal(SIGKILL)
                _ = try charter.program.wait()
                // Killed while it sends, it would send again only after two minutes; and after many tries, as late.
                try database.execute("UPDATE governance.alert_deliveries SET next_attempt = now() WHERE delivered_at IS NULL")

                gone.begin()
                let receiver = gone
                let again = try up(repository, folder, url, port)
                let second = try again.client()
                #expect(
                    eventually {
                        receiver.posts.contains { (try? JSONParser.parse($0.body))?["type"] == "charter.reconcile.CommitInvalid" }
                    })
                // That it stands as it stood is no flip, and no news.
                #expect(try eventually { try second.reason("Stalled") == "CommitInvalid" })
                #expect(try second.condition("Stalled")?["lastTransitionTime"]?.stringValue == since)
                #expect(try again.interrupt() == 0)
            }
        }
    }
}
