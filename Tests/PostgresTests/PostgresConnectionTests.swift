import Foundation
import TestSupport
import Testing

@testable import Postgres

@Suite struct PostgresConnectionTests {
    @Test(
        "text parameters come back as they went",
        arguments: ["", "plain", "O'Reilly \"quoted\" \\ back", "naïve 日本語 🧾", "line\nbreak\ttab", "$1 ; DROP TABLE x --"])
    func textRoundTrip(text: String) throws {
        let rows = try TestCluster.connect().query("SELECT $1::text AS value, length($1::text) AS length", [.text(text)])
        #expect(rows[0]["value"] == text)
        #expect(try rows[0].int("length") == text.unicodeScalars.count)
    }

    @Test("NULL, integers, booleans and bytes come back as they went")
    func valueRoundTrip() throws {
        let sql = "SELECT $1::text AS n, $2::bigint AS i, $3::boolean AS b, $4::bytea AS raw, $5::bytea AS empty, $6::boolean AS nb"
        let row = try TestCluster.connect().query(sql, [nil, .int(.min), true, .bytes([0, 1, 0xFF, 92]), .bytes([]), nil])[0]
        #expect(row["n"] == nil && row[0] == nil)
        #expect(try row.int("i") == .min)
        #expect(try row.bool("b") == true)
        #expect(try row.bytes("raw") == [0, 1, 0xFF, 92])
        #expect(try row.bytes("empty") == [])
        #expect(try row.bool("nb") == nil)
        #expect(throws: PostgresError.self) { try row.text("n") }
        #expect(throws: PostgresError.self) { try row.int("b") }
    }

    @Test(
        "arrays come back as they went",
        arguments: [[], [""], ["NULL", "null"], ["a,b", "{c}", "q\"q", "back\\slash", " spaced ", "日本"]])
    func arrayRoundTrip(array: [String]) throws {
        let row = try TestCluster.connect().query("SELECT $1 AS a, cardinality($1) AS n", [.textArray(array)])[0]
        #expect(try row.textArray("a") == array)
        #expect(try row.int("n") == array.count)
    }

    @Test("arrays of numbers are taken as they are", arguments: [[], [0], [.min, -1, .max]] as [[Int64]])
    func numberArrays(array: [Int64]) throws {
        let row = try TestCluster.connect().query("SELECT $1::text AS a, cardinality($1) AS n", [.intArray(array)])[0]
        #expect(try row.text("a") == "{" + array.map(String.init).joined(separator: ",") + "}")
        #expect(try row.int("n") == array.count)
    }

