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
        try begin("COPY \(Self.quoteTable(table)) (\(names)) FROM STDIN (FORMAT binary)", PGRES_COPY_IN, on: connection)
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

    /// Reads the rows of `table` by binary COPY, in the order in which they lie, and returns how many.
    ///
    /// - Parameter row: is given the fields of each, as `PostgresFieldBuffer` writes them; valid during the call. When it throws, its error is
    ///   passed on; the connection stays usable.
    @discardableResult
    public func copyOut(from table: String, columns: [String], row: (UnsafeRawBufferPointer) throws -> Void) throws -> Int {
        let names = columns.map { Self.quoteIdentifier($0) }.joined(separator: ", ")
        return try copyOut(query: "SELECT \(names) FROM \(Self.quoteTable(table))", columnCount: columns.count, row: row)
    }

    /// Reads the rows that a query answers by binary COPY and returns how many.
    @discardableResult
    public func copyOut(query: String, columnCount: Int, row: (UnsafeRawBufferPointer) throws -> Void) throws -> Int {
        let connection = try live()
        guard !isCopying else { throw PostgresError(.usage, "no COPY can run inside another") }
        try begin("COPY (\(query)) TO STDOUT (FORMAT binary)", PGRES_COPY_OUT, on: connection)
        isCopying = true
        defer { isCopying = false }
        var reader = PostgresCopyReader(columnCount: columnCount)
        do {
            while true {
                var message: UnsafeMutablePointer<CChar>?
                let count = PQgetCopyData(connection, &message, 0)
                guard count > 0, let message else {
                    if count == -1 { break }
                    throw PostgresErrorReading.error(of: nil, on: connection)
                }
                defer { PQfreemem(message) }
                try reader.read(UnsafeRawBufferPointer(start: message, count: Int(count)), row)
            }
        } catch {
            if isUsable { PostgresCopyState.leave(connection) }
            throw error
        }
        let result = PQgetResult(connection)
        defer { PostgresCopyState.drain(connection) }
        _ = try accept(result, on: connection)
        guard reader.isEnded else { throw PostgresError(.protocolViolation, "a COPY ended without its trailer") }
        return reader.rowCount
    }

    private func begin(_ sql: String, _ status: ExecStatusType, on connection: OpaquePointer) throws(PostgresError) {
        guard !sql.utf8.contains(0) else { throw PostgresError(.usage, "a table or column name holds a NUL character") }
        guard let result = PQexec(connection, renamed(sql)) else { throw PostgresErrorReading.error(of: nil, on: connection) }
        defer { PQclear(result) }
        guard PQresultStatus(result) == status else { throw PostgresErrorReading.error(of: result, on: connection) }
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
