import JSON
import Postgres
import TestSupport
import Testing

@Suite struct DriftTests {
    @Test("an organisation that chose so is told of drift, and nothing is corrected")
    func reportedOnly() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme", drift: "report")
            try SharedPostgres.withDatabase { url, database in
                let charter = try RunningCharter(up: repository.path, state: folder + "/state", database: url)
                let client = try charter.client()
                let before = try DeclaredState(database)
                #expect(try client.get("/v1/drift").json["drifted"] == false)
                try database.driftByHand()
                let drifted = try DeclaredState(database)
                #expect(drifted != before)
                var report: JSONValue = .null
                #expect(
                    try eventually {
                        report = try client.get("/v1/drift").json
                        return report["drifted"] == true
                    })
                try expectDriftIsNamed(report["objects"])
                #expect(try client.metric("charter_open_drift_objects") == 3)

                // Some checks later it stands as it stood.
                let checks = try #require(try client.metric("charter_reconciles_total{outcome=\"reported\"}"))
                #expect(try eventually { (try client.metric("charter_reconciles_total{outcome=\"reported\"}") ?? 0) > checks + 2 })
                #expect(try DeclaredState(database) == drifted)
                report = try client.get("/v1/drift").json
                #expect(report["history"]?.arrayValue?.count == 1)

                // A new commit makes everything equal to it.
                try repository.addUser("barbara")
                let commit = try repository.commit("Hire")
                #expect(try eventually { try client.commitInDatabase() == commit })
                #expect(try eventually { try client.get("/v1/drift").json["drifted"] == false })
                #expect(try DeclaredState(database).tables["users"]?.contains { $0.contains("mallory") } == false)
                #expect(try charter.interrupt() == 0)
            }
        }
    }

    @Test("charter drift tells what differs, changes nothing, and exits with 2 where that was asked")
    func command() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            try SharedPostgres.withDatabase { url, database in
                func drift(_ more: [String] = []) throws -> Outcome {
                    let child = try ChildProgram(
                        [CharterProgram.path, "drift", repository.path, "--database", url, "--state", folder + "/state"] + more, in: folder)
                    return Outcome(status: try child.wait(), output: child.output, errors: child.errors)
                }
                let early = try drift()
                #expect(early.status == 1, "\(early)")
                #expect(early.errors.contains("charter reconcile"))
                #expect(try CharterProgram.run("reconcile", repository.path, "--once", "--database", url).status == 0)
                let none = try drift(["--detailed-exitcode", "--format", "json"])
                #expect(none.status == 0, "\(none)")
                #expect(try none.json["drifted"] == false)
                #expect(try none.json["commit"]?.stringValue == repository.head)

                try database.driftByHand()
                let drifted = try DeclaredState(database)
                let found = try drift(["--detailed-exitcode", "--format", "json"])
                #expect(found.status == 2, "\(found)")
                #expect(try found.json["drifted"] == true)
                try expectDriftIsNamed(try found.json["objects"])
                #expect(try drift().status == 0)
                let human = try drift(["--detailed-exitcode"])
                #expect(human.status == 2)
                #expect(human.output.contains("~ User/ada"))
                #expect(human.output.contains("spec.email: expected `ada@acme.example`, found `ada@elsewhere.example`"))
                #expect(human.output.contains("+ User/joan"))
                #expect(human.output.contains("- User/mallory"))
                #expect(try DeclaredState(database) == drifted)

                // Another commit than the one that was applied.
                let applied = try repository.head
                try repository.addUser("barbara")
                try repository.commit("Hire")
                #expect(try drift(["--format", "json"]).json["commit"]?.stringValue == applied)
                #expect(try drift(["--ref", "HEAD"]).output.contains("+ User/barbara"))
                #expect(try drift(["--ref", "nowhere"]).isClearFailure(1, naming: "nowhere"))
            }
        }
    }
}
