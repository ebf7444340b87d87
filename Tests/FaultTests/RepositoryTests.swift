import Foundation
import Postgres
import TestSupport
import Testing

/// A repository, on this machine, that is not what it should be.
@Suite struct RepositoryTests {
    /// What a daemon follows, and where it comes from.
    private struct Scene {
        let people: People
        /// The bare repository that is followed.
        let followed: String
        let charter: RunningCharter
        let client: HTTPClient
        let connection: PostgresConnection
        let url: String

        var repository: TestRepository { TestRepository(existing: followed) }

        /// Makes a bare clone, to be put in the place of the one that is followed.
        func clone(_ options: String...) throws -> TestRepository {
            let path = followed + ".new"
            let command = ["git", "clone", "--quiet", "--bare"] + options + ["file://" + people.repository.path, path]
            let child = try ChildProgram(command, in: "/tmp")
            guard try child.wait() == 0 else { throw Failure(child.errors) }
            return TestRepository(existing: path)
        }

        /// Puts another repository in the place of the one that is followed.
        func replace(by other: TestRepository) throws {
            try FileManager.default.moveItem(atPath: followed, toPath: followed + ".old")
            try FileManager.default.moveItem(atPath: other.path, toPath: followed)
            try FileManager.default.removeItem(atPath: followed + ".old")
        }

        /// Expects that it goes on to be told from look to look, as one and the same fault.
        func expectSteady(_ reason: Reason, _ fault: String) throws {
            guard case .source(let word) = reason else { return }
            let since = try client.since(reason)
            let count = "charter_source_failures_total{reason=\"\(word)\"}"
            let before = try client.metric(count) ?? 0
            var isTold = true
            let looks = try eventually {
                isTold = try isTold && client.tells(reason)
                return try client.metric(count) ?? 0 >= before + 3
            }
            #expect(looks && isTold, "\(fault)")
            #expect(try client.since(reason) == since, "\(fault)")
        }

        /// Expects that a fault is told, and that nothing has moved from `commit`.
        func expectHeld(at commit: String, because reason: Reason, _ fault: String) throws {
            try expectTold(reason, by: client, charter, fault)
            try expectSteady(reason, fault)
            #expect(try client.commitInForce() == commit, "\(fault)")
            #expect(try connection.heldCommit() == commit, "\(fault)")
            try connection.script("UPDATE governance.users SET display_name = 'Somebody else' WHERE name = 'person-7'")
            let isCorrected = try eventually {
                try connection.query("SELECT FROM governance.users WHERE display_name = 'Somebody else'").isEmpty
            }
            #expect(isCorrected, "\(fault)")
        }
    }

    private func withScene(_ body: (Scene) throws -> Void) throws {
        try TemporaryFolder.with { folder in
            let people = try People(100, at: folder + "/acme")
            try people.repository.git("clone", "--quiet", "--bare", "--no-hardlinks", people.repository.path, folder + "/followed.git")
            try SharedPostgres.withDatabase { url, connection in
                let charter = try RunningCharter(up: folder + "/followed.git", state: folder + "/state", database: url)
                let client = try charter.client()
                try expectRecovery(to: try people.repository.head, by: client, charter)
                try body(
                    Scene(
                        people: people, followed: folder + "/followed.git", charter: charter, client: client, connection: connection,
                        url: url))
                #expect(try charter.interrupt() == 0)
            }
        }
    }

    // MARK: What is stored

