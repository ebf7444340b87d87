import JSON
import Postgres
import TestSupport
import Testing

/// What the database holds is what a branch has to continue, whoever starts when.
@Suite struct AnchorTests {
    @Test("a Charter that starts late does not bring back what was left behind, nor lets a rewritten branch in")
    func lateStart() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            let first = try repository.head
            try SharedPostgres.withDatabase { url, database in
                func up(_ name: String) throws -> RunningCharter {
                    try RunningCharter(up: repository.path, state: "\(folder)/\(name)", database: url)
                }
                let one = try up("one")
                #expect(try one.client().commitInForce() == first)
                #expect(try one.interrupt() == 0)
                let two = try up("two")
                let client = try two.client()
                try repository.addUser("barbara")
                let second = try repository.commit("Hire")
                #expect(try eventually { try client.commitInDatabase() == second })
                try repository.git("reset", "--quiet", "--hard", first)
                try repository.addUser("mallory")
                try repository.commit("Rewrite")
                #expect(try eventually { try client.reason("Stalled") == "HistoryRewritten" })
                let epoch = try database.query("SELECT epoch FROM governance.revision").first?["epoch"]

                let late = try up("one")
                let lateClient = try late.client()
                #expect(try lateClient.commitInForce() == second)
                #expect(try eventually { try lateClient.reason("Stalled") == "HistoryRewritten" })
                // Another push on top is no better.
                try repository.git("commit", "--quiet", "--allow-empty", "--message", "Once more")
                let third = try repository.head
                for client in [client, lateClient] {
                    #expect(try eventually { try client.get("/v1/status").json["source"]?["seen"]?.stringValue == third })
                    #expect(try eventually { try client.get("/readyz").json["checks"]?["commit"]?["commit"]?.stringValue == third })
                    #expect(try client.commitInForce() == second)
                    #expect(try client.reason("Ready") == "HistoryRewritten")
                }
                #expect(try database.query("SELECT epoch FROM governance.revision").first?["epoch"] == epoch)
                // One event for each refused commit of each Charter, although nothing flips.
                #expect(
                    try eventually {
                        let told = try database.query(
                            "SELECT FROM governance.events WHERE reason = 'HistoryRewritten' AND commit_id = $1", [.text(third)])
                        return told.count >= 2
                    })
                #expect(try late.interrupt() == 0)
                #expect(try two.interrupt() == 0)
            }
        }
    }

    @Test("a pin and its release do not hide that the newest commit is refused, and nothing is rolled back while suspended")
    func released() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            let good = try repository.head
            try SharedPostgres.withDatabase { url, _ in
                func charter(_ arguments: String...) throws -> Outcome {
                    try CharterProgram.run([arguments[0], "--repository", repository.path, "--database", url] + arguments.dropFirst())
                }
                let up = try RunningCharter(up: repository.path, state: folder + "/state", database: url)
                let client = try up.client()
                try repository.write("kind: Usr\n", to: "users/broken.yaml")
                try repository.commit("Break it")
                #expect(try eventually { try client.reason("Stalled") == "CommitInvalid" })
                #expect(try charter("rollback", good).status == 0)
                #expect(try eventually { try client.reason("Ready") == "Pinned" })
                #expect(try charter("rollback", "--release").status == 0)
                #expect(try eventually { try client.reason("Ready") == "CommitInvalid" })

                #expect(try charter("suspend").status == 0)
                #expect(try charter("rollback", good).isClearFailure(1, naming: "charter resume"))
                #expect(try charter("resume").status == 0)
                let elsewhere = try TestRepository.acme(at: folder + "/elsewhere")
                try elsewhere.addUser("barbara")
                let foreign = try elsewhere.commit("Somewhere else")
                #expect(try charter("rollback", foreign).isClearFailure(1, naming: foreign.prefix(12).description))
                // On a branch that is not the repository's own, if that is the one that is followed.
                try repository.git("checkout", "--quiet", "-b", "draft", good)
                try repository.addUser("grete")
                let draft = try repository.commit("Try something")
                try repository.git("checkout", "--quiet", "main")
                #expect(try charter("rollback", draft).isClearFailure(1, naming: "does not lie on what is followed"))
                let onDraft = try charter("rollback", draft, "--branch", "draft")
                #expect(onDraft.status == 0, "\(onDraft)")
                #expect(try up.interrupt() == 0)
            }
        }
    }

    @Test("what is the matter with the database is told as soon as it takes events, although nothing can be applied")
    func toldInTrouble() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            try SharedPostgres.withDatabase { url, database in
                let up = try RunningCharter(up: repository.path, state: folder + "/state", database: url)
                let client = try up.client()
                try database.script("REVOKE SELECT ON governance.users FROM charter_planner, charter_reconciler")
                #expect(try eventually { try client.reason("Stalled") == "DatabaseDenied" })
                #expect(
                    try eventually {
                        try !database.query(
                            "SELECT FROM governance.alerts JOIN governance.events USING (id) WHERE reason = 'DatabaseDenied'"
                        ).isEmpty
                    })
                try database.script("GRANT SELECT ON governance.users TO charter_planner, charter_reconciler")
                // A look that began before may still tell of trouble.
                let good = "charter_reconciles_total{outcome=\"unchanged\"}"
                let looks = try client.metric(good) ?? 0
                let looksAgain = try eventually { (try client.metric(good) ?? 0) > looks + 1 }
                #expect(looksAgain)
                #expect(try eventually { try client.reason("Ready") == "Applied" })
                let since = try #require(try client.condition("Ready")?["lastTransitionTime"]?.stringValue)
                let held = #"[{"type":"Ready","status":"True","lastTransitionTime":"\#(since)"}]"#
                let kept = "SELECT FROM runtime.instances WHERE conditions->'organization' @> $1::jsonb"
                #expect(try eventually { try !database.query(kept, [.text(held)]).isEmpty })
                #expect(try up.interrupt() == 0)
                // A restart that changes nothing is no flip.
                let again = try RunningCharter(up: repository.path, state: folder + "/state", database: url)
                let second = try again.client()
                #expect(try second.condition("Ready")?["lastTransitionTime"]?.stringValue == since)
                #expect(try again.interrupt() == 0)
            }
        }
    }
}
