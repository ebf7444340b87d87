import CLibPQ

extension PostgresConnection {
    /// Copies rows into `table` (`table` or `schema.table`) by binary COPY and returns how many.
    ///
    /// `rows` writes them all. When it throws, nothing is copied and its error is passed on; the connection stays usable. Rows the server
    /// refuses are a `PostgresError` whose `context` names the row.
    @discardableResult
    public func copyIn(into table: String, columns: [String], rows: (PostgresCopyWriter) throws -> Void) throws -> Int {
        let connection = try live()
        guard !columns.isEmpty, columns.count <= Int(Int16.max) else {
            throw PostgresError(.usage, "a COPY names from 1 to 32767 columns, not \(columns.count)")
        }
        guard !isCopying else { throw PostgresError(.usage, "no COPY can run inside another") }
        let names = columns.map { Self.quoteIdentifier($0) }.joined(separator: ", ")
        try begin("COPY \(Self.quoteTable(table)) (\(names)) FROM STDIN (FORMAT binary)", on: connection)
        isCopying = true
        defer { isCopying = false }

        let writer = PostgresCopyWriter(columnCount: columns.count, connection: self)
        do {
            try rows(writer)
            try writer.finish()
        } catch {
            writer.abandon()
            // The connection may be lost, or closed by `rows`.
            if isUsable { PostgresCopyState.leave(connection) }
            throw error
        }
        writer.abandon()
        return try end(try live())
    }

    private func begin(_ sql: String, on connection: OpaquePointer) throws(PostgresError) {
        guard !sql.utf8.contains(0) else { throw PostgresError(.usage, "a table or column name holds a NUL character") }
        guard let result = PQexec(connection, sql) else { throw PostgresErrorReading.error(of: nil, on: connection) }
        defer { PQclear(result) }
        guard PQresultStatus(result) == PGRES_COPY_IN else { throw PostgresErrorReading.error(of: result, on: connection) }
    }

    private func end(_ connection: OpaquePointer) throws(PostgresError) -> Int {
        guard PQputCopyEnd(connection, nil) == 1 else { throw PostgresErrorReading.error(of: nil, on: connection) }
        let result = PQgetResult(connection)
        // The error is read before the rest is drained, but after the server said it was done with the COPY.
        defer { PostgresCopyState.drain(connection) }
        return try accept(result, on: connection).affected
    }
}

/// Getting a connection out of a COPY.
enum PostgresCopyState {
    /// Ends a COPY in either direction without its data; the connection can then run statements again.
    static func leave(_ connection: OpaquePointer) {
        if PQputCopyEnd(connection, "the client gave up") != 1 {
            var row: UnsafeMutablePointer<CChar>?
            while PQgetCopyData(connection, &row, 0) > 0 { PQfreemem(row) }
        }
        drain(connection)
    }

    static func drain(_ connection: OpaquePointer) {
        while let result = PQgetResult(connection) {
            let status = PQresultStatus(result)
            PQclear(result)
            // A lost connection is reported once; while a COPY state persists PQgetResult would repeat itself for ever.
            if [PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH].contains(status) { break }
        }
    }
}
