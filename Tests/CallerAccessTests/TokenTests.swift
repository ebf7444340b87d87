import Digest
import Foundation
import HTTPService
import JSON
import JWTKit
import Logging
import Synchronization
import TestSupport
import Testing

@testable import CallerAccess

/// Which bearer tokens are believed.
@Suite struct TokenTests {
    private static let now: Int64 = 1_800_000_000

    private static let policy: TokenPolicy = {
        var policy = TokenPolicy(issuer: "https://id.example", audiences: ["charter", "other"])
        policy.leeway = 60
        return policy
    }()

    private static func claims(_ change: (inout [String: TokenIssuer.JSONClaim]) -> Void = { _ in }) -> [String: TokenIssuer.JSONClaim] {
        var claims: [String: TokenIssuer.JSONClaim] = [
            "iss": "https://id.example", "aud": ["charter"], "sub": "abc", "exp": .number(Int(now) + 600),
        ]
        change(&claims)
        return claims
    }

    /// Calls `body` with a verifier that believes these issuers, and the file of its keys.
    private func verifying(_ issuers: TokenIssuer..., body: (TokenVerifier, String) async throws -> Void) async throws {
        let folder = try TemporaryFolder.make()
        defer { TemporaryFolder.remove(folder) }
        let path = folder + "/jwks.json"
        try Data(JSONWriter.bytes(["keys": .array(try issuers.map { try $0.jwk })])).write(to: URL(fileURLWithPath: path))
        let verifier = TokenVerifier(Self.policy, keys: .file(path)) { _ in }
        try #require(await verifier.prepare(now: Self.now))
        try await body(verifier, path)
    }

    private func refusal(_ verifier: TokenVerifier, _ token: String, now: Int64 = now) async -> TokenRefusal? {
        do throws(TokenRefusal) {
            _ = try await verifier.verify(token, now: now)
            return nil
        } catch {
            return error
        }
    }

    @Test func `a good token is believed, and known from then on until it ends`() async throws {
        let issuer = TokenIssuer("k1")
        try await verifying(issuer) { verifier, _ in
            let token = try await issuer.sign(Self.claims { $0["scope"] = "openid charter.decide profile" })
            #expect(verifier.known(token, now: Self.now) == nil)
            let verified = try await verifier.verify(token, now: Self.now)
            #expect(verified.identity == "abc" && verified.scopes == ["charter.decide"])
            #expect(verifier.known(token, now: Self.now + 659)?.identity == "abc")
            #expect(verifier.known(token, now: Self.now + 660) == nil, "with a minute for clocks that differ, and no more")
            #expect(verifier.known(token, now: Self.now) == nil, "what has ended is forgotten")
        }
    }

    @Test func `what a token says of itself must be right in every part`() async throws {
        let issuer = TokenIssuer("k1")
        let cases: [(String, TokenRefusal?, (inout [String: TokenIssuer.JSONClaim]) -> Void)] = [
            ("as it should be", nil, { _ in }),
            ("one audience as text", nil, { $0["aud"] = "other" }),
            ("another issuer", .issuer, { $0["iss"] = "https://id.example/" }),
            ("no issuer", .issuer, { $0["iss"] = nil }),
            ("another audience", .audience, { $0["aud"] = ["somebody"] }),
            ("no audience", .audience, { $0["aud"] = nil }),
            ("just within the leeway", nil, { $0["exp"] = .number(Int(Self.now) - 59) }),
            ("expired", .expired, { $0["exp"] = .number(Int(Self.now) - 60) }),
            ("no end", .expired, { $0["exp"] = nil }),
            ("an end that is text", .expired, { $0["exp"] = "4000000000" }),
            ("an end beyond all bounds", .expired, { $0["exp"] = .number(.max) }),
            ("from now on", nil, { $0["nbf"] = .number(Int(Self.now) + 60) }),
            ("from later on", .notYet, { $0["nbf"] = .number(Int(Self.now) + 61) }),
            ("no subject", .subject, { $0["sub"] = nil }),
            ("an empty subject", .subject, { $0["sub"] = "" }),
        ]
        try await verifying(issuer) { verifier, _ in
            for (name, expected, change) in cases {
                let token = try await issuer.sign(Self.claims(change))
                #expect(await refusal(verifier, token) == expected, "\(name)")
            }
        }
    }