    @Test("an array with NULL or two dimensions is an error, not a wrong array")
    func unreadableArrays() throws {
        let row = try TestCluster.connect().query("SELECT ARRAY['a', NULL] AS n, ARRAY[['a'],['b']] AS d, 'x' AS x")[0]
        for name in ["n", "d", "x"] { #expect(throws: PostgresError.self) { try row.textArray(name) } }
    }

    @Test("a NUL in text or a statement is refused before it is sent")
    func nulRefused() throws {
        let connection = try TestCluster.connect()
        #expect(postgresError { _ = try connection.query("SELECT $1::text", ["a\u{0}b"]) }?.kind == .usage)
        #expect(postgresError { _ = try connection.query("SELECT $1", [["a\u{0}b"]]) }?.kind == .usage)
        #expect(postgresError { try connection.script("SELECT 1\u{0}") }?.kind == .usage)
        #expect(try connection.query("SELECT 1")[0][0] == "1")
    }

    @Test("too many parameters are refused before they are sent")
    func tooManyParameters() throws {
        let values = [PostgresValue](repeating: nil, count: 65_536)
        #expect(postgresError { _ = try TestCluster.connect().query("SELECT 1", values) }?.kind == .usage)
    }

    @Test("execute counts rows, and script runs several statements")
    func executeAndScript() throws {
        let connection = try TestCluster.connect()
        try connection.script("CREATE TEMP TABLE t (a int); INSERT INTO t VALUES (0);")
        #expect(try connection.execute("INSERT INTO t SELECT generate_series(1, $1)", [5]) == 5)
        #expect(try connection.execute("DELETE FROM t WHERE a > 3") == 2)
        let rows = try connection.query("SELECT a FROM t ORDER BY a")
        #expect(rows.map { $0["a"] } == ["0", "1", "2", "3"])
        #expect(rows.columns == ["a"])
        #expect(try connection.query("SELECT a FROM t WHERE false").isEmpty)
    }

    @Test("a script that fails in the middle leaves nothing behind")
    func scriptIsAtomic() throws {
        let connection = try TestCluster.connect()
        let error = postgresError { try connection.script("CREATE TABLE half_done (a int); SELECT 1/0; CREATE TABLE other (a int)") }
        #expect(error?.sqlState == "22012")
        #expect(try connection.query("SELECT to_regclass('half_done')")[0][0] == nil)
    }

    @Test("a server's error comes with all its fields, and the connection goes on")
    func errorFields() throws {
        let connection = try TestCluster.connect()
        try connection.script("CREATE TEMP TABLE u (name text CONSTRAINT only_one UNIQUE)")
        try connection.execute("INSERT INTO u VALUES ('x')")
        let duplicate = try #require(postgresError { try connection.execute("INSERT INTO u VALUES ($1)", ["x"]) })
        #expect(duplicate.kind == .server(sqlState: "23505") && duplicate.sqlState == "23505")
        #expect(duplicate.detail == "Key (name)=(x) already exists.")
        #expect(duplicate.table == "u" && duplicate.constraint == "only_one")
        #expect(!duplicate.isConnectionLoss && !duplicate.isRetryable)
        let unknown = try #require(postgresError { _ = try connection.query("SELECT nam FROM u") })
        #expect(unknown.position == 8)
        #expect(unknown.hint?.contains("u.name") == true)
        let raised = postgresError {
            try connection.script("DO $$ BEGIN RAISE EXCEPTION 'no' USING HINT = 'h', DETAIL = 'd', ERRCODE = '40001'; END $$")
        }
        #expect(raised?.hint == "h" && raised?.detail == "d" && raised?.isRetryable == true)
        #expect(raised?.context?.contains("PL/pgSQL") == true)
        #expect(connection.isUsable)
    }

    @Test("COPY by query or script is refused and the connection goes on", arguments: ["STDIN", "STDOUT"])
    func copyByQueryRefused(end: String) throws {
        let connection = try TestCluster.connect()
        try connection.script("CREATE TEMP TABLE c (a int); INSERT INTO c SELECT generate_series(1, 1000)")
        let sql = "COPY c \(end == "STDIN" ? "FROM" : "TO") \(end)"
        #expect(postgresError { _ = try connection.query(sql) }?.kind == .usage)
        #expect(postgresError { try connection.script(sql) }?.kind == .usage)
        #expect(try connection.query("SELECT count(*) FROM c")[0][0] == "1000")
    }

    @Test("a killed backend is a connection loss")
    func killedBackend() throws {
        let connection = try TestCluster.connect()
        let admin = try TestCluster.connect()
        try admin.execute("SELECT pg_terminate_backend($1)", [.int(Int64(connection.serverProcess))])
        #expect(eventually { !connection.isStillConnected() })
        let error = try #require(postgresError { _ = try connection.query("SELECT 1") })
        #expect(error.isConnectionLoss && error.isRetryable)
        #expect(!connection.isUsable)
    }

    @Test("a backend killed inside a statement is a connection loss with its SQLSTATE")
    func killedInsideStatement() throws {
        let connection = try TestCluster.connect()
        let error = try #require(postgresError { _ = try connection.query("SELECT pg_terminate_backend(pg_backend_pid())") })
        #expect(error.kind == .connection && error.sqlState == "57P01")
        #expect(error.isConnectionLoss && error.isRetryable)
    }

    @Test("a closed connection is an error, not a crash")
    func closed() throws {
        let connection = try TestCluster.connect()
        connection.close()
        connection.close()
        #expect(!connection.isUsable && !connection.isInTransaction)
        #expect(postgresError { _ = try connection.query("SELECT 1") }?.isConnectionLoss == true)
    }

    @Test("a canceller stops a statement from another thread")
    func cancel() throws {
        let connection = try TestCluster.connect()
        let canceller = connection.canceller
        let process = connection.serverProcess
        let stopped = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            defer { stopped.signal() }
            guard let watcher = try? TestCluster.connect() else { return }
            let isActive = "SELECT FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'PgSleep'"
            _ = eventually { (try? watcher.query(isActive, [.int(Int64(process))]).isEmpty) == false }
            try? canceller.stop()
        }
        let error = postgresError { try connection.execute("SELECT pg_sleep(600)") }
        stopped.wait()
        #expect(error?.sqlState == "57014")
        #expect(try connection.query("SELECT 1")[0][0] == "1")
    }

    @Test("quoting makes one identifier or literal of anything")
    func quoting() throws {
        let connection = try TestCluster.connect()
        for name in ["a\"b", "SELECT", "üß; --", "it's \\ here"] {
            let sql = "SELECT \(PostgresConnection.quoteLiteral(name)) AS \(PostgresConnection.quoteIdentifier(name))"
            #expect(try connection.query(sql)[0][name] == name)
        }
        #expect(PostgresConnection.quoteTable("s.t\"x") == #""s"."t""x""#)
    }

    @Test("notifications arrive with channel, payload and sender")
    func notifications() throws {
        let (listener, sender) = (try TestCluster.connect(), try TestCluster.connect())
        try listener.listen("Bundle \"x\"")
        #expect(try listener.notifications(timeoutMilliseconds: 0).isEmpty)
        #expect(try listener.notifications(timeoutMilliseconds: 20).isEmpty)
        try sender.execute("SELECT pg_notify($1, $2)", ["Bundle \"x\"", "revision 7"])
        let found = try listener.notifications(timeoutMilliseconds: 120_000)
        #expect(found == [PostgresNotification(channel: "Bundle \"x\"", payload: "revision 7", pid: sender.serverProcess)])
        try sender.execute("SELECT pg_terminate_backend($1)", [.int(Int64(listener.serverProcess))])
        #expect(throws: PostgresError.self) {
            while try listener.notifications(timeoutMilliseconds: 120_000).isEmpty {}
        }
    }
}
