import Foundation
import Glibc
import JSON
import Postgres
import TestSupport
import Testing

@Suite struct WholeThreadTests {
    @Test("charter up governs from the first commit on: decisions, new commits, drift, a kill in the middle, and a clean end")
    func wholeThread() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            let state = folder + "/state"
            let charter = try RunningCharter(up: repository.path, state: state)
            let client = try charter.client()
            try expectFirstDecisions(client, repository)
            try expectDecisionFlips(client, repository)

            let postmaster = try #require(Postmaster(state: state))
            try expectDriftIsHealed(client, try postmaster.connect(), repository, state: state)
            try expectKillLeavesStateWhole(charter, postmaster, repository, state: state)
        }
    }

    private func expectFirstDecisions(_ client: HTTPClient, _ repository: TestRepository) throws {
        let allowed = try client.decide(Requests.everyday)
        #expect(allowed.status == 200)
        #expect(try allowed.json["decision"] == true)
        #expect(try allowed.json["bundle"]?["commit"]?.stringValue == repository.head)

        let denied = try client.decide(Requests.costly).json
        #expect(denied["decision"] == false)
        let reason = try #require(denied["reasons"]?.arrayValue?.first)
        #expect(reason["policy"] == "costly-requests-need-approval")
        #expect(reason["rule"] == "over-fifty-cents")
        #expect(reason["message"] == "about $0.8 needs an approver")
        #expect(reason["controls"] == ["soc2/CC6.1"])
        let lines = try repository.read("policies/costly-requests-need-approval.yaml").split(
            separator: "\n", omittingEmptySubsequences: false)
        let line = try #require(lines.firstIndex { $0.contains("name: over-fifty-cents") })
        #expect(reason["source"]?.stringValue == "policies/costly-requests-need-approval.yaml:\(line + 1)")
        #expect(try client.check("database") == "ok")
    }

    private func expectDecisionFlips(_ client: HTTPClient, _ repository: TestRepository) throws {
        try repository.setCostLimit(to: "1.00")
        try repository.addUser("vera")
        let commit = try repository.commit("Raise the limit, and hire")
        #expect(try eventually { try client.decide(Requests.costly).json["decision"] == true })
        #expect(try client.commitInForce() == commit)
        #expect(try eventually { try client.commitInDatabase() == commit })
    }

    private func expectDriftIsHealed(
        _ client: HTTPClient, _ database: PostgresConnection, _ repository: TestRepository, state: String
    ) throws {
        let before = try DeclaredState(database)
        try database.driftByHand()
        #expect(try eventually { try DeclaredState(database) == before })
        var report: JSONValue = .null
        #expect(
            try eventually {
                report = try client.get("/v1/drift").json
                return report["history"]?.arrayValue?.isEmpty == false
            })
        #expect(report["drifted"] == false)
        #expect(report["history"]?.arrayValue?.first?["outcome"] == "corrected")
        try expectDriftIsNamed(report["history"]?.arrayValue?.first?["objects"])
        #expect(try eventually { try client.metric("charter_drifted_objects_total{kind=\"User\"}") == 3 })
    }

    private func expectKillLeavesStateWhole(
        _ charter: RunningCharter, _ postmaster: Postmaster, _ repository: TestRepository, state: String
    ) throws {
        let database = try postmaster.connect()
        let blocker = try postmaster.connect()
        try blocker.script("BEGIN; SELECT FROM governance.users WHERE name = 'ada' FOR UPDATE")
        try repository.replace("ada@acme.example", with: "lovelace@acme.example", in: "users/ada.yaml")
        try repository.addUser("barbara")
        try repository.remove("users/vera.yaml")
        let commit = try repository.commit("Change, add and remove people")
        let isBlocked = try eventually {
            try database.query("SELECT FROM pg_stat_activity WHERE application_name = 'charter reconciler' AND wait_event_type = 'Lock'")
                .count == 1
        }
        try #require(isBlocked, "\(charter.program.errors)")
        let old = try DeclaredState(database)
        charter.program.signal(SIGKILL)
        #expect(try charter.program.wait() == 128 + SIGKILL)
        #expect(postmaster.isAlive)
        try blocker.script("ROLLBACK")
        blocker.close()
        #expect(
            try eventually {
                try database.query("SELECT FROM pg_stat_activity WHERE application_name = 'charter reconciler'").isEmpty
            })
        #expect(try DeclaredState(database) == old)
        database.close()

        let again = try RunningCharter(up: repository.path, state: state)
        let client = try again.client()
        #expect(Postmaster(state: state)?.process == postmaster.process)
        #expect(try client.commitInForce() == commit)
        #expect(try client.commitInDatabase() == commit)
        let connection = try postmaster.connect()
        let rows = try connection.query("SELECT name, email FROM governance.users WHERE name IN ('ada', 'barbara', 'vera') ORDER BY name")
        #expect(rows.map { $0["name"] } == ["ada", "barbara"])
        #expect(rows.first?["email"] == "lovelace@acme.example")
        connection.close()
        let drift = try CharterProgram.run("drift", repository.path, "--state", state, "--detailed-exitcode")
        #expect(drift.status == 0, "\(drift)")

        #expect(try again.interrupt() == 0)
        #expect(!postmaster.isAlive)
        #expect(!FileManager.default.fileExists(atPath: postmaster.socketDirectory + "/.s.PGSQL.5432"))
        #expect(throws: Failure.self) { try client.get("/healthz") }
    }
}
