import Foundation
import Glibc
import JSON
import TestSupport
import Testing

extension HTTPClient {
    /// Asks with a credential.
    fileprivate func ask(_ path: String, _ credential: String?, body: JSONValue? = nil) throws -> HTTPAnswer {
        let field = credential.map { "Authorization: Bearer \($0)\r\n" } ?? ""
        guard let body else { return try send("GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\(field)\r\n") }
        let text = JSONWriter.text(body)
        return try send(
            "POST \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\(field)Content-Type: application/json\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)"
        )
    }
}

private enum FakeTime {
    static let isInstalled = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").contains {
        FileManager.default.isExecutableFile(atPath: $0 + "/faketime")
    }
}

/// Access to the whole program, by its commands.
@Suite struct AccessTests {
    private static let request: JSONValue = [
        "subject": ["type": "user", "id": "ada"], "action": ["name": "llm.chat"],
        "resource": ["type": "model", "id": "openai/gpt-5.4-mini"],
    ]

    private func makeKey(_ arguments: String..., in folder: String) throws -> (id: String, key: String) {
        let made = try CharterProgram.run(["api-keys", "create"] + arguments + ["--format", "json"], in: folder)
        guard made.status == 0 else { throw Failure("\(made)") }
        return (try #require(made.json["id"]?.stringValue), try #require(made.json["key"]?.stringValue))
    }

    private func compiled(in folder: String) throws -> String {
        let repository = try TestRepository.acme(at: folder + "/acme")
        let made = try CharterProgram.run("compile", repository.path, "--output", folder + "/bundle")
        guard made.status == 0 else { throw Failure("\(made)") }
        return folder + "/bundle"
    }

    @Test("a server with keys in a file lets in who has one, and its logs hold no credential")
    func keysInAFile() async throws {
        let folder = try TemporaryFolder.make()
        defer { TemporaryFolder.remove(folder) }
        let bundle = try compiled(in: folder)
        let good = try makeKey("llm-gateway", "--file", "keys.json", "--scope", "decide", in: folder)
        let powerless = try makeKey("ci-bot", "--file", "keys.json", in: folder)
        let revoked = try makeKey("llm-gateway", "--file", "keys.json", in: folder)
        #expect(try CharterProgram.run("api-keys", "revoke", revoked.id, "--file", "keys.json", in: folder).status == 0)
        let issuer = TokenIssuer("k1")
        try Data(TokenIssuer.set(issuer)).write(to: URL(fileURLWithPath: folder + "/jwks.json"))
        let now = Int(Date().timeIntervalSince1970)
        func token(_ expires: Int) async throws -> String {
            try await issuer.sign([
                "iss": "https://id.example", "aud": "charter", "sub": "spiffe://acme.example/help-centre/assistant",
                "exp": .number(expires),
            ])
        }
        let (known, over) = (try await token(now + 600), try await token(now - 600))
        let charter = try RunningCharter(
            [
                "serve", bundle, "--listen", "127.0.0.1:0", "--api-keys", "keys.json", "--jwt-issuer", "https://id.example",
                "--jwt-audience",
                "charter", "--jwks", "jwks.json",
            ], in: folder)
        let client = try charter.client()
        func decide(_ credential: String?) throws -> Int { try client.ask("/v1/decisions", credential, body: Self.request).status }
        #expect(try decide(nil) == 401, "on loopback too")
        #expect(try decide(good.key) == 200)
        #expect(try client.ask("/v1/status", good.key).status == 403, "its scope is to decide")
        #expect(try decide(powerless.key) == 403)
        #expect(try decide(revoked.key) == 401)
        #expect(try decide(known) == 403, "it is known and has no role for this")
        #expect(try decide(over) == 401)
        let mistyped = String(good.key.dropLast()) + (good.key.hasSuffix("a") ? "b" : "a")
        #expect(try decide(mistyped) == 401)
        #expect(try client.get("/healthz").status == 200)

        // A key that is revoked while it runs ends soon.
        #expect(try CharterProgram.run("api-keys", "revoke", good.id, "--file", "keys.json", in: folder).status == 0)
        #expect(try eventually { try decide(good.key) == 401 })
        #expect(try charter.interrupt() == 0)
        let said = charter.program.output + charter.program.errors
        #expect(said.contains("not let in") && said.contains(revoked.id), "\(said)")
        for credential in [good.key, powerless.key, revoked.key, known, over, mistyped] {
            #expect(!said.contains(credential.dropFirst(4).prefix(20)))
        }
    }

    @Test("keys in the database are made, listed, rotated and revoked, and a running server follows")
    func keysInTheDatabase() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            try SharedPostgres.withDatabase { url, database in
                let charter = try RunningCharter(up: repository.path, state: folder + "/state", database: url, "--require-authentication")
                let client = try charter.client()
                func status(_ key: String?) throws -> Int { try client.ask("/v1/decisions", key, body: Self.request).status }
                #expect(try status(nil) == 401)
                #expect(try client.get("/metrics").status == 401)
                // Before the schema is there, nobody makes one from a command.
                try SharedPostgres.withDatabase { empty, _ in
                    let early = try CharterProgram.run("api-keys", "create", "llm-gateway", "--database", empty, in: folder)
                    #expect(early.isClearFailure(1, naming: "no API keys yet"), "\(early)")
                }
                let strange = try CharterProgram.run("api-keys", "create", "nobody", "--database", url, in: folder)
                #expect(strange.isClearFailure(1, naming: "no ServiceAccount `nobody`"))
                let wrong = try CharterProgram.run("api-keys", "create", "llm-gateway", "--scope", "all", "--database", url, in: folder)
                #expect(wrong.isClearFailure(64, naming: "`all` is no scope"))

                let first = try makeKey("llm-gateway", "--database", url, "--name", "test", in: folder)
                #expect(try eventually { try status(first.key) == 200 })
                let rotated = try CharterProgram.run(
                    "api-keys", "rotate", first.id, "--overlap", "0", "--database", url, "--format", "json", in: folder)
                let second = try #require(try rotated.json["key"]?.stringValue)
                #expect(try rotated.json["replaces"]?.stringValue == first.id)
                #expect(try eventually { try status(second) == 200 && status(first.key) == 401 })
                let third = try CharterProgram.run(
                    "api-keys", "rotate", try #require(try rotated.json["id"]?.stringValue), "--database", url, in: folder)
                // Only the key stands on standard output.
                let key = third.output.trimmingCharacters(in: .whitespacesAndNewlines)
                #expect(key.wholeMatch(of: #/chk_[0-9A-Za-z]{36}/#) != nil)
                #expect(try eventually { try status(key) == 200 })
                #expect(try status(second) == 200, "the old one goes on for a day")

                let list = try CharterProgram.run("api-keys", "list", "--database", url, "--format", "json", in: folder)
                let standings = try list.json.arrayValue?.compactMap { $0["standing"]?.stringValue }.sorted()
                #expect(standings == ["expired", "valid", "valid"])
                #expect(!list.output.contains("chk_"))
                #expect(
                    try eventually {
                        try database.query("SELECT count(*) AS used FROM runtime.api_keys WHERE last_used_at IS NOT NULL")[0]["used"] == "3"
                    })
                // Of the keys nothing is kept but digests, for the owner to read.
                let copy = folder + "/state/api-keys.json"
                #expect(eventually { FileManager.default.fileExists(atPath: copy) })
                #expect(try FileManager.default.attributesOfItem(atPath: copy)[.posixPermissions] as? Int == 0o600)
                #expect(try !String(contentsOfFile: copy, encoding: .utf8).contains("chk_"))
                let dump = try database.query("SELECT string_agg(k::text, ' ') AS text FROM runtime.api_keys AS k")[0]["text"] ?? ""
                #expect(!dump.contains("chk_") && dump.contains("key-"))
                #expect(try charter.interrupt() == 0)
                let said = charter.program.output + charter.program.errors
                for key in [first.key, second, key] { #expect(!said.contains(key.dropFirst(4).prefix(20))) }
            }
        }
    }

