import Foundation
import Testing

@testable import Git

@Suite struct TreeTests {
    let scratch: Scratch
    let org: String
    init() throws {
        scratch = try Scratch()
        org = try scratch.repository()
    }

    private func refusedPath(_ commit: GitObjectID, under folder: String = "") throws -> String? {
        let repository = try GitRepository(opening: org)
        return failure { _ = try repository.files(in: commit, under: folder) }?.unsafePath
    }

    private func blob(_ text: String = "x") throws -> GitObjectID { try scratch.object("blob", Array(text.utf8), in: org) }

    @Test func `files are listed bytewise with their modes and blobs`() throws {
        for path in ["b.yaml", "a/z.yaml", "a.yaml", "a-b/c.yaml", "a0", "é/ü.yaml", "deep/er/still.txt"] {
            try scratch.write(path, path, in: org)
        }
        try scratch.write("run", "run.sh", in: org)
        #expect(chmod(org + "/run.sh", 0o755) == 0)
        let commit = try scratch.commit(in: org)
        let repository = try GitRepository(opening: org)
        let files = try repository.files(in: commit)
        let listed = try scratch.git(["ls-tree", "-r", "-z", "--name-only", "HEAD"], in: org).split(separator: "\0").map(String.init)
        #expect(files.map(\.path) == listed)
        #expect(files.map(\.path) == files.map(\.path).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
        #expect(files.filter(\.isExecutable).map(\.path) == ["run.sh"])
        for file in files where file.path != "run.sh" {
            #expect(try repository.blob(file.blob, path: file.path, limit: 100) == Array(file.path.utf8))
        }
        #expect(try repository.files(in: commit, where: { $0.hasPrefix("a") }).map(\.path) == ["a-b/c.yaml", "a.yaml", "a/z.yaml", "a0"])
        #expect(try repository.files(in: commit, under: "deep/er/").map(\.path) == ["deep/er/still.txt"])
        #expect(failure { _ = try repository.files(in: commit, under: "none/such") } == .pathNotFound("none"))
        #expect(failure { _ = try repository.files(in: commit, under: "b.yaml") } == .pathNotFound("b.yaml"))
        for folder in ["..", "/a", "a//b", "a/../b", ".git"] {
            #expect(failure { _ = try repository.files(in: commit, under: folder) }?.unsafePath == folder)
        }
    }

    @Test func `symbolic links are refused, wanted or not`() throws {
        try scratch.write("a", "teams/a.yaml", in: org)
        try FileManager.default.createSymbolicLink(atPath: org + "/teams/link", withDestinationPath: "/etc")
        let commit = try scratch.commit(in: org)
        #expect(try refusedPath(commit) == "teams/link")
        #expect(try refusedPath(commit, under: "teams/link") == "teams/link")
        #expect(failure { _ = try GitRepository(opening: org).files(in: commit, where: { _ in false }) }?.unsafePath == "teams/link")
    }

    @Test func `submodules are refused`() throws {
        try scratch.write("a", "a", in: org)
        let first = try scratch.commit(in: org)
        try scratch.git(["update-index", "--add", "--cacheinfo", "160000,\(first),vendor/sub"], in: org)
        try scratch.git(["commit", "-q", "-m", "submodule"], in: org)
        #expect(try refusedPath(try scratch.id("HEAD", in: org)) == "vendor/sub")
    }

    @Test(arguments: ["..", ".", ".git", ".GIT", ".gIt", "a/b", ""])
    func `dangerous names are refused`(name: String) throws {
        let tree = try scratch.tree([("100644", Array(name.utf8), try blob())], in: org)
        let parent = try scratch.tree([("40000", Array("teams".utf8), tree)], in: org)
        #expect(try refusedPath(try scratch.commit(tree: parent, in: org)) == "teams/" + name)
        let folder = try scratch.tree([("40000", Array(name.utf8), parent)], in: org)
        #expect(try refusedPath(try scratch.commit(tree: folder, in: org)) == name)
    }

    @Test func `names that merely resemble them are accepted`() throws {
        for name in [".gitignore", "...", ".git2", "a.git"] { try scratch.write("x", name, in: org) }
        #expect(try GitRepository(opening: org).files(in: try scratch.commit(in: org)).count == 4)
    }

