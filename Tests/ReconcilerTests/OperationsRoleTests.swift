import Postgres
import Testing

@testable import Reconciler

/// Who may write what is kept beside declared state.
@Suite struct OperationsRoleTests {
    private static let denied = "42501"

    private func connection(as role: String, _ database: TestDatabase) throws -> PostgresConnection {
        var configuration = database.configuration
        configuration.role = role
        return try PostgresConnection(configuration)
    }

    private static let tables = [
        "governance.directives", "governance.events", "governance.alerts", "governance.alert_deliveries", "governance.touches",
        "governance.history", "governance.protections",
    ]

    @Test(arguments: ["charter_planner", "charter_server"])
    func `the planner and the server read all of it and write none`(role: String) throws {
        let database = try TestDatabase()
        let connection = try connection(as: role, database)
        for table in Self.tables {
            #expect(sqlState("SELECT * FROM \(table)", on: connection) == nil, "\(table)")
            for statement in ["DELETE FROM \(table)", "TRUNCATE \(table)", "INSERT INTO \(table) SELECT * FROM \(table)"] {
                #expect(sqlState(statement, on: connection) == Self.denied, "\(statement)")
            }
        }
    }

    @Test func `the reconciler obeys directives, adds events and history, and can take neither back`() throws {
        let database = try TestDatabase()
        let connection = try connection(as: "charter_reconciler", database)
        for statement in [
            "INSERT INTO governance.directives (directive, reason, operator) VALUES ('suspend', '', 'me')",
            "DELETE FROM governance.directives",
            "DELETE FROM governance.events", "UPDATE governance.events SET message = ''", "DELETE FROM governance.alerts",
            "DELETE FROM governance.alert_deliveries", "DELETE FROM governance.history", "DELETE FROM governance.protections",
            "INSERT INTO governance.touches SELECT * FROM governance.touches", "UPDATE governance.touches SET session_role = 'x'",
            "SELECT * FROM runtime.instances", "DELETE FROM runtime.instances",
            "ALTER TABLE governance.users DISABLE TRIGGER note_touch", "DROP FUNCTION governance.note_touch() CASCADE",
        ] {
            #expect(sqlState(statement, on: connection) == Self.denied, "\(statement)")
        }
    }

    @Test func `the server says of itself what there is to say, and the planner reads that`() throws {
        let database = try TestDatabase()
        let server = try connection(as: "charter_server", database)
        #expect(
            sqlState(
                "INSERT INTO runtime.instances VALUES ('i', 'h', 1, 'u', NULL, NULL, '{}', now(), now()); DELETE FROM runtime.instances",
                on: server) == nil)
        let planner = try connection(as: "charter_planner", database)
        #expect(sqlState("SELECT * FROM runtime.instances", on: planner) == nil)
        #expect(sqlState("DELETE FROM runtime.instances", on: planner) == Self.denied)
    }

    @Test func `the trigger that tells who did it runs nothing that somebody else has put in its way`() throws {
        let database = try TestDatabase()
        let reconciler = database.reconciler()
        defer { reconciler.close() }
        _ = try reconciler.sync(try SmallOrganization().desired(), driftMode: .correct)
        try database.owner.script(
            """
            CREATE ROLE "\(database.name)" LOGIN; GRANT USAGE ON SCHEMA governance TO "\(database.name)";
            GRANT SELECT, UPDATE ON governance.users TO "\(database.name)"; GRANT CREATE ON SCHEMA public TO "\(database.name)";
            """)
        defer {
            try? database.owner.script("DROP OWNED BY \"\(database.name)\" CASCADE; DROP ROLE \"\(database.name)\"")
        }
        var configuration = database.configuration
        configuration.role = database.name
        let meddler = try PostgresConnection(configuration)
        try meddler.script(
            """
            CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE plpgsql AS $$
            BEGIN DELETE FROM governance.history; RETURN now(); END $$;
            SET search_path = public, pg_catalog;
            UPDATE governance.users SET email = 'x' WHERE name = 'ada';
            """)
        #expect(try database.owner.query("SELECT FROM governance.history").count == 1)
        let touch = try #require(try database.owner.query("SELECT * FROM governance.touches").first)
        #expect(touch["set_role"] == database.name)
        #expect(touch["object"] == "ada")
    }

    @Test func `nobody can make the trigger's function run on a table of his own`() throws {
        let database = try TestDatabase()
        try database.owner.script("CREATE ROLE \"\(database.name)\" LOGIN IN ROLE charter_server")
        defer { try? database.owner.script("DROP OWNED BY \"\(database.name)\" CASCADE; DROP ROLE \"\(database.name)\"") }
        var configuration = database.configuration
        configuration.role = database.name
        let meddler = try PostgresConnection(configuration)
        // A conversion of his own would run as the owner, if the row were converted as a whole.
        try meddler.script(
            """
            CREATE TYPE pg_temp.bad AS (x integer);
            CREATE FUNCTION pg_temp.evil(pg_temp.bad) RETURNS json LANGUAGE plpgsql AS $$
            BEGIN
                INSERT INTO governance.directives (directive, reason, operator) VALUES ('suspend', '', 'evil');
                RETURN '{}';
            END $$;
            CREATE CAST (pg_temp.bad AS json) WITH FUNCTION pg_temp.evil(pg_temp.bad);
            CREATE TEMPORARY TABLE users (name text, b pg_temp.bad);
            """)
        for function in ["note_touch", "tell"] {
            let statement = "CREATE TRIGGER t AFTER INSERT ON users FOR EACH ROW EXECUTE FUNCTION governance.\(function)('name')"
            #expect(sqlState(statement, on: meddler) == Self.denied, "\(function)")
        }
        // Even for the owner it is for declared state alone.
        #expect(
            sqlState(
                """
                CREATE TABLE public.users (name text);
                CREATE TRIGGER t AFTER INSERT ON public.users FOR EACH ROW EXECUTE FUNCTION governance.note_touch('name');
                INSERT INTO public.users VALUES ('x');
                """, on: database.owner) == "P0001")
        #expect(try database.owner.query("SELECT FROM governance.directives").isEmpty)
        #expect(try database.owner.query("SELECT FROM governance.touches").isEmpty)
    }
}
