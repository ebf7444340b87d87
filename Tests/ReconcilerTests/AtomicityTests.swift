import GovernanceModel
import Postgres
import TestSupport
import Testing

import class TestSupport.Background

@testable import Reconciler

/// Rows and revision are written together or not at all, whoever is in the way.
@Suite struct AtomicityTests {
    /// A database in which commit `a` is in force, and what commit `b` wants.
    private func prepared() throws -> (database: TestDatabase, before: [String: String], next: DesiredState) {
        let database = try TestDatabase()
        let reconciler = database.reconciler()
        defer { reconciler.close() }
        var organization = SmallOrganization()
        _ = try reconciler.sync(try organization.desired("a"), driftMode: .correct)
        organization.files["cleo.yaml"] = nil
        organization.files["bob.yaml"] = SmallOrganization.document("User", "bob", "{email: robert@example.org}")
        organization.files["dora.yaml"] = SmallOrganization.document("User", "dora", "{email: dora@example.org}")
        return (database, try database.contents(), try organization.desired("b"))
    }

    private static let killSwitch = """
        CREATE FUNCTION public.kill() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
        BEGIN
            PERFORM pg_terminate_backend(pg_backend_pid());
            PERFORM pg_sleep(60);
            RETURN NEW;
        END
        $$;
        """

    @Test(arguments: ["BEFORE DELETE", "BEFORE UPDATE", "BEFORE INSERT"])
    func `a connection killed while rows are written changes nothing`(moment: String) throws {
        let (database, before, next) = try prepared()
        try database.owner.script(
            Self.killSwitch + "CREATE TRIGGER kill \(moment) ON governance.users FOR EACH ROW EXECUTE FUNCTION public.kill()")
        let reconciler = database.reconciler()
        defer { reconciler.close() }
        let error = try #require(reconcilerError { try reconciler.sync(next, driftMode: .correct) })
        #expect(error.isTransient, "\(error)")
        #expect(try database.contents() == before)

        try database.owner.script("DROP TRIGGER kill ON governance.users")
        #expect(try reconciler.sync(next, driftMode: .correct).outcome == .applied)
        #expect(try reconciler.plan(next).plan.isEmpty)
    }

    @Test func `a connection killed during the commit changes nothing and the truth is read back`() throws {
        let (database, before, next) = try prepared()
        try database.owner.script(
            Self.killSwitch
                + """
                CREATE CONSTRAINT TRIGGER kill AFTER UPDATE ON governance.revision DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW EXECUTE FUNCTION public.kill()
                """)
        let reconciler = database.reconciler()
        defer { reconciler.close() }
        let error = try #require(reconcilerError { try reconciler.sync(next, driftMode: .correct) })
        guard case .database(let cause) = error else {
            Issue.record(error)
            return
        }
        #expect(cause.kind == .commitUnknown)
        #expect(error.isTransient)
        #expect(try database.contents() == before)
        #expect(try reconciler.revision()?.epoch == 1)

        try database.owner.script("DROP TRIGGER kill ON governance.revision")
        let result = try reconciler.sync(next, driftMode: .correct)
        #expect(result.outcome == .applied)
        #expect(result.revision?.epoch == 2)
    }

