import JSON
import Postgres
import TestSupport
import Testing

/// What operators order while `charter up` runs.
@Suite struct OrderTests {
    @Test("rollback pins an earlier commit at once, over new commits and a restart, until it is released")
    func rollback() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            let first = try repository.head
            try repository.setCostLimit(to: "1.00")
            let second = try repository.commit("Raise the limit")
            try SharedPostgres.withDatabase { url, database in
                func charter(_ arguments: String...) throws -> Outcome {
                    try CharterProgram.run([arguments[0], "--repository", repository.path, "--database", url] + arguments.dropFirst())
                }
                let up = try RunningCharter(up: repository.path, state: folder + "/state", database: url)
                let client = try up.client()
                #expect(try client.commitInForce() == second)
                #expect(try client.decide(Requests.costly).json["decision"] == true)

                let outcome = try charter("rollback", first, "--reason", "the limit was a mistake")
                #expect(outcome.status == 0, "\(outcome)")
                #expect(try eventually { try client.commitInForce() == first })
                #expect(try eventually { try client.reason("Ready") == "Pinned" })
                #expect(try client.commitInDatabase() == first)
                #expect(try client.decide(Requests.costly).json["decision"] == false)
                #expect(try client.get("/v1/status").json["pin"]?["reason"] == "the limit was a mistake")
                #expect(try client.get("/v1/status").json["pin"]?["commit"]?.stringValue == first)

                // New commits change nothing, nor does a reconciler beside it.
                try repository.addUser("barbara")
                let third = try repository.commit("Hire")
                #expect(try eventually { try client.get("/v1/status").json["source"]?["seen"]?.stringValue == third })
                #expect(try CharterProgram.run("reconcile", repository.path, "--once", "--database", url).status == 0)
                #expect(try client.commitInForce() == first)
                #expect(try client.commitInDatabase() == first)
                #expect(try up.interrupt() == 0)

                let again = try RunningCharter(up: repository.path, state: folder + "/state", database: url)
                let second = try again.client()
                #expect(try second.commitInForce() == first)
                #expect(try second.reason("Ready") == "Pinned")
                #expect(try charter("rollback", "--release").status == 0)
                #expect(try eventually { try second.commitInForce() == third })
                #expect(try eventually { try second.reason("Ready") == "Applied" })
                #expect(try second.get("/v1/status").json["pin"] == .null)
                #expect(try charter("rollback", "--release").isClearFailure(1, naming: "no commit is pinned"))
                #expect(try again.interrupt() == 0)
            }
        }
    }

    @Test("a rollback that takes too much away names the plan, and one that takes a protected document is refused")
    func rollbackWeighed() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            let first = try repository.head
            for number in 0..<15 { try repository.addUser("hired-\(number)") }
            let second = try repository.commit("Hire many")
            try SharedPostgres.withDatabase { url, database in
                let state = ["--repository", repository.path, "--database", url]
                #expect(try CharterProgram.run("reconcile", repository.path, "--once", "--database", url).status == 0)
                try database.execute("UPDATE governance.organizations SET reconcile = '{\"deletions\": {\"share\": 0, \"atMost\": 3}}'")
                let refused = try CharterProgram.run(["rollback", first] + state)
                #expect(refused.isClearFailure(1, naming: "--allow-deletions 15 --plan "), "\(refused)")
                #expect(try database.query("SELECT commit_id FROM governance.revision").first?["commit_id"] == second)
                #expect(try database.query("SELECT FROM governance.directives").isEmpty)
                let plan = String(refused.errors.split(separator: "--plan ").last?.prefix(64) ?? "")
                let approved = try CharterProgram.run(["rollback", first, "--allow-deletions", "15", "--plan", plan] + state)
                #expect(approved.status == 0, "\(approved)")
                #expect(try database.query("SELECT commit_id FROM governance.revision").first?["commit_id"] == first)
                #expect(try database.query("SELECT commit_id FROM governance.directives").first?["commit_id"] == first)
            }
        }
    }

    @Test("while suspended nothing is put in force, applied or corrected, and resuming catches up")
    func suspend() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            let first = try repository.head
            try SharedPostgres.withDatabase { url, database in
                func charter(_ arguments: String...) throws -> Outcome {
                    try CharterProgram.run([arguments[0], "--repository", repository.path, "--database", url] + arguments.dropFirst())
                }
                let up = try RunningCharter(up: repository.path, state: folder + "/state", database: url)
                let client = try up.client()
                let before = try DeclaredState(database)
                #expect(try charter("suspend", "--reason", "an audit").status == 0)
                #expect(try eventually { try client.reason("Ready") == "Suspended" })
                #expect(try charter("suspend").isClearFailure(1, naming: "suspended already"))
                try repository.setCostLimit(to: "1.00")
                let second = try repository.commit("Raise the limit")
                try database.driftByHand()
                let drifted = try DeclaredState(database)
                #expect(try eventually { try client.get("/v1/drift").json["drifted"] == true })
                #expect(try eventually { try client.get("/v1/status").json["source"]?["seen"]?.stringValue == second })
                #expect(try client.commitInForce() == first)
                #expect(try DeclaredState(database) == drifted)
                #expect(try client.decide(Requests.everyday).json["decision"] == true)
                #expect(
                    try CharterProgram.run("reconcile", repository.path, "--once", "--database", url).isClearFailure(
                        1, naming: "charter resume"))
                #expect(try charter("resume").status == 0)
                #expect(try eventually { try client.commitInForce() == second })
                #expect(try eventually { try client.commitInDatabase() == second })
                #expect(try eventually { try client.reason("Ready") == "Applied" })
                #expect(try DeclaredState(database).tables["users"] == before.tables["users"])
                #expect(try up.interrupt() == 0)
            }
        }
    }

    @Test("drift is noticed at once, with who did it, whatever the interval")
    func noticed() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            try repository.replace("interval: 200ms", with: "interval: 1h", in: "organization.yaml")
            try repository.commit("Look rarely")
            try SharedPostgres.withDatabase { url, database in
                let up = try RunningCharter(up: repository.path, state: folder + "/state", database: url)
                let client = try up.client()
                let before = try DeclaredState(database)
                try database.script(
                    "SET application_name = 'a meddler'; UPDATE governance.users SET email = 'x@y.example' WHERE name = 'ada'")
                #expect(try eventually { try DeclaredState(database) == before })
                var report: JSONValue = .null
                #expect(
                    try eventually {
                        report = try client.get("/v1/drift").json["history"]?.arrayValue?.first ?? .null
                        return report["outcome"] == "corrected"
                    })
                let who = try #require(report["objects"]?.arrayValue?.first?["changedBy"])
                #expect(who["application"] == "a meddler")
                #expect(who["operation"] == "UPDATE")
                #expect(try database.query("SELECT FROM governance.touches").isEmpty)
                var events = ""
                #expect(
                    try eventually {
                        events = try CharterProgram.run("events", repository.path, "--database", url, "--alerts").output
                        return events.contains("DriftCorrected: User/ada had been changed by") && events.contains("a meddler")
                    }, "\(events)")
                #expect(try up.interrupt() == 0)
            }
        }
    }
}
