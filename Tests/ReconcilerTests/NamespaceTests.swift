import EnforcementServer
import Foundation
import GovernanceModel
import JSON
import Postgres
import TestSupport
import Testing

@testable import Reconciler

@Suite struct NamespaceTests {
    private static let denied = "42501"

    private func namespace(_ prefix: String) throws -> GovernanceNamespace { try GovernanceNamespace(prefix: prefix) }

    /// Everybody who shares the database here: the standard namespace and two with prefixes.
    private func everybody() throws -> [GovernanceNamespace] { [.standard, try namespace("acme"), try namespace("globex")] }

    /// A database that all of them have migrated and applied a commit to.
    private func shared() throws -> TestDatabase {
        let database = try TestDatabase(migrated: false)
        for (namespace, digit) in zip(try everybody(), "abc") {
            let reconciler = Reconciler(database.configuration, namespace: namespace)
            defer { reconciler.close() }
            try reconciler.migrate()
            #expect(try reconciler.sync(try SmallOrganization().desired(digit), driftMode: .correct).outcome == .applied)
        }
        return database
    }

    /// The owner's connection, which may do everything, with the names of the namespace.
    private func owner(_ database: TestDatabase, _ namespace: GovernanceNamespace) throws -> PostgresConnection {
        try PostgresConnection(database.configuration.with(namespace))
    }

    private func withReconciler<Value>(
        _ database: TestDatabase, _ namespace: GovernanceNamespace, _ body: (Reconciler) throws -> Value
    ) throws -> Value {
        let reconciler = Reconciler(database.configuration, namespace: namespace)
        defer { reconciler.close() }
        return try body(reconciler)
    }

    /// Every row of the namespace's two schemas with its version, by table.
    private func contents(_ database: TestDatabase, _ namespace: GovernanceNamespace) throws -> [String: [String]] {
        let connection = try owner(database, namespace)
        defer { connection.close() }
        var found: [String: [String]] = [:]
        for table in try tables(connection) {
            let rows = try connection.query("SELECT held.xmin::text || to_jsonb(held)::text AS row FROM \(table) AS held ORDER BY 1")
            found[table] = rows.compactMap { $0["row"] }
        }
        return found
    }

    /// The tables of the connection's namespace, by the names that statements give them.
    private func tables(_ connection: PostgresConnection) throws -> [String] {
        let schemas = [("governance", "'governance'"), ("runtime", "'runtime'")]
        return try schemas.flatMap { name, literal in
            try connection.query("SELECT tablename FROM pg_tables WHERE schemaname = \(literal) ORDER BY 1").compactMap { row in
                row["tablename"].map { "\(name).\($0)" }
            }
        }
    }

    // MARK: Names

    @Test(arguments: ["a", "acme", "acme_2", "a23456789012345678_0", "charter", "governance"])
    func `a prefix is made of small letters, digits and underscores`(prefix: String) throws {
        #expect(try namespace(prefix).schema == prefix + "_governance")
    }

    @Test(arguments: [
        "", "Acme", "1acme", "_acme", "acme-eu", "acme.eu", "a b", "acme\"", "a234567890123456789_0", "pg", "pg_acme", "äcme", "acme\0",
    ])
    func `anything else is no prefix`(prefix: String) {
        #expect(throws: GovernanceNamespace.InvalidPrefix.self) { try namespace(prefix) }
    }

    @Test func `no name in a statement of the program escapes the prefix`() throws {
        let renaming = try #require(try namespace("acme").renaming)
        let sources = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().appendingPathComponent("../../../Sources/Reconciler")
        var count = 0
        for folder in ["SQL", "Migrations"] {
            let place = sources.standardizedFileURL.appendingPathComponent(folder)
            for file in try FileManager.default.contentsOfDirectory(atPath: place.path) where file.hasSuffix(".sql") {
                count += 1
                let text = try String(contentsOf: place.appendingPathComponent(file), encoding: .utf8)
                let renamed = renaming.apply(to: text)
                for name in GovernanceNamespace.names {
                    // By letters, not by words: a name that the words do not cover is found too.
                    #expect(
                        renamed.replacing("acme_\(name)", with: "").firstRange(of: name) == nil, "\(file) names \(name) in another way")
                    let (before, after) = (text.ranges(of: name).count, renamed.ranges(of: "acme_\(name)").count)
                    #expect(before == after, "\(file): \(name)")
                }
                #expect(renamed.firstRange(of: GovernanceNamespace.lock) == nil, "\(file)")
                let undone = GovernanceNamespace.names.reduce(renamed) { $0.replacing("acme_\($1)", with: $1) }
                if file != "lock.sql" { #expect(undone == text, "\(file)") }
            }
        }
        #expect(count > Migrator.all.count + 25)
    }

