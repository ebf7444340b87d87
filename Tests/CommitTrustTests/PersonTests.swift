import Git
import GovernanceModel
import Testing

@testable import ControlPlane

/// Nobody brings in what they have written.
@Suite struct PersonTests {
    static let now: Int64 = 1_800_000_000

    private struct Scene {
        let repository: SignedRepository
        let ada: SignedRepository.Key
        let bob: SignedRepository.Key
        let applied: GitObjectID
        let organization: Organization

        init() throws {
            repository = try SignedRepository()
            let (ada, bob) = (try repository.sshKey(), try repository.sshKey())
            (self.ada, self.bob) = (.ssh(ada), .ssh(bob))
            applied = try repository.commit(self.ada)
            organization = try TrustingOrganization.make(
                "{signatures: required, twoPersons: true}",
                signers: [
                    "name: ada, emails: [ada@example.org, Ada@home.example], publicKey: \(try repository.publicText(ada))",
                    "name: bob, emails: [bob@example.org], publicKey: \(try repository.publicText(bob))",
                ])
        }

        /// A branch `side` with one commit.
        func side(by author: String, _ key: SignedRepository.Key) throws {
            try repository.git(["checkout", "-q", "-b", "side", applied.description])
            _ = try repository.commit(by: author, key)
            try repository.git(["checkout", "-q", "main"])
        }

        func refusal(_ new: GitObjectID, after applied: GitObjectID? = nil) throws -> TrustRefusal? {
            CommitTrust.refusal(
                of: new, after: applied ?? self.applied, in: try repository.open(), organization: organization, operator: nil,
                now: PersonTests.now)
        }
    }

    @Test func `what one has written another may merge`() throws {
        let scene = try Scene()
        try scene.side(by: "ada@example.org", scene.ada)
        #expect(try scene.refusal(try scene.repository.merge("side", scene.bob)) == nil)
    }

    @Test func `what one has written one may not merge`() throws {
        let scene = try Scene()
        try scene.side(by: "ADA@example.org", scene.ada)
        let merge = try scene.repository.merge("side", scene.ada)
        let refusal = try #require(try scene.refusal(merge))
        #expect(refusal.reason == .samePerson && refusal.commit == merge)
        #expect(refusal.message.contains("`ada`"))
    }

    @Test func `another's name on a commit of one's own does not help`() throws {
        let scene = try Scene()
        try scene.side(by: "bob@example.org", scene.ada)
        #expect(try scene.refusal(try scene.repository.merge("side", scene.ada))?.reason == .samePerson)
    }

    @Test func `each address of a person is theirs`() throws {
        let scene = try Scene()
        try scene.side(by: "ada@home.example", scene.bob)
        #expect(try scene.refusal(try scene.repository.merge("side", scene.ada))?.reason == .samePerson)
    }

    @Test func `a commit outside a merge must be another's`() throws {
        let scene = try Scene()
        let own = try scene.repository.commit(by: "ada@example.org", scene.ada)
        #expect(try scene.refusal(own)?.reason == .samePerson)
        try scene.repository.git(["reset", "-q", "--hard", scene.applied.description])
        #expect(try scene.refusal(try scene.repository.commit(by: "ada@example.org", scene.bob)) == nil)
    }

    @Test func `each commit of the branch is looked at, not only the newest`() throws {
        let scene = try Scene()
        let own = try scene.repository.commit(by: "ada@example.org", scene.ada)
        let new = try scene.repository.commit(by: "ada@example.org", scene.bob)
        let refusal = try #require(try scene.refusal(new))
        #expect(refusal.reason == .samePerson && refusal.commit == own)
    }

    @Test func `one of several commits that a merge brings in is enough`() throws {
        let scene = try Scene()
        try scene.side(by: "ada@example.org", scene.ada)
        try scene.repository.git(["checkout", "-q", "side"])
        _ = try scene.repository.commit(by: "bob@example.org", scene.bob)
        try scene.repository.git(["checkout", "-q", "main"])
        _ = try scene.repository.commit(by: "ada@example.org", scene.bob)
        #expect(try scene.refusal(try scene.repository.merge("side", scene.bob))?.reason == .samePerson)
    }

