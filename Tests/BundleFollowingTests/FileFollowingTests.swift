import BundleFollowing
import Foundation
import PolicyBundle
import Signing
import Synchronization
import TestSupport
import Testing

/// A bundle file that is replaced.
@Suite struct FileFollowingTests {
    @Test func `a file that is replaced is put in force, and one that is not is not read again`() throws {
        try Workshop.with { shop in
            let follower = try Follower(FileFeed(path: shop.bundle))
            #expect(follower.look() == ["FileMissing"])
            #expect(follower.inForce == nil)
            try shop.put(Workshop.make(1))
            #expect(follower.look() == ["activated 1"])
            let engine = try #require(follower.subscription.current?.engine)
            #expect(follower.look() == ["confirmed 1"])
            try shop.put(Workshop.make(2))
            #expect(follower.look() == ["activated 2"])
            // The same bytes under another file are the same bundle.
            try shop.put(Workshop.make(2))
            #expect(follower.look() == ["confirmed 2"])
            try shop.replace(shop.bundle, with: nil)
            #expect(follower.look() == ["FileMissing"])
            #expect(follower.inForce == 2)
            #expect(follower.subscription.current?.engine !== engine)
        }
    }

    @Test func `a link that is switched, as a mounted volume does it, is seen`() throws {
        try Workshop.with { shop in
            let files = FileManager.default
            for number in [1, 2] {
                try files.createDirectory(atPath: "\(shop.folder)/..\(number)", withIntermediateDirectories: true)
                try shop.replace("\(shop.folder)/..\(number)/bundle", with: Workshop.make(number))
            }
            try files.createSymbolicLink(atPath: shop.folder + "/..data", withDestinationPath: "..1")
            try files.createSymbolicLink(atPath: shop.bundle, withDestinationPath: "..data/bundle")
            let follower = try Follower(FileFeed(path: shop.bundle))
            #expect(follower.look() == ["activated 1"])
            try files.createSymbolicLink(atPath: shop.folder + "/..data_tmp", withDestinationPath: "..2")
            #expect(rename(shop.folder + "/..data_tmp", shop.folder + "/..data") == 0)
            #expect(follower.look() == ["activated 2"])
        }
    }

    @Test func `a running subscription sees a new file by itself, and ends when it is stopped`() throws {
        try Workshop.with { shop in
            try shop.put(Workshop.make(1))
            let follower = try Follower(FileFeed(path: shop.bundle, interval: .milliseconds(5)))
            follower.subscription.start()
            #expect(eventually { follower.inForce == 1 })
            try shop.put(Workshop.make(2))
            #expect(eventually { follower.inForce == 2 })
            follower.subscription.stop()
            _ = follower.news()
            try shop.put(Workshop.make(3))
            #expect(follower.news() == [])
        }
    }

    @Test func `what is no bundle is refused once, and the last good one stays until a good one comes`() throws {
        let good = try Workshop.make(1)
        var flipped = try Workshop.make(2)
        flipped[flipped.count / 2] ^= 1
        let cases: [(bytes: [UInt8], reason: String)] = [
            (Array("not a bundle, and longer than its header would be, which has sixty-four bytes".utf8), "BundleBroken"),
            ([], "BundleBroken"),
            (flipped, "BundleBroken"), (Array(good.dropLast(8)), "BundleBroken"), (good + [0], "BundleBroken"),
        ]
        try Workshop.with { shop in
            try shop.put(good)
            let follower = try Follower(FileFeed(path: shop.bundle))
            #expect(follower.look() == ["activated 1"])
            for (bytes, reason) in cases {
                try shop.put(bytes)
                #expect(follower.look() == [reason])
                #expect(follower.look() == ["unchanged"])
                #expect(follower.inForce == 1)
            }
            try shop.put(Workshop.make(2))
            #expect(follower.look() == ["activated 2"])
        }
    }

    @Test func `without a good signature nothing is put in force`() throws {
        let (key, other) = (try SigningKey.generate(), try SigningKey.generate())
        try Workshop.with { shop in
            try shop.trust(key)
            let follower = try Follower(FileFeed(path: shop.bundle), rules: BundleRules(trustedKeys: shop.keys))
            try shop.put(Workshop.make(1))
            #expect(follower.look() == ["BundleUnsigned"])
            try shop.put(Workshop.make(1), signedBy: other)
            #expect(follower.look() == ["SignerUntrusted"])
            try shop.replace(shop.signature, with: Array("{}".utf8))
            #expect(follower.look() == ["SignatureInvalid"])
            #expect(follower.inForce == nil)
            try shop.put(Workshop.make(1), signedBy: key)
            #expect(follower.look() == ["activated 1"])
            #expect(follower.subscription.current?.signer == key.publicKey.id)
            // The signature of the one before, for longer than a replacement takes.
            try shop.put(Workshop.make(2))
            #expect(follower.look() == ["OtherBundle"])
            #expect(follower.inForce == 1)
            try shop.put(Workshop.make(2), signedBy: key)
            #expect(follower.look() == ["activated 2"])
        }
    }