    @Test func `no column has a name that would be changed`() throws {
        let words = try #require(try namespace("acme").renaming).words
        for layout in TableLayout.all {
            #expect(words.isDisjoint(with: layout.columns.map(\.name) + layout.keys + [layout.table]), "\(layout.table)")
        }
    }

    @Test func `each namespace has a lock of its own, and the standard one has the one that it always had`() throws {
        let template = String(decoding: PackageResources.lock_sql, as: UTF8.self)
        let statements = try everybody().map { $0.renaming?.apply(to: template) ?? template }
        #expect(Set(statements).count == 3)
        #expect(statements[0] == "SELECT pg_advisory_xact_lock(x'63686172746572'::bigint)\n")
        for statement in statements { #expect(statement.firstMatch(of: #/\(x'[0-9a-f]{14,16}'::bigint\)/#) != nil, "\(statement)") }
    }

    // MARK: One alone

    @Test func `everything that the reconciler does works with a prefix and touches nothing without it`() throws {
        let database = try TestDatabase(migrated: false)
        let acme = try namespace("acme")
        try withReconciler(database, acme) { reconciler in
            try reconciler.migrate()
            try reconciler.migrate()
            var organization = SmallOrganization()
            organization.files["bob.yaml"] = """
                apiVersion: charter/v1
                kind: User
                metadata: {name: bob, annotations: {charter.dev/protect: "true"}}
                spec: {email: bob@example.org, attributes: {clearance: 3}}
                """
            let desired = try organization.desired()
            #expect(try reconciler.sync(desired, driftMode: .correct).outcome == .applied)
            #expect(try reconciler.plan(desired).plan.isEmpty)
            let connection = try owner(database, acme)
            defer { connection.close() }
            try connection.script("UPDATE governance.users SET email = 'x' WHERE name = 'ada'; DELETE FROM governance.team_members")
            let drift = try #require(try reconciler.inspect(desired))
            #expect(Set(drift.plan.differences.map(\.id)) == ["User/ada", "Team/atlas"])
            #expect(drift.plan.touches.count == 2)
            #expect(try reconciler.sync(desired, driftMode: .correct).outcome == .corrected)
            // By way of a temporary table, since rows are there.
            organization.files["cleo.yaml"] = SmallOrganization.document("User", "cleo", "{email: cleo@example.com}")
            #expect(try reconciler.sync(try organization.desired("b"), driftMode: .correct).outcome == .applied)
            #expect(try reconciler.history().map(\.outcome) == ["applied", "corrected", "applied"])
            #expect(try reconciler.protections().map(\.name) == ["bob"])
            #expect(try reconciler.removeProtection(.user, "bob"))
            try reconciler.suspend(reason: "", operator: "ada")
            #expect(try reconciler.orders().directives.suspension?.operator == "ada")
            #expect(try reconciler.resume(reason: "", operator: "ada"))
            try reconciler.pin(PinOrder(commit: String(repeating: "b", count: 40), reason: "", operator: "ada"), at: 3)
            #expect(try reconciler.releasePin())
            let receiver = GovernanceEvent.Receiver(url: "https://example.org/", secretVariable: nil)
            let event = GovernanceEvent(
                id: "00000000-0000-4000-8000-000000000001", at: TimeText.rfc3339(WallClock.now()), instance: "i", isWarning: true,
                reason: "Test",
                message: "a test", commit: nil, details: [:],
                alert: .init(topic: "Test", source: "drift", severity: "high", receivers: [receiver]))
            try reconciler.record([event])
            let delivery = try #require(try reconciler.claimDeliveries(limit: 1, operatorReceiver: nil).first)
            try reconciler.finish(delivery, failure: nil)
            #expect(try reconciler.events(limit: 1, alertsOnly: true).map(\.delivered) == [1])
            try reconciler.report(
                InstanceReport(
                    instance: "i", host: "h", process: 1, url: "", commit: nil, bundleDigest: nil, conditions: [:],
                    startedAt: "2026-01-01T00:00:00Z"))
            #expect(try reconciler.instances().map(\.report.instance) == ["i"])
            try reconciler.withdraw(instance: "i")
        }
        let schemas = try database.owner.query("SELECT nspname FROM pg_namespace WHERE nspname ~ 'governance|runtime' ORDER BY 1")
        #expect(schemas.map { $0["nspname"] } == ["acme_governance", "acme_runtime"])
        // Nothing in this database is granted to a role without the prefix.
        let grants = try database.owner.query(
            """
            SELECT DISTINCT pg_get_userbyid(entry.grantee) AS grantee
            FROM (SELECT relacl AS acl FROM pg_class UNION ALL SELECT nspacl FROM pg_namespace) AS held, aclexplode(held.acl) AS entry
            WHERE pg_get_userbyid(entry.grantee) LIKE '%charter\\_%' ORDER BY 1
            """)
        #expect(grants.map { $0["grantee"] } == ["acme_charter_planner", "acme_charter_reconciler", "acme_charter_server"])
    }

    // MARK: Several

    @Test func `no role of one reaches a table of another`() throws {
        let database = try shared()
        let namespaces = try everybody()
        for namespace in namespaces {
            for role in ["charter_planner", "charter_reconciler", "charter_server"] {
                // The role of the one, and statements with the names of the other.
                let taken = namespace.renaming?.apply(to: role) ?? role
                for other in namespaces where other != namespace {
                    let connection = try owner(database, other)
                    defer { connection.close() }
                    let tables = try tables(connection)
                    #expect(tables.count > 20)
                    try connection.execute("SELECT set_config('role', $1, false)", [.text(taken)])
                    for table in tables {
                        for statement in [
                            "SELECT * FROM \(table)", "DELETE FROM \(table)", "TRUNCATE \(table)",
                            "INSERT INTO \(table) SELECT * FROM \(table)",
                            "DROP TABLE \(table)",
                        ] {
                            #expect(sqlState(statement, on: connection) == Self.denied, "\(taken): \(other.schema): \(statement)")
                        }
                    }
                    for statement in ["CREATE TABLE governance.extra ()", "CREATE TABLE runtime.extra ()", "SELECT governance.tell()"] {
                        #expect(sqlState(statement, on: connection) == Self.denied, "\(taken): \(other.schema): \(statement)")
                    }
                }
            }
        }
    }

    @Test func `no role of one is a member of a role of another`() throws {
        _ = try shared()
        let database = try TestDatabase(migrated: false)
        let rows = try database.owner.query(
            """
            SELECT member.rolname || ' in ' || held.rolname AS found FROM pg_roles AS member, pg_roles AS held
            WHERE member.rolname ~ '(^|_)charter_(planner|reconciler|server)$' AND held.rolname ~ '(^|_)charter_(planner|reconciler|server)$'
                AND member.rolname <> held.rolname AND pg_has_role(member.oid, held.oid, 'MEMBER')
            """)
        #expect(rows.isEmpty, "\(rows.map { $0["found"] ?? "" })")
    }

    @Test func `what is applied, drifts and is corrected in one leaves the others as they are`() throws {
        let database = try shared()
        let (acme, globex) = (try namespace("acme"), try namespace("globex"))
        let (standard, other) = (try contents(database, .standard), try contents(database, globex))
        var organization = SmallOrganization()
        organization.files["ada.yaml"] = SmallOrganization.document("User", "ada", "{email: ada@example.com}")
        organization.files["dan.yaml"] = SmallOrganization.document("User", "dan", "{email: dan@example.com}")
        let desired = try organization.desired("d")
        try withReconciler(database, acme) { reconciler in
            #expect(try reconciler.sync(desired, driftMode: .correct).outcome == .applied)
            let connection = try owner(database, acme)
            defer { connection.close() }
            try connection.script("DELETE FROM governance.users WHERE name = 'dan'")
            #expect(try reconciler.sync(desired, driftMode: .correct).outcome == .corrected)
        }
        #expect(try contents(database, .standard) == standard)
        #expect(try contents(database, globex) == other)
        try withReconciler(database, globex) { reconciler in
            let look = try reconciler.plan(try SmallOrganization().desired("c"))
            #expect(look.plan.isEmpty && look.revision?.epoch == 1)
        }
    }

    @Test func `one that is dropped is made again, and the others have not noticed`() throws {
        let database = try shared()
        let (acme, globex) = (try namespace("acme"), try namespace("globex"))
        let (standard, other) = (try contents(database, .standard), try contents(database, globex))
        let connection = try owner(database, acme)
        defer { connection.close() }
        try connection.script("DROP SCHEMA governance CASCADE; DROP SCHEMA runtime CASCADE")
        #expect(try contents(database, .standard) == standard)
        #expect(try contents(database, globex) == other)
        try withReconciler(database, acme) { reconciler in
            let error = reconcilerError { try reconciler.plan(try SmallOrganization().desired("b")) }
            #expect(error?.isMissingSchema == true, "\(String(describing: error))")
            try reconciler.migrate()
            #expect(try reconciler.sync(try SmallOrganization().desired("b"), driftMode: .correct).outcome == .applied)
        }
        #expect(try contents(database, .standard) == standard)
        #expect(try contents(database, globex) == other)
    }

    @Test func `the lock of one keeps nobody else waiting`() throws {
        let database = try shared()
        let (acme, globex) = (try namespace("acme"), try namespace("globex"))
        let holder = try owner(database, acme)
        defer { holder.close() }
        try holder.transaction {
            _ = try holder.query(SQLTemplates.fill(PackageResources.lock_sql, [:]))
            for namespace in [GovernanceNamespace.standard, globex] {
                try withReconciler(database, namespace) { reconciler in
                    let result = try reconciler.sync(try SmallOrganization().desired("e"), driftMode: .correct)
                    #expect(result.outcome == .applied)
                }
            }
            let configuration = database.configuration
            let own = Background {
                let reconciler = Reconciler(configuration, namespace: acme)
                defer { reconciler.close() }
                return try reconciler.sync(try SmallOrganization().desired("e"), driftMode: .correct).outcome
            }
            #expect(try eventually { try database.blockedReconcilers().count == 1 })
            try holder.script("ROLLBACK; BEGIN")
            #expect(try own.value() == .applied)
        }
    }

    @Test func `a change of one is told on its own channel`() throws {
        let database = try shared()
        let acme = try namespace("acme")
        let listeners = try everybody().map { namespace in
            let connection = try owner(database, namespace)
            try connection.listen("governance")
            return connection
        }
        defer { for listener in listeners { listener.close() } }
        let connection = try owner(database, acme)
        defer { connection.close() }
        try connection.script("DELETE FROM governance.team_members")
        #expect(try listeners[1].notifications(timeoutMilliseconds: 120_000).map(\.channel) == ["acme_governance"])
        // What was sent before this was heard before it.
        for (listener, namespace) in zip(listeners, try everybody()) where namespace != acme {
            try listener.script("NOTIFY governance, 'own'")
            #expect(try listener.notifications(timeoutMilliseconds: 120_000).map(\.payload) == ["own"])
        }
    }

    @Test func `a login that was given the roles of its organisation and nothing else manages with them, and reaches no other`() throws {
        try TemporaryDirectory.with { folder in
            let cluster = try PrivateCluster.start(directory: folder + "/postgres", durability: .disposable)
            defer { try? cluster.stop(mode: .immediate) }
            let admin = try PostgresConnection(try cluster.configuration(database: "shared"))
            defer { admin.close() }
            for name in ["acme", "globex"] {
                // As docs/sources.md says.
                try admin.script(
                    """
                    CREATE ROLE \(name) LOGIN;
                    CREATE ROLE \(name)_charter_planner NOLOGIN;
                    CREATE ROLE \(name)_charter_reconciler NOLOGIN;
                    CREATE ROLE \(name)_charter_server NOLOGIN;
                    GRANT \(name)_charter_planner, \(name)_charter_reconciler, \(name)_charter_server TO \(name);
                    GRANT CREATE ON DATABASE shared TO \(name);
                    """)
            }
            func login(_ name: String) -> PostgresConfiguration {
                PostgresConfiguration(uri: "postgresql://\(name)@/shared?host=\(cluster.socketDirectory)")
            }
            var organization = SmallOrganization()
            for name in ["acme", "globex"] {
                let reconciler = Reconciler(login(name), namespace: try namespace(name))
                defer { reconciler.close() }
                try reconciler.migrate()
                #expect(try reconciler.sync(try organization.desired("a"), driftMode: .correct).outcome == .applied)
                organization.files["cleo.yaml"] = SmallOrganization.document("User", "cleo", "{email: cleo@\(name).example}")
                #expect(try reconciler.sync(try organization.desired("b"), driftMode: .correct).outcome == .applied)
                try reconciler.suspend(reason: "", operator: name)
            }
            let other = try PostgresConnection(login("acme").with(try namespace("globex")))
            defer { other.close() }
            for statement in [
                "SELECT * FROM governance.users", "UPDATE governance.users SET email = 'x'", "DELETE FROM governance.directives",
                "SELECT * FROM runtime.instances", "DROP SCHEMA governance CASCADE", "SET ROLE charter_planner",
                "SET ROLE charter_reconciler",
                "GRANT charter_planner TO acme",
            ] {
                #expect(sqlState(statement, on: other) == Self.denied, "\(statement)")
            }
        }
    }

    @Test func `namespaces of one database are migrated at the same time`() throws {
        let database = try TestDatabase(migrated: false)
        let configuration = database.configuration
        let prefixes = (0..<6).map { "many\($0)" }
        let calls = prefixes.map { prefix in
            Background {
                let reconciler = Reconciler(configuration, namespace: try GovernanceNamespace(prefix: prefix))
                defer { reconciler.close() }
                try reconciler.migrate()
                return try reconciler.sync(try SmallOrganization().desired(), driftMode: .correct).outcome
            }
        }
        for call in calls { #expect(try call.value() == .applied) }
    }
}
