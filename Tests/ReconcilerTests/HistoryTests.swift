import Foundation
import Git
import GovernanceModel
import JSON
import Postgres
import Testing

import struct TestSupport.SeededGenerator

@testable import Reconciler

/// The recorded history of a real organisation, reconciled commit by commit.
@Suite struct HistoryTests {
    /// One commit, as its files say, read without any of the reconciler's own code.
    private struct Step {
        let commit: GitObjectID
        let governance: Governance

        /// Each document by kind and name, as far as the database keeps it: a team's members in no order, their default role written out.
        var documents: [String: JSONValue] {
            var documents: [String: JSONValue] = [:]
            for document in Kind.allCases.flatMap(governance.all) {
                var spec = document.json
                if document.kind == .team, let members = spec["members"]?.arrayValue {
                    let roles = members.map { ($0["user"]?.stringValue ?? "", $0["role"] ?? "member") }
                    spec["members"] = roles.isEmpty ? nil : .object(JSONObject(roles.sorted { $0.0 < $1.0 }))
                }
                documents[document.id] = .object([
                    "labels": .object(document.labels), "annotations": .object(document.annotations), "spec": .object(spec),
                ])
            }
            return documents
        }
    }

    /// One database that walks from commit to commit.
    private final class Walk {
        let repository: TestRepository
        let database: TestDatabase
        let reconciler: Reconciler
        let commits: [GitObjectID]
        private let handle: GitRepository
        private let reader = RepositoryReader()
        private var held: [String: JSONValue] = [:]
        private var epoch: Int64 = 0

        init(_ bundle: String) throws {
            repository = try TestRepository(cloning: bundle)
            handle = try GitRepository(opening: repository.path)
            commits = try repository.history()
            database = try TestDatabase()
            reconciler = database.reconciler()
        }

        deinit { reconciler.close() }

        /// Reconciles `commit` and checks what the database holds then, and that exactly what changed was touched.
        func go(to commit: GitObjectID) throws {
            let snapshot = try reader.read(handle, commit: commit)
            #expect(!snapshot.diagnostics.hasErrors, "\(commit)")
            let step = Step(commit: commit, governance: snapshot.governance)
            let documents = step.documents
            let desired = DesiredState(governance: step.governance, commit: commit.description, bundleDigest: commit.short)
            let result = try reconciler.sync(desired, driftMode: .correct)
            epoch += 1
            #expect(result.outcome == .applied, "\(commit)")
            #expect(result.revision?.epoch == epoch)
            #expect(result.revision?.commit == commit.description)

            var expected: [String: String] = [:]
            for id in Set(documents.keys).union(held.keys) where documents[id] != held[id] {
                expected[id] = held[id] == nil ? "create" : documents[id] == nil ? "delete" : "update"
            }
            let named = Dictionary(
                uniqueKeysWithValues: result.plan.differences.map { ("\($0.kind.rawValue)/\($0.name)", $0.action.rawValue) })
            #expect(named == expected, "\(commit)")
            held = documents
            try check(step)
            #expect(try reconciler.plan(desired).plan.isEmpty, "\(commit)")
        }

        /// Compares plain columns of the database with the documents.
        private func check(_ step: Step) throws {
            let connection = database.owner
            for layout in TableLayout.all where layout.keys == ["name"] {
                let names = try connection.query("SELECT name FROM \(layout.qualifiedName) ORDER BY name").map { $0[0] }
                #expect(names == step.governance.all(layout.kind).map(\.name.value), "\(layout.table) at \(step.commit)")
            }
            func same(_ sql: String, _ expected: [[String?]]) throws {
                let held = try connection.query(sql)
                #expect(held.count == expected.count)
                for (row, wanted) in zip(held, expected) where wanted.indices.map({ row[$0] }) != wanted {
                    Issue.record("\(wanted) is held as \(wanted.indices.map { row[$0] ?? "NULL" }) at \(step.commit)")
                }
            }
            func text(_ document: Document, _ field: String) -> String? { document.json[field]?.stringValue }
            func list(_ document: Document, _ field: String) -> String? {
                document.json[field]?.arrayValue.map { $0.compactMap(\.stringValue).joined(separator: "|") }
            }
            try same(
                "SELECT name, email, display_name, array_to_string(roles, '|') FROM governance.users ORDER BY name",
                step.governance.all(.user).map { [$0.name.value, text($0, "email"), text($0, "displayName"), list($0, "roles")] })
            try same(
                "SELECT name, display_name, parent, array_to_string(roles, '|') FROM governance.teams ORDER BY name",
                step.governance.all(.team).map { [$0.name.value, text($0, "displayName"), text($0, "parent"), list($0, "roles")] })
            try same(
                "SELECT team, \"user\", role FROM governance.team_members ORDER BY 1, 2",
                step.governance.all(.team).flatMap { team in
                    (team.json["members"]?.arrayValue ?? []).map {
                        [team.name.value, $0["user"]?.stringValue, $0["role"]?.stringValue ?? "member"]
                    }
                    .sorted { ($0[1] ?? "").utf8.lexicographicallyPrecedes(($1[1] ?? "").utf8) }
                })
            try same(
                "SELECT name, currency, display_name FROM governance.organizations",
                step.governance.all(.organization).map { [$0.name.value, text($0, "currency"), text($0, "displayName")] })
        }
    }

    private static let reason: Comment = "org-history.bundle is not beside the repository and CHARTER_SHARED does not lead to it"

    @Test(.enabled(if: Places.history != nil, reason))
    func `every commit of the history leaves exactly its documents in the database`() throws {
        let walk = try Walk(try #require(Places.history))
        #expect(walk.commits.count == 297)
        for commit in walk.commits { try walk.go(to: commit) }
    }

    @Test(.enabled(if: Places.history != nil, reason))
    func `jumping between commits leaves exactly the documents of the last`() throws {
        let seed = UInt64.random(in: .min ... .max)
        print("seed of the jumps: \(seed)")
        var generator = SeededGenerator(seed: seed)
        let walk = try Walk(try #require(Places.history))
        var last: GitObjectID?
        for _ in 0..<20 {
            let next = try #require(walk.commits.filter { $0 != last }.randomElement(using: &generator))
            try walk.go(to: next)
            last = next
        }
    }
}
