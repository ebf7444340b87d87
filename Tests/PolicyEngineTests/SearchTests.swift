import Foundation
import GovernanceModel
import JSON
import PolicyBundle
import PolicyEngine
import Testing

/// Searches against deciding every candidate, one by one.
@Suite struct SearchTests {
    /// What a bundle could have in the open place, in its order.
    private static func candidates(_ kind: SearchKind, _ type: String?, _ bundle: PolicyBundle) -> [String] {
        switch (kind, type) {
        case (.subject, _):
            return (0..<bundle.count(.subj)).filter {
                (bundle.word(.subj, $0, SubjectColumn.flags) & SubjectColumn.serviceAccount != 0) == (type == "service-account")
            }.map { bundle.string(.subj, $0, SubjectColumn.name) }
        case (.resource, "model"): return (0..<bundle.count(.modl)).map { bundle.string(.modl, $0, ModelColumn.name) }
        case (.resource, _): return []
        case (.action, _): return (0..<bundle.count(.actn)).map { bundle.string(Int(bundle.word(.actn, $0, 0))) }
        }
    }

    /// The answer without an index: a decision for each candidate.
    private static func plainly(_ kind: SearchKind, _ request: JSONValue, _ engine: PolicyEngine, now: Int64) throws -> [String] {
        let members = try #require(request.objectValue)
        return try candidates(kind, members[kind.rawValue]?["type"]?.stringValue, engine.bundle).filter { candidate in
            var entity = kind == .action ? JSONObject() : try #require(members[kind.rawValue]?.objectValue)
            entity[kind == .action ? "name" : "id"] = .string(candidate)
            var whole = members
            whole[kind.rawValue] = .object(entity)
            var text = JSONWriter.text(.object(whole))
            // A writer leaves out a fraction of zero, which a condition may ask for.
            if request["resource"]?["properties"]?["weight"] == 2.0 { text = text.replacing("\"weight\":2}", with: "\"weight\":2.0}") }
            return try engine.decide(Array(text.utf8), now: now, id: "x").isAllowed
        }
    }

    /// All pages of so many results.
    private static func pages(
        _ search: SearchRequest, limit: Int, _ engine: PolicyEngine, now: Int64
    ) throws -> [[SearchPage.Entity]] {
        var search = search
        search.limit = limit
        var pages: [[SearchPage.Entity]] = []
        repeat {
            let page = try engine.search(search, now: now)
            pages.append(page.results)
            search.token = page.nextToken
        } while !search.token.isEmpty && pages.count < 1000
        return pages
    }

    private static func check(_ kind: SearchKind, _ request: JSONValue, _ engine: PolicyEngine, now: Int64, _ title: String) throws {
        let search = try SearchRequest(kind, request)
        let all = try engine.search(search, now: now)
        #expect(all.nextToken.isEmpty)
        #expect(try all.results.map(\.id) == plainly(kind, request, engine, now: now), "\(title)")
        for limit in 1...all.results.count + 1 {
            let pages = try pages(search, limit: limit, engine, now: now)
            #expect(pages.flatMap { $0 } == all.results, "\(title), \(limit) a page")
            #expect(pages.dropLast().allSatisfy { $0.count == limit }, "\(title), \(limit) a page")
            #expect(pages.count == 1 || pages.last?.isEmpty == false, "\(title), \(limit) a page")
        }
        for decisions in [1, 3] {
            var search = search
            search.decisionLimit = decisions
            var found: [SearchPage.Entity] = []
            var decided = 0
            repeat {
                let page = try engine.search(search, now: now)
                #expect(page.decisionCount <= decisions, "\(title), \(decisions) decisions a page")
                found += page.results
                decided += page.decisionCount
                search.token = page.nextToken
            } while !search.token.isEmpty && decided < 1000
            #expect(found == all.results, "\(title), \(decisions) decisions a page")
            #expect(decided == all.decisionCount, "\(title), \(decisions) decisions a page")
        }
    }

    // MARK: As data

    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Searches").path

    private static func written() throws -> PolicyEngine {
        try TestEngine.compile(["search.yaml": String(contentsOfFile: folder + "/search.yaml", encoding: .utf8)])
    }

