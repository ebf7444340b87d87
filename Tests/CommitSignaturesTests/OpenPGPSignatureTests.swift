import Foundation
import Testing

@testable import CommitSignatures

@Suite struct OpenPGPSignatureTests {
    static let message = Array("tree 0123\nauthor Ada\n\na change\n".utf8)

    private func sign(_ workshop: Workshop, _ key: String, _ more: [String] = []) throws -> OpenPGPSignature {
        try OpenPGPSignature(armored: try workshop.gpg(more + ["-u", key, "--armor", "--detach-sign"], input: Self.message))
    }

    @Test func `a signature of gpg is good, and only over its message`() throws {
        let workshop = try Workshop()
        let key = try workshop.pgpKey("Ada <ada@example.org>")
        let (signature, keyring) = (try sign(workshop, key), try workshop.keyring())
        let signer = try signature.verify(Self.message, with: keyring)
        #expect(signer.fingerprint.description == key)
        #expect(signer.userID == "Ada <ada@example.org>")
        #expect(failure { _ = try signature.verify(Self.message + [10], with: keyring) } == .mismatch)
        #expect(failure { _ = try signature.verify([], with: keyring) } == .mismatch)
    }

    @Test func `a key that is not in the keyring is unknown`() throws {
        let workshop = try Workshop()
        _ = try workshop.pgpKey("Ada <ada@example.org>")
        let keyring = try workshop.keyring()
        let other = try workshop.pgpKey("Eve <eve@example.org>")
        let signature = try sign(workshop, other)
        #expect(failure { _ = try signature.verify(Self.message, with: keyring) } == .unknownKey)
    }

    @Test func `an expired key, an expired signature and a revoked key are told apart`() throws {
        let workshop = try Workshop()
        let expired = try workshop.pgpKey("Old <old@example.org>", expires: "30d", madeAt: "20240101T000000")
        let revoked = try workshop.pgpKey("Rev <rev@example.org>", madeAt: "20240101T000000")
        let early = ["--faked-system-time", "20240102T000000"]
        let byExpired = try sign(workshop, expired, early)
        let byRevoked = try sign(workshop, revoked, early)
        let short = try sign(workshop, revoked, early + ["--default-sig-expire", "1d"])
        #expect(failure { _ = try byExpired.verify(Self.message, with: try workshop.keyring()) } == .keyExpired)
        #expect(failure { _ = try short.verify(Self.message, with: try workshop.keyring()) } == .signatureExpired)
        _ = try byRevoked.verify(Self.message, with: try workshop.keyring())
        let certificate = try String(contentsOfFile: "\(workshop.path)/gpg/openpgp-revocs.d/\(revoked).rev", encoding: .utf8)
        try workshop.gpg(["--import"], input: Array(certificate.replacingOccurrences(of: ":---", with: "---").utf8))
        #expect(failure { _ = try byRevoked.verify(Self.message, with: try workshop.keyring()) } == .keyRevoked)
    }

    @Test func `two signatures in one, and a message that brings its own text, are refused`() throws {
        let workshop = try Workshop()
        let key = try workshop.pgpKey("Ada <ada@example.org>")
        let keyring = try workshop.keyring()
        let one = try workshop.gpg(["-u", key, "--armor", "--detach-sign"], input: Self.message)
        let two = try OpenPGPSignature(armored: one + one)
        #expect(failure { _ = try two.verify(Self.message, with: keyring) } == .malformed)
        let whole = try OpenPGPSignature(armored: try workshop.gpg(["-u", key, "--armor", "--sign"], input: Self.message))
        #expect(failure { _ = try whole.verify(Self.message, with: keyring) } == .malformed)
        let text = try OpenPGPSignature(
            armored: try workshop.gpg(["-u", key, "--armor", "--textmode", "--detach-sign"], input: Self.message))
        #expect(failure { _ = try text.verify(Self.message, with: keyring) } == .unsupported)
        let noise = try OpenPGPSignature(armored: Array("-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n".utf8))
        #expect(failure { _ = try noise.verify(Self.message, with: keyring) } == .malformed)
    }

    @Test func `a signature over SHA-1 is refused`() throws {
        let workshop = try Workshop()
        let key = try workshop.pgpKey("Ada <ada@example.org>")
        let weak = try sign(workshop, key, ["--digest-algo", "SHA1", "--allow-weak-digest-algos"])
        #expect(failure { _ = try weak.verify(Self.message, with: try workshop.keyring()) } == .unsupported)
    }

    @Test func `a changed signature is refused, or names the same signer`() throws {
        let workshop = try Workshop()
        let key = try workshop.pgpKey("Ada <ada@example.org>")
        let keyring = try workshop.keyring()
        let good = try workshop.gpg(["-u", key, "--detach-sign"], input: Self.message)
        var noise = Noise(seed: 3)
        var refused = 0
        for _ in 0..<60 {
            var bytes = good
            bytes[Int.random(in: 0..<bytes.count, using: &noise)] ^= 1 << UInt8.random(in: 0..<8, using: &noise)
            do throws(SignatureError) {
                // Some bytes of a signature are not signed (RFC 4880 §5.2.3.2), and decide nothing.
                let signer = try OpenPGPSignature(armored: bytes).verify(Self.message, with: keyring)
                #expect(signer.fingerprint.description == key)
            } catch {
                refused += 1
            }
        }
        #expect(refused > 40)
    }

    @Test func `without gpgv it is said what to install, and one that hangs is killed`() throws {
        let workshop = try Workshop()
        let key = try workshop.pgpKey("Ada <ada@example.org>")
        let (signature, keyring) = (try sign(workshop, key), try workshop.keyring())
        do throws(SignatureError) {
            _ = try signature.verify(Self.message, with: keyring, program: "no-such-gpgv")
            Issue.record("verified by nobody")
        } catch {
            #expect(error.kind == .unavailable && error.message.contains("install gpgv"))
        }
        let hanging = workshop.path + "/hangs"
        try Data("#!/bin/sh\nexec sleep 1000\n".utf8).write(to: URL(fileURLWithPath: hanging))
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: hanging)
        #expect(failure { _ = try signature.verify(Self.message, with: keyring, program: hanging, within: 0.2) } == .unavailable)
    }

    @Test func `a keyring that gpgv cannot read is told`() throws {
        let workshop = try Workshop()
        let key = try workshop.pgpKey("Ada <ada@example.org>")
        let armored = workshop.path + "/ring.asc"
        try workshop.gpg(["--armor", "--export", "--output", armored, key])
        #expect(failure { _ = try OpenPGPKeyring(path: armored) } == .malformed)
        #expect(failure { _ = try OpenPGPKeyring(path: workshop.path + "/none") } == .unreadable)
    }

    @Test func `a short key id is no fingerprint`() {
        #expect(OpenPGPFingerprint("2F49E19A7780EFBEDA820F6E3F3A799D1BA4433F")?.description == "2F49E19A7780EFBEDA820F6E3F3A799D1BA4433F")
        #expect(OpenPGPFingerprint("2f49 e19a 7780 efbe da82  0f6e 3f3a 799d 1ba4 433f") != nil)
        #expect(OpenPGPFingerprint("3F3A799D1BA4433F") == nil)
        #expect(OpenPGPFingerprint("2F49E19A7780EFBEDA820F6E3F3A799D1BA4433G") == nil)
    }
}
