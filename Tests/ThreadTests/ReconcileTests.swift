import Foundation
import Glibc
import JSON
import Postgres
import TestSupport
import Testing

@Suite struct ReconcileTests {
    @Test("reconcile brings a commit into the database that a URL names, and does nothing the second time")
    func withURL() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            try SharedPostgres.withDatabase { url, database in
                func reconcile() throws -> JSONValue {
                    let outcome = try CharterProgram.run(
                        "reconcile", repository.path, "--format", "json", in: folder, environment: ["DATABASE_URL": url])
                    #expect(outcome.status == 0, "\(outcome)")
                    return try outcome.json
                }
                let first = try reconcile()
                #expect(first["outcome"] == "applied")
                #expect(first["epoch"] == 1)
                let state = try DeclaredState(database)
                #expect(state.tables["models"]?.count == 47)
                let second = try reconcile()
                #expect(second["outcome"] == "unchanged")
                #expect(second["epoch"] == 1)

                try repository.setCostLimit(to: "1.00")
                try repository.addUser("barbara")
                try repository.commit("Change and add")
                let third = try reconcile()
                #expect(third["outcome"] == "applied")
                #expect(third["epoch"] == 2)
                let changes = try #require(third["changes"]?.arrayValue)
                #expect(
                    changes.map { $0["name"] } == ["costly-requests-need-approval", "barbara"]
                        || changes.map { $0["name"] } == ["barbara", "costly-requests-need-approval"])

                try database.driftByHand()
                let corrected = try reconcile()
                #expect(corrected["outcome"] == "corrected")
                try expectDriftIsNamed(corrected["changes"])

