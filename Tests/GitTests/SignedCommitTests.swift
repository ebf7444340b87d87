import Testing

@testable import Git

@Suite struct SignedCommitTests {
    private func separate(_ text: String) -> (signatures: [String], payload: String) {
        let (signatures, payload) = GitRepository.separate(Array(text.utf8))
        return (signatures.map { String(decoding: $0, as: UTF8.self) }, String(decoding: payload, as: UTF8.self))
    }

    @Test func `a signature is taken out with its further lines`() {
        let found = separate("tree 1\nauthor a\ngpgsig BEGIN\n one\n \n END\nencoding x\n\nthe message\n gpgsig none\n")
        #expect(found.signatures == ["BEGIN\none\n\nEND\n"])
        #expect(found.payload == "tree 1\nauthor a\nencoding x\n\nthe message\n gpgsig none\n")
    }

    @Test func `what only looks like a signature stays where it is`() {
        for text in [
            "tree 1\n\ngpgsig in the message\n", "tree 1\nmergetag object 2\n gpgsig x\n y\n\nm\n", "tree 1\ngpgsignature x\n\nm\n",
            "tree 1\n gpgsig x\n\nm\n", "", "\n", "tree 1",
        ] {
            let found = separate(text)
            #expect(found.signatures == [] && found.payload == text)
        }
    }

    @Test func `each of several signatures is found, and one of the other hash is left out`() {
        let found = separate("tree 1\ngpgsig a\n b\ngpgsig-sha256 c\n d\ngpgsig e\n\nm\n")
        #expect(found.signatures == ["a\nb\n", "e\n"])
        #expect(found.payload == "tree 1\n\nm\n")
    }

    @Test func `a commit comes with what git signs`() throws {
        let scratch = try Scratch()
        let org = try scratch.repository()
        let id = try scratch.commit("first", in: org)
        let raw = try scratch.git(["cat-file", "commit", id.description], in: org) + "\n"
        let end = try #require(raw.range(of: "\n\n"))
        let signed = raw[..<end.lowerBound] + "\ngpgsig BEGIN\n END" + raw[end.lowerBound...]
        let other = try scratch.object("commit", Array(signed.utf8), in: org)
        let repository = try GitRepository(opening: org)
        #expect(try repository.signedCommit(id).signatures == [])
        let found = try repository.signedCommit(other)
        #expect(found.signatures == [Array("BEGIN\nEND\n".utf8)] && found.payload == Array(raw.utf8))
        #expect(found.commit.authorEmail == "ada@example.org" && found.commit.authorTime == found.commit.time)
        try scratch.git(["repack", "-q", "-a", "-d"], in: org)
        #expect(try GitRepository(opening: org).signedCommit(id).payload == Array(raw.utf8))
        #expect(failure { _ = try repository.signedCommit(try repository.commit(id).tree) } != nil)
    }
}
