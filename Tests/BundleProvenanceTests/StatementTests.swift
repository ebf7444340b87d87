import BundleProvenance
import Digest
import JSON
import PolicyCompiler
import Signing
import Testing

@Suite struct StatementTests {
    @Test func `a statement names the file, the commit, the tree, the compiler and the time`() throws {
        let made = try TestBundle()
        let (commit, tree) = (String(repeating: "c", count: 40), String(repeating: "d", count: 40))
        let file = SHA256Digest(of: made.bytes).description
        let expected = """
            {"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"bundle","digest":{"sha256":"\(file)"}}],\
            "predicateType":"https://slsa.dev/provenance/v1","predicate":{"buildDefinition":{\
            "buildType":"https://charter.dev/provenance/compile/v1","externalParameters":{"commit":"\(commit)"},\
            "resolvedDependencies":[{"name":"commit","digest":{"gitCommit":"\(commit)"}},{"name":"tree","digest":{"gitTree":"\(tree)"}}]},\
            "runDetails":{"builder":{"id":"https://charter.dev/provenance/command-line/v1",\
            "version":{"charter":"\(PolicyCompiler.version)"}},"metadata":{"finishedOn":"2026-03-01T12:00:00Z"}},\
            "charter_contentDigest":{"sha256":"\(made.bundle.digest)"},"charter_policyTests":{"result":"NOT_RUN"}}}
            """
        let envelope = try SignedBundle.sign(made.bundle, bytes: made.bytes, with: [], at: TestBundle.signed())
        #expect(String(decoding: envelope.payload, as: UTF8.self) == expected)
        #expect(envelope.payloadType == "application/vnd.in-toto+json")
    }

    @Test func `one bundle, one key and one time give one envelope`() throws {
        let key = try SigningKey.generate()
        let first = try TestBundle().envelope(key)
        for _ in 0..<3 { #expect(try TestBundle().envelope(key) == first) }
    }

    @Test func `what is verified is what was stated`() throws {
        let (made, key) = (try TestBundle(), try SigningKey.generate())
        let signed = try made.verify(try made.envelope(key), key)
        #expect(signed.signer.key == key.publicKey)
        #expect(signed.bundle.digest == made.bundle.digest && signed.statement.contentDigest == made.bundle.digest.description)
        #expect(signed.statement.fileDigest == SHA256Digest(of: made.bytes).description)
        #expect(signed.statement.commit == made.bundle.meta(.commit) && signed.statement.tree == made.bundle.meta(.tree))
        #expect(signed.statement.compiler == PolicyCompiler.version && signed.statement.testResult == "NOT_RUN")
        #expect(signed.statement.finishedOn == (try TestBundle.signed()))
    }
}
