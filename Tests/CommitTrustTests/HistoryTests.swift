import Foundation
import Git
import GovernanceModel
import Testing

@testable import ControlPlane

/// Where the new commit comes from.
@Suite struct HistoryTests {
    static let now: Int64 = 1_800_000_000

    private func refusal(
        _ repository: SignedRepository, _ new: GitObjectID, after applied: GitObjectID, _ reconcile: String, key: String, limit: Int? = nil
    ) throws -> TrustRefusal? {
        let organization = try TrustingOrganization.make(
            reconcile, signers: ["name: ada, emails: [ada@example.org], publicKey: \(try repository.publicText(key))"])
        var trust = CommitTrust(settings: TrustSettings(organization), now: Self.now)
        if let limit { trust.limit = limit }
        return trust.refusal(of: new, after: applied, in: try repository.open())
    }

    @Test(arguments: ["{}", "{signatures: required}"])
    func `an old signed commit that comes back as the newest is refused`(_ reconcile: String) throws {
        let repository = try SignedRepository()
        let ada = try repository.sshKey()
        let old = try repository.commit(.ssh(ada))
        let applied = try repository.commit(.ssh(ada))
        let refusal = try #require(try refusal(repository, old, after: applied, reconcile, key: ada))
        #expect(refusal.reason == .historyRewritten && !refusal.isPassing)
        #expect(refusal.message.contains(applied.short) && refusal.message.contains(old.short))
    }

    @Test(arguments: ["{}", "{signatures: required}"])
    func `a branch that was rewritten is refused`(_ reconcile: String) throws {
        let repository = try SignedRepository()
        let ada = try repository.sshKey()
        let base = try repository.commit(.ssh(ada))
        let applied = try repository.commit(.ssh(ada))
        try repository.git(["reset", "-q", "--hard", base.description])
        let new = try repository.commit(.ssh(ada))
        #expect(try refusal(repository, new, after: applied, reconcile, key: ada)?.reason == .historyRewritten)
    }

    @Test func `where rewinds are allowed, what is new must be signed all the same`() throws {
        let repository = try SignedRepository()
        let ada = try repository.sshKey()
        let base = try repository.commit()
        let applied = try repository.commit(.ssh(ada))
        let settings = "{signatures: required, rewinds: allow}"
        #expect(try refusal(repository, base, after: applied, settings, key: ada) == nil, "it was accepted once")
        try repository.git(["reset", "-q", "--hard", base.description])
        let signed = try repository.commit(.ssh(ada))
        #expect(try refusal(repository, signed, after: applied, settings, key: ada) == nil)
        let unsigned = try repository.commit()
        #expect(try refusal(repository, unsigned, after: applied, settings, key: ada)?.reason == .commitUnsigned)
    }

    @Test func `a history of its own is refused`() throws {
        let repository = try SignedRepository()
        let ada = try repository.sshKey()
        let applied = try repository.commit(.ssh(ada))
        try repository.git(["checkout", "-q", "--orphan", "other"])
        let new = try repository.commit(.ssh(ada))
        #expect(try refusal(repository, new, after: applied, "{signatures: required}", key: ada)?.reason == .historyRewritten)
    }

    @Test func `a commit that is missing from the history is not passed over`() throws {
        let repository = try SignedRepository()
        let ada = try repository.sshKey()
        let applied = try repository.commit(.ssh(ada))
        let middle = try repository.commit(.ssh(ada))
        let new = try repository.commit(.ssh(ada))
        #expect(try refusal(repository, new, after: applied, "{signatures: required}", key: ada) == nil)
        let hex = middle.description
        try FileManager.default.removeItem(atPath: "\(repository.path)/.git/objects/\(hex.prefix(2))/\(hex.dropFirst(2))")
        for settings in ["{}", "{signatures: required}", "{signatures: required, rewinds: allow}"] {
            let refusal = try #require(try refusal(repository, new, after: applied, settings, key: ada))
            #expect(refusal.reason == .historyIncomplete && refusal.isPassing)
            #expect(refusal.message.contains(hex))
        }
    }

    @Test func `a shallow clone is never enough`() throws {
        let repository = try SignedRepository()
        let ada = try repository.sshKey()
        let applied = try repository.commit(.ssh(ada))
        _ = try repository.commit(.ssh(ada))
        let new = try repository.commit(.ssh(ada))
        let clone = repository.path + "-shallow"
        try repository.git(["clone", "-q", "--depth", "1", "file://\(repository.path)", clone])
        let organization = try TrustingOrganization.make(signers: ["name: ada, publicKey: \(try repository.publicText(ada))"])
        let refusal = CommitTrust.refusal(
            of: new, after: applied, in: try GitRepository(opening: clone), organization: organization, operator: nil, now: Self.now)
        #expect(refusal?.reason == .historyIncomplete)
    }

    @Test func `more commits than can be looked at are refused`() throws {
        let repository = try SignedRepository()
        let ada = try repository.sshKey()
        let applied = try repository.commit(.ssh(ada))
        var new = applied
        for _ in 0..<4 { new = try repository.commit(.ssh(ada)) }
        #expect(try refusal(repository, new, after: applied, "{signatures: required}", key: ada, limit: 3)?.reason == .historyTooLong)
        #expect(try refusal(repository, new, after: applied, "{signatures: required}", key: ada, limit: 4) == nil)
    }
}