    @Test func `of a bundle that is replaced before its signature, nothing is refused`() throws {
        let key = try SigningKey.generate()
        try Workshop.with { shop in
            try shop.trust(key)
            try shop.put(Workshop.make(1), signedBy: key)
            let feed = TrailingFeed(FileFeed(path: shop.bundle))
            let follower = try Follower(feed, rules: BundleRules(trustedKeys: shop.keys))
            #expect(follower.look() == ["activated 1"])
            let second = try Workshop.make(2)
            let signature = try Workshop.sign(second, [key])
            try shop.put(second)
            feed.next.withLock { $0 = { try? shop.replace(shop.signature, with: signature) } }
            #expect(follower.look() == ["activated 2"])
        }
    }

    @Test func `a key that is removed is trusted no more, and what it has signed stays only until the end`() throws {
        let (old, new) = (try SigningKey.generate(), try SigningKey.generate())
        try Workshop.with { shop in
            try shop.trust(old, new)
            try shop.put(Workshop.make(1), signedBy: old)
            let rules = BundleRules(trustedKeys: shop.keys)
            let follower = try Follower(FileFeed(path: shop.bundle), rules: rules, kept: try shop.kept())
            #expect(follower.look() == ["activated 1"])
            try shop.trust(new)
            #expect(follower.look() == ["SignerRemoved"])
            #expect(follower.inForce == 1)
            try shop.put(Workshop.make(2), signedBy: old)
            #expect(follower.look() == ["SignerUntrusted"])
            #expect(follower.inForce == 1)
            // A restart knows it no more.
            let restarted = try Follower(FileFeed(path: shop.folder + "/nowhere"), rules: rules, kept: try shop.kept())
            #expect(!restarted.subscription.restore())
            #expect(restarted.news() == ["kept: SignerUntrusted"])
            #expect(restarted.inForce == nil)
            // What was refused is good once its key is trusted: nothing else has changed.
            try shop.trust(old, new)
            #expect(follower.look() == ["activated 2"])
            try shop.replace(shop.keys, with: Array("[".utf8))
            #expect(follower.look() == ["KeysUnreadable"])
            #expect(follower.inForce == 2)
            try shop.trust(old)
            #expect(follower.look() == ["confirmed 2"])
        }
    }

    @Test func `a bundle of another organisation is refused, by the first that came or by name`() throws {
        try Workshop.with { shop in
            try shop.put(Workshop.make(1))
            let follower = try Follower(FileFeed(path: shop.bundle), kept: try shop.kept())
            #expect(follower.look() == ["activated 1"])
            try shop.put(Workshop.make(2, organization: "globex"))
            #expect(follower.look() == ["OtherOrganization"])
            #expect(follower.inForce == 1)
            // What was kept is remembered, and so is whose it was.
            let restarted = try Follower(FileFeed(path: shop.bundle), kept: try shop.kept())
            #expect(restarted.look() == ["OtherOrganization"])
            #expect(restarted.inForce == nil)
            let named = try Follower(FileFeed(path: shop.bundle), rules: BundleRules(organization: "acme"))
            #expect(named.look() == ["OtherOrganization"])
            let meant = try Follower(FileFeed(path: shop.bundle), rules: BundleRules(organization: "globex"), kept: try shop.kept())
            #expect(!meant.subscription.restore())
            #expect(meant.news() == ["kept: OtherOrganization"])
            #expect(meant.look() == ["activated 2"])
        }
    }
}

/// A file beside which something happens once it has been read.
private final class TrailingFeed: BundleFeed {
    let next = Mutex<(@Sendable () -> Void)?>(nil)
    private let file: FileFeed

    init(_ file: FileFeed) { self.file = file }

    var name: String { file.name }
    var interval: Duration { file.interval }
    var longestPause: Duration { file.longestPause }

    func fetch(after mark: String?, wantsSignature: Bool, isStopping: @escaping @Sendable () -> Bool) throws(FeedFailure) -> FeedAnswer {
        let answer = try file.fetch(after: mark, wantsSignature: wantsSignature, isStopping: isStopping)
        next.withLock { next in
            next?()
            next = nil
        }
        return answer
    }
}
