import Testing

@testable import Postgres

@Suite struct PostgresCopyTests {
    private struct Stop: Error {}

    private static let columns = ["id", "big", "ok", "name", "raw", "doc", "tags", "at", "amount"]

    private func connection() throws -> PostgresConnection {
        let connection = try TestCluster.connect()
        try connection.script(
            """
            CREATE TEMP TABLE c (
                id integer, big bigint, ok boolean, name text, raw bytea, doc jsonb, tags text[], at timestamptz, amount numeric)
            """)
        return connection
    }

    @Test("every type round-trips through binary COPY")
    func everyType() throws {
        let connection = try connection()
        let copied = try connection.copyIn(into: "pg_temp.c", columns: Self.columns) { writer in
            try writer.beginRow()
            try writer.int4(.min)
            try writer.int8(.max)
            try writer.bool(true)
            try writer.text("naïve 日本 \"q\" \\ \n")
            try writer.bytes([0, 255, 92])
            try writer.jsonb(#"{"a": [1, null, "ü"]}"#)
            try writer.textArray(["", "a,b", "NULL", "\"\\"])
            try writer.timestamptz(microsecondsSince1970: 1_700_000_000_123_456)
            try writer.numeric("-12345.067800")
            try writer.beginRow()
            for _ in Self.columns { try writer.null() }
            try writer.beginRow()
            try writer.int4(nil)
            try writer.int8(nil)
            try writer.bool(nil)
            try writer.text("")
            try writer.bytes([])
            try writer.jsonb("null")
            try writer.textArray([])
            try writer.timestamptz(microsecondsSince1970: -1)
            try writer.numeric("0")
        }
        #expect(copied == 3)
        let rows = try connection.query("SELECT * FROM c")
        #expect(try rows[0].int("id") == Int(Int32.min) && rows[0].int("big") == .max && rows[0].bool("ok") == true)
        #expect(rows[0]["name"] == "naïve 日本 \"q\" \\ \n")
        #expect(try rows[0].bytes("raw") == [0, 255, 92])
        #expect(rows[0]["doc"] == #"{"a": [1, null, "ü"]}"#)
        #expect(try rows[0].textArray("tags") == ["", "a,b", "NULL", "\"\\"])
        #expect(rows[0]["at"] == "2023-11-14 22:13:20.123456+00")
        #expect(rows[0]["amount"] == "-12345.067800")
        #expect(Self.columns.allSatisfy { rows[1][$0] == nil })
        #expect(rows[2]["name"] == "" && rows[2]["raw"] == "\\x" && rows[2]["doc"] == "null" && rows[2]["tags"] == "{}")
        #expect(rows[2]["at"] == "1969-12-31 23:59:59.999999+00")
    }

    @Test(
        "numbers arrive as they were written",
        arguments: [
            ("0", "0"), ("-0.00", "0.00"), ("1", "1"), ("+7", "7"), ("10000", "10000"), ("100000000", "100000000"), ("0.0001", "0.0001"),
            ("0.00001", "0.00001"), ("-0.5", "-0.5"), (".5", "0.5"), ("00012.3400", "12.3400"), ("9999.9999", "9999.9999"),
            ("12345678901234567890.123456789", "12345678901234567890.123456789"), ("10001.0001", "10001.0001"),
            ("0.000000001", "0.000000001"), ("100000000.00000001", "100000000.00000001"),
        ])
    func numerics(written: String, read: String) throws {
        let connection = try connection()
        try connection.copyIn(into: "c", columns: ["amount"]) { writer in
            try writer.beginRow()
            try writer.numeric(written)
        }
        let row = try connection.query("SELECT amount, amount = $1 AS same FROM c", [.text(written)])[0]
        #expect(row["amount"] == read)
        #expect(try row.bool("same") == true)
    }

    @Test("what is no decimal number is refused", arguments: ["", "-", ".", "1.", "1e5", "NaN", "1,5", " 1", "--1", "1.2.3", "٣"])
    func notNumerics(text: String) {
        #expect(PostgresNumeric(decimal: text) == nil)
    }

    @Test("the longest numbers fit, and one digit more does not")
    func longestNumerics() throws {
        let longest = String(repeating: "9", count: 131_072) + "." + String(repeating: "9", count: 16_383)
        let connection = try connection()
        try connection.copyIn(into: "c", columns: ["amount"]) { writer in
            try writer.beginRow()
            try writer.numeric(longest)
        }
        #expect(try connection.query("SELECT amount FROM c")[0][0] == longest)
        #expect(PostgresNumeric(decimal: "9" + longest) == nil)
        #expect(PostgresNumeric(decimal: longest + "9") == nil)
    }

    @Test("a hundred thousand rows with jsonb arrive whole")
    func manyRows() throws {
        let connection = try connection()
        let copied = try connection.copyIn(into: "c", columns: ["id", "name", "doc", "tags"]) { writer in
            for number in 0..<Int32(100_000) {
                try writer.beginRow()
                try writer.int4(number)
                try writer.text("name \(number)")
                try writer.jsonb(#"{"number": \#(number), "nested": {"list": [1, 2, 3]}}"#)
                try writer.textArray(["a", "b"])
            }
        }
        #expect(copied == 100_000)
        let row = try connection.query(
            """
            SELECT count(*) AS n, count(DISTINCT id) AS ids,
                bool_and(doc->>'number' = id::text AND name = 'name ' || id AND tags = '{a,b}') AS same FROM c
            """)[0]
        #expect(row["n"] == "100000" && row["ids"] == "100000")
        #expect(try row.bool("same") == true)
    }

    @Test("a value longer than the buffer arrives whole")
    func longValue() throws {
        let connection = try connection()
        let long = String(repeating: "0123456789abcdef", count: 200_000)
        try connection.copyIn(into: "c", columns: ["name", "id"]) { writer in
            for number in Int32(0)..<2 {
                try writer.beginRow()
                try writer.text(long)
                try writer.int4(number)
            }
        }
        #expect(try connection.query("SELECT md5(name) = md5($1) AS same FROM c", [.text(long)]).allSatisfy { $0["same"] == "t" })
    }

    @Test("data the server refuses is an error that names the line, and the connection goes on")
    func badData() throws {
        let connection = try connection()
        let error = postgresError {
            try connection.copyIn(into: "c", columns: ["doc"]) { writer in
                try writer.beginRow()
                try writer.jsonb("{}")
                try writer.beginRow()
                try writer.jsonb("{not json")
            }
        }
        #expect(error?.sqlState == "22P02")
        #expect(error?.context?.contains("line 2") == true)
        let type = postgresError {
            try connection.copyIn(into: "c", columns: ["big"]) { writer in
                try writer.beginRow()
                try writer.int4(1)
            }
        }
        #expect(type?.sqlState == "08P01" && type?.isConnectionLoss == false && type?.isRetryable == false)
        #expect(try connection.query("SELECT count(*) FROM c")[0][0] == "0")
    }

    @Test("rows of the wrong width, and statements inside a COPY, are usage errors that copy nothing")
    func misuse() throws {
        let connection = try connection()
        var kept: PostgresCopyWriter?
        let bodies: [(PostgresCopyWriter) throws -> Void] = [
            { try $0.beginRow() },
            { writer in
                try writer.beginRow()
                for _ in 0..<3 { try writer.int4(1) }
            },
            { try $0.int4(1) },
            { _ in _ = try connection.query("SELECT 1") },
            { _ in try connection.copyIn(into: "c", columns: ["id"]) { _ in } },
            { kept = $0 },
        ]
        for body in bodies.dropLast() {
            let error = postgresError { try connection.copyIn(into: "c", columns: ["id", "big"], rows: body) }
            #expect(error?.kind == .usage)
        }
        #expect(try connection.copyIn(into: "c", columns: ["id"], rows: bodies[5]) == 0)
        #expect(postgresError { try kept?.finish() }?.kind == .usage)
        #expect(throws: Stop.self) {
            try connection.copyIn(into: "c", columns: ["id"]) { writer in
                try writer.beginRow()
                try writer.int4(1)
                throw Stop()
            }
        }
        #expect(try connection.query("SELECT count(*) FROM c")[0][0] == "0")
        #expect(postgresError { try connection.copyIn(into: "no_such", columns: ["id"]) { _ in } }?.sqlState == "42P01")
        #expect(postgresError { try connection.copyIn(into: "c", columns: []) { _ in } }?.kind == .usage)
    }

    @Test("a value that is refused can be replaced by another")
    func replacedValue() throws {
        let connection = try connection()
        try connection.copyIn(into: "c", columns: ["amount"]) { writer in
            try writer.beginRow()
            do { try writer.numeric("many") } catch { try writer.null() }
        }
        #expect(try connection.query("SELECT amount FROM c")[0][0] == nil)
    }

    @Test("a backend killed, or a connection closed, in the middle of a COPY is a connection loss")
    func killed() throws {
        let connection = try connection()
        let admin = try TestCluster.connect()
        let error = postgresError {
            try connection.copyIn(into: "c", columns: ["name"]) { writer in
                try admin.execute("SELECT pg_terminate_backend($1)", [.int(Int64(connection.serverProcess))])
                for _ in 0..<100_000 {
                    try writer.beginRow()
                    try writer.text(String(repeating: "x", count: 100))
                }
            }
        }
        #expect(error?.isConnectionLoss == true)
        #expect(!connection.isUsable)
        let closed = try self.connection()
        #expect(throws: PostgresError.self) { try closed.copyIn(into: "c", columns: ["name"]) { _ in closed.close() } }
    }

    @Test("names are quoted")
    func oddNames() throws {
        let connection = try TestCluster.connect()
        try connection.script(#"CREATE TEMP TABLE "odd ""table" ("Column; --" int)"#)
        try connection.copyIn(into: "odd \"table", columns: ["Column; --"]) { writer in
            try writer.beginRow()
            try writer.int4(1)
        }
        #expect(try connection.query(#"SELECT * FROM "odd ""table""#).count == 1)
    }
}
