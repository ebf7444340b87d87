import Foundation
import TestSupport
import Testing

/// A commit that takes too much away is neither decided by nor written, until somebody approves it by name.
@Suite struct WithheldCommitTests {
    @Test("the last administrator is not taken away, not even by a restart, and a later commit is taken as if nothing had been")
    func lastAdministrator() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            try SharedPostgres.withDatabase { url, database in
                var charter = try RunningCharter(up: repository.path, state: folder + "/state", database: url)
                var client = try charter.client()
                let before = try client.commitInForce()
                let state = try DeclaredState(database)
                try repository.replace("roles: [admin]", with: "roles: []", in: "users/konrad.yaml")
                let bad = try repository.commit("Take the role away")
                #expect(try eventually { try client.check("commit") == "refused" })
                #expect(eventually { charter.program.errors.contains("commit \(bad.prefix(12)) is withheld") })
                #expect(eventually { charter.program.errors.contains("nobody would have the role `admin` any more") })
                #expect(!charter.program.errors.contains("names the plan to approve"))
                #expect(try client.get("/readyz").status == 200)
                #expect(try client.commitInForce() == before)
                #expect(try charter.interrupt() == 0)

                charter = try RunningCharter(up: repository.path, state: folder + "/state", database: url)
                client = try charter.client()
                #expect(try client.check("commit") == "refused")
                #expect(try client.commitInForce() == before)
                try database.driftByHand()
                #expect(try eventually { try DeclaredState(database) == state })

                try repository.replace("roles: []", with: "roles: [admin]", in: "users/konrad.yaml")
                let good = try repository.commit("Give it back")
                #expect(try eventually { try client.commitInForce() == good })
                #expect(try eventually { try client.commitInDatabase() == good })
                #expect(try eventually { try client.check("commit") == "ok" })
                #expect(try charter.interrupt() == 0)
            }
        }
    }

    @Test("many documents go when their plan was approved, and then the running server decides by the commit too")
    func approval() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            let names = (0..<40).map { "temporary-\($0)" }
            for name in names { try repository.addUser(name) }
            try repository.commit("Add many")
            try SharedPostgres.withDatabase { url, database in
                let charter = try RunningCharter(up: repository.path, state: folder + "/state", database: url)
                let client = try charter.client()
                let before = try client.commitInForce()
                for name in names { try repository.remove("users/\(name).yaml") }
                let bad = try repository.commit("Remove them")
                #expect(try eventually { try client.check("commit") == "refused" })
                #expect(eventually { charter.program.errors.contains("names the plan to approve") })
                #expect(try client.commitInForce() == before)
                // The branch goes on in the meantime.
                try repository.addUser("later")
                let later = try repository.commit("Go on")
                #expect(eventually { charter.program.errors.contains("commit \(later.prefix(12)) is withheld") })

                try repository.git("checkout", "--quiet", "-B", "approved", bad)
                let refused = try CharterProgram.run("reconcile", repository.path, "--branch", "approved", "--database", url)
                #expect(refused.status == 1)
                let command = try #require(refused.errors.firstMatch(of: /--allow-deletions (\d+) --plan ([0-9a-f]{64})/))
                #expect(command.1 == "40")
                for (count, status) in [("39", Int32(1)), ("40", 0)] {
                    let run = try CharterProgram.run(
                        "reconcile", repository.path, "--branch", "approved", "--database", url, "--allow-deletions", count, "--plan",
                        String(command.2))
                    #expect(run.status == status, "\(run.errors)")
                }
                // What was approved, and then what the branch holds.
                #expect(try eventually { try client.commitInForce() == later })
                let approved = "commit \(bad.prefix(12)) is in force"
                #expect(eventually { charter.program.errors.contains(approved) || charter.program.output.contains(approved) })
                #expect(try eventually { try client.check("commit") == "ok" })
                #expect(try eventually { try client.commitInDatabase() == later })
                #expect(try DeclaredState(database).tables["users"]?.contains { $0.contains("temporary-") } == false)
                #expect(try charter.interrupt() == 0)
                let history = try CharterProgram.run("history", repository.path, "--database", url)
                #expect(history.status == 0 && history.output.contains("40 deleted"))
            }
        }
    }
}
