import Foundation
import Signing
import Testing

@Suite struct KeyFileTests {
    @Test func `a key that is written is read back, its private half readable for its owner alone`() throws {
        try withFolder { folder in
            let key = try SigningKey.generate()
            let (secret, open) = (folder + "/a.key", folder + "/a.pub")
            try key.write(privateKey: secret, publicKey: open)
            #expect(try FileManager.default.attributesOfItem(atPath: secret)[.posixPermissions] as? Int == 0o600)
            #expect(try SigningKey(file: secret).publicKey == key.publicKey)
            #expect(try SigningKey(file: secret).sign([7]) == key.sign([7]))
            #expect(try VerificationKey(file: open) == key.publicKey)
            #expect(try VerificationKey(file: secret) == key.publicKey)
            #expect(try String(contentsOfFile: secret, encoding: .utf8).hasPrefix("-----BEGIN PRIVATE KEY-----\n"))
            #expect(try String(contentsOfFile: open, encoding: .utf8).hasPrefix("-----BEGIN PUBLIC KEY-----\n"))
        }
    }

    @Test func `nothing that is there is overwritten, and no half of a key is left`() throws {
        try withFolder { folder in
            let key = try SigningKey.generate()
            try "mine".write(toFile: folder + "/a.pub", atomically: true, encoding: .utf8)
            #expect(failure { try key.write(privateKey: folder + "/a.key", publicKey: folder + "/a.pub") }?.kind == .exists)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a.pub"])
            #expect(failure { try key.write(privateKey: folder + "/a.pub", publicKey: folder + "/b.pub") }?.kind == .exists)
            #expect(try String(contentsOfFile: folder + "/a.pub", encoding: .utf8) == "mine")
            // A link to nowhere would let whoever laid it choose where the secret goes.
            try FileManager.default.createSymbolicLink(atPath: folder + "/link.key", withDestinationPath: folder + "/stolen")
            #expect(failure { try key.write(privateKey: folder + "/link.key", publicKey: folder + "/link.pub") }?.kind == .exists)
            #expect(failure { try key.write(privateKey: folder + "/no/a.key", publicKey: folder + "/no/a.pub") }?.kind == .unwritable)
            #expect(Set(try FileManager.default.contentsOfDirectory(atPath: folder)) == ["a.pub", "link.key"])
        }
    }

    @Test func `what is no key is refused, and the file is named`() throws {
        let seed = String(repeating: "5a", count: 32)
        let der = TestKeys.bytes("302e020100300506032b657004220420" + seed)
        let good = String(decoding: TestKeys.pem("PRIVATE KEY", der), as: UTF8.self)
        // The private key of RFC 8410's algorithm for key agreement, X25519, not for signatures.
        let agreement = TestKeys.pem("PRIVATE KEY", TestKeys.bytes("302e020100300506032b656e04220420" + seed))
        let files: [(text: String, kind: SigningError.Kind)] = [
            ("", .malformed), ("hello", .malformed), (String(repeating: "x", count: 16_385), .unreadable),
            (good + good, .malformed), (good.replacing("END PRIVATE", with: "END PUBLIC"), .malformed),
            (good.replacing("PRIVATE KEY", with: "PUBLIC KEY"), .malformed),
            (good.replacing("PRIVATE KEY", with: "CERTIFICATE"), .malformed),
            (good.replacing("PRIVATE KEY", with: "ENCRYPTED PRIVATE KEY"), .unsupported),
            (good.replacing("KEY-----\nMC", with: "KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nMC"), .unsupported),
            (good.replacing("MC4C", with: "MC5C"), .malformed), (good.replacing("\n-----END", with: "!\n-----END"), .malformed),
            (String(decoding: TestKeys.pem("PRIVATE KEY", Array(der.dropLast())), as: UTF8.self), .malformed),
            (String(decoding: TestKeys.pem("PRIVATE KEY", der + [0]), as: UTF8.self), .malformed),
            (String(decoding: TestKeys.pem("PRIVATE KEY", []), as: UTF8.self), .malformed),
            (String(decoding: agreement, as: UTF8.self), .unsupported),
        ]
        try withFolder { folder in
            for (index, file) in files.enumerated() {
                let path = folder + "/\(index)"
                try file.text.write(toFile: path, atomically: true, encoding: .utf8)
                let error = failure { _ = try SigningKey(file: path) }
                #expect(error?.kind == file.kind, "\(index): \(String(describing: error))")
                #expect(error?.message.contains(path) == true, "\(index)")
                #expect(error?.message.contains("Wlpa") == false, "\(index): a message shows the secret")
            }
            #expect(failure { _ = try SigningKey(file: folder) }?.kind == .unreadable)
            #expect(failure { _ = try SigningKey(file: folder + "/none") }?.kind == .unreadable)
            #expect(failure { _ = try VerificationKey(file: folder + "/none") }?.kind == .unreadable)
        }
    }

    @Test func `a public key has one spelling as DER`() throws {
        let spki = try SigningKey.generate().publicKey.spki
        #expect(spki.count == 44)
        #expect(try VerificationKey(spki: spki).spki == spki)
        #expect(try VerificationKey(text: Data(spki).base64EncodedString()).spki == spki)
        #expect(try VerificationKey(text: String(decoding: TestKeys.pem("PUBLIC KEY", spki), as: UTF8.self)).spki == spki)
        #expect(failure { _ = try VerificationKey(spki: spki + [0]) }?.kind == .malformed)
        #expect(failure { _ = try VerificationKey(spki: Array(spki.dropLast())) }?.kind == .malformed)
        #expect(failure { _ = try VerificationKey(spki: []) }?.kind == .malformed)
        // The length of the outer sequence in two bytes: BER, not DER.
        #expect(failure { _ = try VerificationKey(spki: [0x30, 0x81] + spki[1...]) }?.kind == .malformed)
        #expect(failure { _ = try VerificationKey(text: "hello") }?.kind == .malformed)
        #expect(failure { _ = try VerificationKey(text: "") }?.kind == .malformed)
    }

    @Test func `a file is read up to its limit and no further`() throws {
        try withFolder { folder in
            let path = folder + "/file"
            for size in [0, 1, 65_535, 65_536, 65_537, 200_000] {
                let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
                try Data(bytes).write(to: URL(fileURLWithPath: path))
                #expect(try BoundedFile.read(path, limit: size) == bytes)
                #expect(try BoundedFile.read(path, limit: 1 << 20) == bytes)
                if size > 0 { #expect(failure { _ = try BoundedFile.read(path, limit: size - 1) }?.kind == .unreadable) }
            }
            // It says nothing about its size and never ends.
            #expect(failure { _ = try BoundedFile.read("/dev/zero", limit: 300_000) }?.kind == .unreadable)
        }
    }
}
