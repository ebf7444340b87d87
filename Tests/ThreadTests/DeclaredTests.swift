import Foundation
import JSON
import Postgres
import TestSupport
import Testing

/// What is declared, read over HTTP.
@Suite struct DeclaredTests {
    /// Calls `body` with a `charter up` on the example organisation.
    private func up(
        with change: (TestRepository) throws -> Void = { _ in }, _ body: (HTTPClient, TestRepository) throws -> Void
    ) throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/repository")
            try change(repository)
            try SharedPostgres.withDatabase { url, _ in
                let charter = try RunningCharter(up: repository.path, state: folder + "/state", database: url)
                try body(try charter.client(), repository)
                #expect(try charter.interrupt() == 0)
            }
        }
    }

    private func names(_ answer: HTTPAnswer) throws -> [String] {
        try #require(try answer.json["items"]?.arrayValue).compactMap { $0["metadata"]?["name"]?.stringValue }
    }

    @Test func `each document of the repository can be read as it was written, and by pages`() throws {
        try up { client, repository in
            let user = try client.get("/v1/users/ada").json
            #expect(user["apiVersion"] == "charter/v1")
            #expect(user["kind"] == "User")
            #expect(user["spec"]?["email"] == "ada@acme.example")
            #expect(user["source"]?["path"] == "users/ada.yaml")
            #expect(user["source"]?["line"]?.intValue != nil)
            #expect(user["source"]?["commit"]?.stringValue == (try repository.head))
            let model = try client.get("/v1/models/openai/gpt-5.4").json
            #expect(model["metadata"]?["name"] == "openai/gpt-5.4")
            #expect(model["spec"]?["contextWindow"]?.intValue != nil)
            #expect(model["spec"]?["prices"]?.arrayValue?.first?["input"] != nil)
            #expect(try client.get("/v1/models/openai%2Fgpt-5.4").json == model)
            let organization = try client.get("/v1/organization").json
            #expect(organization["kind"] == "Organization")
            #expect(organization["spec"]?["reconcile"]?["interval"] == "200ms")

            let all = try names(try client.get("/v1/users"))
            #expect(all == all.sorted())
            #expect(all.contains("ada"))
            var paged: [String] = []
            var cursor = ""
            repeat {
                let page = try client.get("/v1/users?limit=4\(cursor)")
                paged += try names(page)
                let next = try page.json["nextCursor"]?.stringValue
                cursor = next.map { "&cursor=\($0)" } ?? ""
            } while !cursor.isEmpty
            #expect(paged == all)
            #expect(try names(try client.get("/v1/models?prefix=openai/")).allSatisfy { $0.hasPrefix("openai/") })
            #expect(try client.get("/v1/users?prefix=zzz").json == ["items": [], "nextCursor": .null])
        }
    }

    @Test func `documents of every kind are there, as many as the repository has`() throws {
        let paths = [
            "users", "service-accounts", "teams", "roles", "policies", "policy-templates", "budgets", "providers", "models", "detectors",
            "exemptions", "compliance-frameworks", "alert-routes", "retention-policies", "policy-tests", "invariants",
        ]
        try up { client, _ in
            var count = 1
            for path in paths {
                let found = try names(try client.get("/v1/\(path)?limit=1000"))
                #expect(!found.isEmpty, "\(path)")
                count += found.count
                if let first = found.first { #expect(try client.get("/v1/\(path)/\(first)").status == 200, "\(path)/\(first)") }
            }
            let documents = try client.get("/v1/bundle").json["documents"]
            #expect(documents?.intValue == Int64(count))
        }
    }

    @Test func `roles, subjects and teams tell what follows for them, and by which way`() throws {
        try up { client, repository in
            let admin = try #require(try client.get("/v1/roles/admin").json["effective"])
            let inherited = try #require(admin["inherits"]?.arrayValue)
            #expect(inherited.contains(["role": "developer", "path": ["admin", "developer"]]))
            let permissions = try #require(admin["permissions"]?.arrayValue)
            #expect(permissions.contains { $0["role"] == "admin" && $0["actions"] == ["governance.*"] })
            #expect(permissions.contains { $0["role"] == "developer" })
            #expect(permissions.allSatisfy { $0["source"]?.stringValue?.contains(".yaml:") == true })

            let team = try #require(try client.get("/v1/teams/finance").json["effective"])
            #expect(team["ancestors"] == ["acme"])
            #expect(team["roles"] == [["role": "employee", "team": "acme"]])
            #expect(team["members"]?.arrayValue?.contains(["user": "katherine", "role": "maintainer", "team": "finance"]) == true)
            #expect(team["memberCount"] == 2)

            let subject = try #require(try client.get("/v1/users/katherine").json["effective"])
            #expect(subject["active"] == true)
            let teams = try #require(subject["teams"]?.arrayValue)
            #expect(teams.contains(["team": "finance", "role": "maintainer"]))
            #expect(teams.contains(["team": "acme", "path": ["finance", "acme"]]))
            let employee = try #require(subject["roles"]?.arrayValue?.first { $0["role"] == "employee" })
            #expect(
                employee["ways"]?.arrayValue?.contains(["by": "team", "team": "acme", "path": ["finance", "acme"]]) == true, "\(employee)")
            // What is permitted by the effective permissions is what the engine permits.
            #expect(subject["permissions"]?.arrayValue?.isEmpty == false)
        }
    }

    @Test func `the roles of every subject are those that the engine decides by`() throws {
        try up { client, _ in
            for user in try names(try client.get("/v1/users?limit=1000")) {
                let subject = try client.get("/v1/users/\(user)").json
                let permissions = try #require(subject["effective"]?["permissions"]?.arrayValue)
                let mayChat = permissions.contains { permission in
                    permission["when"] == nil
                        && permission["actions"]?.arrayValue?.contains("llm.chat") == true
                        && permission["resources"]?.arrayValue?.contains("model:openai/*") == true
                }
                let decision = try client.decide(Requests.chat(user)).json
                let isUnpermitted = decision["reasons"]?.arrayValue?.contains { $0["code"] == "no-permission" } == true
                if mayChat { #expect(!isUnpermitted, "\(user)") }
                let isDisabled = decision["reasons"]?.arrayValue?.contains { $0["code"] == "subject-disabled" } == true
                #expect(subject["effective"]?["active"]?.boolValue == !isDisabled, "\(user)")
            }
        }
    }

    @Test func `documents are found by their labels`() throws {
        func add(_ repository: TestRepository) throws {
            for (name, labels) in [("one", "{tier: gold, area: west}"), ("two", "{tier: gold, area: east}"), ("three", "{tier: tin}")] {
                try repository.write(
                    """
                    apiVersion: charter/v1
                    kind: User
                    metadata: {name: \(name), labels: \(labels)}
                    spec: {email: \(name)@acme.example}

                    """, to: "users/\(name).yaml")
            }
            try repository.commit("Add people with labels")
        }
        try up(with: add) { client, _ in
            let gold = try names(try client.get("/v1/users?label=tier=gold"))
            #expect(gold == ["one", "two"])
            #expect(try names(try client.get("/v1/users?label=tier%3Dgold&label=area=east")) == ["two"])
            #expect(try names(try client.get("/v1/users?label=tier=silver")) == [])
            #expect(try client.get("/v1/users?label=tier").status == 400)
        }
    }

    @Test func `what is declared is changed in the repository alone`() throws {
        try up { client, _ in
            for (method, path) in [
                ("POST", "/v1/users"), ("PUT", "/v1/users/ada"), ("DELETE", "/v1/models/openai/gpt-5.4"), ("PATCH", "/v1/organization"),
            ] {
                let answer = try client.request(method, path, body: Array("{}".utf8))
                #expect(answer.status == 405, "\(method) \(path)")
                #expect(answer.fields["allow"] == "GET, HEAD")
                #expect(try answer.json["detail"]?.stringValue?.contains("repository") == true)
            }
            let missing = try client.get("/v1/users/nobody")
            #expect(missing.status == 404)
            #expect(try missing.json["detail"] == "no User `nobody` is declared")
            for query in ["limit=0", "limit=1001", "limit=x", "cursor=", "colour=red", "limit=1&limit=2", "label==x", "prefix=A"] {
                let answer = try client.get("/v1/users?\(query)")
                #expect(answer.status == 400, "\(query)")
                #expect(try answer.json["errors"]?.arrayValue?.isEmpty == false)
            }
        }
    }

    @Test func `a server with a database and no repository reads what is declared, one without a database says so`() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/repository")
            try SharedPostgres.withDatabase { url, _ in
                let reconciled = try CharterProgram.run("reconcile", repository.path, "--database", url)
                #expect(reconciled.status == 0, "\(reconciled)")
                let charter = try RunningCharter(["serve", "--database", url, "--listen", "127.0.0.1:0"], in: folder)
                let client = try charter.client()
                #expect(try client.get("/v1/users/ada").json["spec"]?["email"] == "ada@acme.example")
                let validation = try client.post("/v1/validate", Array("{\"documents\":\"\"}".utf8))
                #expect(validation.status == 501)
                #expect(try validation.json["detail"]?.stringValue?.contains("charter validate") == true)
                #expect(try charter.interrupt() == 0)
            }
        }
        try RunningCharter.serving { client in
            for path in ["/v1/users", "/v1/users/ada", "/v1/organization"] {
                let answer = try client.get(path)
                #expect(answer.status == 503)
                #expect(try answer.json["detail"]?.stringValue?.contains("no database belongs to this server") == true)
            }
        }
    }
}
