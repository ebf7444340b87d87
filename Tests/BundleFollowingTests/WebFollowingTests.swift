import BundleFollowing
import Downloads
import EnforcementServer
import Foundation
import JSON
import PolicyBundle
import PolicyEngine
import Signing
import TestSupport
import Testing

/// A bundle that a web server hands out.
@Suite struct WebFollowingTests {
    private func feed(_ url: String, token: String? = nil) throws -> WebFeed { try WebFeed(WebAddress(url), token: token) }

    @Test func `a bundle is fetched by its entity tag, and sent again only when it has changed`() async throws {
        try await WebServer.with { server in
            server.put(.init(try Workshop.make(1), etag: "\"one\""), at: "/b")
            let follower = try Follower(try feed(server.url("/b?key=secret"), token: "t0ken"))
            #expect(follower.subscription.feed.name == server.url("/b"), "a query may open an object store")
            #expect(try await blocking { follower.look() } == ["activated 1"])
            #expect(try await blocking { follower.look() } == ["confirmed 1"])
            #expect(
                server.asked().map { [$0.path, $0.tag ?? "", $0.token ?? "", String($0.status)] } == [
                    ["/b", "", "Bearer t0ken", "200"], ["/b.dsse.json", "", "Bearer t0ken", "404"],
                    ["/b", "\"one\"", "Bearer t0ken", "304"],
                ])
            server.put(.init(try Workshop.make(2), etag: "\"two\""), at: "/b")
            #expect(try await blocking { follower.look() } == ["activated 2"])
            // Without a tag it is sent each time, and seen to be the same.
            server.put(.init(try Workshop.make(3)), at: "/b")
            #expect(try await blocking { follower.look() } == ["activated 3"])
            #expect(try await blocking { follower.look() } == ["confirmed 3"])
        }
    }

    @Test func `what is broken, gone or forbidden changes nothing, and is told apart`() async throws {
        try await WebServer.with { server in
            server.put(.init(try Workshop.make(1), etag: "\"one\""), at: "/b")
            let follower = try Follower(try feed(server.url("/b")))
            #expect(try await blocking { follower.look() } == ["activated 1"])
            server.put(.init(Array("<html>maintenance</html>".utf8), etag: "\"two\""), at: "/b")
            #expect(try await blocking { follower.look() } == ["BundleBroken"])
            // It is not sent again to be refused again.
            #expect(try await blocking { follower.look() } == ["unchanged"])
            server.put(.init(try Workshop.make(2, organization: "globex"), etag: "\"three\""), at: "/b")
            #expect(try await blocking { follower.look() } == ["OtherOrganization"])
            for (status, reason) in [
                (404, "NotFound"), (403, "Forbidden"), (401, "Forbidden"), (500, "BadStatus"), (503, "BadStatus"), (206, "BadStatus"),
            ] {
                server.put(.init(status: .init(statusCode: status)), at: "/b")
                #expect(try await blocking { follower.look() } == [reason], "\(status)")
            }
            #expect(follower.inForce == 1)
            server.put(.init(try Workshop.make(2), etag: "\"four\""), at: "/b")
            #expect(try await blocking { follower.look() } == ["activated 2"])
            await server.stop()
            #expect(try await blocking { follower.look() } == ["Unreachable"])
            #expect(follower.inForce == 2)
        }
    }

    @Test func `redirects are followed within a server, and to no other`() async throws {
        try await WebServer.with { server in
            try await WebServer.with { other in
                server.put(.init(try Workshop.make(1)), at: "/b")
                other.put(.init(try Workshop.make(2)), at: "/b")
                server.put(.init(redirectTo: "/b"), at: "/near")
                server.put(.init(redirectTo: other.url("/b")), at: "/far")
                server.put(.init(redirectTo: "/round"), at: "/round")
                server.put(.init(redirectTo: "file:///etc/passwd"), at: "/file")
                let near = try Follower(try feed(server.url("/near")))
                #expect(try await blocking { near.look() } == ["activated 1"])
                for path in ["/far", "/round", "/file"] {
                    let follower = try Follower(try feed(server.url(path), token: "t0ken"))
                    #expect(try await blocking { follower.look() } == ["Redirected"], "\(path)")
                    #expect(follower.inForce == nil)
                }
                #expect(other.asked() == [])
            }
        }
    }

    @Test func `what is too large is not taken in`() async throws {
        try await WebServer.with { server in
            server.put(.init([UInt8](repeating: 0x20, count: 200_000)), at: "/b")
            let download = Download(try WebAddress(server.url("/b")), limit: 199_999)
            let error = try await blocking { () -> Download.Failure? in
                do {
                    _ = try download.fetch(unless: nil) { false }
                    return nil
                } catch { return error as? Download.Failure }
            }
            #expect(error?.kind == .tooLarge)
            let fitting = Download(try WebAddress(server.url("/b")), limit: 200_000)
            let count = try await blocking { () -> Int in
                guard case .file(let file) = try fitting.fetch(unless: nil, isStopping: { false }) else { return -1 }
                return file.bytes.count
            }
            #expect(count == 200_000)
        }
    }

    @Test func `a source that goes back to an older epoch is refused, also after a restart, until it has caught up`() async throws {
        let folder = try TemporaryFolder.make()
        defer { TemporaryFolder.remove(folder) }
        let shop = Workshop(folder: folder)
        try await WebServer.with { server in
            server.put(.init(try Workshop.make(1), etag: "\"1\"", epoch: 7), at: "/b")
            let follower = try Follower(try feed(server.url("/b")), kept: try shop.kept())
            #expect(try await blocking { follower.look() } == ["activated 1"])
            server.put(.init(try Workshop.make(2), etag: "\"2\"", epoch: 6), at: "/b")
            #expect(try await blocking { follower.look() } == ["OlderEpoch"])
            let restarted = try Follower(try feed(server.url("/b")), kept: try shop.kept())
            #expect(restarted.subscription.restore())
            #expect(try await blocking { restarted.look() } == ["activated 1", "OlderEpoch"])
            #expect(restarted.inForce == 1)
            server.put(.init(try Workshop.make(2), etag: "\"3\"", epoch: 8), at: "/b")
            #expect(try await blocking { restarted.look() } == ["activated 2"])
            #expect(restarted.subscription.current?.epoch == 8)
            // An older commit under a newer epoch is what an operator has ordered.
            server.put(.init(try Workshop.make(1), etag: "\"4\"", epoch: 9), at: "/b")
            #expect(try await blocking { restarted.look() } == ["activated 1"])
        }
    }

    @Test func `a server hands its signed bundle on to another`() async throws {
        let folder = try TemporaryFolder.make()
        defer { TemporaryFolder.remove(folder) }
        let shop = Workshop(folder: folder)
        let key = try SigningKey.generate()
        try shop.trust(key)
        let rules = BundleRules(trustedKeys: shop.keys)
        let server = try EnforcementServer(.init(host: "127.0.0.1", port: 0), store: BundleStore(), status: ServiceStatus())
        let port = try await server.start()
        let follower = try Follower(try feed("http://127.0.0.1:\(port)/v1/bundle/content"), rules: rules)
        #expect(try await blocking { follower.look() } == ["BadStatus"], "503: there is no bundle yet")
        func serve(_ bytes: [UInt8], _ signature: [UInt8]?, epoch: Int64) throws {
            server.store.activate(
                try PolicyEngine(PolicyBundle(bytes: bytes)), at: 0,
                provision: BundleProvision(
                    source: "", arrivedAt: 0, epoch: epoch, signature: signature, signer: nil, isRestored: false))
        }
        let first = try Workshop.make(1)
        try serve(first, nil, epoch: 3)
        #expect(try await blocking { follower.look() } == ["BundleUnsigned"])
        try serve(first, Workshop.sign(first, [key]), epoch: 3)
        #expect(try await blocking { follower.look() } == ["activated 1"])
        #expect(follower.subscription.current?.epoch == 3)
        #expect(try await blocking { follower.look() } == ["confirmed 1"])
        let second = try Workshop.make(2)
        try serve(second, Workshop.sign(first, [key]), epoch: 4)
        #expect(try await blocking { follower.look() } == ["OtherBundle"])
        try serve(second, Workshop.sign(second, [key]), epoch: 4)
        #expect(try await blocking { follower.look() } == ["activated 2"])
        await server.stop()
    }

    @Test func `an address is http or https, without a password, and private only where nobody reads along`() throws {
        for text in [
            "", "ftp://h/b", "http://", "http:///b", "http://user:pass@h/b", "https://h:0/b", "https://h:99999/b", "http://h/a b",
            "http://h/ä",
            "http://h/b#c", "http://[]/b", "/b",
        ] {
            #expect(throws: WebAddress.Invalid.self, "\(text)") { try WebAddress(text) }
        }
        let origins = [
            ("https://Files.Example/b", "https://files.example", true), ("https://h:443/b", "https://h", true),
            ("http://h:8181/b?c=d", "http://h:8181", false), ("http://127.0.0.1:8181/b", "http://127.0.0.1:8181", true),
            ("http://[::1]:80/b", "http://[::1]", true), ("http://localhost.evil.example/b", "http://localhost.evil.example", false),
            ("http://127.0.0.1.evil.example/b", "http://127.0.0.1.evil.example", false),
        ]
        for (text, origin, isPrivate) in origins {
            let address = try WebAddress(text)
            #expect(address.origin == origin && address.isPrivate == isPrivate, "\(text)")
        }
        #expect(try WebAddress("http://h/b?c=d").appending(".dsse.json").text == "http://h/b.dsse.json?c=d")
        #expect(try WebAddress("http://h/b?c=d").shown == "http://h/b")
    }
}
