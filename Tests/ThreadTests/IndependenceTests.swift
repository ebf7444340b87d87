import Foundation
import JSON
import Postgres
import TestSupport
import Testing

/// The branch and the database do not wait for each other, and neither follows what it should not.
@Suite struct IndependenceTests {
    @Test("a revocation is in force while the database is held up, and Ctrl-C does not wait for it")
    func heldUp() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            try SharedPostgres.withDatabase { url, database in
                let charter = try RunningCharter(up: repository.path, state: folder + "/state", database: url)
                let client = try charter.client()
                #expect(try client.decide(Requests.everyday).json["decision"] == true)
                try database.script("BEGIN; LOCK TABLE governance.users IN ACCESS EXCLUSIVE MODE")
                let waits = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
                #expect(try eventually { try !database.query(waits).isEmpty })

                let ada = try repository.read("users/ada.yaml")
                try repository.write(ada.replacing("spec:\n", with: "spec:\n  disabled: true\n"), to: "users/ada.yaml")
                let commit = try repository.commit("Suspend Ada")
                #expect(try eventually { try client.commitInForce() == commit })
                let decision = try client.decide(Requests.everyday).json
                #expect(decision["decision"] == false)
                #expect(decision["reasons"]?.arrayValue?.first?["code"] == "subject-disabled")
                // One that has waited for half a minute is ended by its own time limit, and another waits a while later.
                #expect(try eventually { try !database.query(waits).isEmpty })

                let start = ContinuousClock.now
                #expect(try charter.interrupt() == 0)
                #expect(ContinuousClock.now - start < .seconds(25), "the statement that waits ends by its own time limit only after 30 s")
                try database.script("ROLLBACK")
            }
        }
    }

    @Test("the branch that was followed at the start is followed, whatever is checked out later")
    func checkedOutElse() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            try SharedPostgres.withDatabase { url, _ in
                let charter = try RunningCharter(up: repository.path, state: folder + "/state", database: url)
                let client = try charter.client()
                let main = try repository.head
                try repository.git("checkout", "--quiet", "-b", "draft")
                try repository.addUser("barbara")
                try repository.commit("Try something")
                let looks = try client.metric("charter_reconciles_total{outcome=\"unchanged\"}") ?? 0
                #expect(try eventually { (try client.metric("charter_reconciles_total{outcome=\"unchanged\"}") ?? 0) > looks + 5 })
                #expect(try client.commitInForce() == main)

                try repository.git("checkout", "--quiet", "main")
                try repository.addUser("frances")
                let next = try repository.commit("Hire")
                #expect(try eventually { try client.commitInForce() == next })
                #expect(try charter.interrupt() == 0)
            }
        }
    }

    @Test("a detached HEAD is not followed by guess")
    func detached() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            try repository.git("checkout", "--quiet", "--detach")
            let outcome = try CharterProgram.run("up", repository.path, "--state", folder + "/state", "--listen", "127.0.0.1:0")
            #expect(outcome.isClearFailure(1, naming: "--branch"), "\(outcome)")
        }
    }

    @Test("where the branch has nothing good, what the database holds goes on deciding, even if it lies on another branch")
    func otherBranch() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            try SharedPostgres.withDatabase { url, _ in
                try repository.git("checkout", "--quiet", "-b", "draft")
                try repository.addUser("barbara")
                let tried = try repository.commit("Try something")
                let first = try RunningCharter(up: repository.path, state: folder + "/state", database: url)
                _ = try first.client()
                #expect(try first.interrupt() == 0)

                try repository.git("checkout", "--quiet", "main")
                try repository.write("kind: Usr\n", to: "users/broken.yaml")
                try repository.commit("Break it")
                let second = try RunningCharter(up: repository.path, state: folder + "/state", database: url)
                let client = try second.client()
                #expect(try client.commitInForce() == tried)
                #expect(try client.commitInDatabase() == tried)
                #expect(try client.get("/v1/status").json["conditions"]?.arrayValue?.first?["status"] == "False")
                #expect(try second.interrupt() == 0)
            }
        }
    }

    @Test("drift that a new commit overtakes is told, while running and after a restart")
    func overtaken() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            // Looking only when there is a new commit: the drift is there when it comes.
            try repository.replace("interval: 200ms", with: "interval: 1h", in: "organization.yaml")
            try repository.commit("Look rarely")
            try SharedPostgres.withDatabase { url, database in
                func history(_ client: HTTPClient, longerThan count: Int) throws -> [JSONValue] {
                    var history: [JSONValue] = []
                    #expect(
                        try eventually {
                            history = try client.get("/v1/drift").json["history"]?.arrayValue ?? []
                            return history.count > count
                        })
                    return history
                }
                let charter = try RunningCharter(up: repository.path, state: folder + "/state", database: url)
                let client = try charter.client()
                // While it starts it looks more than once, and may come upon the drift before the commit is there: then both are made again.
                var told: [JSONValue] = []
                for hire in ["barbara", "valerie", "lynn", "annie", "betty"] where told.first?["outcome"] != "overtaken" {
                    try database.driftByHand(unnoticed: true)
                    try repository.addUser(hire)
                    let commit = try repository.commit("Hire")
                    #expect(try eventually { try client.commitInDatabase() == commit })
                    told = try history(client, longerThan: told.count)
                }
                #expect(told.first?["outcome"] == "overtaken")
                try expectDriftIsNamed(told.first?["objects"])
                #expect(try charter.interrupt() == 0)

                try database.driftByHand()
                try repository.addUser("frances")
                try repository.commit("Hire again")
                let second = try RunningCharter(up: repository.path, state: folder + "/state", database: url)
                let found = try history(try second.client(), longerThan: 0)
                #expect(found.map { $0["outcome"] } == ["overtaken"])
                try expectDriftIsNamed(found.first?["objects"])
                #expect(try second.interrupt() == 0)
            }
        }
    }

    @Test("a schema that was dropped by hand is made again")
    func droppedSchema() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            try SharedPostgres.withDatabase { url, database in
                let charter = try RunningCharter(up: repository.path, state: folder + "/state", database: url)
                let client = try charter.client()
                let before = try DeclaredState(database)
                // Whoever looks at the tables meanwhile may stand in the way.
                #expect(try eventually { try database.dropped("governance") })
                #expect(try eventually { try !database.query("SELECT FROM pg_tables WHERE schemaname = 'governance'").isEmpty })
                #expect(try eventually { try DeclaredState(database) == before })
                #expect(try eventually { try client.check("database") == "ok" })
                #expect(try charter.interrupt() == 0)
            }
        }
    }
}