    @Test func `a token that is not signed by a known key, with its own algorithm, is not believed`() async throws {
        let (issuer, stranger, impostor) = (TokenIssuer("k1"), TokenIssuer("k2"), TokenIssuer("k1"))
        try await verifying(issuer) { verifier, _ in
            let good = try await issuer.sign(Self.claims())
            #expect(await refusal(verifier, try await stranger.sign(Self.claims())) == .unknownKey)
            #expect(await refusal(verifier, try await impostor.sign(Self.claims())) == .signature)

            func encode(_ text: String) -> String {
                Base64.encode(Array(text.utf8)).replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
            }
            let parts = good.split(separator: ".").map(String.init)
            // Whoever may be admin by changing a letter.
            let other = encode("{\"iss\":\"https://id.example\",\"aud\":\"charter\",\"sub\":\"admin\",\"exp\":\(Self.now + 600)}")
            #expect(await refusal(verifier, "\(parts[0]).\(other).\(parts[2])") == .signature)
            let none = encode("{\"alg\":\"none\",\"kid\":\"k1\"}")
            #expect(await refusal(verifier, "\(none).\(other).") == .algorithm)
            #expect(await refusal(verifier, "\(none).\(other).\(parts[2])") == .algorithm)
            // The public key as the secret of an HMAC.
            let header = encode("{\"alg\":\"HS256\",\"kid\":\"k1\"}")
            for secret in [Array(issuer.key.publicKey.pemRepresentation.utf8), JSONWriter.bytes(try issuer.jwk)] {
                let code = HMACSHA256.code(of: Array("\(header).\(other)".utf8), key: secret)
                let mark = Base64.encode(code).replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
                #expect(await refusal(verifier, "\(header).\(other).\(mark)") == .algorithm)
            }
            // An algorithm of another kind of key.
            let rsa = encode("{\"alg\":\"RS256\",\"kid\":\"k1\"}")
            #expect(await refusal(verifier, "\(rsa).\(other).\(parts[2])") == .algorithm)
            for text in [
                "", ".", "..", "a.b", "a.b.c.d", good + ".", good + "=", "\(parts[0]).\(parts[1])", String(repeating: "a", count: 20_000),
            ] {
                #expect(await refusal(verifier, text) == .malformed, "\(text.prefix(20))")
            }
            let critical = encode("{\"alg\":\"ES256\",\"kid\":\"k1\",\"crit\":[\"exp\"]}")
            #expect(await refusal(verifier, "\(critical).\(parts[1]).\(parts[2])") == .malformed)
            #expect(await refusal(verifier, good) == nil)
        }
    }

