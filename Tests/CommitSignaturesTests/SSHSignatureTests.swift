import Digest
import Signing
import Testing

@testable import CommitSignatures

@Suite struct SSHSignatureTests {
    static let message = Array("tree 0123\nauthor Ada\n\na change\n".utf8)

    @Test(
        arguments: [
            ("ed25519", nil), ("ecdsa", 256), ("ecdsa", 384), ("ecdsa", 521), ("rsa", 2048), ("rsa", 3072),
        ] as [(String, Int?)])
    func `a signature of ssh-keygen is good, and only over its message`(_ type: String, _ bits: Int?) throws {
        let workshop = try Workshop()
        let key = try workshop.sshKey(type, bits: bits)
        for hash in ["sha512", "sha256"] {
            let signature = try SSHSignature(armored: try workshop.sign(Self.message, key, hash: hash))
            #expect(try signature.key == workshop.publicKey(key))
            #expect(signature.namespace == "git")
            try signature.verify(Self.message, for: "git")
            #expect(failure { try signature.verify(Self.message + [10], for: "git") } == .mismatch)
            #expect(failure { try signature.verify([], for: "git") } == .mismatch)
        }
    }

    @Test func `a fingerprint is the one that ssh-keygen shows`() throws {
        let workshop = try Workshop()
        let key = try workshop.sshKey()
        let shown = String(decoding: try workshop.run(["ssh-keygen", "-l", "-f", key + ".pub"]), as: UTF8.self)
        #expect(shown.contains(" \(try workshop.publicKey(key).fingerprint) "))
    }

    @Test func `a signature for another purpose is refused`() throws {
        let workshop = try Workshop()
        let signature = try SSHSignature(armored: try workshop.sign(Self.message, try workshop.sshKey(), namespace: "file"))
        #expect(failure { try signature.verify(Self.message, for: "git") } == .foreignNamespace)
        try signature.verify(Self.message, for: "file")
    }

    @Test func `a signature put under another key is refused`() throws {
        let workshop = try Workshop()
        let (ada, eve) = (try workshop.sshKey(), try workshop.sshKey())
        var bytes = try Self.bytes(of: try workshop.sign(Self.message, eve))
        let (own, other) = (try workshop.publicKey(eve).blob, try workshop.publicKey(ada).blob)
        let place = try #require((0..<bytes.count).first { bytes[$0...].starts(with: own) })
        bytes.replaceSubrange(place..<place + own.count, with: other)
        let forged = try SSHSignature(armored: Self.armor(bytes))
        #expect(try forged.key == workshop.publicKey(ada))
        #expect(failure { try forged.verify(Self.message, for: "git") } == .mismatch)
    }

    @Test func `weak and unknown keys are refused with the reason`() throws {
        let workshop = try Workshop()
        #expect(failure { _ = try workshop.publicKey(try workshop.sshKey("rsa", bits: 1024)) } == .unsupported)
        let key = try workshop.sshKey()
        try workshop.run(["ssh-keygen", "-q", "-s", key, "-I", "ada", "-n", "ada", key + ".pub"])
        let certificate = try String(contentsOfFile: key + "-cert.pub", encoding: .utf8)
        do throws(SignatureError) {
            _ = try SSHPublicKey(text: certificate)
            Issue.record("a certificate was accepted")
        } catch {
            #expect(error.kind == .unsupported && error.message.contains("certificate"))
        }
        #expect(failure { _ = try SSHPublicKey(text: "ssh-dss AAAAB3NzaC1kc3MAAACB") } == .unsupported)
        #expect(failure { _ = try SSHPublicKey(text: "ssh-ed25519") } == .malformed)
        #expect(failure { _ = try SSHPublicKey(text: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample") } == .malformed)
        let words = try workshop.publicText(key).split(separator: " ")
        #expect(failure { _ = try SSHPublicKey(text: "ecdsa-sha2-nistp256 \(words[1])") } == .malformed)
    }

    @Test func `a point off the curve is no key`() throws {
        let workshop = try Workshop()
        var blob = try workshop.publicKey(try workshop.sshKey("ecdsa", bits: 256)).blob
        blob[blob.count - 1] ^= 1
        #expect(failure { _ = try SSHPublicKey(blob: blob) } == .malformed)
    }

    @Test func `a signature of SHA-1 is refused`() throws {
        let workshop = try Workshop()
        let bytes = try Self.bytes(of: try workshop.sign(Self.message, try workshop.sshKey("rsa", bits: 2048)))
        let name = Wire.string("rsa-sha2-512".utf8)
        let place = try #require((0..<bytes.count).first { bytes[$0...].starts(with: name) })
        let inner = Wire.string("ssh-rsa".utf8) + bytes[(place + name.count)...]
        let forged = bytes[..<(place - 4)] + Wire.string(inner)
        #expect(failure { _ = try SSHSignature(armored: Self.armor(Array(forged))) } == .unsupported)
    }

