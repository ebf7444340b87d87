import Foundation
import Glibc
import TestSupport
import Testing

@Suite struct RepositoryTroubleTests {
    /// Expects that `charter up` and `charter compile` refuse the repository with a line that contains each of `texts`.
    private func expectRefused(_ path: String, _ texts: String..., folder: String, sourceLocation: SourceLocation = #_sourceLocation) throws
    {
        for command in [["up", "--state", folder + "/state", "--listen", "127.0.0.1:0"], ["compile", "-o", folder + "/bundle"]] {
            let child = try ChildProgram([CharterProgram.path, command[0], path] + command.dropFirst(), in: folder)
            let outcome = Outcome(status: try child.wait(), output: child.output, errors: child.errors)
            #expect(outcome.isClearFailure(1), "\(outcome)", sourceLocation: sourceLocation)
            for text in texts { #expect(outcome.errors.contains(text), "\(outcome)", sourceLocation: sourceLocation) }
            #expect(Postmaster(state: folder + "/state") == nil, sourceLocation: sourceLocation)
            #expect(!FileManager.default.fileExists(atPath: folder + "/bundle"), sourceLocation: sourceLocation)
        }
    }

    @Test("a repository with a symbolic link is refused, and the link is named")
    func symbolicLink() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            try FileManager.default.createSymbolicLink(atPath: repository.path + "/users/passwd.yaml", withDestinationPath: "/etc/passwd")
            try repository.commit("Link")
            try expectRefused(repository.path, "users/passwd.yaml", "symbolic link", folder: folder)
            #expect(try CharterProgram.run("validate", repository.path).status == 1)
        }
    }

