import BundleFollowing
import Foundation
import Signing
import TestSupport
import Testing

/// What is kept for a restart.
@Suite struct KeptBundleTests {
    @Test func `the last good bundle is in force after a restart with no source`() throws {
        let key = try SigningKey.generate()
        try Workshop.with { shop in
            try shop.trust(key)
            let rules = BundleRules(trustedKeys: shop.keys)
            let follower = try Follower(FileFeed(path: shop.bundle), rules: rules, kept: try shop.kept())
            for number in [1, 2] {
                try shop.put(Workshop.make(number), signedBy: key)
                #expect(follower.look() == ["activated \(number)"])
            }
            try shop.put(Array("broken".utf8))
            #expect(follower.look() == ["OtherBundle"])
            let arrivedAt = follower.subscription.current?.arrivedAt
            try shop.replace(shop.bundle, with: nil)

            let restarted = try Follower(FileFeed(path: shop.bundle), rules: rules, kept: try shop.kept())
            #expect(restarted.subscription.restore())
            #expect(restarted.news() == ["activated 2"])
            let restored = try #require(restarted.subscription.current)
            #expect(restored.isRestored && restored.source == shop.bundle && restored.arrivedAt == arrivedAt)
            #expect(restored.signer == key.publicKey.id && restored.signature != nil)
            #expect(restarted.look() == ["FileMissing"])
            #expect(restarted.inForce == 2)
            try shop.put(Workshop.make(2), signedBy: key)
            #expect(restarted.look() == ["confirmed 2"])
            #expect(restarted.subscription.current?.isRestored == false)
            // The one before is let go of.
            let files = try FileManager.default.contentsOfDirectory(atPath: shop.folder + "/kept")
            #expect(files.filter { $0.hasSuffix(".bundle") }.count == 1, "\(files)")
        }
    }

    @Test func `what others have done to the kept files is refused, and the source is asked all the same`() throws {
        let changes: [(name: String, change: (String, String) throws -> Void)] = [
            (
                "changed",
                { _, bundle in
                    var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: bundle)))
                    bytes[bytes.count / 2] ^= 1
                    try Data(bytes).write(to: URL(fileURLWithPath: bundle))
                }
            ), ("cut", { _, bundle in try Data().write(to: URL(fileURLWithPath: bundle)) }),
            ("another", { _, bundle in try Data(Workshop.make(7)).write(to: URL(fileURLWithPath: bundle)) }),
            ("gone", { _, bundle in try FileManager.default.removeItem(atPath: bundle) }),
            ("no record", { folder, _ in try Data("{".utf8).write(to: URL(fileURLWithPath: folder + "/last-good.json")) }),
            (
                "a path",
                { folder, _ in
                    try Data(#"{"digest":"../../x","organization":"acme","source":"x","arrivedAt":1}"#.utf8)
                        .write(to: URL(fileURLWithPath: folder + "/last-good.json"))
                }
            ),
        ]
        for (name, change) in changes {
            try Workshop.with { shop in
                try shop.put(Workshop.make(1))
                let first = try Follower(FileFeed(path: shop.bundle), kept: try shop.kept())
                #expect(first.look() == ["activated 1"])
                let folder = shop.folder + "/kept"
                let bundle = try #require(FileManager.default.contentsOfDirectory(atPath: folder).first { $0.hasSuffix(".bundle") })
                try change(folder, folder + "/" + bundle)
                let restarted = try Follower(FileFeed(path: shop.bundle), kept: try shop.kept())
                #expect(!restarted.subscription.restore(), "\(name)")
                #expect(restarted.inForce == nil, "\(name)")
                _ = restarted.news()
                #expect(restarted.look() == ["activated 1"], "\(name)")
                // It is kept again.
                #expect(try Follower(FileFeed(path: ""), kept: try shop.kept()).subscription.restore(), "\(name)")
            }
        }
    }

    @Test func `a folder that cannot be written is told of, and does not hold the bundle up`() throws {
        try Workshop.with { shop in
            let kept = try shop.kept()
            try FileManager.default.removeItem(atPath: shop.folder + "/kept")
            try shop.put(Workshop.make(1))
            let follower = try Follower(FileFeed(path: shop.bundle), kept: kept)
            #expect(follower.look() == ["activated 1", "not kept"])
            #expect(throws: KeptBundle.Failure.self) { try KeptBundle(folder: shop.folder + "/no/such/folder") }
        }
    }
}