    @Test("options that would leave a door open, or contradict each other, are refused before anything listens")
    func refusedOptions() throws {
        try TemporaryFolder.with { folder in
            let bundle = try compiled(in: folder)
            let cases: [([String], String)] = [
                (["--listen", "0.0.0.0:0"], "--require-authentication"),
                (["--listen", "0.0.0.0:0", "--tls-cert", "c", "--tls-key", "k"], "--require-authentication"),
                (["--listen", "0.0.0.0:0", "--api-keys", "keys.json"], "without TLS"),
                (["--require-authentication"], "--api-keys"),
                (["--tls-cert", "c"], "belong together"),
                (["--client-ca", "c"], "--tls-cert"),
                (["--jwt-issuer", "i"], "belong together"),
                (["--jwt-issuer", "i", "--jwt-audience", "a", "--jwks", "http://id.example/jwks"], "https"),
                (["--rate-limit", "10"], "--require-authentication"),
                (["--api-keys", "keys.json", "--rate-limit", "0"], "no rate"),
            ]
            for (arguments, text) in cases {
                let outcome = try CharterProgram.run(["serve", bundle] + arguments, in: folder)
                #expect(outcome.isClearFailure(64, naming: text), "\(arguments): \(outcome)")
            }
            let missing = try CharterProgram.run("serve", bundle, "--api-keys", "none.json", "--listen", "127.0.0.1:0", in: folder)
            #expect(missing.isClearFailure(1, naming: "none.json"), "\(missing)")
            let damaged = try CharterProgram.run(
                "serve", bundle, "--tls-cert", bundle, "--tls-key", bundle, "--listen", "127.0.0.1:0", in: folder)
            #expect(damaged.isClearFailure(1, naming: "TLS"), "\(damaged)")
        }
    }