    @Test("a repository with a submodule is refused, and the submodule is named")
    func submodule() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            try repository.git("update-index", "--add", "--cacheinfo", "160000,\(repository.head),shared/policies")
            try repository.git("commit", "--quiet", "--message", "Submodule")
            try expectRefused(repository.path, "shared/policies", "submodule", folder: folder)
        }
    }

    @Test("no commits, no repository, no folder and no documents are each told as what they are")
    func nothingThere() throws {
        try TemporaryFolder.with { folder in
            let empty = try TestRepository(at: folder + "/empty")
            try expectRefused(empty.path, "no commits", folder: folder)
            try empty.commit("Nothing")
            try expectRefused(empty.path, "no .yaml", folder: folder)
            try FileManager.default.createDirectory(atPath: folder + "/plain", withIntermediateDirectories: true)
            try expectRefused(folder + "/plain", "not inside a git repository", folder: folder)
            try expectRefused(folder + "/none", "does not exist", folder: folder)
            try Data("x".utf8).write(to: URL(fileURLWithPath: folder + "/file"))
            try expectRefused(folder + "/file", folder + "/file", folder: folder)
            let branch = try CharterProgram.run(
                "up", empty.path, "--branch", "nowhere", "--state", folder + "/state", "--listen", "127.0.0.1:0")
            #expect(branch.isClearFailure(1, naming: "nowhere"), "\(branch)")
        }
    }

    @Test("a file of 50 MB is refused for its size, with the other errors beside it")
    func hugeFile() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            let line = "- {name: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}\n"
            try repository.write(String(repeating: line, count: (50 << 20) / line.utf8.count), to: "users/huge.yaml")
            try repository.replace("  email:", with: "  emial:", in: "users/ada.yaml")
            try repository.commit("Grow")
            try expectRefused(repository.path, "users/huge.yaml", "users/ada.yaml:6:3", folder: folder)
        }
    }

    @Test("an error that a running charter meets in the repository is told, and the bundle in force stays")
    func badTreeWhileRunning() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            try SharedPostgres.withDatabase { url, _ in
                let charter = try RunningCharter(up: repository.path, state: folder + "/state", database: url)
                let client = try charter.client()
                let good = try repository.head
                try FileManager.default.createSymbolicLink(atPath: repository.path + "/link", withDestinationPath: "README.md")
                try repository.commit("Link")
                let isTold = try eventually {
                    try client.check("repository") == "failing" || client.check("commit") == "refused"
                }
                #expect(isTold)
                #expect(eventually { charter.program.errors.contains("`link`") }, "\(charter.program.errors)")
                #expect(try client.commitInForce() == good)
                #expect(try client.decide(Requests.everyday).json["decision"] == true)
                try repository.remove("link")
                let mended = try repository.commit("Unlink")
                #expect(try eventually { try client.commitInForce() == mended })
                #expect(try client.check("repository") == nil)
                #expect(try eventually { try client.check("commit") == "ok" })
                #expect(try charter.interrupt() == 0)
            }
        }
    }

    @Test("a branch that is rewound or replaced is refused, and taken when somebody names its commit")
    func rewound() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            let first = try repository.head
            try repository.setCostLimit(to: "1.00")
            let second = try repository.commit("Raise the limit")
            try SharedPostgres.withDatabase { url, database in
                let charter = try RunningCharter(up: repository.path, state: folder + "/state", database: url)
                let client = try charter.client()
                #expect(try client.commitInForce() == second)
                #expect(try client.decide(Requests.costly).json["decision"] == true)
                try repository.git("reset", "--quiet", "--hard", first)
                #expect(try eventually { try client.reason("Stalled") == "HistoryRewritten" })
                #expect(try client.commitInForce() == second)
                let refused = try CharterProgram.run("reconcile", repository.path, "--once", "--database", url)
                #expect(refused.isClearFailure(1, naming: "HistoryRewritten"), "\(refused)")
                func accept(_ commit: String) throws -> Outcome {
                    try CharterProgram.run("reconcile", repository.path, "--once", "--database", url, "--allow-rewind", commit)
                }
                #expect(try accept(second).isClearFailure(1, naming: first))
                #expect(try client.commitInDatabase() == second)
                #expect(try accept(first).status == 0)
                #expect(try eventually { try client.commitInForce() == first })
                #expect(try eventually { try client.reason("Ready") == "Applied" })
                #expect(try client.decide(Requests.costly).json["decision"] == false)

                // Another history altogether, with the old one gone.
                try repository.git("checkout", "--quiet", "--orphan", "other")
                try repository.addUser("barbara")
                let other = try repository.commit("Begin again")
                try repository.git("branch", "--quiet", "--force", "main", other)
                // Where it looks only when the old one is gone, it cannot tell one from the other.
                #expect(try eventually { try client.get("/readyz").json["checks"]?["commit"]?["commit"]?.stringValue == other })
                try repository.git("checkout", "--quiet", "main")
                try repository.git("reflog", "expire", "--expire=now", "--all")
                try repository.git("gc", "--quiet", "--prune=now")
                #expect(try client.reason("Stalled") == "HistoryRewritten")
                #expect(try client.commitInDatabase() == first)
                #expect(try accept(other).status == 0)
                #expect(try eventually { try client.commitInForce() == other })
                #expect(try DeclaredState(database).tables["users"]?.contains { $0.contains("barbara") } == true)
                #expect(try charter.interrupt() == 0)
            }
        }
    }

    @Test("a repository that disappears leaves the bundle in force and shows in readyz, and is followed again once it is back")
    func disappears() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            try SharedPostgres.withDatabase { url, database in
                let charter = try RunningCharter(up: repository.path, state: folder + "/state", database: url)
                let client = try charter.client()
                let state = try DeclaredState(database)
                try FileManager.default.moveItem(atPath: repository.path, toPath: folder + "/away")
                #expect(try eventually { try client.check("repository") == "failing" })
                #expect(try client.get("/readyz").status == 200)
                #expect(try client.decide(Requests.everyday).json["decision"] == true)
                try database.driftByHand()
                #expect(try eventually { try DeclaredState(database) == state })
                try FileManager.default.moveItem(atPath: folder + "/away", toPath: repository.path)
                #expect(try eventually { try client.check("repository") == nil })
                try repository.setCostLimit(to: "1.00")
                let commit = try repository.commit("Raise the limit")
                #expect(try eventually { try client.commitInForce() == commit })
                #expect(eventually { charter.program.errors.contains("repository: working again") })
                #expect(try charter.interrupt() == 0)
            }
        }
    }

    @Test("a remote repository is followed through a mirror, over a forced push where the organisation allows it")
    func remote() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            try repository.replace("reconcile:", with: "reconcile:\n    rewinds: allow", in: "organization.yaml")
            let first = try repository.commit("Allow rewinds")
            try repository.git("clone", "--quiet", "--bare", repository.path, folder + "/remote.git")
            try repository.git("remote", "add", "origin", folder + "/remote.git")
            try SharedPostgres.withDatabase { url, _ in
                let charter = try RunningCharter(up: "file://\(folder)/remote.git", state: folder + "/state", database: url)
                let client = try charter.client()
                #expect(try client.commitInForce() == first)
                try repository.setCostLimit(to: "1.00")
                let second = try repository.commit("Raise the limit")
                try repository.git("push", "--quiet", "origin", "main")
                #expect(try eventually { try client.commitInDatabase() == second })
                #expect(try client.decide(Requests.costly).json["decision"] == true)
                try repository.git("reset", "--quiet", "--hard", first)
                try repository.addUser("barbara")
                let third = try repository.commit("Another way")
                try repository.git("push", "--quiet", "--force", "origin", "main")
                #expect(try eventually { try client.commitInDatabase() == third })
                #expect(try client.decide(Requests.costly).json["decision"] == false)

                try FileManager.default.moveItem(atPath: folder + "/remote.git", toPath: folder + "/away.git")
                #expect(try eventually { try client.check("repository") == "failing" })
                #expect(try client.decide(Requests.everyday).json["decision"] == true)
                try FileManager.default.moveItem(atPath: folder + "/away.git", toPath: folder + "/remote.git")
                #expect(try eventually { try client.check("repository") == nil })
                #expect(try charter.interrupt() == 0)
            }
            let gone = try CharterProgram.run("up", "file://\(folder)/nowhere.git", "--state", folder + "/other", "--listen", "127.0.0.1:0")
            #expect([1, 75].contains(gone.status), "\(gone)")
            #expect(gone.isClearFailure(gone.status, naming: "nowhere.git"), "\(gone)")
        }
    }

    @Test("Ctrl-C is heard while a remote repository does not answer")
    func silentRemote() throws {
        try TemporaryFolder.with { folder in
            let remote = try LoopbackListener()
            let charter = try RunningCharter(
                ["up", "http://127.0.0.1:\(remote.port)/acme.git", "--state", folder + "/state", "--listen", "127.0.0.1:0"])
            #expect(eventually { !children(of: charter.program.process).isEmpty })
            let fetching = children(of: charter.program.process)
            charter.program.signal(SIGINT)
            #expect(try charter.program.wait(within: .seconds(100)) == 0)
            #expect(eventually { fetching.allSatisfy { kill($0, 0) != 0 } })
        }
    }

    @Test("a fetch under way ends with the charter that was killed")
    func killedWhileFetching() throws {
        try TemporaryFolder.with { folder in
            let remote = try LoopbackListener()
            let charter = try RunningCharter(
                ["up", "http://127.0.0.1:\(remote.port)/acme.git", "--state", folder + "/state", "--listen", "127.0.0.1:0"])
            #expect(eventually { !children(of: charter.program.process).isEmpty })
            let fetching = children(of: charter.program.process)
            charter.program.signal(SIGKILL)
            try charter.program.wait()
            #expect(eventually { fetching.allSatisfy { !isRunning($0) } })
        }
    }
}