    @Test func `keys that rotate are read when one is new, not more often than the floor, and withdrawn ones end`() async throws {
        let (old, new) = (TokenIssuer("k1"), TokenIssuer("k2"))
        try await verifying(old) { verifier, path in
            let (first, second) = (try await old.sign(Self.claims()), try await new.sign(Self.claims()))
            #expect(await refusal(verifier, first) == nil)
            try Data(TokenIssuer.set(old, new)).write(to: URL(fileURLWithPath: path))
            #expect(
                await refusal(verifier, second, now: Self.now + TokenKeySource.floor - 1) == .unknownKey, "too soon after the last reading")
            #expect(await refusal(verifier, second, now: Self.now + TokenKeySource.floor) == nil)
            #expect(await refusal(verifier, first, now: Self.now + TokenKeySource.floor) == nil)
            // The old one is withdrawn: what was verified with it is no longer known.
            try Data(TokenIssuer.set(new)).write(to: URL(fileURLWithPath: path))
            let later = Self.now + TokenKeySource.floor + TokenKeySource.maximumAge
            #expect(verifier.known(first, now: later) != nil)
            // Any token by a known key makes the keys be read again after a while.
            _ = await refusal(verifier, try await new.sign(Self.claims { $0["exp"] = .number(Int(later) + 600) }), now: later)
            try await eventually("the old key is forgotten") { verifier.known(first, now: later) == nil }
            // A file that is damaged leaves the keys that were good.
            try Data("{".utf8).write(to: URL(fileURLWithPath: path))
            #expect(
                await refusal(verifier, try await old.sign(Self.claims { $0["exp"] = .number(Int(later) + 9_000) }), now: later + 400)
                    == .unknownKey)
            let still = try await new.sign(Self.claims { $0["exp"] = .number(Int(later) + 9_000) })
            #expect(await refusal(verifier, still, now: later + 400) == nil)
        }
    }

    @Test func `keys are fetched from an address, once for many tokens at a time`() async throws {
        let issuer = TokenIssuer("k1")
        let set = try TokenIssuer.set(issuer)
        var router = Router()
        let counter = Asked()
        router.on(.GET, "/jwks") { _ in
            counter.increment()
            return .ready(.json(set))
        }
        let service = HTTPService(
            configuration: .init(port: 0, eventLoops: 1), router: router, metrics: MetricsRegistry(), logger: Logger(label: "test"))
        let port = try await service.start().port ?? 0
        let verifier = TokenVerifier(Self.policy, keys: .init("http://127.0.0.1:\(port)/jwks")) { _ in }
        var tokens: [String] = []
        for number in 0..<20 { tokens.append(try await issuer.sign(Self.claims { $0["sub"] = .text("s\(number)") })) }
        let good = await withTaskGroup(of: Bool.self) { group in
            for token in tokens { group.addTask { (try? await verifier.verify(token, now: Self.now)) != nil } }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(good == 20)
        #expect(counter.count == 1)
        await service.stop()
        // The address answers no more: the last good keys stay.
        #expect(
            await refusal(
                verifier, try await issuer.sign(Self.claims { $0["exp"] = .number(Int(Self.now) + 9_000) }), now: Self.now + 1_000) == nil)
    }

    @Test func `a key set is taken for what in it can verify`() async throws {
        let issuer = TokenIssuer("k1")
        let symmetric: JSONValue = ["kty": "oct", "kid": "s", "k": "c2VjcmV0", "alg": "HS256"]
        let encryption = try JSONValue.object(
            JSONObject((issuer.jwk.objectValue ?? [:]).members.map { ($0.name, $0.name == "use" ? "enc" : $0.value) }))
        func read(_ keys: JSONValue...) async throws -> [String] {
            try await TrustedTokenKeys(JSONWriter.bytes(["keys": .array(keys)])).keys.keys.sorted()
        }
        #expect(try await read(symmetric, issuer.jwk) == ["k1"])
        await #expect(throws: AccessError.self) { try await read(symmetric) }
        await #expect(throws: AccessError.self) { try await read(encryption) }
        await #expect(throws: AccessError.self, "two of one id") { try await read(issuer.jwk, issuer.jwk) }
        await #expect(throws: AccessError.self) { try await TrustedTokenKeys(Array("[]".utf8)) }
    }
}

/// Counts.
private final class Asked: Sendable {
    private let state = Mutex(0)
    var count: Int { state.withLock { $0 } }
    func increment() { state.withLock { $0 += 1 } }
}

private func eventually(_ what: String, _ condition: () async throws -> Bool) async throws {
    let end = ContinuousClock.now + .seconds(600)
    while try await !condition() {
        guard ContinuousClock.now < end else {
            Issue.record("not within 10 minutes: \(what)")
            return
        }
        try await Task.sleep(for: .milliseconds(5))
    }
}
