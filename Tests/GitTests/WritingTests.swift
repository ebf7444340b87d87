import Foundation
import Testing

@testable import Git

@Suite struct WritingTests {
    let scratch: Scratch
    let org: String
    let first: GitObjectID

    init() throws {
        scratch = try Scratch()
        org = try scratch.repository()
        for path in ["keep", "dir/a", "dir/sub/b", "thing"] { try scratch.write(path, path, in: org) }
        try scratch.write("run", "run.sh", in: org)
        _ = chmod(org + "/run.sh", 0o755)
        first = try scratch.commit(in: org)
    }

    private func write(
        _ changes: [(path: String, bytes: [UInt8]?)], onto parent: GitObjectID?, updating reference: String? = "main",
        message: String = "change\n"
    ) throws -> GitObjectID {
        try GitRepository(opening: org).writeCommit(
            onto: parent, changes: changes, message: message, authorName: "Grace", authorEmail: "grace@example.org", time: 1_800_000_000,
            updating: reference)
    }

    @Test func `a commit adds, edits and deletes without touching the work tree`() throws {
        let new: [(path: String, bytes: [UInt8]?)] = [
            ("dir/a", Array("edited".utf8)), ("dir/sub/b", nil), ("new/deep/file", []), ("run.sh", Array("faster".utf8)), ("thing", nil),
            ("thing/inside", [1]),
        ]
        let id = try write(new, onto: first)
        let repository = try GitRepository(opening: org)
        #expect(try repository.resolve("main") == id)
        let files = try repository.files(in: id)
        #expect(files.map(\.path) == ["dir/a", "keep", "new/deep/file", "run.sh", "thing/inside"])
        #expect(files.filter(\.isExecutable).map(\.path) == ["run.sh"])
        #expect(try repository.blob(files[0].blob, path: "dir/a", limit: 100) == Array("edited".utf8))
        let commit = try repository.commit(id)
        #expect([commit.authorName, commit.committerEmail, commit.summary] == ["Grace", "grace@example.org", "change"])
        #expect(commit.time == 1_800_000_000)
        #expect(commit.parents == [first])
        #expect(try scratch.git(["fsck", "--strict"], in: org) == "")
        #expect(try String(contentsOfFile: org + "/dir/a", encoding: .utf8) == "dir/a")
    }

    @Test func `the first commit and an emptied tree are written`() throws {
        let bare = try scratch.repository("bare.git", bare: true)
        let repository = try GitRepository(opening: bare)
        func commit(_ parent: GitObjectID?, _ bytes: [UInt8]?) throws -> GitObjectID {
            try repository.writeCommit(
                onto: parent, changes: [("teams/a.yaml", bytes)], message: "m", authorName: "Ada", authorEmail: "a@example.org", time: 0,
                updating: "HEAD")
        }
        let one = try commit(nil, [1, 2])
        #expect(try repository.resolve("main") == one)
        let two = try commit(one, nil)
        #expect(try repository.files(in: two).isEmpty)
        #expect(failure { _ = try commit(two, nil) } == .notFound("teams/a.yaml"))
    }

    @Test func `a branch that has moved is not overwritten`() throws {
        let second = try write([("keep", [2])], onto: first)
        #expect(failure { _ = try write([("keep", [3])], onto: first) } == .referenceMoved("refs/heads/main"))
        #expect(failure { _ = try write([("keep", [3])], onto: nil) } == .referenceMoved("refs/heads/main"))
        #expect(try GitRepository(opening: org).resolve("main") == second)
        _ = try write([("keep", [3])], onto: first, updating: nil)
    }

    @Test(arguments: ["..", "a/../b", ".git/config", "a/.GIT/b", "/abs", "a//b", "a/", "", "a\0b", "keep/x", "dir", "dir/sub"])
    func `dangerous and colliding paths are refused`(path: String) throws {
        #expect(failure { _ = try write([(path, [1])], onto: first) }?.unsafePath != nil)
        #expect(try GitRepository(opening: org).resolve("main") == first)
    }

    @Test func `doubled changes, deep paths and NULs are refused`() throws {
        #expect(failure { _ = try write([("x", [1]), ("x", nil)], onto: first) }?.unsafePath == "x")
        #expect(failure { _ = try write([(String(repeating: "d/", count: 64) + "f", [1])], onto: first) }?.unsafePath != nil)
        #expect(failure { _ = try write([("x", [1])], onto: first, message: "a\0b") } == .other)
        #expect(failure { _ = try write([("x", [1])], onto: first, updating: "bad..name") } == .other)
    }

    @Test func `a folder emptied by the same change makes way for a file`() throws {
        let id = try write([("dir/a", nil), ("dir/sub/b", nil), ("dir", [7])], onto: first)
        #expect(try GitRepository(opening: org).files(in: id).map(\.path) == ["dir", "keep", "run.sh", "thing"])
    }
}
