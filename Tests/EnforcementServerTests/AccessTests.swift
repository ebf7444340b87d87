import CallerAccess
import Foundation
import GovernanceModel
import HTTPService
import NIOHTTP1
import PolicyBundle
import PolicyCompiler
import PolicyEngine
import TestSupport
import Testing

@testable import EnforcementServer

/// Who is let in, route by route.
@Suite struct AccessTests {
    private static let yaml = """
        apiVersion: charter/v1
        kind: Organization
        metadata: {name: acme}
        spec: {displayName: Acme, currency: USD}
        ---
        apiVersion: charter/v1
        kind: Role
        metadata: {name: everything}
        spec: {permissions: [{actions: ["charter.*"], resources: ["charter:*"]}]}
        ---
        apiVersion: charter/v1
        kind: Role
        metadata: {name: models}
        spec: {permissions: [{actions: ["*"], resources: ["model:*"]}]}
        ---
        apiVersion: charter/v1
        kind: User
        metadata: {name: ada}
        spec: {email: a@b.c, roles: [everything], identities: [sub-of-ada]}
        ---
        apiVersion: charter/v1
        kind: ServiceAccount
        metadata: {name: may}
        spec: {owner: ada, roles: [everything]}
        ---
        apiVersion: charter/v1
        kind: ServiceAccount
        metadata: {name: other}
        spec: {owner: ada, roles: [models]}
        ---
        apiVersion: charter/v1
        kind: ServiceAccount
        metadata: {name: off}
        spec: {owner: ada, roles: [everything], disabled: true}

        """

