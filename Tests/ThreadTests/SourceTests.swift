import Foundation
import TestSupport
import Testing

@Suite struct SourceTests {
    /// The example organisation in a folder of a repository that holds other things too, one of which would be refused.
    private func nested(at path: String) throws -> TestRepository {
        let repository = try TestRepository(at: path)
        let acme = try TestRepository.acme(at: path + "-plain")
        try FileManager.default.createDirectory(atPath: path + "/teams/governance", withIntermediateDirectories: true)
        for entry in try FileManager.default.contentsOfDirectory(atPath: acme.path) where entry != ".git" {
            try FileManager.default.moveItem(atPath: "\(acme.path)/\(entry)", toPath: "\(path)/teams/governance/\(entry)")
        }
        try repository.write("kind: [not one of ours", to: "app/config.yaml")
        try FileManager.default.createSymbolicLink(atPath: path + "/app/link", withDestinationPath: "/etc/passwd")
        try repository.commit("Begin")
        return repository
    }

    @Test("a tag is followed wherever it is moved on to, and the branch is not")
    func tag() throws {
        try TemporaryFolder.with { folder in
            try SharedPostgres.withDatabase { url, _ in
                let repository = try TestRepository.acme(at: folder + "/acme")
                let first = try repository.head
                try repository.git("tag", "--annotate", "live", "--message", "Live")
                let charter = try RunningCharter(up: repository.path, state: folder + "/state", database: url, "--tag", "live")
                let client = try charter.client()
                #expect(try client.commitInForce() == first)
                #expect(try client.get("/v1/status").json["source"]?["reference"] == "refs/tags/live")
                try repository.addUser("grete")
                let second = try repository.commit("Add grete")
                try repository.addUser("hans")
                try repository.commit("Add hans")
                try repository.git("tag", "--force", "live", second)
                #expect(try eventually { try client.commitInDatabase() == second })
                #expect(try client.commitInForce() == second)
                // A tag that is gone is told, and what is in force stays.
                try repository.git("tag", "--delete", "live")
                #expect(try eventually { try client.get("/readyz").json["checks"]?["repository"]?["reason"] == "TagNotFound" })
                #expect(try client.commitInForce() == second)
                #expect(try charter.interrupt() == 0)
            }
        }
    }

    @Test("a commit that is named is held, whatever is committed")
    func commit() throws {
        try TemporaryFolder.with { folder in
            try SharedPostgres.withDatabase { url, _ in
                let repository = try TestRepository.acme(at: folder + "/acme")
                let first = try repository.head
                try repository.addUser("grete")
                let second = try repository.commit("Add grete")
                let charter = try RunningCharter(up: repository.path, state: folder + "/state", database: url, "--commit", first)
                let client = try charter.client()
                #expect(try client.commitInForce() == first && client.commitInDatabase() == first)
                #expect(try charter.interrupt() == 0)
                let applied = try CharterProgram.run(
                    "reconcile", repository.path, "--commit", second, "--database", url, "--state", folder + "/other", "--format", "json")
                #expect(try applied.json["commit"]?.stringValue == second && applied.status == 0, "\(applied)")
            }
            let absent = String(repeating: "ab", count: 20)
            let none = try CharterProgram.run(
                "up", folder + "/acme", "--commit", absent, "--state", folder + "/state", "--listen", "127.0.0.1:0")
            #expect(none.isClearFailure(1, naming: absent), "\(none)")
        }
    }

    @Test("only one of branch, tag and commit can be followed, and a commit is named in full")
    func usage() throws {
        for (arguments, text) in [
            (["--branch", "main", "--tag", "v1"], "exclude each other"),
            (["--tag", "v1", "--commit", String(repeating: "a", count: 40)], "exclude"),
            (["--commit", "abcdef"], "whole id"), (["--tag", ""], "empty"), (["--path", "/etc"], "absolute"),
            (["--path", "a/../b"], "`..`"),
            (["--path", ""], "empty"), (["--path", "a//b"], "empty name"), (["--path", ".git"], ".git"),
            (["--schema", "Acme"], "lower-case"),
            (["--schema", "pg_x"], "pg_"),
        ] {
            for command in ["up", "reconcile"] {
                let child = try ChildProgram([CharterProgram.path, command, "/nowhere"] + arguments, in: "/tmp")
                #expect(try child.wait() == 64, "\(command) \(arguments)")
                #expect(child.errors.contains(text), "\(command) \(arguments): \(child.errors)")
            }
        }
    }