    /// Spoils a bare clone whose newest commit is `commit`.
    private static let damages: [(name: String, Reason, @Sendable (TestRepository, String) throws -> Void)] = [
        (
            "damaged pack", .repositoryDamaged,
            { repository, _ in
                try repository.git("repack", "-a", "-d", "-f", "-q")
                try overwrite(try pack(of: repository)) { bytes in
                    for position in bytes.count / 4..<bytes.count / 2 { bytes[position] ^= 0x55 }
                }
            }
        ),
        (
            "truncated pack", .repositoryDamaged,
            { repository, _ in
                try repository.git("repack", "-a", "-d", "-f", "-q")
                try overwrite(try pack(of: repository)) { $0.removeLast($0.count / 2) }
            }
        ),
        ("missing blob", .repositoryDamaged, { try remove("\($1):users/0.yaml", from: $0) }),
        ("missing tree", .repositoryDamaged, { try remove("\($1)^{tree}", from: $0) }),
        ("missing folder", .repositoryDamaged, { try remove("\($1):users", from: $0) }),
        ("missing commit", .repositoryDamaged, { try remove($1, from: $0) }),
        (
            "damaged blob", .repositoryDamaged,
            { repository, commit in
                try repository.unpack()
                let file = repository.looseObject(try repository.git("rev-parse", "\(commit):users/0.yaml"))
                try overwrite(file) { bytes in bytes[bytes.count / 2] ^= 0x55 }
            }
        ),
        (
            "empty object", .repositoryDamaged,
            { repository, commit in
                try repository.unpack()
                try overwrite(repository.looseObject(try repository.git("rev-parse", "\(commit):teams.yaml"))) { $0 = [] }
            }
        ),
    ]