    @Test func `a merge that brings in nothing counts as a commit`() throws {
        let scene = try Scene()
        let second = try scene.repository.commit(by: "ada@example.org", scene.bob)
        // A merge of what is in force already, with a change of its own.
        let merge = try scene.repository.merge("HEAD", scene.ada)
        #expect(merge == second, "git makes none")
        try scene.repository.git(["checkout", "-q", "-b", "own"])
        let tree = try scene.repository.git(["rev-parse", "HEAD^{tree}"])
        let arguments = ["commit-tree", tree, "-p", second.description, "-p", scene.applied.description, "-m", "merge", "-S"]
        guard case .ssh(let key) = scene.ada else { return }
        let hex = try scene.repository.git(["-c", "gpg.format=ssh", "-c", "user.signingkey=\(key)"] + arguments)
        let forged = try #require(GitObjectID(hex: hex))
        #expect(try scene.refusal(forged)?.reason == .samePerson)
    }

    @Test func `what was in force already is nobody's again`() throws {
        let scene = try Scene()
        // Bob's branch merges the branch that is in force, which holds commits of his, and becomes the new head.
        let applied = try scene.repository.commit(by: "bob@example.org", scene.ada)
        try scene.repository.git(["checkout", "-q", "-b", "side", scene.applied.description])
        _ = try scene.repository.commit(by: "ada@example.org", scene.bob)
        try scene.repository.git(["checkout", "-q", "side"])
        let merge = try scene.repository.merge("main", scene.bob)
        // The merge brings in nothing new, so that it is a commit of its author, Ada by git's settings here.
        #expect(try scene.refusal(merge, after: applied) == nil)
    }

    @Test func `whose addresses are not known cannot bring in anything`() throws {
        let scene = try Scene()
        let olga = try scene.repository.sshKey()
        let list = try scene.repository.file("olga \(try scene.repository.publicText(olga))\n")
        let new = try scene.repository.commit(by: "ada@example.org", .ssh(olga))
        func refusal(_ file: String) throws -> TrustRefusal? {
            CommitTrust.refusal(
                of: new, after: scene.applied, in: try scene.repository.open(), organization: scene.organization,
                operator: try OperatorTrust(allowedSignersFile: file, keyringFile: nil), now: Self.now)
        }
        #expect(try refusal(list)?.reason == .personUnknown)
        let known = try scene.repository.file("olga@example.org \(try scene.repository.publicText(olga))\n")
        #expect(try refusal(known) == nil)
        let everybody = try scene.repository.file("*@example.org \(try scene.repository.publicText(olga))\n")
        #expect(try refusal(everybody)?.reason == .samePerson, "she might be anybody there")
    }

    @Test(arguments: ["", String(repeating: "a", count: 2_000) + "@example.org"])
    func `a commit that does not say whose it is cannot be brought in`(_ author: String) throws {
        let scene = try Scene()
        #expect(try scene.refusal(try scene.repository.commit(by: author, scene.bob))?.reason == .personUnknown)
    }

    @Test func `the first commit ever is looked at with what it merges`() throws {
        let scene = try Scene()
        try scene.side(by: "ada@example.org", scene.ada)
        let merge = try scene.repository.merge("side", scene.ada)
        func first(_ new: GitObjectID) throws -> TrustRefusal? {
            CommitTrust.refusal(
                of: new, after: nil, in: try scene.repository.open(), organization: scene.organization, operator: nil, now: Self.now)
        }
        #expect(try first(merge)?.reason == .samePerson)
        try scene.repository.git(["reset", "-q", "--hard", scene.applied.description])
        #expect(try first(try scene.repository.merge("side", scene.bob)) == nil)
    }
}
