import Digest
import Foundation
import Glibc
import JSON
import TestSupport
import Testing
import Webhooks

/// A remote repository, which is looked at once an hour, and told of by webhooks.
@Suite struct WebhookTests {
    private static let secret = "a secret of some length"
    private static let push = Array(#"{"ref":"refs/heads/main"}"#.utf8)

    /// Calls `body` with a repository, the function that publishes it, and the client of a `charter up` that follows what is published.
    private func with(
        secret: String? = secret, _ body: (TestRepository, () throws -> Void, HTTPClient) throws -> Void
    ) throws {
        try TemporaryFolder.with { folder in
            try SharedPostgres.withDatabase { url, _ in
                let repository = try TestRepository.acme(at: folder + "/acme")
                try repository.git("clone", "--quiet", "--bare", repository.path, folder + "/remote.git")
                let charter = try RunningCharter(
                    ["up", "file://\(folder)/remote.git", "--state", folder + "/state", "--listen", "127.0.0.1:0"]
                        + ["--database", url, "--poll-interval", "3600"],
                    environment: secret.map { ["CHARTER_WEBHOOK_SECRET": $0] } ?? [:])
                let client = try charter.client()
                // A start looks three times by itself, the last time a second after the others.
                let hasLooked = try eventually { (try client.metric("charter_source_fetches_total") ?? 0) >= 3 }
                #expect(hasLooked)
                try body(repository, { try repository.git("push", "--quiet", folder + "/remote.git", "main") }, client)
                #expect(try charter.interrupt() == 0)
            }
        }
    }

    private func github(_ body: [UInt8] = push, secret: String = secret) -> [String: String] {
        [
            "X-Hub-Signature-256": "sha256=" + Hexadecimal.encode(HMACSHA256.code(of: body, key: Array(secret.utf8))),
            "X-GitHub-Event": "push",
        ]
    }

    private func standard(_ id: String, ago seconds: Int = 0) -> [String: String] {
        let time = Int64(time(nil) - seconds)
        let signature = WebhookSignature.make(Self.push, id: id, time: time, key: Array(Self.secret.utf8))
        return ["webhook-id": id, "webhook-timestamp": "\(time)", "webhook-signature": signature]
    }

    private func count(_ client: HTTPClient, _ scheme: String, _ outcome: String) throws -> Double? {
        try client.metric("charter_webhooks_total{scheme=\"\(scheme)\",outcome=\"\(outcome)\"}")
    }

    @Test("a message of each kind brings a new commit in at once")
    func wakes() throws {
        try with { repository, publish, client in
            let schemes: [(String, () -> [String: String])] = [
                ("github", { github() }), ("gitlab", { ["X-Gitlab-Token": Self.secret] }), ("standard", { standard("msg_1") }),
            ]
            for (number, (scheme, headers)) in schemes.enumerated() {
                try repository.addUser("user-\(number)")
                let commit = try repository.commit("Add a user")
                try publish()
                let answer = try client.post("/v1/hooks/\(scheme)", Self.push, headers())
                #expect(try answer.status == 202 && answer.json == ["taken": true], "\(answer.text)")
                #expect(try eventually { try client.commitInDatabase() == commit }, "\(scheme)")
                #expect(try count(client, scheme, "taken") == 1)
            }
        }
    }

    @Test("what GitHub sends to try a webhook is taken")
    func ping() throws {
        try with { _, _, client in
            let body = Array(#"{"zen":"Design for failure.","hook_id":1}"#.utf8)
            let answer = try client.post("/v1/hooks/github", body, github(body).merging(["X-GitHub-Event": "ping"]) { $1 })
            #expect(answer.status == 202)
        }
    }

    @Test("messages that are not signed, wrongly signed, old, or sent again are refused, and nobody looks at the repository for them")
    func refused() throws {
        try with { repository, publish, client in
            let fetches = try #require(try client.metric("charter_source_fetches_total"))
            for (scheme, headers, status, outcome) in [
                ("github", [:], 401, "unsigned"), ("github", github(Self.push + [0x20]), 401, "wrong"),
                ("github", github(secret: "another secret of some length"), 401, "wrong"), ("gitlab", [:], 401, "unsigned"),
                ("gitlab", ["X-Gitlab-Token": "guessed"], 401, "wrong"), ("standard", [:], 401, "unsigned"),
                ("standard", standard("msg_1").merging(["webhook-id": "msg_2"]) { $1 }, 401, "wrong"),
                ("standard", standard("msg_1", ago: 301), 400, "stale"), ("standard", standard("msg_1", ago: -3600), 400, "stale"),
            ] as [(String, [String: String], Int, String)] {
                let before = try count(client, scheme, outcome) ?? 0
                let answer = try client.post("/v1/hooks/\(scheme)", Self.push, headers)
                #expect(answer.status == status, "\(scheme) \(outcome): \(answer.text)")
                #expect(answer.fields["content-type"] == "application/problem+json" && !answer.text.contains(Self.secret))
                #expect(try count(client, scheme, outcome) == before + 1)
            }
            #expect(try client.metric("charter_source_fetches_total") == fetches)
            for (scheme, headers) in [("github", github()), ("standard", standard("msg_3"))] {
                #expect(try client.post("/v1/hooks/\(scheme)", Self.push, headers).status == 202)
                let again = try client.post("/v1/hooks/\(scheme)", Self.push, headers)
                #expect(again.status == 409, "\(again.text)")
            }
            #expect(try client.post("/v1/hooks/bitbucket", Self.push, github()).status == 404)
            #expect(try client.get("/v1/hooks/github").status == 405)
            #expect(try client.post("/v1/hooks/github", [UInt8](repeating: 0x20, count: 2 << 20), github()).status == 413)
        }
    }

    @Test("a header that is there twice proves nothing")
    func twice() throws {
        try with { _, _, client in
            let good = github()["X-Hub-Signature-256"] ?? ""
            let head = "POST /v1/hooks/github HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            let signatures = "X-Hub-Signature-256: \(good)\r\nX-Hub-Signature-256: sha256=00\r\n"
            let body = String(decoding: Self.push, as: UTF8.self)
            let answer = try client.send("\(head)\(signatures)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
            #expect(answer.status == 401)
        }
    }

    @Test("a hundred messages at once cause a handful of fetches, and the newest commit is in force afterwards")
    func storm() throws {
        try with { repository, publish, client in
            let before = try #require(try client.metric("charter_source_fetches_total"))
            try repository.addUser("grete")
            let commit = try repository.commit("Add grete")
            try publish()
            let start = ContinuousClock.now
            let threads = (0..<10).map { thread in
                Started {
                    try (0..<10).map { number in
                        let body = Array(#"{"number":\#(thread * 10 + number)}"#.utf8)
                        return try client.post("/v1/hooks/github", body, github(body)).status
                    }
                }
            }
            for thread in threads {
                let statuses = try thread.value()
                #expect(statuses == Array(repeating: 202, count: 10))
            }
            #expect(try eventually { try client.commitInDatabase() == commit })
            #expect(try count(client, "github", "taken") == 100)
            let fetches = try #require(try client.metric("charter_source_fetches_total")) - before
            // One a second at most.
            let most = 4 + Double((ContinuousClock.now - start).components.seconds)
            #expect((1...most).contains(fetches), "\(fetches) of \(most)")
        }
    }

    @Test("without a secret no messages are taken, and the answer says what to set")
    func noSecret() throws {
        try with(secret: nil) { _, _, client in
            let answer = try client.post("/v1/hooks/github", Self.push, github())
            #expect(answer.status == 404 && answer.text.contains("CHARTER_WEBHOOK_SECRET"), "\(answer.text)")
        }
        let short = try CharterProgram.run(
            "up", "/nowhere", "--listen", "127.0.0.1:0", environment: ["CHARTER_WEBHOOK_SECRET": "guess-me"])
        #expect(short.isClearFailure(64, naming: "CHARTER_WEBHOOK_SECRET") && !short.errors.contains("guess-me"), "\(short)")
    }
}

extension HTTPClient {
    func post(_ path: String, _ body: [UInt8], _ headers: [String: String]) throws -> HTTPAnswer {
        let lines = headers.map { "\($0.key): \($0.value)\r\n" }.joined()
        let head = "POST \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\(lines)Content-Length: \(body.count)\r\n\r\n"
        return try exchange(Array(head.utf8) + body)
    }
}
