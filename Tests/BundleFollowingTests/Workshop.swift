import BundleFollowing
import BundleProvenance
import Foundation
import GovernanceModel
import JSON
import PolicyBundle
import PolicyCompiler
import PolicyEngine
import Signing
import Synchronization
import TestSupport
import Testing

/// Bundles, keys and a folder for them.
struct Workshop {
    let folder: String
    var bundle: String { folder + "/bundle" }
    var signature: String { bundle + ".dsse.json" }
    var keys: String { folder + "/trusted.json" }

    static func with(_ body: (Workshop) throws -> Void) throws { try TemporaryFolder.with { try body(Workshop(folder: $0)) } }

    /// A bundle of its own for each number.
    static func make(_ number: Int, organization: String = "acme") throws -> [UInt8] {
        let yaml = """
            apiVersion: charter/v1
            kind: Organization
            metadata: {name: \(organization)}
            spec: {displayName: Acme, currency: USD}
            ---
            apiVersion: charter/v1
            kind: Role
            metadata: {name: r\(number)}
            spec: {permissions: [{actions: ["*"], resources: ["*:*"]}]}

            """
        let (governance, _) = Governance.link([DocumentReader.read(Array(yaml.utf8), path: "a.yaml")])
        let origin = BundleOrigin(commit: Self.commit(number), tree: String(repeating: "d", count: 40), time: 0)
        return try #require(PolicyCompiler.compile(governance, origin: origin, isLinked: true, now: 0).bundle)
    }

    static func commit(_ number: Int) -> String { String(repeating: "0", count: 39) + String(number) }

    /// Puts a file in its place as a whole.
    func replace(_ path: String, with bytes: [UInt8]?) throws {
        guard let bytes else { return try FileManager.default.removeItem(atPath: path) }
        try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
    }

    func put(_ bytes: [UInt8], signedBy keys: SigningKey...) throws {
        try replace(bundle, with: bytes)
        if !keys.isEmpty { try replace(signature, with: Self.sign(bytes, keys)) }
    }

    static func sign(_ bytes: [UInt8], _ keys: [SigningKey]) throws -> [UInt8] {
        let now = try #require(UTCTime(secondsSince1970: Int64(Date().timeIntervalSince1970)))
        return try SignedBundle.sign(PolicyBundle(bytes: bytes), bytes: bytes, with: keys, at: now).text
    }

    func trust(_ keys: SigningKey...) throws {
        let list = keys.map { TrustedKey($0.publicKey).json }
        try replace(self.keys, with: JSONWriter.bytes(.array(list)))
    }

    func kept() throws -> KeptBundle { try KeptBundle(folder: folder + "/kept") }
}

/// A subscription, and all that it has told.
final class Follower: Sendable {
    let subscription: BundleSubscription
    private let told: Told

    private final class Told: Sendable {
        let events = Mutex<[BundleSubscription.Event]>([])
    }

    init(_ feed: any BundleFeed, rules: BundleRules = BundleRules(), kept: KeptBundle? = nil) throws {
        let told = Told()
        self.told = told
        subscription = try BundleSubscription(feed, rules: rules, kept: kept) { event in told.events.withLock { $0.append(event) } }
    }

    /// What was told since the last call, in a word each.
    func news() -> [String] {
        told.events.withLock { events in
            defer { events = [] }
            return events.map { event in
                switch event {
                case .activated(let bundle): "activated \(Int(bundle.engine.commit) ?? -1)"
                case .confirmed(let bundle): "confirmed \(Int(bundle.engine.commit) ?? -1)"
                case .unchanged: "unchanged"
                case .refused(let refusal): refusal.reason.rawValue
                case .unreachable(let failure): failure.reason
                case .notRestored(let refusal): "kept: " + refusal.reason.rawValue
                case .notKept: "not kept"
                }
            }
        }
    }

    /// Looks once; what was told of it.
    func look() -> [String] {
        subscription.look()
        return news()
    }

    /// The number of the bundle in force.
    var inForce: Int? { subscription.current.flatMap { Int($0.engine.commit) } }
}
