import Foundation
import Glibc
import Testing

@testable import Postgres

@Suite struct PostgresTransactionTests {
    private struct Stop: Error {}

    private func connection() throws -> PostgresConnection {
        let connection = try TestCluster.connect()
        try connection.script("CREATE TEMP TABLE t (a int PRIMARY KEY, b int REFERENCES t DEFERRABLE INITIALLY DEFERRED)")
        return connection
    }

    private func count(_ connection: PostgresConnection) throws -> String? { try connection.query("SELECT count(*) FROM t")[0][0] }

    @Test("a transaction commits when its body returns and rolls back when it throws")
    func commitAndRollBack() throws {
        let connection = try connection()
        #expect(try connection.transaction { try connection.execute("INSERT INTO t VALUES (1)") } == 1)
        #expect(throws: Stop.self) {
            try connection.transaction {
                try connection.execute("INSERT INTO t VALUES (2)")
                throw Stop()
            }
        }
        #expect(!connection.isInTransaction)
        #expect(try count(connection) == "1")
    }

    @Test("a failed statement whose error is swallowed is no commit")
    func swallowedError() throws {
        let connection = try connection()
        let error = postgresError {
            try connection.transaction {
                try connection.execute("INSERT INTO t VALUES (1)")
                _ = try? connection.execute("SELECT 1/0")
            }
        }
        #expect(error?.sqlState == "25P02")
        #expect(try count(connection) == "0")
    }

    @Test("a constraint that fails at the commit is the server's error, and certain")
    func deferredConstraint() throws {
        let connection = try connection()
        let error = postgresError { try connection.transaction { _ = try connection.execute("INSERT INTO t VALUES (1, 9)") } }
        #expect(error?.kind == .server(sqlState: "23503"))
        #expect(try count(connection) == "0")
    }

    @Test("a transaction inside another, and a body that ends it, are usage errors")
    func misuse() throws {
        let connection = try connection()
        #expect(postgresError { try connection.transaction { try connection.transaction {} } }?.kind == .usage)
        #expect(postgresError { try connection.transaction { try connection.script("COMMIT") } }?.kind == .usage)
        #expect(try count(connection) == "0")
    }

    @Test("isolation and read-only are as asked")
    func modes() throws {
        let connection = try connection()
        let isolation = try connection.transaction(isolation: .serializable) { try connection.query("SHOW transaction_isolation")[0][0] }
        #expect(isolation == "serializable")
        let error = postgresError {
            try connection.transaction(isolation: .repeatableRead, readOnly: true) { _ = try connection.execute("CREATE TABLE ro (a int)") }
        }
        #expect(error?.sqlState == "25006")
    }

    @Test("a connection lost in the body is a plain loss, lost in the commit an unknown outcome")
    func losses() throws {
        let admin = try TestCluster.connect()
        try admin.script(
            """
            CREATE TABLE IF NOT EXISTS slow_commit (a int);
            CREATE OR REPLACE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(10); RETURN NULL; END $$;
            DROP TRIGGER IF EXISTS die ON slow_commit;
            CREATE CONSTRAINT TRIGGER die AFTER INSERT ON slow_commit DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die();
            """)
        let first = try TestCluster.connect()
        let inBody = postgresError { try first.transaction { try first.execute("SELECT pg_terminate_backend(pg_backend_pid())") } }
        #expect(inBody?.kind == .connection && inBody?.isRetryable == true)
        let second = try TestCluster.connect()
        let inCommit = postgresError { try second.transaction { try second.execute("INSERT INTO slow_commit VALUES (1)") } }
        #expect(inCommit?.kind == .commitUnknown)
        #expect(inCommit?.isConnectionLoss == true && inCommit?.isRetryable == false)
        #expect(!second.isUsable)
    }

    @Test("a lost body whose error is swallowed was certainly not committed")
    func swallowedLoss() throws {
        let connection = try TestCluster.connect()
        let error = postgresError {
            try connection.transaction { _ = try? connection.execute("SELECT pg_terminate_backend(pg_backend_pid())") }
        }
        #expect(error?.kind == .connection)
    }
}
