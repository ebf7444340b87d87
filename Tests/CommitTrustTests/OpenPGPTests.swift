import Foundation
import Git
import GovernanceModel
import Testing

@testable import ControlPlane

/// Commits that gpg has signed.
@Suite struct OpenPGPTests {
    private let now = Int64(Date().timeIntervalSince1970)

    private func refusal(
        _ repository: SignedRepository, _ new: GitObjectID, after applied: GitObjectID, signers: [String], keyring: String?,
        allowed: String? = nil, reconcile: String = "{signatures: required}", gpgv: String = "gpgv"
    ) throws -> TrustRefusal? {
        let organization = try TrustingOrganization.make(reconcile, signers: signers)
        let operatorTrust = try OperatorTrust(allowedSignersFile: allowed, keyringFile: keyring)
        var trust = CommitTrust(settings: TrustSettings(organization, operator: operatorTrust), now: now)
        trust.gpgv = gpgv
        return trust.refusal(of: new, after: applied, in: try repository.open())
    }

    @Test func `a key whose fingerprint is listed is believed, and no other`() throws {
        let repository = try SignedRepository()
        let applied = try repository.commit()
        let (ada, eve) = (try repository.pgpKey("Ada <ada@example.org>"), try repository.pgpKey("Eve <eve@example.org>"))
        let time = Int(now)
        let new = try repository.commit(.openPGP(ada), at: time)
        let keyring = try repository.keyring()
        let signers = ["name: ada, openPGP: \(ada.lowercased())"]
        #expect(try refusal(repository, new, after: applied, signers: signers, keyring: keyring) == nil)
        let others = ["name: eve, openPGP: \(eve)"]
        #expect(try refusal(repository, new, after: applied, signers: others, keyring: keyring)?.reason == .signerNotTrusted)
        let missing = try #require(try refusal(repository, new, after: applied, signers: signers, keyring: nil))
        #expect(missing.reason == .signerNotTrusted && missing.message.contains("--gpg-keyring"))
        let byEve = try repository.commit(.openPGP(eve), at: time)
        #expect(try refusal(repository, byEve, after: applied, signers: signers, keyring: keyring)?.commit == byEve)
        let changed = String(decoding: try repository.raw(new), as: UTF8.self).replacingOccurrences(of: "\nchange\n", with: "\nchanged\n")
        let forged = try repository.write(Array(changed.utf8))
        #expect(try refusal(repository, forged, after: applied, signers: signers, keyring: keyring)?.reason == .signatureInvalid)
    }

    @Test func `expired and revoked keys are refused`() throws {
        let repository = try SignedRepository()
        let applied = try repository.commit()
        let ada = try repository.pgpKey("Ada <ada@example.org>")
        let new = try repository.commit(.openPGP(ada))
        let signers = ["name: ada, openPGP: \(ada)"]
        #expect(try refusal(repository, new, after: applied, signers: signers, keyring: try repository.keyring()) == nil)
        // The organisation may set an end of its own.
        let late = ["name: ada, openPGP: \(ada), expires: 2020-01-01"]
        #expect(try refusal(repository, new, after: applied, signers: late, keyring: try repository.keyring())?.reason == .signerExpired)
        try repository.revoke(ada)
        #expect(try refusal(repository, new, after: applied, signers: signers, keyring: try repository.keyring())?.reason == .signerRevoked)
    }

    @Test func `an operator's keyring beside a list of signers is trusted as a whole`() throws {
        let repository = try SignedRepository()
        let applied = try repository.commit()
        let ada = try repository.pgpKey("Ada <ada@example.org>")
        let new = try repository.commit(by: "bob@example.org", .openPGP(ada))
        let (keyring, list) = (try repository.keyring(), try repository.file("# nobody\n"))
        #expect(try refusal(repository, new, after: applied, signers: [], keyring: keyring, allowed: list, reconcile: "{}") == nil)
        #expect(try refusal(repository, new, after: applied, signers: [], keyring: keyring, reconcile: "{}")?.reason == .signerNotTrusted)
        let two = "{signatures: required, twoPersons: true}"
        #expect(
            try refusal(repository, new, after: applied, signers: [], keyring: keyring, allowed: list, reconcile: two)?.reason
                == .personUnknown)
        let named = ["name: ada, emails: [ada@example.org], openPGP: \(ada)"]
        #expect(try refusal(repository, new, after: applied, signers: named, keyring: keyring, allowed: list, reconcile: two) == nil)
        let own = ["name: ada, emails: [bob@example.org], openPGP: \(ada)"]
        let refused = try refusal(repository, new, after: applied, signers: own, keyring: keyring, allowed: list, reconcile: two)
        #expect(refused?.reason == .samePerson)
    }

    @Test func `without gpgv nothing is believed, and it is worth another look`() throws {
        let repository = try SignedRepository()
        let applied = try repository.commit()
        let ada = try repository.pgpKey("Ada <ada@example.org>")
        let new = try repository.commit(.openPGP(ada))
        let refusal = try #require(
            try refusal(
                repository, new, after: applied, signers: ["name: ada, openPGP: \(ada)"], keyring: try repository.keyring(), gpgv: "no-gpgv"
            ))
        #expect(refusal.reason == .verificationFailed && refusal.isPassing && refusal.message.contains("install gpgv"))
    }
}
