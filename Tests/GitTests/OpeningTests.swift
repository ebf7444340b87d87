import Foundation
import Testing

@testable import Git

@Suite struct OpeningTests {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }

    @Test func `a work tree, a folder in it and a bare repository open at their roots`() throws {
        let org = try scratch.repository()
        try scratch.write("a", "teams/pay/a.yaml", in: org)
        try scratch.commit(in: org)
        let bare = try scratch.repository("bare.git", bare: true)
        #expect(try GitRepository(opening: org).path == org)
        let inside = try GitRepository(opening: org + "/teams/pay")
        #expect(inside.path == org)
        #expect(inside.workTree == org)
        #expect(inside.gitDirectory == org + "/.git")
        let opened = try GitRepository(opening: bare)
        #expect(opened.path == bare)
        #expect(opened.workTree == nil)
        #expect(!opened.isShallow)
    }

    @Test func `a path that does not exist and a folder without a repository are told apart`() throws {
        #expect(failure { _ = try GitRepository(opening: "/nowhere/at/all") } == .notFound("/nowhere/at/all"))
        #expect(failure { _ = try GitRepository(opening: scratch.path) } == .notARepository(scratch.path))
        #expect(failure { _ = try GitRepository(opening: "a\0b") } == .other)
    }

    @Test func `a repository of another user opens`() throws {
        guard getuid() == 0 else { return }
        let org = try scratch.repository()
        try scratch.write("a", "a", in: org)
        try scratch.commit(in: org)
        for file in [org, org + "/.git"] { #expect(chown(file, 12345, 12345) == 0) }
        #expect(try GitRepository(opening: org).files(in: GitRepository(opening: org).resolve("HEAD")).count == 1)
    }

    @Test func `an empty repository has a branch to come and no commits`() throws {
        let repository = try GitRepository(opening: try scratch.repository())
        #expect(try repository.headBranch() == "main")
        #expect(failure { _ = try repository.resolve("HEAD") } == .emptyRepository)
        #expect(failure { _ = try repository.resolve("main") } == .emptyRepository)
        #expect(failure { _ = try repository.resolve("HEAD~1") } == .emptyRepository)
    }

    @Test func `a worktree made by git worktree opens at its own root`() throws {
        let org = try scratch.repository()
        let first = try scratch.commit(in: org)
        try scratch.git(["worktree", "add", "-q", "-b", "side", scratch.path + "/side"], in: org)
        let repository = try GitRepository(opening: scratch.path + "/side")
        #expect(repository.path == scratch.path + "/side")
        #expect(try repository.headBranch() == "side")
        #expect(try repository.resolve("HEAD") == first)
    }

    @Test func `a repository with SHA-256 ids is refused`() throws {
        try scratch.git(["init", "-q", "--object-format=sha256", "new"])
        #expect(failure { _ = try GitRepository(opening: scratch.path + "/new") } == .other)
    }
}

@Suite struct ResolvingTests {
    let scratch: Scratch
    let org: String
    let first: GitObjectID
    let second: GitObjectID

    init() throws {
        scratch = try Scratch()
        org = try scratch.repository()
        try scratch.write("1", "a.yaml", in: org)
        first = try scratch.commit("first\n\nwith a body", in: org)
        try scratch.write("2", "a.yaml", in: org)
        second = try scratch.commit("second", in: org)
    }

    @Test func `branches, tags, HEAD, ids and ancestors resolve to commits`() throws {
        try scratch.git(["tag", "-a", "v1", "-m", "one", first.description], in: org)
        try scratch.git(["tag", "light", first.description], in: org)
        let repository = try GitRepository(opening: org)
        for name in ["HEAD", "main", "heads/main", "refs/heads/main", second.description, String(second.description.prefix(7))] {
            #expect(try repository.resolve(name) == second, "\(name)")
        }
        for name in ["v1", "light", "refs/tags/v1", "HEAD~1", "main^", try scratch.git(["rev-parse", "v1"], in: org)] {
            #expect(try repository.resolve(name) == first, "\(name)")
        }
        for name in ["nothing", "0123456789012345678901234567890123456789", "HEAD~5", "HEAD^{tree}", "a..b", "", "-x", ":a.yaml"] {
            #expect(failure { _ = try repository.resolve(name) } == .notFound(name), "\(name)")
        }
        let blob = try scratch.git(["rev-parse", "HEAD:a.yaml"], in: org)
        #expect(failure { _ = try repository.resolve(blob) } == .notFound(blob))
    }

    @Test func `a tag does not take a branch's name`() throws {
        try scratch.git(["tag", "main", second.description], in: org)
        let repository = try GitRepository(opening: org)
        #expect(try repository.resolve("main") == second)
        try scratch.git(["tag", "-f", "main", first.description], in: org)
        #expect(failure { _ = try repository.resolve("main") } == .ambiguous("main"))
        #expect(try repository.resolve("refs/heads/main") == second)
    }

    @Test func `a detached HEAD has no branch`() throws {
        try scratch.git(["checkout", "-q", first.description], in: org)
        let repository = try GitRepository(opening: org)
        #expect(try repository.headBranch() == nil)
        #expect(try repository.resolve("HEAD") == first)
    }

    @Test func `a commit's data is read`() throws {
        let repository = try GitRepository(opening: org)
        let commit = try repository.commit(second)
        #expect(commit.parents == [first])
        #expect(commit.tree.description == (try scratch.git(["rev-parse", "HEAD^{tree}"], in: org)))
        #expect([commit.authorName, commit.authorEmail, commit.committerName] == ["Ada", "ada@example.org", "Ada"])
        #expect(String(commit.time) == (try scratch.git(["log", "-1", "--format=%ct"], in: org)))
        #expect(try repository.commit(first).summary == "first")
        let absent = try #require(GitObjectID(hex: String(repeating: "a", count: 40)))
        #expect(failure { _ = try repository.commit(absent) } == .notFound(absent.description))
    }

    @Test func `a reference to a missing object is damage, not absence`() throws {
        try FileManager.default.removeItem(atPath: scratch.looseFile(second, in: org))
        let repository = try GitRepository(opening: org)
        #expect(failure { _ = try repository.resolve("main") } == .damagedObject(second))
        #expect(failure { _ = try repository.resolve("HEAD") } == .damagedObject(second))
        try scratch.write("nonsense", ".git/refs/heads/broken", in: org)
        #expect(failure { _ = try repository.resolve("broken") } == .other)
    }
}

@Suite struct ObjectIDTests {
    @Test func `hex is read strictly and written lower-case`() throws {
        let id = try #require(GitObjectID(hex: "00FFab0123456789abcdef0123456789abcdef01"))
        #expect(id.description == "00ffab0123456789abcdef0123456789abcdef01")
        #expect(GitObjectID(bytes: id.bytes) == id)
        #expect(GitObjectID(hex: "00ff") == nil)
        #expect(GitObjectID(hex: String(repeating: "g", count: 40)) == nil)
        #expect(GitObjectID(bytes: [1, 2]) == nil)
        let larger = try #require(GitObjectID(hex: "00FFab0123456789abcdef0123456789abcdef02"))
        #expect(id < larger)
        #expect(GitObjectID(larger.oid) == larger)
    }
}
