import Foundation
import Git
import GovernanceModel
import Testing

@testable import ControlPlane

/// Who may sign, and what a signature covers.
@Suite struct SignatureTests {
    static let now: Int64 = 1_800_000_000

    /// A repository whose first commit is in force, and a person who may sign.
    private struct Scene {
        let repository: SignedRepository
        let ada: String
        let applied: GitObjectID
        var more = ""
        var reconcile = "{signatures: required}"

        init() throws {
            repository = try SignedRepository()
            ada = try repository.sshKey()
            applied = try repository.commit(.ssh(ada))
        }

        func organization() throws -> Organization {
            try TrustingOrganization.make(
                reconcile, signers: ["name: ada, emails: [ada@example.org], publicKey: \(try repository.publicText(ada))\(more)"])
        }

        func refusal(_ new: GitObjectID, now: Int64 = SignatureTests.now) throws -> TrustRefusal? {
            CommitTrust.refusal(
                of: new, after: applied, in: try repository.open(), organization: try organization(), operator: nil, now: now)
        }
    }

    @Test func `commits that a trusted signer has signed are believed`() throws {
        let scene = try Scene()
        _ = try scene.repository.commit(.ssh(scene.ada))
        let new = try scene.repository.commit(by: "bob@example.org", .ssh(scene.ada))
        #expect(try scene.refusal(new) == nil)
        #expect(try scene.refusal(scene.applied) == nil)
    }

    @Test func `an unsigned commit is refused`() throws {
        let scene = try Scene()
        let new = try scene.repository.commit()
        let refusal = try #require(try scene.refusal(new))
        #expect(refusal.reason == .commitUnsigned && refusal.commit == new)
        #expect(refusal.message.contains(new.short) && refusal.message.contains("sign"))
    }

    @Test func `an unsigned commit between two signed ones is refused`() throws {
        let scene = try Scene()
        _ = try scene.repository.commit(.ssh(scene.ada))
        let between = try scene.repository.commit()
        let new = try scene.repository.commit(.ssh(scene.ada))
        let refusal = try #require(try scene.refusal(new))
        #expect(refusal.reason == .commitUnsigned && refusal.commit == between)
    }

    @Test func `an unsigned commit that a signed merge brings in is refused`() throws {
        let scene = try Scene()
        try scene.repository.git(["checkout", "-q", "-b", "side"])
        let side = try scene.repository.commit()
        try scene.repository.git(["checkout", "-q", "main"])
        _ = try scene.repository.commit(.ssh(scene.ada))
        let new = try scene.repository.merge("side", .ssh(scene.ada))
        let refusal = try #require(try scene.refusal(new))
        #expect(refusal.reason == .commitUnsigned && refusal.commit == side)
    }

    @Test func `a commit whose message was changed is refused`() throws {
        let scene = try Scene()
        let text = String(decoding: try scene.repository.raw(try scene.repository.commit(.ssh(scene.ada))), as: UTF8.self)
        let new = try scene.repository.write(Array(text.replacingOccurrences(of: "\nchange\n", with: "\nchanged\n").utf8))
        #expect(try scene.refusal(new)?.reason == .signatureInvalid)
    }

    @Test func `a signature that was copied from another commit is refused`() throws {
        let scene = try Scene()
        let signed = try scene.repository.separated(try scene.repository.commit(.ssh(scene.ada)))
        let unsigned = String(decoding: try scene.repository.raw(try scene.repository.commit()), as: UTF8.self)
        let new = try scene.repository.joined(unsigned, signed.header)
        #expect(try scene.refusal(new)?.reason == .signatureInvalid)
    }

    @Test func `a signature that was made for something else is refused`() throws {
        let scene = try Scene()
        let payload = String(decoding: try scene.repository.raw(try scene.repository.commit()), as: UTF8.self)
        let file = try scene.repository.joined(
            payload, try scene.repository.header(signing: payload, scene.ada, namespace: "file"))
        let refusal = try #require(try scene.refusal(file))
        #expect(refusal.reason == .signatureInvalid && refusal.message.contains("`file`"))
        let git = try scene.repository.joined(payload, try scene.repository.header(signing: payload, scene.ada, namespace: "git"))
        #expect(try scene.refusal(git) == nil, "it is the purpose alone that was wrong")
    }

    @Test func `two signatures on one commit are refused`() throws {
        let scene = try Scene()
        let (header, rest) = try scene.repository.separated(try scene.repository.commit(.ssh(scene.ada)))
        let new = try scene.repository.joined(rest, header + header)
        #expect(try scene.refusal(new)?.reason == .signatureInvalid)
    }

    @Test func `a key that is not listed is refused`() throws {
        let scene = try Scene()
        let eve = try scene.repository.sshKey()
        let refusal = try #require(try scene.refusal(try scene.repository.commit(.ssh(eve))))
        #expect(refusal.reason == .signerNotTrusted && refusal.message.contains("SHA256:"))
    }

    @Test func `an expired key is refused, whatever time the commit claims`() throws {
        var scene = try Scene()
        scene.more = ", expires: 2026-01-01T00:00:00Z"
        let end: Int64 = 1_767_225_600
        let new = try scene.repository.commit(.ssh(scene.ada), at: 1_767_000_000)
        #expect(try scene.refusal(new, now: end)?.reason == .signerExpired)
        #expect(try scene.refusal(new, now: end - 1) == nil)
        let late = try scene.repository.commit(.ssh(scene.ada), at: Int(end))
        #expect(try scene.refusal(late, now: end - 1)?.reason == .signerExpired, "it claims a time at which the key has expired")
    }