    @Test(
        "a client certificate is whoever the repository knows by its name",
        .enabled(if: OpenSSL.isInstalled, "openssl is not installed"))
    func certificates() throws {
        try TemporaryFolder.with { folder in
            let bundle = try compiled(in: folder)
            func openssl(_ arguments: String...) throws {
                let child = try ChildProgram(["openssl"] + arguments, in: folder)
                guard try child.wait() == 0 else { throw Failure("\(arguments): \(child.errors)") }
            }
            try openssl(
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key", "-out", "ca.pem",
                "-subj",
                "/CN=ca", "-days", "5")
            for (name, names) in [
                ("server", "IP:127.0.0.1"), ("gateway", "URI:charter:service-account/llm-gateway"),
                ("assistant", "URI:spiffe://acme.example/help-centre/assistant"),
            ] {
                try openssl(
                    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "\(name).key", "-out",
                    "\(name).pem", "-subj", "/CN=\(name)", "-days", "5", "-CA", "ca.pem", "-CAkey", "ca.key", "-addext",
                    "subjectAltName=\(names)",
                    "-addext", "basicConstraints=critical,CA:FALSE")
            }
            let charter = try RunningCharter(
                [
                    "serve", bundle, "--listen", "127.0.0.1:0", "--tls-cert", "server.pem", "--tls-key", "server.key", "--client-ca",
                    "ca.pem",
                ], in: folder)
            var port: String?
            #expect(
                eventually {
                    port = charter.program.output.firstMatch(of: #/https://127\.0\.0\.1:(\d+)/#).map { String($0.output.1) }
                    return port != nil || !charter.program.isRunning
                })
            let url = "https://127.0.0.1:\(try #require(port, "\(charter.program.errors)"))"
            func status(_ path: String, _ certificate: String?, _ more: String...) throws -> String {
                let proof = certificate.map { ["--cert", "\($0).pem", "--key", "\($0).key"] } ?? []
                let child = try ChildProgram(
                    ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--cacert", "ca.pem"] + proof + more + [url + path], in: folder)
                _ = try child.wait()
                return child.output
            }
            let body = ["-H", "Content-Type: application/json", "-d", JSONWriter.text(Self.request)]
            #expect(try status("/v1/decisions", "gateway", body[0], body[1], body[2], body[3]) == "200")
            #expect(
                try status("/v1/decisions", "assistant", body[0], body[1], body[2], body[3]) == "403", "known, and without a role for it")
            #expect(try status("/v1/decisions", nil, body[0], body[1], body[2], body[3]) == "401")
            #expect(try status("/healthz", nil) == "200")
            #expect(try status("/healthz", nil, "--tls-max", "1.2") == "000")
            #expect(try charter.interrupt() == 0)
        }
    }

