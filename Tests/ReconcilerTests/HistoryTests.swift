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
        struct Read {
            var document: Document
            var spec: JSONValue

            func text(_ field: String) -> String? { spec[field]?.stringValue }
            func list(_ field: String) -> String? { spec[field]?.arrayValue.map { $0.compactMap(\.stringValue).joined(separator: "|") } }
        }

        let commit: GitObjectID
        private let read: [Kind: [Read]]

        init(commit: GitObjectID, governance: Governance) {
            self.commit = commit
            read = Dictionary(
                uniqueKeysWithValues: Kind.allCases.map { kind in
                    (kind, governance.all(kind).map { Read(document: $0, spec: .object($0.json)) })
                })
        }

        func all(_ kind: Kind) -> [Read] { read[kind] ?? [] }

        /// Each document by kind and name, as far as the database keeps it: a team's members in no order, their default role written out.
        var documents: [String: JSONValue] {
            var documents: [String: JSONValue] = [:]
            for (document, var spec) in Kind.allCases.flatMap(all).map({ ($0.document, $0.spec.objectValue ?? [:]) }) {
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

    /// What a walk came to.
    private struct Totals: CustomStringConvertible {
        var commits = 0
        var rows = 0
        /// Commits that take more away than one may, carried out by name.
        var approved = 0
        /// Planned from the commit before, without reading all that the database holds.
        var fromBefore = 0
        var syncing = Duration.zero

        var description: String {
            "\(commits) commits, \(rows) rows written and as many changed, \(approved) approved by name, \(fromBefore) planned from the commit "
                + "before; reconciling took \(syncing), of which a debug build says little"
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
        private var before: DesiredState?
        private let rows: WrittenRows
        private(set) var totals = Totals()

        init(_ bundle: String) throws {
            repository = try TestRepository(cloning: bundle)
            handle = try GitRepository(opening: repository.path)
            commits = try repository.history()
            database = try TestDatabase()
            reconciler = database.reconciler()
            rows = try WrittenRows(database.owner)
        }

        deinit { reconciler.close() }

        /// Reconciles `commit` and checks what the database holds then, and that exactly what changed was touched.
        func go(to commit: GitObjectID, pin: PinOrder? = nil) throws {
            let snapshot = try reader.read(handle, commit: commit)
            #expect(!snapshot.diagnostics.hasErrors, "\(commit)")
            let step = Step(commit: commit, governance: snapshot.governance)
            let documents = step.documents
            let desired = DesiredState(
                governance: snapshot.governance, commit: commit.description, bundleDigest: commit.short, previous: before)
            let start = ContinuousClock.now
            let result = try apply(desired, pin)
            totals.syncing += ContinuousClock.now - start
            before = desired
            // Nothing is written that has not changed, and what is said to be written is.
            let count = try rows.count()
            #expect(count.written == count.changed, "\(commit)")
            #expect(count.written == result.plan.rowCount, "\(commit)")
            totals.commits += 1
            totals.rows += count.written
            if !result.hasComparedAll { totals.fromBefore += 1 }
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

        /// As the daemon does: from what the database was left equal to. A commit that takes too much away is approved by its plan.
        private func apply(_ desired: DesiredState, _ pin: PinOrder?) throws -> SyncResult {
            do throws(ReconcilerError) {
                return try reconciler.sync(desired, driftMode: .correct, pin: pin, after: before)
            } catch {
                guard case .refused(let plan) = error else { throw error }
                totals.approved += 1
                let approval = DeletionApproval(deletions: plan.deletions, planDigest: plan.digest)
                return try reconciler.sync(desired, driftMode: .correct, approval: approval, pin: pin, after: before)
            }
        }

        /// Compares every row with that of a new database that never held another commit.
        func compareWithNew(at commit: GitObjectID) throws {
            let other = try TestDatabase()
            let fresh = other.reconciler()
            defer { fresh.close() }
            let governance = try RepositoryReader().read(handle, commit: commit).governance
            _ = try fresh.sync(
                DesiredState(governance: governance, commit: commit.description, bundleDigest: commit.short), driftMode: .correct)
            let (held, wanted) = (try rows.contents(), try WrittenRows(other.owner).contents())
            let strange = Set(held).symmetricDifference(wanted)
            #expect(held.count == wanted.count && strange.isEmpty, "\(commit): \(strange.prefix(3))")
        }

        /// Expects that the database's own history tells of every step and every row.
        func checkHistory() throws {
            let row = try database.owner.query("SELECT count(*) AS steps, sum(rows_written) AS rows FROM governance.history").first
            #expect(try row?.int("steps") == totals.commits)
            #expect(try row?.int("rows") == totals.rows)
        }

        /// Compares plain columns of the database with the documents.
        private func check(_ step: Step) throws {
            let connection = database.owner
            for layout in TableLayout.all where layout.keys == ["name"] {
                let names = try connection.query("SELECT name FROM \(layout.qualifiedName) ORDER BY name").map { $0[0] }
                #expect(names == step.all(layout.kind).map(\.document.name.value), "\(layout.table) at \(step.commit)")
            }
            func same(_ sql: String, _ expected: [[String?]]) throws {
                let held = try connection.query(sql)
                #expect(held.count == expected.count)
                for (row, wanted) in zip(held, expected) where wanted.indices.map({ row[$0] }) != wanted {
                    Issue.record("\(wanted) is held as \(wanted.indices.map { row[$0] ?? "NULL" }) at \(step.commit)")
                }
            }
            try same(
                "SELECT name, email, display_name, array_to_string(roles, '|') FROM governance.users ORDER BY name",
                step.all(.user).map { [$0.document.name.value, $0.text("email"), $0.text("displayName"), $0.list("roles")] })
            try same(
                "SELECT name, display_name, parent, array_to_string(roles, '|') FROM governance.teams ORDER BY name",
                step.all(.team).map { [$0.document.name.value, $0.text("displayName"), $0.text("parent"), $0.list("roles")] })
            try same(
                "SELECT team, \"user\", role FROM governance.team_members ORDER BY 1, 2",
                step.all(.team).flatMap { team in
                    (team.spec["members"]?.arrayValue ?? []).map {
                        [team.document.name.value, $0["user"]?.stringValue, $0["role"]?.stringValue ?? "member"]
                    }
                    .sorted { ($0[1] ?? "").utf8.lexicographicallyPrecedes(($1[1] ?? "").utf8) }
                })
            try same(
                "SELECT name, currency, display_name FROM governance.organizations",
                step.all(.organization).map { [$0.document.name.value, $0.text("currency"), $0.text("displayName")] })
        }
    }

    private static let reason: Comment = "org-history.bundle is not beside the repository and CHARTER_SHARED does not lead to it"

    @Test(.enabled(if: Places.history != nil, reason))
    func `every commit of the history leaves exactly its documents in the database`() throws {
        let walk = try Walk(try #require(Places.history))
        #expect(walk.commits.count == 297)
        for (number, commit) in walk.commits.enumerated() {
            try walk.go(to: commit)
            if number % 30 == 0 || commit == walk.commits.last { try walk.compareWithNew(at: commit) }
        }
        try walk.checkHistory()
        print("one by one: \(walk.totals)")
    }

    @Test(.enabled(if: Places.history != nil, reason))
    func `jumping between commits leaves exactly the documents of the last`() throws {
        var generator = Self.generator("jumps")
        let walk = try Walk(try #require(Places.history))
        var last: GitObjectID?
        for _ in 0..<20 {
            let next = try #require(walk.commits.filter { $0 != last }.randomElement(using: &generator))
            try walk.go(to: next)
            try walk.compareWithNew(at: next)
            last = next
        }
        try walk.checkHistory()
        print("jumped over: \(walk.totals)")
    }

    @Test(.enabled(if: Places.history != nil, reason))
    func `rolling back to earlier commits leaves exactly their documents, and says that they are pinned`() throws {
        var generator = Self.generator("rollbacks")
        let walk = try Walk(try #require(Places.history))
        try walk.go(to: try #require(walk.commits.last))
        var position = walk.commits.count - 1
        for _ in 0..<20 {
            if position == 0 {
                position = walk.commits.count - 1
                #expect(try walk.reconciler.releasePin())
                try walk.go(to: walk.commits[position])
                #expect(try walk.reconciler.orders().directives.pin == nil)
            }
            position = Int.random(in: 0..<position, using: &generator)
            let commit = walk.commits[position]
            try walk.go(to: commit, pin: PinOrder(commit: commit.description, reason: "a test", operator: "test"))
            #expect(try walk.reconciler.orders().directives.pin?.commit == commit.description)
            try walk.compareWithNew(at: commit)
        }
        try walk.checkHistory()
        print("rolled back: \(walk.totals)")
    }

    private static func generator(_ what: String) -> SeededGenerator {
        let seed = UInt64.random(in: .min ... .max)
        print("seed of the \(what): \(seed)")
        return SeededGenerator(seed: seed)
    }
}