    @Test func `a key that is not valid yet is refused, and worth another look`() throws {
        var scene = try Scene()
        scene.more = ", validFrom: 2026-01-01T00:00:00Z"
        let start: Int64 = 1_767_225_600
        let new = try scene.repository.commit(.ssh(scene.ada), at: Int(start))
        let refusal = try #require(try scene.refusal(new, now: start - 1))
        #expect(refusal.reason == .signerNotYetValid && refusal.isPassing)
        #expect(try scene.refusal(new, now: start) == nil)
        let early = try scene.repository.commit(.ssh(scene.ada), at: Int(start) - 1)
        #expect(try scene.refusal(early, now: start)?.reason == .signerNotTrusted)
    }

    @Test func `what is pushed together cannot relax what is asked of it`() throws {
        let scene = try Scene()
        let bob = try scene.repository.sshKey()
        // Whatever the new commit's own documents say, those of the commit in force count.
        let own = try TrustingOrganization.make("{signatures: none}")
        let unsigned = try scene.repository.commit()
        #expect(try scene.refusal(unsigned)?.reason == .commitUnsigned)
        #expect(
            CommitTrust.refusal(
                of: unsigned, after: scene.applied, in: try scene.repository.open(), organization: own, operator: nil, now: Self.now) == nil
        )
        try scene.repository.git(["reset", "-q", "--hard", scene.applied.description])
        _ = try scene.repository.commit(.ssh(scene.ada))
        let byBob = try scene.repository.commit(.ssh(bob))
        #expect(try scene.refusal(byBob)?.reason == .signerNotTrusted)
    }

    @Test func `of the first commit ever the newest alone is looked at`() throws {
        let repository = try SignedRepository()
        let ada = try repository.sshKey()
        _ = try repository.commit()
        let organization = try TrustingOrganization.make(signers: ["name: ada, publicKey: \(try repository.publicText(ada))"])
        func refusal(_ id: GitObjectID) throws -> TrustRefusal? {
            CommitTrust.refusal(of: id, after: nil, in: try repository.open(), organization: organization, operator: nil, now: Self.now)
        }
        #expect(try refusal(try repository.commit(.ssh(ada))) == nil)
        #expect(try refusal(try repository.commit())?.reason == .commitUnsigned)
    }

    @Test func `an operator's list replaces the organisation's and makes signatures required`() throws {
        let scene = try Scene()
        let olga = try scene.repository.sshKey()
        let list = try scene.repository.file("olga@example.org namespaces=\"git\" \(try scene.repository.publicText(olga))\n")
        let other = try scene.repository.file("olga@example.org namespaces=\"file\" \(try scene.repository.publicText(olga))\n")
        func refusal(_ id: GitObjectID, _ file: String) throws -> TrustRefusal? {
            CommitTrust.refusal(
                of: id, after: scene.applied, in: try scene.repository.open(),
                organization: try TrustingOrganization.make("{signatures: none}"),
                operator: try OperatorTrust(allowedSignersFile: file, keyringFile: nil), now: Self.now)
        }
        let byOlga = try scene.repository.commit(.ssh(olga))
        #expect(try refusal(byOlga, list) == nil)
        #expect(try refusal(byOlga, other)?.reason == .signerNotTrusted, "that key may sign other things")
        let byAda = try scene.repository.commit(.ssh(scene.ada))
        #expect(try refusal(byAda, list)?.reason == .signerNotTrusted)
        #expect(try refusal(try scene.repository.commit(), list)?.reason == .signerNotTrusted, "the first at fault is named")
        #expect(throws: ControlError.self) { try OperatorTrust(allowedSignersFile: "/nonexistent", keyringFile: nil) }
    }

    /// Nothing that git itself would not verify is believed.
    @Test func `a commit that was changed anywhere is refused`() throws {
        let scene = try Scene()
        let good = try scene.repository.raw(try scene.repository.commit(.ssh(scene.ada)))
        let list = try scene.repository.file("ada@example.org \(try scene.repository.publicText(scene.ada))\n")
        var noise = Noise(seed: 42)
        var refused = 0
        let repository = try scene.repository.open()
        let organization = try scene.organization()
        for round in 0..<150 {
            var raw = good
            let place = Int.random(in: 0..<raw.count, using: &noise)
            switch round % 3 {
            case 0: raw[place] ^= 1 << UInt8.random(in: 0..<8, using: &noise)
            case 1: raw.remove(at: place)
            default: raw.insert([10, 32, 65, 0].randomElement(using: &noise) ?? 10, at: place)
            }
            let id = try scene.repository.write(raw)
            if CommitTrust.refusal(
                of: id, after: scene.applied, in: repository, organization: organization, operator: nil, now: Self.now) == nil
            {
                // What is left: a byte more or less that the armour does not care about.
                #expect(throws: Never.self) {
                    try scene.repository.git(["-c", "gpg.ssh.allowedSignersFile=\(list)", "verify-commit", id.description])
                }
            } else {
                refused += 1
            }
        }
        #expect(refused > 140)
    }
}

/// The same numbers in every run.
struct Noise: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ (state >> 29)
    }
}