    @Test func `doubled names are refused, also as file and folder and in two Unicode spellings`() throws {
        let file = try blob()
        let folder = try scratch.tree([("100644", Array("x".utf8), file)], in: org)
        func name(_ text: String) -> [UInt8] { Array(text.utf8) }
        let doubled = try scratch.tree([("100644", name("a"), file), ("100644", name("a"), try blob("y"))], in: org)
        #expect(try refusedPath(try scratch.commit(tree: doubled, in: org)) == "a")
        let mixed = try scratch.tree([("100644", name("a"), file), ("100644", name("a.b"), file), ("40000", name("a"), folder)], in: org)
        #expect(try refusedPath(try scratch.commit(tree: mixed, in: org)) == "a")
        let spellings = try scratch.tree([("100644", name("e\u{301}"), file), ("100644", name("\u{e9}"), file)], in: org)
        #expect(try refusedPath(try scratch.commit(tree: spellings, in: org)) == "\u{e9}")
        let unordered = try scratch.tree([("100644", name("b"), file), ("100644", name("a"), file)], in: org)
        #expect(try refusedPath(try scratch.commit(tree: unordered, in: org)) == "a")
    }

    @Test func `invalid UTF-8, unknown modes and malformed trees are refused`() throws {
        let latin = try scratch.tree([("100644", [0x63, 0xE9], try blob())], in: org)
        #expect(try refusedPath(try scratch.commit(tree: latin, in: org)) == "c\u{FFFD}")
        let device = try scratch.tree([("60644", Array("dev".utf8), try blob())], in: org)
        #expect(try refusedPath(try scratch.commit(tree: device, in: org)) == "dev")
        let repository = try GitRepository(opening: org)
        let nul = Array("100644 a\0b\0".utf8) + (try blob().bytes)
        for bytes in [Array("100644 a".utf8), Array("100644 a\0short".utf8), Array("100648 a\0".utf8), Array(" a\0".utf8), nul] {
            let tree = try scratch.object("tree", bytes, in: org)
            let commit = try scratch.commit(tree: tree, in: org)
            #expect(failure { _ = try repository.files(in: commit) } == .damagedObject(tree))
        }
    }

    @Test func `depth, the number of entries and the length of paths are limited`() throws {
        var tree = try scratch.tree([("100644", Array("f".utf8), try blob())], in: org)
        for _ in 0..<63 { tree = try scratch.tree([("40000", Array("d".utf8), tree)], in: org) }
        let deepest = try scratch.commit(tree: tree, in: org)
        #expect(try GitRepository(opening: org).files(in: deepest).count == 1)
        tree = try scratch.tree([("40000", Array("d".utf8), tree)], in: org)
        #expect(try refusedPath(try scratch.commit(tree: tree, in: org)) == String(repeating: "d/", count: 64) + "f")

        // Ten folders of ten folders of …: a billion paths in a handful of objects.
        var bomb = try scratch.tree([("100644", Array("f".utf8), try blob())], in: org)
        for _ in 0..<9 { bomb = try scratch.tree((0..<10).map { ("40000", Array("\($0)".utf8), bomb) }, in: org) }
        let commit = try scratch.commit(tree: bomb, in: org)
        let repository = try GitRepository(opening: org)
        #expect(repository.limits.entries == 1_000_000)
        repository.limits.entries = 5000
        #expect(failure { _ = try repository.files(in: commit) }?.unsafePath != nil)
        #expect(failure { _ = try repository.changedPaths(from: nil, to: commit) }?.unsafePath != nil)

        var long = try scratch.tree([("100644", Array("f".utf8), try blob())], in: org)
        for _ in 0..<20 { long = try scratch.tree([("40000", Array(repeating: 0x61, count: 250), long)], in: org) }
        #expect(try refusedPath(try scratch.commit(tree: long, in: org)) != nil)
        repository.limits.treeBytes = 100
        #expect(failure { _ = try repository.files(in: commit) } == .tooLarge(path: "the root folder", size: 280, limit: 100))
    }
}

@Suite struct DamageTests {
    let scratch: Scratch
    let org: String
    let commit: GitObjectID
    let tree: GitObjectID
    let blob: GitObjectID

    init() throws {
        scratch = try Scratch()
        org = try scratch.repository()
        try scratch.write("budget: 10", "teams/pay.yaml", in: org)
        commit = try scratch.commit(in: org)
        tree = try scratch.id("HEAD:teams", in: org)
        blob = try scratch.id("HEAD:teams/pay.yaml", in: org)
    }