    @Test func `searches find what is written down`() throws {
        let engine = try Self.written()
        let file = try JSONParser.parse(String(contentsOfFile: Self.folder + "/search.json", encoding: .utf8))
        let searches = try #require(file["searches"]?.arrayValue)
        #expect(searches.count > 30)
        for test in searches {
            let title = try #require(test["name"]?.stringValue)
            let kind = try #require(test["kind"]?.stringValue.flatMap(SearchKind.init(rawValue:)), "\(title)")
            let time = try #require(test["now"]?.stringValue ?? file["now"]?.stringValue)
            let now = try #require(Timestamp.seconds(time)) * 1_000_000_000
            let request = try #require(test["request"])
            do {
                let page = try engine.search(SearchRequest(kind, request), now: now)
                #expect(test["expect"] == JSONValue(page.results.map(\.id)), "\(title): \(page)")
                #expect(test["refusal"]?.stringValue == page.refusal?.code.rawValue, "\(title): \(page)")
                if let count = test["decisions"]?.intValue { #expect(page.decisionCount == Int(count), "\(title)") }
                try Self.check(kind, request, engine, now: now, title)
            } catch let error as RequestError {
                #expect(test["error"]?.stringValue == error.pointer, "\(title): \(error)")
            }
        }
    }

    @Test func `answers have the shape of the standard`() throws {
        let engine = try Self.written()
        func json(_ kind: SearchKind, _ request: JSONValue) throws -> JSONValue {
            try engine.search(SearchRequest(kind, request), now: 0).json
        }
        let context: JSONValue = ["dataClassification": "public"]
        let resource: JSONValue = ["type": "todo", "id": "1"]
        let subjects = try json(.subject, ["subject": ["type": "user"], "action": ["name": "read"], "resource": resource])
        #expect(subjects == ["results": [["type": "user", "id": "ada"], ["type": "user", "id": "bo"]], "page": ["next_token": ""]])
        let actions = try json(.action, ["subject": ["type": "user", "id": "bo"], "resource": resource])
        #expect(actions == ["results": [["name": "read"]], "page": ["next_token": ""]])
        let models = try json(
            .resource,
            [
                "subject": ["type": "user", "id": "ada"], "action": ["name": "llm.chat"], "resource": ["type": "model"], "context": context,
                "page": ["limit": 1],
            ])
        #expect(models["results"] == [["type": "model", "id": "p/large"]])
        #expect(models["page"]?["next_token"]?.stringValue?.isEmpty == false)
    }

    @Test func `classes of subjects that no role permits are not decided`() throws {
        let engine = try Self.written()
        let request: JSONValue = ["subject": ["type": "user"], "action": ["name": "write"], "resource": ["type": "todo", "id": "1"]]
        let page = try engine.search(SearchRequest(.subject, request), now: 0)
        // Of seven users, two who are not disabled have the one role that may write.
        #expect(page.decisionCount == 2 && page.results.isEmpty)
    }

    // MARK: Tokens

    @Test func `a token works on this search in this bundle alone`() throws {
        let engine = try Self.written()
        let request: JSONValue = ["subject": ["type": "user"], "action": ["name": "read"], "resource": ["type": "todo", "id": "1"]]
        var search = try SearchRequest(.subject, request)
        search.limit = 1
        let token = try engine.search(search, now: 0).nextToken
        func refused(_ kind: SearchKind, _ request: JSONValue, _ token: String, _ engine: PolicyEngine) throws -> String {
            var search = try SearchRequest(kind, request)
            search.token = token
            do throws(RequestError) {
                _ = try engine.search(search, now: 0)
                return ""
            } catch {
                #expect(error.pointer == "/page/token")
                return error.detail
            }
        }
        // Another limit, another time and another engine of the same bundle change nothing.
        search.limit = 7
        search.token = token
        #expect(try Self.written().search(search, now: 1).results.map(\.id) == ["bo"])
        for bad in ["x", String(token.dropLast()), token + "0", token.uppercased(), String(repeating: "é", count: 32)] {
            #expect(try refused(.subject, request, bad, engine).contains("no token"), "\(bad)")
        }
        let far = String(token.dropLast(16)) + String(repeating: "f", count: 16)
        #expect(try refused(.subject, request, far, engine).contains("no token"))
        let other: JSONValue = ["subject": ["type": "user"], "action": ["name": "write"], "resource": ["type": "todo", "id": "1"]]
        #expect(try refused(.subject, other, token, engine).contains("another search"))
        #expect(
            try refused(
                .subject, ["subject": ["type": "alien"], "action": ["name": "read"], "resource": ["type": "todo", "id": "1"]], token, engine
            ).contains("another search"))
        var random = Noise(seed: 1)
        let stranger = try TestEngine.compile(["world.yaml": RandomWorld(&random).yaml])
        #expect(try refused(.subject, request, token, stranger).contains("another bundle"))
    }

    // MARK: At random

    @Test(arguments: 0..<24) func `searches in organisations made at random find what decisions allow`(_ seed: Int) throws {
        var random = Noise(seed: UInt64(seed))
        let engine = try TestEngine.compile(["world.yaml": RandomWorld(&random).yaml])
        let resources: [(type: String, id: String)] = [
            ("model", "p0/m0"), ("model", "p1/m1"), ("model", "p9/m9"), ("tool", "x"), ("tool", "y"),
        ]
        let contexts: [JSONValue] = [[:], ["inputTokens": 3, "dataClassification": "internal", "purpose": "hiring"]]
        for context in contexts {
            for action in ["llm.chat", "llm.embed", "tool.call", "other", "unnamed"] {
                for resource in resources {
                    let entity: JSONValue = ["type": .string(resource.type), "id": .string(resource.id)]
                    for type in ["user", "service-account"] {
                        try Self.check(
                            .subject,
                            [
                                "subject": ["type": .string(type)], "action": ["name": .string(action)], "resource": entity,
                                "context": context,
                            ],
                            engine, now: 0, "seed \(seed), who \(action) \(resource)")
                    }
                }
                for user in ["u0", "u1", "u2", "u4", "eve"] {
                    try Self.check(
                        .resource,
                        [
                            "subject": ["type": "user", "id": .string(user)], "action": ["name": .string(action)],
                            "resource": ["type": "model"], "context": context,
                        ], engine, now: 0, "seed \(seed), which \(user) \(action)")
                }
            }
            for resource in resources {
                for user in ["u0", "u1", "u3", "u4", "eve"] {
                    try Self.check(
                        .action,
                        [
                            "subject": ["type": "user", "id": .string(user)],
                            "resource": ["type": .string(resource.type), "id": .string(resource.id)], "context": context,
                        ], engine, now: 0, "seed \(seed), what \(user) \(resource)")
                }
            }
        }
    }
}