    @Test func `a security key's signature counts its state and a touch`() throws {
        // Made here, since no program signs so without the hardware: OpenSSH's PROTOCOL.u2f.
        let secret = try SigningKey.generate()
        let point = Array(secret.publicKey.spki.suffix(32))
        let application = Array("ssh:".utf8)
        let blob = Wire.string("sk-ssh-ed25519@openssh.com".utf8) + Wire.string(point) + Wire.string(application)
        func signature(flags: UInt8) throws -> [UInt8] {
            let head = Wire.string("git".utf8) + Wire.string([UInt8]()) + Wire.string("sha512".utf8)
            let document = Array("SSHSIG".utf8) + head + Wire.string(try LibCrypto.digest(.sha512, Self.message))
            let state = [flags, 0, 0, 0, 7]
            let signed = try LibCrypto.digest(.sha256, application) + state + LibCrypto.digest(.sha256, document)
            let inner = Wire.string("sk-ssh-ed25519@openssh.com".utf8) + Wire.string(try secret.sign(signed)) + state
            return Self.armor(Array("SSHSIG".utf8) + [0, 0, 0, 1] + Wire.string(blob) + head + Wire.string(inner))
        }
        try SSHSignature(armored: try signature(flags: 1)).verify(Self.message, for: "git")
        #expect(failure { try SSHSignature(armored: try signature(flags: 1)).verify([1], for: "git") } == .mismatch)
        #expect(failure { _ = try SSHSignature(armored: try signature(flags: 0)) } == .unsupported)
        var changed = try Self.bytes(of: try signature(flags: 1))
        changed[changed.count - 1] ^= 1
        let replayed = try SSHSignature(armored: Self.armor(changed))
        #expect(failure { try replayed.verify(Self.message, for: "git") } == .mismatch)
    }

    @Test func `a version, a reserved field or a hash that nobody knows is refused`() throws {
        let workshop = try Workshop()
        let bytes = try Self.bytes(of: try workshop.sign(Self.message, try workshop.sshKey()))
        var version = bytes
        version[9] = 2
        #expect(failure { _ = try SSHSignature(armored: Self.armor(version)) } == .unsupported)
        let name = Wire.string("git".utf8)
        let place = try #require((0..<bytes.count).first { bytes[$0...].starts(with: name) }) + name.count
        var reserved = bytes
        reserved.replaceSubrange(place..<place + 4, with: Wire.string([1]))
        #expect(failure { _ = try SSHSignature(armored: Self.armor(reserved)) } == .unsupported)
        var hash = bytes
        hash.replaceSubrange(place + 4..<place + 14, with: Wire.string("sha384".utf8))
        #expect(failure { _ = try SSHSignature(armored: Self.armor(hash)) } == .unsupported)
        #expect(failure { _ = try SSHSignature(armored: Self.armor(bytes + [0])) } == .malformed)
    }

    @Test(arguments: ["ed25519", "ecdsa", "rsa"])
    func `no changed signature is good, and none stops the program`(_ type: String) throws {
        let workshop = try Workshop()
        let key = try workshop.sshKey(type)
        let good = try Self.bytes(of: try workshop.sign(Self.message, key))
        try SSHSignature(armored: Self.armor(good)).verify(Self.message, for: "git")
        var noise = Noise(seed: 20_261_126)
        var accepted = 0
        for round in 0..<4_000 {
            var bytes = good
            switch round % 5 {
            case 0: bytes[Int.random(in: 0..<bytes.count, using: &noise)] ^= 1 << UInt8.random(in: 0..<8, using: &noise)
            case 1: bytes.removeLast(Int.random(in: 1...bytes.count, using: &noise))
            case 2: bytes.insert(UInt8.random(in: 0...255, using: &noise), at: Int.random(in: 0...bytes.count, using: &noise))
            case 3:
                // Lengths are what a parser trusts.
                let place = Int.random(in: 0..<bytes.count - 4, using: &noise)
                bytes.replaceSubrange(place..<place + 4, with: [0xff, 0xff, 0xff, UInt8.random(in: 0...255, using: &noise)])
            default:
                let (from, to) = (Int.random(in: 0..<bytes.count, using: &noise), Int.random(in: 0..<bytes.count, using: &noise))
                bytes.swapAt(from, to)
            }
            if bytes == good { continue }
            do throws(SignatureError) {
                let signature = try SSHSignature(armored: Self.armor(bytes))
                guard signature.key == (try? workshop.publicKey(key)) else { continue }
                try signature.verify(Self.message, for: "git")
                accepted += 1
            } catch {}
        }
        #expect(accepted == 0)
    }

    @Test func `text that is none is refused`() throws {
        let workshop = try Workshop()
        let good = try workshop.sign(Self.message, try workshop.sshKey())
        var noise = Noise(seed: 7)
        for length in [0, 1, 30, 31, 60, 400, 20_000] {
            let text = (0..<length).map { _ in UInt8.random(in: 0...255, using: &noise) }
            #expect(failure { _ = try SSHSignature(armored: text) } == .malformed)
            #expect(failure { _ = try SSHSignature(armored: Array("-----BEGIN SSH SIGNATURE-----\n".utf8) + text) } == .malformed)
        }
        #expect(failure { _ = try SSHSignature(armored: good + Array("more".utf8)) } == .malformed)
        #expect(failure { _ = try SSHSignature(armored: [10] + good) } == .malformed)
        _ = try SSHSignature(armored: good + [10])
    }

    static func bytes(of armored: [UInt8]) throws -> [UInt8] {
        let lines = String(decoding: armored, as: UTF8.self).split(separator: "\n").filter { !$0.hasPrefix("-") }
        return try #require(Base64.decode(lines.joined()))
    }

    static func armor(_ bytes: [UInt8]) -> [UInt8] {
        Array("-----BEGIN SSH SIGNATURE-----\n\(Base64.encode(bytes))\n-----END SSH SIGNATURE-----\n".utf8)
    }
}