    private static func engine() throws -> PolicyEngine {
        let (governance, diagnostics) = Governance.link([DocumentReader.read(Array(yaml.utf8), path: "world.yaml")])
        let origin = BundleOrigin(commit: String(repeating: "c", count: 40), tree: String(repeating: "d", count: 40), time: 0)
        let result = PolicyCompiler.compile(governance, origin: origin, isLinked: !diagnostics.hasErrors, now: 0)
        return try PolicyEngine(PolicyBundle(bytes: try #require(result.bundle, "\(diagnostics + result.diagnostics)")))
    }

    private static var now: Int64 { WallClock.now() / 1_000_000_000 }

    /// Who has no business here, and what he is told.
    private struct Credential {
        var name: String
        var field: String?
        var status: Int
        var challenge: String
    }

    /// The keys of the tests: a good one, and each kind of bad ones.
    private struct Keys {
        let book = APIKeyBook()
        var good: String
        var credentials: [Credential]

        init() {
            func make(_ account: String, scopes: [String] = [], lifetime: Int64? = nil) -> (key: APIKey, record: APIKeyRecord) {
                APIKeyRecord.make(account: account, name: "", scopes: scopes, lifetime: lifetime, now: AccessTests.now - 1_000)
            }
            let (good, expired, revoked) = (make("may"), make("may", lifetime: 10), make("may"))
            let (narrow, other, off, gone) = (make("may", scopes: ["charter.nothing"]), make("other"), make("off"), make("gone"))
            var records = [good, expired, revoked, narrow, other, off, gone].map(\.record)
            records[2].revokedAt = AccessTests.now - 10
            book.replace(records)
            self.good = "Bearer \(good.key.text)"
            let (missing, invalid) = ("Bearer realm=\"charter\"", "Bearer realm=\"charter\", error=\"invalid_token\"")
            let narrowed = "insufficient_scope"
            var mistyped = Array(good.key.text)
            mistyped[10] = mistyped[10] == "a" ? "b" : "a"
            credentials = [
                Credential(name: "none", field: nil, status: 401, challenge: missing),
                Credential(name: "another scheme", field: "Basic YTpi", status: 401, challenge: invalid),
                Credential(name: "the key alone", field: good.key.text, status: 401, challenge: invalid),
                Credential(name: "no word", field: "Bearer ", status: 401, challenge: invalid),
                Credential(name: "two words", field: "Bearer a b", status: 401, challenge: invalid),
                Credential(name: "mistyped", field: "Bearer " + String(mistyped), status: 401, challenge: invalid),
                Credential(name: "unknown", field: "Bearer \(APIKey.make().text)", status: 401, challenge: invalid),
                Credential(name: "expired", field: "Bearer \(expired.key.text)", status: 401, challenge: invalid),
                Credential(name: "revoked", field: "Bearer \(revoked.key.text)", status: 401, challenge: invalid),
                Credential(name: "a token where none are taken", field: "Bearer a.b.c", status: 401, challenge: invalid),
                Credential(name: "too narrow a scope", field: "Bearer \(narrow.key.text)", status: 403, challenge: narrowed),
                Credential(name: "no role for it", field: "Bearer \(other.key.text)", status: 403, challenge: narrowed),
                Credential(name: "a disabled account", field: "Bearer \(off.key.text)", status: 403, challenge: narrowed),
                Credential(name: "an account that is gone", field: "Bearer \(gone.key.text)", status: 403, challenge: narrowed),
            ]
        }
    }

    private func serving(
        _ settings: CallerAccessSettings, body: (EnforcementServer, HTTPClient) async throws -> Void
    ) async throws {
        var configuration = EnforcementServer.Configuration(host: "127.0.0.1", port: 0)
        configuration.access = settings
        let server = try EnforcementServer(configuration, store: BundleStore(), status: ServiceStatus())
        server.store.activate(try Self.engine(), at: WallClock.now())
        let port = try await server.start()
        do {
            try await body(server, HTTPClient(port: UInt16(port)))
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    private func ask(_ client: HTTPClient, _ route: APIRoutes.Listed, _ fields: [String]) async throws -> HTTPAnswer {
        let path = route.path.replacing(#/\{[^}]*\}/#, with: "x")
        let body = route.method == .POST ? "{}" : ""
        // What Envoy passes on in `Authorization` is its client's, good or bad.
        let isEnvoy = path.hasPrefix("/envoy/")
        let lines =
            fields.map { "\(isEnvoy ? "X-Charter-Authorization" : "Authorization"): \($0)\r\n" }.joined()
            + (isEnvoy ? "Authorization: Bearer of-a-client\r\n" : "")
        let type = body.isEmpty ? "" : "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n"
        return try await send(
            client,
            "\(route.method.rawValue) \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\(lines)\(type)\r\n\(body)")
    }

    /// Whether the gate has said so: what is behind it may have answers of the same status.
    private static func isTurnedAway(_ answer: HTTPAnswer) -> Bool {
        [401, 403].contains(answer.status) && answer.fields["www-authenticate"] != nil
    }

    /// On a thread of its own: it blocks, and what is asked may need one of the few that tasks run on.
    private func send(_ client: HTTPClient, _ text: String) async throws -> HTTPAnswer {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try client.send(text) }) }
        }
    }

    /// The only routes that are for everybody. Whoever adds one here has thought about what it tells.
    private static let open = [
        "GET /.well-known/authzen-configuration", "GET /health", "GET /healthz", "GET /openapi.json", "GET /openapi.yaml", "GET /readyz",
        "POST /v1/hooks/{scheme}",
    ]

    @Test func `no route but those for everybody answers to a credential that is missing, wrong, over or too narrow`() async throws {
        let keys = Keys()
        var settings = CallerAccessSettings()
        settings.keys = keys.book
        try await serving(settings) { server, client in
            #expect(server.routes.count > 5)
            for route in server.routes {
                let name = "\(route.method.rawValue) \(route.path)"
                guard route.operation != nil else {
                    #expect(Self.open.contains(name), "\(name) is open to everybody")
                    #expect(![401, 403].contains(try await ask(client, route, []).status))
                    continue
                }
                for credential in keys.credentials {
                    let answer = try await ask(client, route, credential.field.map { [$0] } ?? [])
                    #expect(answer.status == credential.status, "\(name) with \(credential.name)")
                    let challenge = answer.fields["www-authenticate"] ?? ""
                    #expect(
                        credential.status == 403 ? challenge.contains(credential.challenge) : challenge == credential.challenge,
                        "\(name) with \(credential.name): \(challenge)")
                    #expect(answer.fields["content-type"] == "application/problem+json")
                    if let field = credential.field, field.count > 20 { #expect(!answer.text.contains(field.dropFirst(7))) }
                }
                // Which of two is meant is not to be guessed, whichever is good.
                #expect(try await ask(client, route, [keys.good, "Bearer x"]).status == 400)
                #expect(!Self.isTurnedAway(try await ask(client, route, [keys.good])), "\(name) with a good key")
            }
            // A refusal does not tell what was wrong with a credential.
            var refused: Set<String> = []
            for credential in keys.credentials where credential.status == 401 && credential.field != nil {
                refused.insert(try await ask(client, server.routes[0], [try #require(credential.field)]).text)
            }
            #expect(refused.count == 1)
        }
    }

    @Test func `the express lane lets nobody in who would not be let in otherwise, whoever came before on the connection`() async throws {
        let keys = Keys()
        var settings = CallerAccessSettings()
        settings.keys = keys.book
        try await serving(settings) { (_: EnforcementServer, client: HTTPClient) async throws -> Void in
            let body = """
                {"subject":{"type":"user","id":"ada"},"action":{"name":"charter.read"},"resource":{"type":"charter","id":"server"}}
                """
            func decide(_ field: String?) -> String {
                let line = field.map { "Authorization: \($0)\r\n" } ?? ""
                return "POST /v1/decisions HTTP/1.1\r\nHost: a\r\n\(line)Content-Type: application/json\r\n"
                    + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
            }
            let end = "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            for credential in keys.credentials {
                let answer = try await send(client, decide(keys.good) + decide(credential.field) + decide(keys.good) + end)
                let statuses = [answer.status] + answer.text.matches(of: #/HTTP/1\.1 (\d{3}) /#).compactMap { Int($0.output.1) }
                #expect(statuses == [200, credential.status, 200, 200], "\(credential.name)")
            }
            // Two fields are not for the express lane to choose from.
            let two = try await send(client, decide("\(keys.good)\r\nAuthorization: Bearer x") + end)
            #expect(two.status == 400)
        }
    }

    @Test func `a scope lets through its own operation and no other`() async throws {
        let book = APIKeyBook()
        let made = APIOperation.allCases.map {
            ($0, APIKeyRecord.make(account: "may", name: "", scopes: [$0.action], lifetime: nil, now: Self.now))
        }
        book.replace(made.map(\.1.record))
        var settings = CallerAccessSettings()
        settings.keys = book
        try await serving(settings) { server, client in
            for route in server.routes {
                guard let operation = route.operation else { continue }
                for (scope, key) in made {
                    let isLetIn = !Self.isTurnedAway(try await ask(client, route, ["Bearer \(key.key.text)"]))
                    #expect(isLetIn == (scope == operation), "\(route.path) with the scope \(scope)")
                }
            }
        }
    }

    @Test func `every operation is an action of the built-in resource type`() {
        #expect(APIOperation.allCases.map(\.action).sorted() == ServerResource.actions.sorted())
        #expect(APIOperation.resourceType == ServerResource.type && APIOperation.resourceID == ServerResource.id)
    }

    @Test func `a bearer token is whoever has its subject among his identities`() async throws {
        let issuer = TokenIssuer("k1")
        let folder = try TemporaryFolder.make()
        defer { TemporaryFolder.remove(folder) }
        try Data(TokenIssuer.set(issuer)).write(to: URL(fileURLWithPath: folder + "/jwks"))
        let tokens = TokenVerifier(.init(issuer: "i", audiences: ["charter"]), keys: .file(folder + "/jwks")) { _ in }
        var settings = CallerAccessSettings()
        settings.tokens = tokens
        func token(_ subject: String, _ more: [String: TokenIssuer.JSONClaim] = [:]) async throws -> String {
            let claims: [String: TokenIssuer.JSONClaim] = [
                "iss": "i", "aud": "charter", "sub": .text(subject), "exp": .number(Int(Self.now) + 600),
            ]
            return "Bearer " + (try await issuer.sign(claims.merging(more) { $1 }))
        }
        try await serving(settings) { server, client in
            let bundle = try #require(server.routes.first { $0.path == "/v1/bundle" })
            // The first is verified, the second known.
            let good = try await token("sub-of-ada")
            for _ in 0..<2 { #expect(try await ask(client, bundle, [good]).status == 200) }
            #expect(try await ask(client, bundle, [try await token("ada")]).status == 403, "a name is no identity")
            #expect(try await ask(client, bundle, [try await token("sub-of-ada", ["scope": "charter.decide"])]).status == 403)
            #expect(try await ask(client, bundle, [try await token("sub-of-ada", ["scope": "openid charter.read"])]).status == 200)
            #expect(try await ask(client, bundle, [try await token("sub-of-ada", ["exp": 1])]).status == 401)
            #expect(try await ask(client, bundle, [try await token("sub-of-ada", ["aud": "else"])]).status == 401)
            #expect(try await ask(client, bundle, ["Bearer " + APIKey.make().text]).status == 401)
        }
    }

    @Test func `roles that a new bundle takes away are gone with it`() async throws {
        let keys = Keys()
        var settings = CallerAccessSettings()
        settings.keys = keys.book
        try await serving(settings) { server, client in
            let bundle = try #require(server.routes.first { $0.path == "/v1/bundle" })
            #expect(try await ask(client, bundle, [keys.good]).status == 200)
            let yaml = Self.yaml.replacing("charter.*", with: "charter.decide")
            let (governance, _) = Governance.link([DocumentReader.read(Array(yaml.utf8), path: "world.yaml")])
            let origin = BundleOrigin(commit: String(repeating: "e", count: 40), tree: String(repeating: "d", count: 40), time: 0)
            let bytes = try #require(PolicyCompiler.compile(governance, origin: origin, isLinked: true, now: 0).bundle)
            server.store.activate(try PolicyEngine(PolicyBundle(bytes: bytes)), at: WallClock.now())
            #expect(try await ask(client, bundle, [keys.good]).status == 403)
        }
    }

    @Test func `a caller that sends too much is told when to come again, and another is not held up`() async throws {
        let (first, second) = (
            APIKeyRecord.make(account: "may", name: "", scopes: [], lifetime: nil, now: Self.now),
            APIKeyRecord.make(account: "other", name: "", scopes: [], lifetime: nil, now: Self.now)
        )
        let book = APIKeyBook()
        book.replace([first.record, second.record])
        var settings = CallerAccessSettings()
        settings.keys = book
        settings.limit = .init(perSecond: 0.001, burst: 3)
        try await serving(settings) { server, client in
            let bundle = try #require(server.routes.first { $0.path == "/v1/bundle" })
            for _ in 0..<3 { #expect(try await ask(client, bundle, ["Bearer \(first.key.text)"]).status == 200) }
            let limited = try await ask(client, bundle, ["Bearer \(first.key.text)"])
            #expect(limited.status == 429)
            #expect(Int(limited.fields["retry-after"] ?? "").map { (1...1_000).contains($0) } == true)
            #expect(limited.fields["ratelimit-policy"] == "\"caller\";q=3;w=3000")
            #expect(limited.fields["ratelimit"]?.hasPrefix("\"caller\";r=0;t=") == true)
            #expect(try await ask(client, bundle, ["Bearer \(second.key.text)"]).status == 403, "it has a bucket of its own")
        }
    }

    @Test func `a certificate names its subject by one URI, or by its common name where there is none`() {
        func name(_ uris: [String], _ commonName: String? = nil) -> ProvedIdentity.Name? {
            ProvedIdentity(PeerCertificate(uris: uris, commonName: commonName, expiresAt: .max))?.name
        }
        #expect(name(["charter:service-account/gateway"]) == .subject(type: "service-account", name: "gateway"))
        #expect(name(["spiffe://acme.example/x"], "cn") == .external("spiffe://acme.example/x"))
        #expect(name([], "cn") == .external("cn"))
        #expect(name(["https://acme.example"], "cn") == nil, "a URI that names nobody is not passed over for the common name")
        #expect(name(["spiffe://a/x", "spiffe://a/y"]) == nil)
        #expect(name(["charter:gateway"]) == nil && name(["charter:service-account/"]) == nil && name([]) == nil)
    }
}
