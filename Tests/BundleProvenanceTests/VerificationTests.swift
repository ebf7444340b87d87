import BundleProvenance
import Foundation
import JSON
import Signing
import Testing

@Suite struct VerificationTests {
    @Test func `with any other byte, or another length, a bundle is refused`() throws {
        let (made, key) = (try TestBundle(), try SigningKey.generate())
        let envelope = try made.envelope(key)
        for place in made.bytes.indices {
            var changed = made
            changed.bytes[place] ^= 0x20
            #expect(failure { _ = try changed.verify(envelope, key) }?.kind == .otherBundle, "byte \(place)")
        }
        for bytes in [[], Array(made.bytes.dropLast()), made.bytes + [0]] {
            var changed = made
            changed.bytes = bytes
            #expect(failure { _ = try changed.verify(envelope, key) }?.kind == .otherBundle)
        }
    }

    @Test func `a signature of another bundle of the same key is refused`() throws {
        let key = try SigningKey.generate()
        let (first, second) = (try TestBundle(), try TestBundle(name: "other", commit: "e"))
        #expect(failure { _ = try second.verify(try first.envelope(key), key) }?.kind == .otherBundle)
        #expect(failure { _ = try first.verify(try second.envelope(key), key) }?.kind == .otherBundle)
    }

    @Test func `a stranger's signature is refused, and one beside a trusted one does no harm`() throws {
        let (made, key, stranger) = (try TestBundle(), try SigningKey.generate(), try SigningKey.generate())
        #expect(failure { _ = try made.verify(try made.envelope(stranger), key) }?.kind == .untrusted)
        #expect(try made.verify(try made.envelope(stranger, key), key).signer.key == key.publicKey)
    }

    @Test func `a key must be valid when it is checked and when it signed`() throws {
        let (made, key) = (try TestBundle(), try SigningKey.generate())
        let envelope = try made.envelope(key)
        // Signed on 1 March, checked on 1 June.
        let cases: [(from: String?, until: String?, isGood: Bool)] = [
            (nil, nil, true), ("2026-03-01T12:00:00Z", "2026-06-01T12:00:00Z", true), ("2026-03-01T12:00:01Z", nil, false),
            (nil, "2026-06-01T11:59:59Z", false), ("2026-05-01T00:00:00Z", nil, false), (nil, "2026-04-01T00:00:00Z", false),
        ]
        for (from, until, isGood) in cases {
            let trusted = TrustedKey(
                key.publicKey, notBefore: try from.map { try TestBundle.time($0) }, notAfter: try until.map { try TestBundle.time($0) })
            let error = failure {
                _ = try SignedBundle(bytes: made.bytes, envelope: envelope, trusting: TrustedKeys([trusted]), at: try TestBundle.now())
            }
            #expect(error?.kind == (isGood ? nil : .keyNotValid), "\(String(describing: from)) \(String(describing: until))")
        }
    }

    @Test func `of two signers the one is accepted that was valid all along`() throws {
        let (made, new, old) = (try TestBundle(), try SigningKey.generate(), try SigningKey.generate())
        let keys = TrustedKeys([
            TrustedKey(new.publicKey, notBefore: try TestBundle.time("2026-05-01T00:00:00Z")), TrustedKey(old.publicKey),
        ])
        let signed = try SignedBundle(
            bytes: made.bytes, envelope: try made.envelope(new, old), trusting: keys, at: try TestBundle.now())
        #expect(signed.signer.key == old.publicKey)
    }

    @Test func `a statement that disagrees with its bundle is refused, whoever signed it`() throws {
        let (made, key) = (try TestBundle(), try SigningKey.generate())
        let other = JSONValue.string(String(repeating: "e", count: 40))
        let dependencies = "predicate/buildDefinition/resolvedDependencies"
        let commit = try made.statement().setting("\(dependencies)/0/digest/gitCommit", to: other)
            .setting("predicate/buildDefinition/externalParameters/commit", to: other)
        for statement in [
            commit, try made.statement().setting("\(dependencies)/1/digest/gitTree", to: other),
            try made.statement().setting("predicate/runDetails/builder/version/charter", to: "9.9.9"),
            try made.statement().setting("predicate/charter_contentDigest/sha256", to: other),
            try made.statement().setting("subject/0/digest/sha256", to: other),
        ] {
            #expect(failure { _ = try made.verify(try TestBundle.envelope(statement, key), key) }?.kind == .otherBundle)
        }
    }