    @Test func `rows without their revision are never seen, nor kept when the connection is killed`() throws {
        let (database, before, next) = try prepared()
        // The revision is written last: whoever locks it stops the reconciler when all rows are written.
        let blocker = try PostgresConnection(database.configuration)
        try blocker.script("BEGIN; LOCK TABLE governance.revision IN EXCLUSIVE MODE")
        let configuration = database.configuration
        let sync = Background { try Reconciler(configuration).sync(next, driftMode: .correct) }

        // A lost connection is made anew once, so it takes two kills.
        var killed: Set<Int> = []
        for _ in 0..<2 {
            var waiting: Set<Int> = []
            #expect(
                try eventually {
                    waiting = try database.blockedReconcilers().subtracting(killed)
                    return !waiting.isEmpty
                })
            #expect(try database.contents() == before)
            for process in waiting { try database.owner.execute("SELECT pg_terminate_backend($1::integer)", [.int(Int64(process))]) }
            killed.formUnion(waiting)
        }
        let error = try #require(reconcilerError { try sync.value() })
        #expect(error.isTransient, "\(error)")
        #expect(try database.contents() == before)
        blocker.close()
        let reconciler = database.reconciler()
        defer { reconciler.close() }
        #expect(try reconciler.sync(next, driftMode: .correct).revision?.epoch == 2)
    }

    @Test func `a connection killed once is made anew within the same sync`() throws {
        let (database, _, next) = try prepared()
        let blocker = try PostgresConnection(database.configuration)
        try blocker.script("BEGIN; LOCK TABLE governance.revision IN EXCLUSIVE MODE")
        let configuration = database.configuration
        let sync = Background { try Reconciler(configuration).sync(next, driftMode: .correct) }
        var waiting: Set<Int> = []
        #expect(
            try eventually {
                waiting = try database.blockedReconcilers()
                return !waiting.isEmpty
            })
        for process in waiting { try database.owner.execute("SELECT pg_terminate_backend($1::integer)", [.int(Int64(process))]) }
        blocker.close()
        let result = try sync.value()
        #expect(result.outcome == .applied)
        #expect(result.revision?.epoch == 2)
        #expect(try database.contents()[#"governance."users" dora"#]?.contains(next.commit) == true)
    }

    @Test func `of two reconcilers that planned on the same revision one is fenced off`() throws {
        let (database, _, next) = try prepared()
        var organization = SmallOrganization()
        organization.files["eve.yaml"] = SmallOrganization.document("User", "eve", "{email: eve@example.org}")
        let other = try organization.desired("c")

        let blocker = try PostgresConnection(database.configuration)
        try blocker.script("BEGIN")
        _ = try blocker.query(SQLTemplates.fill(PackageResources.lock_sql, [:]))
        let configuration = database.configuration
        let syncs = [next, other].map { desired in Background { try Reconciler(configuration).sync(desired, driftMode: .correct) } }
        #expect(try eventually { try database.blockedReconcilers().count == 2 })
        blocker.close()

        var winners: [SyncResult] = []
        var fenced = 0
        for sync in syncs {
            do {
                winners.append(try sync.value())
            } catch let error as ReconcilerError {
                guard case .fenced(expected: 1, found: 2) = error else { throw error }
                #expect(error.isTransient)
                #expect(error.description.contains("nothing was written"))
                fenced += 1
            }
        }
        #expect(fenced == 1)
        let winner = try #require(winners.first)
        #expect(winner.revision?.epoch == 2)
        let applied = winner.revision?.commit == next.commit ? next : other
        let reconciler = database.reconciler()
        defer { reconciler.close() }
        #expect(try reconciler.plan(applied).plan.isEmpty)
        #expect(try reconciler.revision() == winner.revision)
    }

    @Test func `a row that someone inserts at the same moment makes the sync fail for now`() throws {
        let (database, before, next) = try prepared()
        let hand = try PostgresConnection(database.configuration)
        try hand.script(
            """
            BEGIN;
            INSERT INTO governance.users (name, labels, annotations, source_path, source_line, source_commit, content_hash)
            VALUES ('dora', '{}', '{}', '', 0, '', '')
            """)
        let configuration = database.configuration
        let sync = Background { try Reconciler(configuration).sync(next, driftMode: .correct) }
        #expect(try eventually { try !database.blockedReconcilers().isEmpty })
        try hand.script("COMMIT")
        let error = try #require(reconcilerError { try sync.value() })
        #expect(error.isTransient, "\(error)")
        #expect(TestDatabase.changes(before, try database.contents()) == [#"governance."users" dora"#])
        let reconciler = database.reconciler()
        defer { reconciler.close() }
        #expect(try reconciler.sync(next, driftMode: .correct).outcome == .applied)
        #expect(try reconciler.plan(next).plan.isEmpty)
    }
}
