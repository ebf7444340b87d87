import JSON
import Postgres
import Testing

@testable import Reconciler

/// What the database tells of what was done to it.
@Suite struct RevisionHistoryTests {
    @Test func `every epoch is told of, with its plan, and nothing else is`() throws {
        let database = try TestDatabase()
        let reconciler = database.reconciler()
        defer { reconciler.close() }
        #expect(try reconciler.history() == [])
        let first = try SmallOrganization().desired()
        _ = try reconciler.sync(first, driftMode: .correct)
        #expect(try reconciler.sync(first, driftMode: .correct).outcome == .unchanged)
        var changed = SmallOrganization()
        changed.files["bob.yaml"] = nil
        changed.files["atlas.yaml"] = SmallOrganization.document(
            "Team", "atlas", "{displayName: Atlas, members: [{user: ada, role: maintainer}]}")
        changed.files["cleo.yaml"] = SmallOrganization.document("User", "cleo", "{email: cleo@acme.example}")
        _ = try reconciler.sync(try changed.desired("b"), driftMode: .correct)
        try database.owner.execute("UPDATE governance.users SET email = 'mallory@example.org' WHERE name = 'ada'")
        #expect(try reconciler.sync(try changed.desired("b"), driftMode: .report).outcome == .reported)
        _ = try reconciler.sync(try changed.desired("b"), driftMode: .correct)

        let history = try reconciler.history()
        #expect(history.map(\.epoch) == [3, 2, 1])
        #expect(history.map(\.outcome) == ["corrected", "applied", "applied"])
        #expect(history.map { $0.commit.first } == ["b", "b", "a"])
        #expect(history.map { $0.previousCommit?.first } == ["b", "a", nil])
        #expect(history.map { [$0.created, $0.updated, $0.deleted] } == [[0, 1, 0], [0, 2, 1], [6, 0, 0]])
        #expect(history.map(\.rowsWritten) == [1, 3, 8])
        #expect(history.allSatisfy { $0.planIsWhole && $0.milliseconds >= 0 && $0.approvedPlan == nil && $0.databaseUser == "charter" })
        let field = try #require(history[0].plan.arrayValue?.first?["fields"]?.arrayValue?.first)
        #expect(
            ["field", "expected", "actual"].map { field[$0]?.stringValue } == ["spec.email", "ada@example.org", "mallory@example.org"])
        // Page by page.
        #expect(try reconciler.history(before: 3, limit: 1).map(\.epoch) == [2])
        #expect(try reconciler.history(before: 1).isEmpty)
        // A page further back is the same later on.
        _ = try reconciler.sync(first, driftMode: .correct)
        #expect(try reconciler.history(before: 4) == history)
    }

    @Test func `an approval is told of`() throws {
        let database = try TestDatabase()
        let reconciler = database.reconciler()
        defer { reconciler.close() }
        var large = SmallOrganization()
        for number in 0..<30 {
            large.files["\(number).yaml"] = SmallOrganization.document("User", "u\(number)", "{email: u\(number)@acme.example}")
        }
        _ = try reconciler.sync(try large.desired(), driftMode: .correct)
        let small = try SmallOrganization().desired("b")
        guard case .refused(let refused)? = reconcilerError({ try reconciler.sync(small, driftMode: .correct) }) else {
            Issue.record("not refused")
            return
        }
        _ = try reconciler.sync(small, driftMode: .correct, approval: .init(deletions: refused.deletions, planDigest: refused.digest))
        let entry = try #require(try reconciler.history(limit: 1).first)
        #expect(entry.approvedPlan == refused.digest && entry.deleted == 30)
    }

    @Test func `a plan of thousands is kept in part`() throws {
        let database = try TestDatabase()
        let reconciler = database.reconciler()
        defer { reconciler.close() }
        var large = SmallOrganization()
        large.files["many.yaml"] = (0..<1_500).map { SmallOrganization.document("User", "u\($0)", "{email: u\($0)@acme.example}") }
            .joined(separator: "---\n")
        _ = try reconciler.sync(try large.desired(), driftMode: .correct)
        let entry = try #require(try reconciler.history().first)
        #expect(entry.created == 1_506 && !entry.planIsWhole && entry.plan.arrayValue?.count == Reconciler.keptDifferences)
    }

    @Test func `the reconciler can add to its history and not change it`() throws {
        let database = try TestDatabase()
        let reconciler = database.reconciler()
        defer { reconciler.close() }
        _ = try reconciler.sync(try SmallOrganization().desired(), driftMode: .correct)
        for statement in [
            "UPDATE governance.history SET database_user = 'x'", "DELETE FROM governance.history", "TRUNCATE governance.history",
        ] {
            for role in ["charter_planner", "charter_reconciler", "charter_server"] {
                #expect(sqlState("SET ROLE \(role); \(statement)", on: database.owner) == "42501", "\(role): \(statement)")
                try database.owner.script("RESET ROLE")
            }
        }
        #expect(
            sqlState("SET ROLE charter_planner; INSERT INTO governance.history SELECT * FROM governance.history", on: database.owner)
                == "42501")
        try database.owner.script("RESET ROLE")
    }
}
