import Foundation
import JSON
import TestSupport
import Testing

@Suite struct InvalidCommitTests {
    /// Three mistakes in three files.
    private func breakThings(_ repository: TestRepository) throws -> String {
        try repository.replace("estimate.cost >", with: "estimate.cots >", in: "policies/costly-requests-need-approval.yaml")
        try repository.replace("  email:", with: "  emial:", in: "users/ada.yaml")
        try repository.write(
            """
            apiVersion: charter/v1
            kind: Team
            metadata: {name: nowhere}
            spec: {displayName: Nowhere, parent: nothing}

            """, to: "teams/nowhere.yaml")
        return try repository.commit("Make mistakes")
    }

    private func expectAllErrors(_ text: String) {
        for place in ["policies/costly-requests-need-approval.yaml:19:19", "users/ada.yaml:6:3", "teams/nowhere.yaml:4:"] {
            #expect(text.contains("--> \(place)"), "\(text)")
        }
        #expect(text.contains("`estimate` has no field `cots`"))
        #expect(text.contains("                  ^^^^"))
        #expect(text.contains("= help: did you mean `cost`?"))
        #expect(text.contains("= help: did you mean `email`?"))
        #expect(text.contains("nothing"))
    }

    @Test("an invalid commit is refused with every error at once, and the last good bundle stays in force until a good one comes")
    func whileRunning() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            try SharedPostgres.withDatabase { url, database in
                let charter = try RunningCharter(up: repository.path, state: folder + "/state", database: url)
                let client = try charter.client()
                #expect(try client.check("commit") == "ok")
                #expect(try client.metric("charter_commit_refused") == 0)
                let bundle = try client.get("/v1/bundle").text
                let state = try DeclaredState(database)

                let bad = try breakThings(repository)
                #expect(try eventually { try client.check("commit") == "refused" })
                let verdict = "commit \(bad.prefix(12)) is refused; the last good bundle stays in force"
                #expect(eventually { charter.program.errors.contains(verdict) })
                expectAllErrors(charter.program.errors)
                try expectRefusal(client, of: bad)
                #expect(try client.get("/v1/bundle").text == bundle)
                #expect(try client.decide(Requests.costly).json["decision"] == false)
                #expect(try client.decide(Requests.everyday).json["decision"] == true)

                // What is in force is guarded meanwhile.
                try database.driftByHand()
                #expect(try eventually { try DeclaredState(database) == state })

                try repository.git("reset", "--quiet", "--hard", "HEAD~1")
                try repository.setCostLimit(to: "1.00")
                let good = try repository.commit("Raise the limit")
                #expect(try eventually { try client.commitInForce() == good })
                #expect(try eventually { try client.check("commit") == "ok" })
                #expect(try client.metric("charter_commit_refused") == 0)
                #expect(try client.metric("charter_commits_refused_total{reason=\"CommitInvalid\"}") == 1)
                #expect(try client.decide(Requests.costly).json["decision"] == true)
                #expect(try charter.interrupt() == 0)
            }
        }
    }

    private func expectRefusal(_ client: HTTPClient, of commit: String) throws {
        let ready = try client.get("/readyz")
        #expect(ready.status == 200)
        let refusal = try ready.json["checks"]?["commit"]
        #expect(refusal?["commit"]?.stringValue == commit)
        let errors = try #require(refusal?["errors"]?.arrayValue).compactMap(\.stringValue)
        #expect(refusal?["errorCount"] == .int(Int64(errors.count)))
        #expect(errors.contains { $0.hasPrefix("policies/costly-requests-need-approval.yaml:19:19: CH1402 ") })
        #expect(errors.contains { $0.hasPrefix("users/ada.yaml:6:3: ") })
        #expect(errors.contains { $0.hasPrefix("teams/nowhere.yaml:4:") })
        #expect(try client.metric("charter_commit_refused") == 1)
        #expect(try client.metric("charter_commits_refused_total{reason=\"CommitInvalid\"}") == 1)
    }

    @Test("a start on an invalid commit serves the last good bundle, guards its state, and takes the next good commit")
    func restart() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            let good = try repository.head
            try SharedPostgres.withDatabase { url, database in
                let first = try RunningCharter(up: repository.path, state: folder + "/state", database: url)
                _ = try first.client()
                let state = try DeclaredState(database)
                #expect(try first.interrupt() == 0)
                let bad = try breakThings(repository)

                let charter = try RunningCharter(up: repository.path, state: folder + "/state", database: url)
                let client = try charter.client()
                expectAllErrors(charter.program.errors)
                #expect(charter.program.output.contains(bad))
                #expect(try client.commitInForce() == good)
                #expect(try client.check("commit") == "refused")
                #expect(try client.metric("charter_commit_refused") == 1)
                #expect(try client.decide(Requests.everyday).json["decision"] == true)
                #expect(try client.decide(Requests.costly).json["decision"] == false)
                #expect(try client.commitInDatabase() == good)
                try database.driftByHand()
                #expect(try eventually { try DeclaredState(database) == state })

                try repository.git("revert", "--no-edit", "HEAD")
                let mended = try repository.head
                #expect(try eventually { try client.commitInForce() == mended })
                #expect(try eventually { try client.commitInDatabase() == mended })
                #expect(try eventually { try client.check("commit") == "ok" })
                #expect(try charter.interrupt() == 0)
            }
        }
    }

    @Test("a start on an invalid commit without an earlier bundle fails with every error")
    func nothingToFallBackTo() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            let bad = try breakThings(repository)
            let outcome = try CharterProgram.run("up", repository.path, "--state", folder + "/state", "--listen", "127.0.0.1:0")
            expectAllErrors(outcome.errors)
            #expect(outcome.isClearFailure(1, naming: "\(bad.prefix(12))"), "\(outcome)")
            #expect(Postmaster(state: folder + "/state") == nil)
        }
    }

    @Test("a start on an invalid commit beside a damaged bundle fails, and says why the bundle is no help")
    func damagedFallback() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            let compiled = try CharterProgram.run("compile", repository.path, "--output", folder + "/bundle")
            #expect(compiled.status == 0)
            _ = try breakThings(repository)
            let state = folder + "/state"
            try FileManager.default.createDirectory(atPath: state, withIntermediateDirectories: true)
            try Data("1\n".utf8).write(to: URL(fileURLWithPath: state + "/version"))
            let bytes = try Data(contentsOf: URL(fileURLWithPath: folder + "/bundle"))
            try bytes.dropLast(100).write(to: URL(fileURLWithPath: state + "/bundle.charter"))
            let outcome = try CharterProgram.run("up", repository.path, "--state", state, "--listen", "127.0.0.1:0")
            #expect(outcome.isClearFailure(1, naming: "no earlier bundle"), "\(outcome)")
            #expect(outcome.errors.contains("the last good bundle cannot be used"))
        }
    }
}
