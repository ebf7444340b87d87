import Foundation
import Testing

@testable import Git

/// The commits that a branch brings, as `git rev-list` tells them.
@Suite struct IncomingTests {
    let scratch: Scratch
    let org: String

    init() throws {
        scratch = try Scratch()
        org = try scratch.repository()
    }

    private func commit(_ parents: [GitObjectID], _ number: Int, at time: Int) throws -> GitObjectID {
        let tree = try scratch.tree([], in: org)
        var text = "tree \(tree)\n"
        for parent in parents { text += "parent \(parent)\n" }
        text += "author Ada <ada@example.org> \(time) +0000\ncommitter Ada <ada@example.org> \(time) +0000\n\nnumber \(number)\n"
        return try scratch.object("commit", Array(text.utf8), in: org)
    }

    private func history(_ id: GitObjectID) throws -> Set<String> {
        Set(try scratch.git(["rev-list", id.description], in: org).split(separator: "\n").map(String.init))
    }

    @Test func `what is new is the same as for git, in histories full of merges and of wrong clocks`() throws {
        var state: UInt64 = 5
        func random(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        var all: [GitObjectID] = []
        for number in 0..<60 {
            // Some begin a history of their own, most follow recent commits, some are merges.
            let count = number == 0 || random(20) == 0 ? 0 : random(3) == 0 ? 2 : 1
            var parents: [GitObjectID] = []
            for _ in 0..<count {
                let parent = all[max(0, all.count - 1 - random(8))]
                if !parents.contains(parent) { parents.append(parent) }
            }
            all.append(try commit(parents, number, at: 1_700_000_000 + random(1_000)))
        }
        let repository = try GitRepository(opening: org)
        for _ in 0..<80 {
            let (old, new) = (all[random(all.count)], all[random(all.count)])
            // Of two whole histories and not `new ^old`: that goes by the clocks of the commits, and is misled by wrong ones.
            let expected = try history(new).subtracting(try history(old)).sorted()
            let found = try repository.incoming(new, after: old)
            #expect(found.commits.map(\.id.description).sorted() == expected)
            #expect(try found.continuesOld == repository.isAncestor(old, of: new))
            let places = Dictionary(uniqueKeysWithValues: found.commits.enumerated().map { ($1.id, $0) })
            for commit in found.commits {
                #expect(try commit.parents == repository.commit(commit.id).parents)
                for parent in commit.parents { #expect(places[parent] ?? -1 < places[commit.id] ?? -1, "parents come first") }
            }
        }
        let last = try #require(all.last)
        let reached = try history(last).count
        #expect(try repository.incoming(last, after: nil).commits.count == reached)
        #expect(failure { _ = try repository.incoming(last, after: nil, limit: reached - 1) } == .tooManyCommits(limit: reached - 1))
    }

    @Test func `a commit that is missing is no end of history`() throws {
        let base = try commit([], 0, at: 1)
        let lost = try commit([base], 1, at: 2)
        let new = try commit([lost], 2, at: 3)
        try FileManager.default.removeItem(atPath: scratch.looseFile(lost, in: org))
        let repository = try GitRepository(opening: org)
        #expect(failure { _ = try repository.incoming(new, after: base) } == .damagedObject(lost))
        #expect(failure { _ = try repository.incoming(new, after: nil) } == .damagedObject(lost))
        #expect(failure { _ = try repository.incoming(new, after: lost) } == .notFound(lost.description))
    }

    @Test func `a shallow clone says where it ends`() throws {
        let first = try scratch.commit("one", in: org)
        _ = try scratch.commit("two", in: org)
        let last = try scratch.commit("three", in: org)
        try scratch.git(["clone", "-q", "--depth", "2", "file://\(org)", scratch.path + "/shallow"])
        let repository = try GitRepository(opening: scratch.path + "/shallow")
        #expect(failure { _ = try repository.incoming(last, after: nil) } == .shallow(first))
        #expect(failure { _ = try repository.incoming(last, after: first) } == .shallow(first))
    }
}
