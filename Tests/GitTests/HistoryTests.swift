import Foundation
import TestSupport
import Testing

@testable import Git

@Suite struct HistoryTests {
    let scratch: Scratch
    let org: String
    init() throws {
        scratch = try Scratch()
        org = try scratch.repository()
    }

    private func step(_ text: String) throws -> GitObjectID {
        try scratch.write(text, "\(text).yaml", in: org)
        return try scratch.commit(text, in: org)
    }

    @Test func `changes are added, modified, deleted, moved and made executable`() throws {
        for path in ["keep", "edit", "drop", "mode", "dir/a", "thing"] { try scratch.write(path, path, in: org) }
        let first = try scratch.commit(in: org)
        try scratch.write("edited", "edit", in: org)
        for path in ["drop", "thing"] { try FileManager.default.removeItem(atPath: "\(org)/\(path)") }
        #expect(chmod(org + "/mode", 0o755) == 0)
        try FileManager.default.moveItem(atPath: org + "/dir/a", toPath: org + "/dir/b")
        try scratch.write("now a folder", "thing/inside", in: org)
        let second = try scratch.commit(in: org)
        let repository = try GitRepository(opening: org)
        let changes = try repository.changedPaths(from: first, to: second)
        #expect(changes.map(\.path) == ["dir/a", "dir/b", "drop", "edit", "mode", "thing", "thing/inside"])
        #expect(changes.map { $0.old != nil } == [true, false, true, true, true, true, false])
        #expect(changes.map { $0.new != nil } == [false, true, false, true, true, false, true])
        #expect(changes[0].old == changes[1].new)
        #expect(changes[4].old == changes[4].new)
        #expect(try repository.changedPaths(from: second, to: second).isEmpty)
        #expect(try repository.changedPaths(from: nil, to: first).count == 6)
        #expect(try repository.changedPaths(from: second, to: first).map(\.path) == changes.map(\.path))
    }

    @Test func `a commit that brings a link is refused and one that removes it is read`() throws {
        let first = try step("a")
        try FileManager.default.createSymbolicLink(atPath: org + "/link", withDestinationPath: "a.yaml")
        let linked = try scratch.commit(in: org)
        try FileManager.default.removeItem(atPath: org + "/link")
        let mended = try scratch.commit(in: org)
        let repository = try GitRepository(opening: org)
        #expect(failure { _ = try repository.changedPaths(from: first, to: linked) }?.unsafePath == "link")
        #expect(try repository.changedPaths(from: linked, to: mended).map(\.path) == ["link"])
    }

    @Test func `history follows first parents or all`() throws {
        let a = try step("a")
        let b = try step("b")
        try scratch.git(["checkout", "-q", "-b", "side"], in: org)
        let c = try step("c")
        try scratch.git(["checkout", "-q", "main"], in: org)
        let d = try step("d")
        try scratch.git(["merge", "-q", "--no-ff", "-m", "merge", "side"], in: org)
        let merge = try scratch.id("HEAD", in: org)
        let repository = try GitRepository(opening: org)
        #expect(try repository.history(from: merge, firstParent: true) == [merge, d, b, a])
        #expect(try repository.history(from: merge, firstParent: false) == [merge, d, c, b, a])
        #expect(try repository.history(from: merge, firstParent: true, until: b) == [merge, d])
        #expect(try repository.history(from: merge, firstParent: true, until: c) == [merge, d])
        #expect(try repository.history(from: merge, firstParent: false, until: c) == [merge, d])
        #expect(try repository.history(from: merge, firstParent: false, until: b, limit: 2) == [merge, d])
        #expect(try repository.history(from: merge, firstParent: true, limit: 1) == [merge])
        #expect(try repository.history(from: merge, until: merge).isEmpty)
        #expect(try repository.isAncestor(c, of: merge))
        #expect(try repository.isAncestor(merge, of: merge))
        #expect(try !repository.isAncestor(c, of: d))
        #expect(try !repository.isAncestor(merge, of: a))
    }

    @Test func `a missing parent is damage`() throws {
        let a = try step("a")
        let b = try step("b")
        let c = try step("c")
        try FileManager.default.removeItem(atPath: scratch.looseFile(b, in: org))
        let repository = try GitRepository(opening: org)
        for firstParent in [true, false] {
            #expect(failure { _ = try repository.history(from: c, firstParent: firstParent) } == .damagedObject(b))
        }
        #expect(failure { _ = try repository.isAncestor(a, of: c) } == .damagedObject(b))
    }

    @Test func `a shallow clone says where it ends`() throws {
        let commits = [try step("a"), try step("b"), try step("c"), try step("d")]
        try scratch.git(["clone", "-q", "--depth", "2", "file://" + org, "shallow"])
        let repository = try GitRepository(opening: scratch.path + "/shallow")
        #expect(repository.isShallow)
        for firstParent in [true, false] {
            #expect(try repository.history(from: commits[3], firstParent: firstParent, limit: 2) == [commits[3], commits[2]])
            #expect(failure { _ = try repository.history(from: commits[3], firstParent: firstParent) } == .shallow(commits[1]))
            #expect(try repository.history(from: commits[3], firstParent: firstParent, until: commits[2]) == [commits[3]])
        }
        #expect(failure { _ = try repository.commit(commits[0]) } == .shallow(commits[0]))
        #expect(failure { _ = try repository.isAncestor(commits[3], of: commits[2]) } == .shallow(commits[1]))
        #expect(try repository.isAncestor(commits[2], of: commits[3]))
        #expect(try repository.files(in: commits[3]).count == 4)
    }
}

@Suite struct SharedHistoryTests {
    @Test(.enabled(if: SharedFiles.path("data/org-history.bundle") != nil, "the history of an organisation is not at hand"))
    func `every step of the shared history reads as git reads it`() throws {
        let bundle = try #require(SharedFiles.path("data/org-history.bundle"))
        let scratch = try Scratch()
        try scratch.git(["clone", "-q", bundle, "org"])
        let org = scratch.path + "/org"
        let repository = try GitRepository(opening: org)
        let tip = try repository.resolve("HEAD")
        let all = try scratch.git(["rev-list", "--topo-order", "HEAD"], in: org).split(separator: "\n").compactMap {
            GitObjectID(hex: String($0))
        }
        let history = try repository.history(from: tip, firstParent: false)
        #expect(history.count == 297)
        #expect(Set(history) == Set(all))
        let chain = try scratch.git(["rev-list", "--first-parent", "HEAD"], in: org).split(separator: "\n").map(String.init)
        #expect(try repository.history(from: tip, firstParent: true).map(\.description) == chain)
        for id in history {
            let parent = try repository.commit(id).parents.first
            let base = parent?.description ?? "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
            let expected = try scratch.git(["diff-tree", "-r", "-z", "--no-renames", "--name-only", base, id.description], in: org)
            let changes = try repository.changedPaths(from: parent, to: id)
            #expect(changes.map(\.path) == expected.split(separator: "\0").map(String.init), "\(id)")
        }
        for file in try repository.files(in: tip) { _ = try repository.blob(file.blob, path: file.path, limit: 10_000_000) }
    }
}
