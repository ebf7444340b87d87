import Foundation
import JSON
import PolicyBundle
import PolicyEngine
import TestSupport
import Testing

@testable import EnforcementServer

/// The bundle that a server hands on.
@Suite struct BundleContentTests {
    @Test func `the bundle in force is handed on byte for byte, by its digest`() async throws {
        let server = try EnforcementServer(.init(host: "127.0.0.1", port: 0), store: BundleStore(), status: ServiceStatus())
        let port = try await server.start()
        let store = server.store
        try await onOwnThread {
            let client = HTTPClient(port: UInt16(port))
            func get(_ path: String, _ tag: String? = nil) throws -> HTTPAnswer {
                let condition = tag.map { "If-None-Match: \($0)\r\n" } ?? ""
                return try client.send("GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\(condition)\r\n")
            }
            let (content, signature) = ("/v1/bundle/content", "/v1/bundle/content.dsse.json")
            #expect(try get(content).status == 503)
            #expect(try get(signature).status == 503)
            let first = try BundleStoreTests.bundle(1)
            let engine = try PolicyEngine(PolicyBundle(bytes: first))
            store.activate(engine, at: 0)
            let answer = try get(content)
            #expect(answer.status == 200 && answer.body == first)
            #expect(answer.fields["etag"] == "\"\(engine.digest)\"")
            #expect(answer.fields["content-type"] == "application/octet-stream")
            #expect(answer.fields["charter-epoch"] == nil)
            #expect(try get(signature).status == 404)
            let tag = "\"\(engine.digest)\""
            for known in [tag, "W/\(tag)", "*", "\"other\", \(tag)"] {
                let unchanged = try get(content, known)
                #expect(unchanged.status == 304 && unchanged.body == [] && unchanged.fields["etag"] == tag, "\(known)")
            }
            for unknown in ["\"other\"", engine.digest, "\"\(engine.digest.dropLast())\""] {
                #expect(try get(content, unknown).status == 200, "\(unknown)")
            }

            let second = try BundleStoreTests.bundle(2)
            store.activate(
                try PolicyEngine(PolicyBundle(bytes: second)), at: 0,
                provision: BundleProvision(
                    source: "https://files.example/b", arrivedAt: WallClock.now() - 90_000_000_000, epoch: 12,
                    signature: Array("signed".utf8),
                    signer: "key", isRestored: true))
            let changed = try get(content, tag)
            #expect(changed.status == 200 && changed.body == second && changed.fields["charter-epoch"] == "12")
            #expect(try get(signature).text == "signed")
            #expect(try client.get(content, method: "HEAD").fields["content-length"] == String(second.count))
            let bundle = try client.get("/readyz").json["checks"]?["bundle"]
            #expect(bundle?["source"] == "https://files.example/b" && bundle?["epoch"] == 12 && bundle?["restored"] == true)
            #expect((90...200).contains(bundle?["ageSeconds"]?.intValue ?? 0))
            #expect(try client.metric("charter_bundle_restored") == 1)
        }
        await server.stop()
    }
}