    /// Damages one object in every way and expects that `read` names it each time.
    private func expectDamage(_ id: GitObjectID, _ read: (GitRepository) throws -> Void) throws {
        let file = scratch.looseFile(id, in: org)
        let sound = try #require(FileManager.default.contents(atPath: file))
        let other = try scratch.object("blob", Array("budget: 99".utf8), in: org)
        let impostor = try #require(FileManager.default.contents(atPath: scratch.looseFile(other, in: org)))
        for damaged in [Data(), Data("garbage".utf8), sound.prefix(sound.count / 2), impostor] {
            try scratch.overwrite(file, [UInt8](damaged))
            #expect(failure { try read(try GitRepository(opening: org)) } == .damagedObject(id))
        }
        try FileManager.default.removeItem(atPath: file)
        #expect(failure { try read(try GitRepository(opening: org)) } == .damagedObject(id))
        try Data(sound).write(to: URL(fileURLWithPath: file))
        try read(try GitRepository(opening: org))
    }

    @Test func `a damaged or missing blob is an error`() throws {
        try expectDamage(blob) { _ = try $0.blob(blob, path: "teams/pay.yaml", limit: 100) }
    }

    @Test func `a damaged or missing tree is an error`() throws {
        try expectDamage(tree) { _ = try $0.files(in: commit) }
        try expectDamage(tree) { _ = try $0.changedPaths(from: nil, to: commit) }
        try expectDamage(try GitRepository(opening: org).commit(commit).tree) { _ = try $0.files(in: commit) }
    }

    @Test func `a damaged commit is an error by any name`() throws {
        let file = scratch.looseFile(commit, in: org)
        let sound = try #require(FileManager.default.contents(atPath: file))
        try scratch.overwrite(file, [UInt8](sound.prefix(sound.count / 2)))
        for name in ["HEAD", "main", "HEAD~1", commit.description, commit.short] {
            #expect(failure { _ = try GitRepository(opening: org).resolve(name) } == .damagedObject(commit), "\(name)")
        }
        #expect(failure { _ = try GitRepository(opening: org).commit(commit) } == .damagedObject(commit))
    }

    @Test func `objects borrowed from another repository are read`() throws {
        try scratch.git(["clone", "-q", "--shared", org, "borrower"])
        let borrower = try GitRepository(opening: scratch.path + "/borrower")
        #expect(try borrower.files(in: try borrower.resolve("HEAD")).count == 1)
        let file = scratch.looseFile(tree, in: org)
        try scratch.overwrite(file, [UInt8](try #require(FileManager.default.contents(atPath: file)).dropLast(6)))
        #expect(failure { _ = try borrower.files(in: commit) } == .damagedObject(tree))
    }

    @Test func `a damaged object in a pack is an error`() throws {
        try scratch.git(["repack", "-q", "-a", "-d"], in: org)
        let packs = org + "/.git/objects/pack"
        let pack = try #require(try FileManager.default.contentsOfDirectory(atPath: packs).first { $0.hasSuffix(".pack") })
        var bytes = [UInt8](try #require(FileManager.default.contents(atPath: "\(packs)/\(pack)")))
        // The middle of the file is some object's compressed content.
        for position in 20..<(bytes.count - 20) { bytes[position] = 0 }
        try scratch.overwrite("\(packs)/\(pack)", bytes)
        let repository = try GitRepository(opening: org)
        let kind = failure {
            for file in try repository.files(in: try repository.resolve("HEAD")) {
                _ = try repository.blob(file.blob, path: file.path, limit: 100)
            }
        }
        guard case .damagedObject = kind else {
            Issue.record("\(String(describing: kind))")
            return
        }
    }

    @Test func `a large blob is refused before it is read`() throws {
        try scratch.write(String(repeating: "a", count: 5_000_000), "big.yaml", in: org)
        let commit = try scratch.commit(in: org)
        let repository = try GitRepository(opening: org)
        let big = try #require(try repository.files(in: commit).first)
        #expect(
            failure { _ = try repository.blob(big.blob, path: big.path, limit: 1000) }
                == .tooLarge(path: "big.yaml", size: 5_000_000, limit: 1000))
        #expect(try repository.blob(big.blob, path: big.path, limit: 5_000_000).count == 5_000_000)
    }

    @Test func `a tree in the place of a blob is an error`() throws {
        #expect(failure { _ = try GitRepository(opening: org).blob(tree, path: "teams", limit: 100) } == .damagedObject(tree))
    }
}