    @Test("documents are those of a folder, and the rest of the tree is not looked at")
    func folder() throws {
        try TemporaryFolder.with { folder in
            try SharedPostgres.withDatabase { url, database in
                let repository = try nested(at: folder + "/acme")
                let first = try repository.head
                let charter = try RunningCharter(
                    up: repository.path, state: folder + "/state", database: url, "--path", "teams/governance/")
                let client = try charter.client()
                #expect(try client.commitInForce() == first)
                #expect(try client.get("/v1/status").json["source"]?["path"] == "teams/governance")
                let paths = try database.query("SELECT DISTINCT source_path FROM governance.users ORDER BY 1").compactMap {
                    $0["source_path"]
                }
                #expect(!paths.isEmpty && paths.allSatisfy { $0.hasPrefix("teams/governance/users/") })
                // Errors name files as the whole tree does.
                try repository.write("apiVersion: charter/v1\nkind: Usr\n", to: "teams/governance/users/broken.yaml")
                try repository.commit("Break")
                #expect(try eventually { try client.get("/readyz").text.contains("teams/governance/users/broken.yaml:2:7") })
                try repository.remove("teams/governance/users/broken.yaml")
                try repository.git("rm", "-r", "--quiet", "app")
                let second = try repository.commit("Mend")
                #expect(try eventually { try client.commitInDatabase() == second })
                let drift = try CharterProgram.run(
                    "drift", repository.path, "--path", "teams/governance", "--database", url, "--state", folder + "/state",
                    "--detailed-exitcode")
                #expect(drift.status == 0, "\(drift)")
                #expect(try charter.interrupt() == 0)
            }
            for (arguments, status) in [
                (["validate", "--ref", "HEAD~2", "--path", "teams/governance"], Int32(0)), (["validate", "--ref", "HEAD~2"], 1),
            ] {
                let child = try ChildProgram([CharterProgram.path] + arguments + [folder + "/acme"], in: folder)
                #expect(try child.wait() == status, "\(arguments): \(child.output)\(child.errors)")
            }
            let compiled = try CharterProgram.run("compile", folder + "/acme", "--path", "teams/governance", "-o", folder + "/bundle")
            #expect(compiled.status == 0, "\(compiled)")
        }
    }

    @Test("a folder that a commit does not have, or has without documents, takes nothing away, and is told", arguments: [true, false])
    func missingFolder(isEmpty: Bool) throws {
        try TemporaryFolder.with { folder in
            try SharedPostgres.withDatabase { url, database in
                let repository = try nested(at: folder + "/acme")
                let first = try repository.head
                var charter = try RunningCharter(up: repository.path, state: folder + "/state", database: url, "--path", "teams/governance")
                var client = try charter.client()
                let before = try DeclaredState(database)
                try repository.git("rm", "-r", "--quiet", "teams")
                if isEmpty { try repository.write("Nothing here.", to: "teams/governance/README.md") }
                let bad = try repository.commit("Take the folder away")
                #expect(try eventually { try client.get("/readyz").json["checks"]?["repository"]?["reason"] == "PathNotFound" })
                let message = try client.get("/readyz").json["checks"]?["repository"]?["message"]?.stringValue ?? ""
                #expect(message.contains(bad.prefix(12)) && message.contains("teams/governance"), "\(message)")
                let stalled = try client.get("/v1/status").json["source"]?["conditions"]?.arrayValue?.first { $0["type"] == "Stalled" }
                #expect(stalled?["status"] == "True" && stalled?["reason"] == "PathNotFound")
                #expect(try client.commitInForce() == first && client.decide(Requests.everyday).json["decision"] == true)
                #expect(try charter.interrupt() == 0)

                let once = try CharterProgram.run(
                    "reconcile", repository.path, "--path", "teams/governance", "--database", url, "--state", folder + "/other")
                #expect(once.isClearFailure(1, naming: "teams/governance"), "\(once)")
                // Also after a restart.
                charter = try RunningCharter(up: repository.path, state: folder + "/state", database: url, "--path", "teams/governance")
                client = try charter.client()
                #expect(try client.commitInForce() == first && client.decide(Requests.everyday).json["decision"] == true)
                #expect(try DeclaredState(database) == before)
                try repository.git("revert", "--no-edit", "HEAD")
                let mended = try repository.head
                #expect(try eventually { try client.commitInDatabase() == mended })
                #expect(try DeclaredState(database) == before)
                #expect(try charter.interrupt() == 0)
            }
        }
    }
}