    @Test(
        arguments: [
            ("_type", nil), ("_type", "https://in-toto.io/Statement/v0.1"), ("subject", nil), ("subject", []), ("subject/0", nil),
            ("subject/0/digest", ["sha512": "x"]), ("subject/0/digest/sha256", 5), ("predicateType", "https://slsa.dev/provenance/v0.2"),
            ("predicate", nil), ("predicate", "x"), ("predicate/buildDefinition", nil),
            ("predicate/buildDefinition/buildType", "https://x/"),
            ("predicate/buildDefinition/externalParameters", nil), ("predicate/buildDefinition/externalParameters/flags", "--lenient"),
            ("predicate/buildDefinition/externalParameters/commit", "x"), ("predicate/buildDefinition/resolvedDependencies", nil),
            ("predicate/buildDefinition/resolvedDependencies/0", nil), ("predicate/buildDefinition/resolvedDependencies/1", nil),
            ("predicate/buildDefinition/resolvedDependencies/1/digest", ["gitCommit": "x"]),
            ("predicate/buildDefinition/resolvedDependencies/1/digest/gitTree", .null), ("predicate/runDetails", nil),
            ("predicate/runDetails/builder/version", nil), ("predicate/runDetails/metadata/finishedOn", nil),
            ("predicate/runDetails/metadata/finishedOn", "yesterday"), ("predicate/charter_contentDigest", nil),
            ("predicate/charter_policyTests/result", true),
        ] as [(String, JSONValue?)]) func `a statement that lacks something is refused`(_ path: String, _ value: JSONValue?) throws
    {
        let (made, key) = (try TestBundle(), try SigningKey.generate())
        let statement = try made.statement().setting(path, to: value)
        #expect(statement != (try made.statement()))
        #expect(failure { _ = try made.verify(try TestBundle.envelope(statement, key), key) }?.kind == .malformed)
    }

    @Test func `members that a later version may add are ignored`() throws {
        let (made, key) = (try TestBundle(), try SigningKey.generate())
        let statement = try made.statement().setting("later", to: 1).setting("predicate/runDetails/metadata/invocationId", to: "x")
            .setting("subject/0/digest/sha512", to: "x")
        #expect(try made.verify(try TestBundle.envelope(statement, key), key).signer.key == key.publicKey)
    }

    @Test func `a payload that is no statement is refused, whoever signed it`() throws {
        let (made, key) = (try TestBundle(), try SigningKey.generate())
        for (type, payload) in [
            ("application/vnd.in-toto+json", ""), ("application/vnd.in-toto+json", "[]"), ("application/vnd.in-toto+json", "{"),
            ("text/plain", JSONWriter.text(try made.statement())),
        ] {
            let envelope = try DSSEEnvelope(signing: Array(payload.utf8), type: type, with: [key]).text
            #expect(failure { _ = try made.verify(envelope, key) }?.kind == .malformed, "\(type) \(payload)")
        }
    }

    @Test func `a signed file that is no bundle is refused`() throws {
        let (made, key) = (try TestBundle(), try SigningKey.generate())
        var damaged = made
        damaged.bytes[made.bytes.count / 2] ^= 1
        let envelope = try SignedBundle.sign(made.bundle, bytes: damaged.bytes, with: [key], at: TestBundle.signed()).text
        #expect(failure { _ = try damaged.verify(envelope, key) }?.kind == .notABundle)
    }

    @Test func `files are read where they lie, and what is missing is told apart`() throws {
        let (made, key) = (try TestBundle(), try SigningKey.generate())
        let keys = TrustedKeys([TrustedKey(key.publicKey)])
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("charter-provenance-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.path + "/bundle"
        func open(_ signature: String? = nil) throws -> SignedBundle {
            try SignedBundle.open(path: path, signature: signature, trusting: keys, at: try TestBundle.now())
        }
        #expect(failure { _ = try open() }?.kind == .unsigned)
        try Data(try made.envelope(key)).write(to: URL(fileURLWithPath: SignedBundle.signaturePath(of: path)))
        #expect(failure { _ = try open() }?.kind == .unreadable)
        try Data(made.bytes).write(to: URL(fileURLWithPath: path))
        #expect(try open().bundle.digest == made.bundle.digest)
        #expect(failure { _ = try open(folder.path + "/elsewhere") }?.kind == .unsigned)
        try FileManager.default.moveItem(atPath: path + ".dsse.json", toPath: folder.path + "/elsewhere")
        #expect(try open(folder.path + "/elsewhere").signer.key == key.publicKey)
    }
}
