import Foundation
import JSON
import TestSupport
import Testing

/// The command of OpenSSL, where it is installed.
enum OpenSSL {
    static let isInstalled = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").contains {
        FileManager.default.isExecutableFile(atPath: $0 + "/openssl")
    }

    @discardableResult
    static func run(_ arguments: String..., in folder: String) throws -> Outcome {
        let child = try ChildProgram(["openssl"] + arguments, in: folder)
        return Outcome(status: try child.wait(), output: child.output, errors: child.errors)
    }
}

/// What Charter signs, others can verify, and the other way round.
@Suite(.enabled(if: OpenSSL.isInstalled, "openssl is not installed")) struct OpenSSLTests {
    private func withSigned<Value>(_ key: (SigningKeys) throws -> String, _ body: (SigningKeys, String, String) throws -> Value) throws
        -> Value
    {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.todo(at: folder + "/repository")
            let keys = SigningKeys(folder: folder)
            let key = try key(keys)
            let made = try CharterProgram.run("compile", repository.path, "-o", "bundle.charter", "--sign-key", key, in: folder)
            #expect(made.status == 0, "\(made)")
            return try body(keys, key, folder + "/bundle.charter")
        }
    }

    /// The recipe of the documentation, as it stands there.
    private func recipe() throws -> String {
        let here = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        let text = try String(contentsOf: here.appendingPathComponent("../../../docs/bundle.md").standardizedFileURL, encoding: .utf8)
        let block = try #require(text.split(separator: "```sh\n").last?.split(separator: "```").first)
        return String(block)
    }

    @Test("the recipe of the documentation verifies what Charter signed, and nothing else")
    func verifying() throws {
        try withSigned {
            try $0.make("charter")
        } _: { keys, _, bundle in
            func run() throws -> Outcome {
                let child = try ChildProgram(["/bin/sh", "-e", "-c", try recipe()], in: keys.folder)
                return Outcome(status: try child.wait(), output: child.output, errors: child.errors)
            }
            let good = try run()
            #expect(good.status == 0 && good.output.contains("Signature Verified Successfully"), "\(good)")

            let bytes = try Data(contentsOf: URL(fileURLWithPath: bundle))
            try (bytes + [0]).write(to: URL(fileURLWithPath: bundle))
            #expect(try run().status != 0, "another file")
            try bytes.write(to: URL(fileURLWithPath: bundle))
            #expect(try run().status == 0)
            try FileManager.default.removeItem(atPath: keys.folder + "/charter.pub")
            try FileManager.default.removeItem(atPath: keys.folder + "/charter.key")
            _ = try keys.make("charter")
            #expect(try run().status != 0, "another key")
        }
    }

    @Test("a key that openssl made signs, and openssl reads the keys that Charter makes")
    func keys() throws {
        try withSigned { keys throws -> String in
            #expect(try OpenSSL.run("genpkey", "-algorithm", "ed25519", "-out", "other.key", in: keys.folder).status == 0)
            #expect(try OpenSSL.run("pkey", "-in", "other.key", "-pubout", "-out", "other.pub", in: keys.folder).status == 0)
            return keys.folder + "/other.key"
        } _: { keys, key, bundle in
            #expect(try keys.id(keys.folder + "/other.pub") == keys.id(key))
            #expect(try CharterProgram.run("verify", bundle, "--trusted-keys", try keys.trust((key, [:]))).status == 0)
            // A file of trusted keys may hold the PEM as it is.
            let pem = try String(contentsOfFile: keys.folder + "/other.pub", encoding: .utf8)
            let list = JSONWriter.text([["publicKey": .string(pem)]])
            try list.write(toFile: keys.folder + "/pem.json", atomically: true, encoding: .utf8)
            #expect(try CharterProgram.run("verify", bundle, "--trusted-keys", keys.folder + "/pem.json").status == 0)

            let made = try keys.make("own")
            #expect(try OpenSSL.run("pkey", "-in", made, "-noout", "-check", in: keys.folder).status == 0)
            let der = try OpenSSL.run("pkey", "-pubin", "-in", "own.pub", "-outform", "DER", "-out", "own.der", in: keys.folder)
            #expect(der.status == 0)
            #expect(try OpenSSL.run("dgst", "-sha256", "-r", "own.der", in: keys.folder).output.hasPrefix(keys.id(made)))
        }
    }

    @Test("an envelope that openssl signed is verified")
    func signing() throws {
        try withSigned {
            try $0.make("a")
        } _: { keys, key, bundle in
            let trusted = try keys.trust((key, [:]))
            let envelope = try JSONParser.parse(Array(try Data(contentsOf: URL(fileURLWithPath: bundle + ".dsse.json"))))
            let type = try #require(envelope["payloadType"]?.stringValue)
            let payload = try #require(Data(base64Encoded: envelope["payload"]?.stringValue ?? ""))
            let signed = Data("DSSEv1 \(type.utf8.count) \(type) \(payload.count) ".utf8) + payload
            try signed.write(to: URL(fileURLWithPath: keys.folder + "/signed"))
            let made = try OpenSSL.run("pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", "signed", "-out", "sig", in: keys.folder)
            #expect(made.status == 0, "\(made)")
            let signature = try Data(contentsOf: URL(fileURLWithPath: keys.folder + "/sig")).base64EncodedString()
            // Others name their keys in their own way, or not at all.
            let own: JSONValue = [
                "payload": envelope["payload"] ?? .null, "payloadType": .string(type), "signatures": [["sig": .string(signature)]],
            ]
            try JSONWriter.text(own).write(toFile: keys.folder + "/own.json", atomically: true, encoding: .utf8)
            let verified = try CharterProgram.run("verify", bundle, "--trusted-keys", trusted, "--signature", keys.folder + "/own.json")
            #expect(verified.status == 0, "\(verified)")
        }
    }

    @Test("keys of other algorithms and keys with a pass phrase are refused, and nobody is asked for the phrase")
    func otherKeys() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.todo(at: folder + "/repository")
            try OpenSSL.run("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024", "-out", "rsa", in: folder)
            try OpenSSL.run("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", "ec", in: folder)
            try OpenSSL.run("genpkey", "-algorithm", "x25519", "-out", "x25519", in: folder)
            try OpenSSL.run("genpkey", "-algorithm", "ed448", "-out", "ed448", in: folder)
            try OpenSSL.run("genpkey", "-algorithm", "ed25519", "-aes256", "-pass", "pass:secret", "-out", "locked", in: folder)
            for name in ["rsa", "ec", "x25519", "ed448", "locked"] {
                let outcome = try CharterProgram.run("compile", repository.path, "-o", "bundle", "--sign-key", name, in: folder)
                #expect(outcome.isClearFailure(1, naming: name == "locked" ? "pass phrase" : "not an Ed25519 key"), "\(name): \(outcome)")
                #expect(try CharterProgram.run("keys", "show", name, in: folder).isClearFailure(1, naming: name))
                try OpenSSL.run("pkey", "-in", name, "-passin", "pass:secret", "-pubout", "-out", name + ".pub", in: folder)
                let isPlain = try CharterProgram.run("keys", "show", name + ".pub", in: folder).status == 0
                #expect(isPlain == (name == "locked"), "the public half of \(name)")
            }
            #expect(!FileManager.default.fileExists(atPath: folder + "/bundle"))
        }
    }
}
