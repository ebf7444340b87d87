import HTTPService
import JSON
import TestSupport
import Testing

@testable import EnforcementServer

/// A server that has nothing to decide by yet.
@Suite struct NoBundleTests {
    /// Calls `body` with a server that has no bundle.
    private static func serving(publicURL: String? = nil, _ body: @escaping @Sendable (HTTPClient) throws -> Void) async throws {
        var configuration = EnforcementServer.Configuration(host: "127.0.0.1", port: 0)
        configuration.publicURL = publicURL
        let server = try EnforcementServer(configuration, store: BundleStore(), status: ServiceStatus())
        let port = try await server.start()
        do {
            try await onOwnThread { try body(HTTPClient(port: UInt16(port))) }
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    @Test func `without a bundle nothing is decided, in any protocol`() async throws {
        let whole = #"{"subject":{"type":"user","id":"ada"},"action":{"name":"a"},"resource":{"type":"b","id":"c"}}"#
        try await Self.serving { client in
            for path in [
                "/v1/decisions", "/v1/decisions/explain", "/v1/search/subjects", "/v1/search/resources", "/v1/search/actions",
                "/access/v1/evaluation", "/access/v1/evaluations", "/access/v1/search/subject", "/access/v1/search/resource",
                "/access/v1/search/action", "/v0/data/charter/allow", "/",
            ] {
                #expect(try client.post(path, Array(whole.utf8)).status == 503, "\(path)")
            }
            #expect(try client.post("/v1/decisions/batch", Array("{\"requests\":[\(whole)]}".utf8)).status == 503)
            let opa = try client.post("/v1/data/charter/allow", Array("{\"input\":\(whole)}".utf8))
            #expect(opa.status == 503)
            #expect(try opa.json["code"] == "internal_error")
            #expect(try client.request("GET", "/envoy/authz/x", [("x-charter-subject-id", "ada")]).status == 503)
            #expect(try client.get("/health").status == 200)
            #expect(try client.get("/health?bundles=false").status == 200)
            for query in ["bundles", "bundle=true", "plugins"] {
                let health = try client.get("/health?" + query)
                #expect(health.status == 500)
                #expect(try health.json["error"]?.stringValue?.isEmpty == false)
            }
        }
    }

    @Test func `the metadata name the public URL where one is configured, whatever a request calls the server`() async throws {
        try await Self.serving(publicURL: "https://pdp.example.com/charter/") { client in
            let json = try client.get("/.well-known/authzen-configuration").json
            #expect(json["policy_decision_point"] == "https://pdp.example.com/charter")
            #expect(json["access_evaluation_endpoint"] == "https://pdp.example.com/charter/access/v1/evaluation")
        }
    }
}