    private static func pack(of repository: TestRepository) throws -> String {
        let folder = repository.path + "/objects/pack"
        let packs = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".pack") }
        guard packs.count == 1 else { throw Failure("\(packs)") }
        return folder + "/" + packs[0]
    }

    private static func overwrite(_ file: String, _ change: (inout [UInt8]) -> Void) throws {
        var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: file)))
        change(&bytes)
        // Objects are read-only: another file takes the place.
        try FileManager.default.removeItem(atPath: file)
        try Data(bytes).write(to: URL(fileURLWithPath: file))
    }

    private static func remove(_ name: String, from repository: TestRepository) throws {
        let id = try repository.git("rev-parse", name)
        try repository.unpack()
        try FileManager.default.removeItem(atPath: repository.looseObject(id))
    }

    @Test func `repository with a damaged pack, or a missing or damaged object`() throws {
        try withScene { scene in
            var last = try scene.people.repository.head
            var level = 0
            for (name, reason, spoil) in Self.damages {
                level += 1
                let commit = try scene.people.commit(level: level)
                let broken = try scene.clone("--no-hardlinks")
                try spoil(broken, commit)
                try scene.replace(by: broken)
                try scene.expectHeld(at: last, because: reason, name)
                try scene.replace(by: try scene.clone("--no-hardlinks"))
                try expectRecovery(to: commit, by: scene.client, scene.charter)
                last = commit
            }
            try expectExactly(last, of: scene.people.repository.path, scene.url, scene.connection)
        }
    }

    @Test func `shallow clone`() throws {
        try withScene { scene in
            let first = try scene.people.repository.head
            try scene.people.commit(level: 1)
            let second = try scene.people.commit(level: 2)
            try scene.replace(by: try scene.clone("--depth", "1"))
            // What came between the commit in force and this one is not there to be looked at.
            try expectTold(.historyIncomplete, by: scene.client, scene.charter)
            #expect(try scene.client.commitInForce() == first)
            #expect(try scene.connection.heldCommit() == first)
            try scene.repository.git("fetch", "--quiet", "--unshallow", "file://" + scene.people.repository.path)
            try expectRecovery(to: second, by: scene.client, scene.charter)
            try expectExactly(second, of: scene.people.repository.path, scene.url, scene.connection)
        }
    }

    @Test func `deleted branch, and a repository that is gone`() throws {
        try withScene { scene in
            let first = try scene.people.repository.head
            try scene.repository.git("branch", "other", "main")
            try scene.repository.git("update-ref", "-d", "refs/heads/main")
            try scene.expectHeld(at: first, because: .branchNotFound, "deleted branch")
            try scene.repository.git("update-ref", "refs/heads/main", first)
            try expectRecovery(to: first, by: scene.client, scene.charter)

            try FileManager.default.moveItem(atPath: scene.followed, toPath: scene.followed + ".away")
            try scene.expectHeld(at: first, because: .repositoryNotFound, "no repository")
            try FileManager.default.moveItem(atPath: scene.followed + ".away", toPath: scene.followed)
            let second = try scene.people.commit(level: 1)
            try scene.repository.git("fetch", "--quiet", scene.people.repository.path, "main:main")
            try expectRecovery(to: second, by: scene.client, scene.charter)
            try expectExactly(second, of: scene.people.repository.path, scene.url, scene.connection)
        }
    }

    // MARK: What is committed

    /// An entry of a tree; `target` is an id, or text that becomes a blob.
    private struct Entry {
        var mode: String
        var name: String
        var target: String
    }

    private static let link = Entry(mode: "120000", name: "zz-link", target: "../../etc/passwd")
    private static let document = "apiVersion: charter/v1\nkind: User\nmetadata: {name: intruder}\nspec: {email: a@example.org}\n"

    /// Entries that are put behind those of a good tree.
    private static let trees: [(name: String, Reason, [Entry])] = [
        ("symlink", .unsafeTree, [link]),
        ("submodule", .unsafeTree, [Entry(mode: "160000", name: "zz-module", target: String(repeating: "a", count: 40))]),
        ("`..`", .unsafeTree, [Entry(mode: "100644", name: "..", target: document)]),
        ("`.`", .unsafeTree, [Entry(mode: "100644", name: ".", target: document)]),
        ("`.git`", .unsafeTree, [Entry(mode: "100644", name: ".git", target: document)]),
        ("a slash", .unsafeTree, [Entry(mode: "100644", name: "../../zz.yaml", target: document)]),
        ("no name", .unsafeTree, [Entry(mode: "100644", name: "", target: document)]),
        (
            "duplicate entries", .unsafeTree,
            [Entry(mode: "100644", name: "zz.yaml", target: document), Entry(mode: "100644", name: "zz.yaml", target: document + "# 2\n")]
        ),
        ("an unknown kind of file", .unsafeTree, [Entry(mode: "140000", name: "zz.yaml", target: document)]),
    ]

    /// Writes a tree without asking git whether it is a good one.
    private func write(_ entries: [Entry], behind tree: String?, to repository: TestRepository) throws -> String {
        var bytes: [UInt8] = []
        func append(_ mode: String, _ name: String, _ id: String) {
            bytes += Array("\(mode) \(name)".utf8) + [0]
            bytes += stride(from: 0, to: 40, by: 2).compactMap { UInt8(id.dropFirst($0).prefix(2), radix: 16) }
        }
        for line in try tree.map({ try repository.git("ls-tree", $0) })?.split(separator: "\n") ?? [] {
            let (head, name) = (line.split(separator: "\t")[0].split(separator: " "), line.split(separator: "\t")[1])
            append(String(head[0].drop { $0 == "0" }), String(name), String(head[2]))
        }
        for entry in entries {
            let isID = entry.target.count == 40
            let id = try isID ? entry.target : repository.git("hash-object", "-w", "--stdin", input: Data(entry.target.utf8))
            append(entry.mode, entry.name, id)
        }
        return try repository.git("hash-object", "-t", "tree", "-w", "--literally", "--stdin", input: Data(bytes))
    }

    @Test func `symlink, submodule, dot-dot, duplicate and other bad entries, and an empty tree`() throws {
        try withScene { scene in
            let repository = scene.repository
            var last = try scene.people.repository.head
            let faults = Self.trees.map { ($0.name, $0.1, Optional($0.2)) } + [("empty tree", Reason.commitInvalid, nil)]
            for (level, (name, reason, entries)) in faults.enumerated() {
                try scene.people.commit(level: level + 1)
                try repository.git("fetch", "--quiet", scene.people.repository.path, "+main:refs/staged/main")
                let good = try repository.git("rev-parse", "refs/staged/main^{tree}")
                let bad = try write(entries ?? [], behind: entries == nil ? nil : good, to: repository)
                let broken = try repository.git("commit-tree", bad, "-p", last, "-m", name)
                try repository.git("update-ref", "refs/heads/main", broken)
                try scene.expectHeld(at: last, because: reason, name)
                last = try repository.git("commit-tree", good, "-p", broken, "-m", "Mend")
                try repository.git("update-ref", "refs/heads/main", last)
                try expectRecovery(to: last, by: scene.client, scene.charter)
            }
            // By a commit that the clone for comparing can be made of: git itself refuses to send the others.
            let held = try DeclaredState(scene.connection)
            #expect(try held == ExactState.of(try scene.people.repository.head, in: scene.people.repository.path))
            try expectWholeHistory(scene.connection)
        }
    }
}