    @Test(
        "a certificate that has expired is shown all the same, and readiness says so",
        .enabled(if: OpenSSL.isInstalled && FakeTime.isInstalled, "openssl or faketime is not installed"))
    func expiredCertificate() throws {
        try TemporaryFolder.with { folder in
            let bundle = try compiled(in: folder)
            let child = try ChildProgram(
                [
                    "faketime", "2020-01-01 00:00:00", "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes",
                    "-keyout", "server.key", "-out", "server.pem", "-subj", "/CN=old", "-days", "5",
                ], in: folder)
            #expect(try child.wait() == 0, "\(child.errors)")
            let charter = try RunningCharter(
                ["serve", bundle, "--listen", "127.0.0.1:0", "--tls-cert", "server.pem", "--tls-key", "server.key"], in: folder)
            var url: String?
            #expect(
                eventually {
                    url = charter.program.output.firstMatch(of: #/https:\/\/127\.0\.0\.1:\d+/#).map { String($0.output) }
                    return url != nil || !charter.program.isRunning
                })
            let ready = try ChildProgram(["curl", "-sk", "\(try #require(url, "\(charter.program.errors)"))/readyz"], in: folder)
            _ = try ready.wait()
            let checks = try JSONParser.parse(ready.output)["checks"]
            #expect(checks?["certificate"]?["status"] == "expired", "\(ready.output)")
            #expect(checks?["certificate"]?["expiresAt"]?.stringValue?.hasPrefix("2020-01-06") == true)
            #expect(try charter.interrupt() == 0)
            #expect(eventually { (charter.program.output + charter.program.errors).contains("the server's certificate has expired") })
        }
    }

    @Test("requests that are made to be read in two ways are refused, whoever sends them")
    func probes() throws {
        try RunningCharter.serving { client in
            let host = "Host: localhost\r\n"
            let cases: [(String, String, ClosedRange<Int>)] = [
                ("a path out of the tree", "GET /v1/../../etc/passwd HTTP/1.1\r\n\(host)\r\n", 400...404),
                ("the same, escaped", "GET /v1/%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n\(host)\r\n", 400...404),
                ("a slash that is none", "GET /v1%2fbundle HTTP/1.1\r\n\(host)Connection: close\r\n\r\n", 404...404),
                ("a NUL", "GET /v1/bundle%00 HTTP/1.1\r\n\(host)\r\n", 400...400),
                ("a line break in the target", "GET /v1/bundle%0d%0aX:y HTTP/1.1\r\n\(host)Connection: close\r\n\r\n", 400...404),
                ("two lengths", "POST /v1/decisions HTTP/1.1\r\n\(host)Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400...400),
                ("lengths in a list", "POST /v1/decisions HTTP/1.1\r\n\(host)Content-Length: 2, 2\r\n\r\n{}", 400...400),
                (
                    "a length and chunks",
                    "POST /v1/decisions HTTP/1.1\r\n\(host)Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400...400
                ),
                ("a negative length", "POST /v1/decisions HTTP/1.1\r\n\(host)Content-Length: -1\r\n\r\n", 400...400),
                ("a length with a sign", "POST /v1/decisions HTTP/1.1\r\n\(host)Content-Length: +2\r\n\r\n{}", 400...400),
                (
                    "an encoding that is almost chunked",
                    "POST /v1/decisions HTTP/1.1\r\n\(host)Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400...501
                ),
                (
                    "two encodings",
                    "POST /v1/decisions HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
                    400...501
                ),
                ("a folded field", "GET /v1/bundle HTTP/1.1\r\n\(host)X-A: b\r\n c\r\n\r\n", 400...400),
                ("white space before a colon", "GET /v1/bundle HTTP/1.1\r\n\(host)X-A : b\r\n\r\n", 400...400),
                ("two hosts", "GET /v1/bundle HTTP/1.1\r\n\(host)\(host)\r\n", 400...400),
                ("no host", "GET /v1/bundle HTTP/1.1\r\n\r\n", 400...400),
                ("a control character in a field", "GET /v1/bundle HTTP/1.1\r\n\(host)X-A: a\u{1}b\r\n\r\n", 400...400),
            ]
            for (name, text, statuses) in cases {
                let answer = try client.send(text)
                #expect(statuses.contains(answer.status), "\(name): \(answer.status)")
                // `send` reads until the server closes: it has.
                #expect(answer.fields["connection"] == "close", "\(name)")
                #expect(!answer.text.contains("root:"), "\(name)")
            }
            #expect(try client.get("/healthz").status == 200)
        }
    }
}