                let good = try DeclaredState(database)
                try repository.replace("  email:", with: "  emial:", in: "users/ada.yaml")
                let bad = try repository.commit("Make a mistake")
                let refused = try CharterProgram.run("reconcile", repository.path, "--once", "--database", url)
                #expect(refused.isClearFailure(1, naming: bad), "\(refused)")
                #expect(refused.errors.contains("--> users/ada.yaml:6:3"))
                #expect(try DeclaredState(database) == good)
                // Without a private Postgres and a mirror there is nothing to keep.
                #expect(!FileManager.default.fileExists(atPath: folder + "/.charter"))
            }
        }
    }

    @Test("reconcile with a private Postgres leaves data and no server behind, which charter up goes on with")
    func withPrivateCluster() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            let state = folder + "/state"
            for outcome in ["applied", "unchanged"] {
                let run = try CharterProgram.run("reconcile", repository.path, "--once", "--state", state)
                #expect(run.status == 0, "\(run)")
                #expect(run.output.hasPrefix("\(outcome): "), "\(run)")
                #expect(Postmaster(state: state) == nil)
            }
            #expect(try String(contentsOfFile: state + "/.gitignore", encoding: .utf8) == "*\n")
            let charter = try RunningCharter(up: repository.path, state: state)
            _ = try charter.client()
            #expect(charter.program.output.contains("already holds this commit"), "\(charter.program.output)")
            // Beside a running one it uses that one's server, and leaves it running.
            #expect(try CharterProgram.run("reconcile", repository.path, "--state", state).output.hasPrefix("unchanged: "))
            #expect(Postmaster(state: state) != nil)
            #expect(try charter.interrupt() == 0)
            #expect(Postmaster(state: state) == nil)
        }
    }

    @Test("reconcile --watch follows the branch, tells of a refused commit once, and ends on a polite kill")
    func watch() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            try SharedPostgres.withDatabase { url, database in
                let program = try ChildProgram(
                    [CharterProgram.path, "reconcile", repository.path, "--watch", "--poll-interval", "0.05", "--database", url], in: folder
                )
                #expect(eventually { program.output.contains("applied: commit \((try? repository.head.prefix(12)) ?? "?")") })
                let state = try DeclaredState(database)
                try database.driftByHand()
                #expect(eventually { program.output.contains("corrected: ") }, "\(program.errors)")
                #expect(try DeclaredState(database) == state)

                try repository.replace("  email:", with: "  emial:", in: "users/ada.yaml")
                let bad = try repository.commit("Make a mistake")
                #expect(eventually { program.errors.contains(bad) })
                try repository.replace("  emial:", with: "  email:", in: "users/ada.yaml")
                try repository.setCostLimit(to: "1.00")
                let good = try repository.commit("Mend it")
                #expect(eventually { program.output.contains("applied: commit \(good.prefix(12))") })
                #expect(program.errors.components(separatedBy: "the field `emial` does not exist").count == 2, "\(program.errors)")
                program.signal(SIGTERM)
                #expect(try program.wait() == 0)
            }
        }
    }

    @Test("commands that need a database say so quickly when there is none, and exit with 75")
    func databaseDown() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            let url = "postgresql://charter@\(folder.replacing("/", with: "%2F"))/charter"
            for command in [["up", "--listen", "127.0.0.1:0"], ["reconcile"], ["drift"]] {
                let child = try ChildProgram(
                    [CharterProgram.path, command[0], repository.path, "--database", url, "--state", folder + "/state"]
                        + command.dropFirst(),
                    in: folder)
                let outcome = Outcome(status: try child.wait(), output: child.output, errors: child.errors)
                #expect(outcome.isClearFailure(75, naming: folder), "\(command): \(outcome)")
            }
            // A port where nobody listens, and URLs that are none; a password is never told.
            let dead = try CharterProgram.run("reconcile", repository.path, "--database", "postgresql://charter:geheim@127.0.0.1:1/charter")
            #expect(dead.isClearFailure(75, naming: "127.0.0.1"), "\(dead)")
            #expect(!dead.errors.contains("geheim"))
            let strange = try CharterProgram.run("reconcile", repository.path, "--database", "postgresql://u:geheim@[::1/charter")
            #expect(strange.isClearFailure(64, naming: "URL"), "\(strange)")
            #expect(!strange.errors.contains("geheim"))
        }
    }

    @Test("a dry run tells what would be done, and why it would be refused, and writes nothing")
    func dryRun() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            try SharedPostgres.withDatabase { url, database in
                func dry(_ more: String...) throws -> Outcome {
                    try CharterProgram.run(["reconcile", repository.path, "--dry-run", "--database", url] + more)
                }
                let first = try dry("--format", "json", "--detailed-exitcode")
                #expect(first.status == 2, "\(first)")
                let changes = try #require(try first.json["changes"]?.arrayValue)
                #expect(changes.count > 100 && changes.allSatisfy { $0["action"] == "create" })
                #expect(try database.query("SELECT FROM pg_namespace WHERE nspname IN ('governance', 'runtime')").isEmpty)

                #expect(try CharterProgram.run("reconcile", repository.path, "--once", "--database", url).status == 0)
                #expect(try dry("--detailed-exitcode").status == 0)
                let state = try DeclaredState(database)
                for number in 0..<3 { try repository.addUser("hired-\(number)") }
                try repository.commit("Hire")
                let second = try dry("--detailed-exitcode")
                #expect(second.status == 2, "\(second)")
                #expect(second.output.contains("3 created, 0 updated, 0 deleted"))
                #expect(try DeclaredState(database) == state)
                #expect(try CharterProgram.run("reconcile", repository.path, "--once", "--database", url).status == 0)

                try database.execute("UPDATE governance.organizations SET reconcile = '{\"deletions\": {\"share\": 0, \"atMost\": 2}}'")
                try repository.git("revert", "--no-edit", "HEAD")
                let before = try DeclaredState(database)
                let refused = try dry()
                #expect(refused.isClearFailure(1, naming: "it would delete 3 of"), "\(refused)")
                #expect(refused.output.contains("- User/hired-0"))
                #expect(try DeclaredState(database) == before)
                #expect(try database.query("SELECT FROM governance.history").count == 2)
                let both = try CharterProgram.run("reconcile", repository.path, "--dry-run", "--watch", "--database", url)
                #expect(both.status == 64, "\(both)")
            }
        }
    }
}
