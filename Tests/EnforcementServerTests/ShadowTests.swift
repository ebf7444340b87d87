import Foundation
import GovernanceModel
import JSON
import PolicyBundle
import PolicyCompiler
import PolicyEngine
import TestSupport
import Testing

@testable import EnforcementServer

/// A second bundle that decides nothing.
@Suite struct ShadowTests {
    private static func request(_ purpose: String) -> [UInt8] {
        Array(
            """
            {"subject":{"type":"user","id":"ada"},"action":{"name":"llm.chat"},"resource":{"type":"model","id":"p/m"},"context":{"purpose":"\(purpose)"}}
            """.utf8)
    }

    /// A server with a bundle in force and another as shadow, and whatever `body` finds out.
    private func serve(
        _ inForce: [UInt8], shadow bytes: [UInt8]?, share: Double = 1,
        _ body: @escaping @Sendable (HTTPClient) throws -> Void
    ) async throws {
        let shadow = ShadowBundle(share: share)
        var configuration = EnforcementServer.Configuration(host: "127.0.0.1", port: 0)
        configuration.shadow = shadow
        let server = try EnforcementServer(configuration, store: BundleStore(), status: ServiceStatus())
        server.store.activate(try PolicyEngine(PolicyBundle(bytes: inForce)), at: 0)
        if let bytes { shadow.store.activate(try PolicyEngine(PolicyBundle(bytes: bytes)), at: 0) }
        let port = try await server.start()
        try await onOwnThread { try body(HTTPClient(port: UInt16(port))) }
        await server.stop()
    }

    private static func count(_ client: HTTPClient) throws -> Int64 {
        let counts = try client.get("/v1/shadow").json["decisions"]?.objectValue?.members ?? []
        return counts.reduce(0) { $0 + ($1.value.intValue ?? 0) }
    }

    @Test func `differences are counted by kind and shown, and answers are those of the bundle in force`() async throws {
        try await serve(BundleStoreTests.bundle(1), shadow: BundleStoreTests.bundle(2)) { (client: HTTPClient) throws in
            // By which the bundle of a number denies, and warns of whatever ends in it.
            let asked = [("purpose-1", false), ("purpose-2", true), ("x1", true), ("another", true), ("another", true)]
            for (purpose, isAllowed) in asked {
                #expect(try client.post("/v1/decisions", Self.request(purpose)).json["decision"] == .bool(isAllowed), "\(purpose)")
            }
            #expect(try client.post("/v1/decisions", Array("{}".utf8)).status == 400, "what cannot be read is not compared")
            #expect(try eventually { try Self.count(client) == 5 })
            let shown = try client.get("/v1/shadow").json
            #expect(
                shown["decisions"] == ["same": 2, "allow_to_deny": 1, "deny_to_allow": 1, "other_reasons": 1, "error": 0])
            #expect(shown["skipped"] == 0)
            let examples = try #require(shown["examples"]?.arrayValue)
            #expect(examples.map { $0["outcome"] } == ["other_reasons", "allow_to_deny", "deny_to_allow"])
            let denied = examples[2]
            #expect(denied["subject"] == ["type": "user", "id": "ada"] && denied["action"] == "llm.chat")
            #expect(denied["resource"] == ["type": "model", "id": "p/m"])
            #expect(denied["inForce"]?["decision"] == false && denied["shadow"]?["decision"] == true)
            #expect(denied["inForce"]?["reason"]?["code"] == "policy-denied" && denied["inForce"]?["reason"]?["policy"] == "p")
            #expect(denied["shadow"]?["reason"] == .null)
            // What a request held besides is in no example.
            #expect(!JSONWriter.text(shown).contains("purpose-1"))
            #expect(try client.metric(#"charter_shadow_decisions_total{outcome="deny_to_allow"}"#) == 1)
            #expect(try client.metric("charter_shadow_skipped_total") == 0)
        }
    }

    @Test func `a share of the decisions is compared, and the last hundred examples are kept`() async throws {
        try await serve(BundleStoreTests.bundle(1), shadow: BundleStoreTests.bundle(2), share: 0.5) { (client: HTTPClient) throws in
            for _ in 0..<240 { #expect(try client.post("/v1/decisions", Self.request("purpose-1")).status == 200) }
            #expect(try eventually { try Self.count(client) == 120 })
            let shown = try client.get("/v1/shadow").json
            #expect(shown["examples"]?.arrayValue?.count == 100)
        }
    }

    @Test func `a request that the shadow bundle cannot read is an error of the shadow's alone`() async throws {
        func bundle(_ type: String) throws -> [UInt8] {
            let yaml = """
                apiVersion: charter/v1
                kind: Organization
                metadata: {name: acme}
                spec:
                  displayName: Acme
                  currency: USD
                  resourceTypes: [{name: page, actions: [read], properties: {level: {type: \(type)}}}]
                ---
                apiVersion: charter/v1
                kind: Role
                metadata: {name: r}
                spec: {permissions: [{actions: ["*"], resources: ["*:*"]}]}
                ---
                apiVersion: charter/v1
                kind: User
                metadata: {name: ada}
                spec: {email: a@b.c, roles: [r]}

                """
            let (governance, _) = Governance.link([DocumentReader.read(Array(yaml.utf8), path: "a.yaml")])
            let origin = BundleOrigin(commit: type, tree: "tree", time: 0)
            let result = PolicyCompiler.compile(governance, origin: origin, isLinked: true, now: 0)
            return try #require(result.bundle, "\(result.diagnostics)")
        }
        let request = Array(
            """
            {"subject":{"type":"user","id":"ada"},"action":{"name":"read"},"resource":{"type":"page","id":"1","properties":{"level":"high"}}}
            """.utf8)
        try await serve(bundle("string"), shadow: bundle("int")) { (client: HTTPClient) throws in
            #expect(try client.post("/v1/decisions", request).json["decision"] == true)
            #expect(try eventually { try Self.count(client) == 1 })
            let example = try client.get("/v1/shadow").json["examples"]?.arrayValue?.first
            #expect(example?["outcome"] == "error" && example?["inForce"]?["decision"] == true)
            #expect(example?["shadow"]?["error"]?.stringValue?.contains("level") == true)
        }
    }

    @Test func `without a shadow bundle nothing is compared`() async throws {
        try await serve(BundleStoreTests.bundle(1), shadow: nil) { (client: HTTPClient) throws in
            #expect(try client.post("/v1/decisions", Self.request("purpose-1")).status == 200)
            #expect(try client.get("/v1/shadow").json["bundle"] == .null)
            #expect(try Self.count(client) == 0)
        }
        let server = try EnforcementServer(.init(host: "127.0.0.1", port: 0), store: BundleStore(), status: ServiceStatus())
        let port = try await server.start()
        let answer = try await onOwnThread { try HTTPClient(port: UInt16(port)).get("/v1/shadow").status }
        #expect(answer == 404)
        await server.stop()
    }
}
