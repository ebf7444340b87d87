import GovernanceModel
import Postgres
import Testing

@testable import Reconciler

@Suite struct RoleTests {
    private static let denied = "42501"

    private func connection(as role: String, _ database: TestDatabase) throws -> PostgresConnection {
        var configuration = database.configuration
        configuration.role = role
        return try PostgresConnection(configuration)
    }

    private static var tables: [String] { TableLayout.all.map(\.qualifiedName) + ["governance.revision", "governance.migrations"] }

    /// A database with a row in every kind of table that matters here, and a table of what happens.
    private func prepared() throws -> TestDatabase {
        let database = try TestDatabase()
        let reconciler = database.reconciler()
        defer { reconciler.close() }
        _ = try reconciler.sync(try SmallOrganization().desired(), driftMode: .correct)
        try database.owner.script("CREATE TABLE runtime.usage (id bigint); INSERT INTO runtime.usage VALUES (1)")
        return database
    }

    @Test(arguments: ["charter_planner", "charter_server"])
    func `the planner and the server read declared state and cannot write it`(role: String) throws {
        let database = try prepared()
        let before = try database.contents()
        let connection = try connection(as: role, database)
        for table in Self.tables {
            #expect(sqlState("SELECT * FROM \(table)", on: connection) == nil, "\(table)")
            for statement in [
                "DELETE FROM \(table)", "TRUNCATE \(table)", "INSERT INTO \(table) SELECT * FROM \(table)", "DROP TABLE \(table)",
                "ALTER TABLE \(table) ADD COLUMN extra text", "COMMENT ON TABLE \(table) IS ''",
            ] {
                #expect(sqlState(statement, on: connection) == Self.denied, "\(statement)")
            }
        }
        #expect(sqlState("UPDATE governance.users SET email = 'x'", on: connection) == Self.denied)
        #expect(sqlState("UPDATE governance.revision SET epoch = 7", on: connection) == Self.denied)
        #expect(sqlState("CREATE TABLE governance.extra ()", on: connection) == Self.denied)
        #expect(try database.contents() == before)
    }

    @Test func `the planner cannot see what happens`() throws {
        let database = try prepared()
        let connection = try connection(as: "charter_planner", database)
        #expect(sqlState("SELECT * FROM runtime.usage", on: connection) == Self.denied)
        #expect(sqlState("SELECT * FROM runtime.usage", on: database.owner) == nil)
    }

    @Test func `the reconciler writes declared state and cannot touch what happens`() throws {
        let database = try prepared()
        let connection = try connection(as: "charter_reconciler", database)
        #expect(sqlState("UPDATE governance.users SET email = 'x'; DELETE FROM governance.team_members", on: connection) == nil)
        for statement in [
            "SELECT * FROM runtime.usage", "INSERT INTO runtime.usage VALUES (2)", "UPDATE runtime.usage SET id = 2",
            "DELETE FROM runtime.usage",
            "TRUNCATE runtime.usage", "DROP TABLE runtime.usage", "CREATE TABLE runtime.extra ()",
        ] {
            #expect(sqlState(statement, on: connection) == Self.denied, "\(statement)")
        }
        #expect(try database.owner.query("SELECT id FROM runtime.usage").map { $0["id"] } == ["1"])
    }

    @Test func `the reconciler cannot change the schema or the record of migrations`() throws {
        let database = try prepared()
        let before = try database.contents()
        let connection = try connection(as: "charter_reconciler", database)
        for statement in [
            "TRUNCATE governance.users", "DROP TABLE governance.users", "ALTER TABLE governance.users DROP COLUMN email",
            "CREATE TABLE governance.extra ()", "INSERT INTO governance.migrations (version, checksum) VALUES (2, '')",
            "DELETE FROM governance.migrations",
        ] {
            #expect(sqlState(statement, on: connection) == Self.denied, "\(statement)")
        }
        #expect(try database.contents() == before)
    }

    @Test func `the roles cannot log in`() throws {
        let database = try TestDatabase()
        let rows = try database.owner.query(
            "SELECT rolname FROM pg_roles WHERE rolname LIKE 'charter\\_%' AND NOT rolcanlogin AND NOT rolsuper")
        #expect(Set(rows.map { $0["rolname"] }) == ["charter_planner", "charter_reconciler", "charter_server"])
    }

    /// Puts a view in the place of the users, whose reading calls a function that runs `statement`.
    private func booby(_ statement: String, _ database: TestDatabase) throws {
        try database.owner.script(
            """
            CREATE TABLE public.trace (role text);
            CREATE FUNCTION public.trap() RETURNS boolean LANGUAGE plpgsql VOLATILE SECURITY DEFINER AS $$
            BEGIN
                \(statement);
                RETURN true;
            END
            $$;
            ALTER TABLE governance.users RENAME TO held_users;
            CREATE VIEW governance.users AS SELECT * FROM governance.held_users WHERE public.trap();
            GRANT SELECT ON governance.users TO charter_planner;
            """)
    }

    @Test func `planning runs in a transaction that cannot write`() throws {
        let database = try prepared()
        try booby("INSERT INTO public.trace VALUES ('written')", database)
        let reconciler = database.reconciler()
        defer { reconciler.close() }
        let error = try #require(reconcilerError { try reconciler.plan(try SmallOrganization().desired("b")) })
        guard case .database(let cause) = error else {
            Issue.record(error)
            return
        }
        #expect(cause.sqlState == "25006")
        #expect(try database.owner.query("SELECT FROM public.trace").isEmpty)
    }

    @Test func `planning runs as the planner`() throws {
        let database = try prepared()
        try database.owner.script("REVOKE SELECT ON governance.users FROM charter_planner")
        let reconciler = database.reconciler()
        defer { reconciler.close() }
        let error = try #require(reconcilerError { try reconciler.plan(try SmallOrganization().desired("b")) })
        guard case .database(let cause) = error else {
            Issue.record(error)
            return
        }
        #expect(cause.sqlState == Self.denied)
        #expect(!error.isTransient)
    }

    @Test func `applying runs as the reconciler`() throws {
        let database = try prepared()
        try database.owner.script("REVOKE UPDATE ON governance.revision FROM charter_reconciler")
        let before = try database.contents()
        let reconciler = database.reconciler()
        defer { reconciler.close() }
        var organization = SmallOrganization()
        organization.files["cleo.yaml"] = nil
        let error = try #require(reconcilerError { try reconciler.sync(try organization.desired("b"), driftMode: .correct) })
        guard case .database(let cause) = error else {
            Issue.record(error)
            return
        }
        #expect(cause.sqlState == Self.denied)
        #expect(try database.contents() == before)
    }
}
