import CLibPQ

/// One connection to a server. Every call blocks until the server has answered.
///
/// Confined to one thread or queue at a time, which is why it is not `Sendable`; only its `canceller` may be used from elsewhere.
public final class PostgresConnection {
    private var handle: OpaquePointer?
    /// What a COPY under way forbids.
    var isCopying = false
    /// `statement_timeout` within each transaction.
    let transactionStatementTimeout: Duration?
    /// Stops the running statement from another thread.
    public let canceller: PostgresCanceller
    private let renaming: PostgresRenaming?

    /// Connects, takes the role and sets the timeouts that `configuration` names.
    public init(_ configuration: PostgresConfiguration) throws(PostgresError) {
        let connection = try PostgresConnecting.connect(configuration)
        handle = connection
        canceller = PostgresCanceller(connection)
        transactionStatementTimeout = configuration.transactionStatementTimeout
        renaming = configuration.renaming
        // Where this throws the object is whole already, so its deinitialiser runs and closes the connection.
        try setUp(configuration)
    }

    deinit { close() }

    /// Whether the connection was good when last spoken over, and is not closed.
    public var isUsable: Bool { handle.map { PQstatus($0) == CONNECTION_OK } ?? false }

    /// Whether a transaction is open, healthy or failed.
    public var isInTransaction: Bool {
        guard let handle else { return false }
        return [PQTRANS_INTRANS, PQTRANS_INERROR, PQTRANS_ACTIVE].contains(PQtransactionStatus(handle))
    }

    /// The server's process behind this connection, as in `pg_stat_activity.pid`.
    public var serverProcess: Int32 { handle.map { PQbackendPID($0) } ?? 0 }

    /// Closes the connection; whatever transaction was open is rolled back. Closing twice is harmless.
    public func close() {
        guard let connection = handle else { return }
        handle = nil
        PQfinish(connection)
    }

    /// Runs one statement and returns its rows; a statement without rows returns none.
    public func query(_ sql: String, _ parameters: [PostgresValue] = []) throws(PostgresError) -> PostgresRows {
        PostgresRows(storage: try run(sql, parameters))
    }

    /// Runs one statement and returns how many rows it touched.
    @discardableResult
    public func execute(_ sql: String, _ parameters: [PostgresValue] = []) throws(PostgresError) -> Int {
        try run(sql, parameters).affected
    }

    /// Runs several statements, in one transaction unless they begin and end their own.
    public func script(_ sql: String) throws(PostgresError) {
        _ = try runScript(sql)
    }

    /// Runs statements without parameters by the simple protocol and returns the last one's result.
    func runScript(_ sql: String) throws(PostgresError) -> PostgresResultStorage {
        let connection = try ready(for: sql)
        return try collect(sent: PQsendQuery(connection, renamed(sql)), on: connection)
    }

    /// libpq's connection, or why there is none.
    func live() throws(PostgresError) -> OpaquePointer {
        guard let handle else { throw PostgresError(.connection, "the connection is closed") }
        return handle
    }

    private func run(_ sql: String, _ parameters: [PostgresValue]) throws(PostgresError) -> PostgresResultStorage {
        let connection = try ready(for: sql)
        let sql = renamed(sql)
        let encoded = try PostgresParameters(parameters)
        let sent = encoded.withPointers { count, types, values, lengths, formats in
            PQsendQueryParams(connection, sql, count, types, values, lengths, formats, 0)
        }
        return try collect(sent: sent, on: connection)
    }

    /// Waits for all results of what was sent and keeps the last, or the first that is an error.
    ///
    /// `PQexec` would keep the last even then: of a server that says why it ends the connection, and then ends it, only the end.
    private func collect(sent: Int32, on connection: OpaquePointer) throws(PostgresError) -> PostgresResultStorage {
        guard sent == 1 else { throw PostgresErrorReading.error(of: nil, on: connection) }
        var kept: OpaquePointer?
        while let result = PQgetResult(connection) {
            if kept.map({ PQresultStatus($0) == PGRES_FATAL_ERROR }) == true {
                PQclear(result)
                continue
            }
            PQclear(kept)
            kept = result
            // A COPY has to be answered before there is another result.
            if [PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH].contains(PQresultStatus(result)) { break }
        }
        return try accept(kept, on: connection)
    }

    /// What is sent for a statement.
    func renamed(_ sql: String) -> String { renaming?.apply(to: sql) ?? sql }

    private func ready(for sql: String) throws(PostgresError) -> OpaquePointer {
        let connection = try live()
        guard !isCopying else { throw PostgresError(.usage, "no statement can run inside a COPY") }
        guard !sql.utf8.contains(0) else { throw PostgresError(.usage, "the statement holds a NUL character") }
        return connection
    }

    /// Owns `result` from here on.
    func accept(_ result: OpaquePointer?, on connection: OpaquePointer) throws(PostgresError) -> PostgresResultStorage {
        guard let result else { throw PostgresErrorReading.error(of: nil, on: connection) }
        switch PQresultStatus(result) {
        case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
            return PostgresResultStorage(result)
        case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
            PQclear(result)
            PostgresCopyState.leave(connection)
            throw PostgresError(.usage, "a COPY between client and server is run with `copyIn`")
        default:
            defer { PQclear(result) }
            throw PostgresErrorReading.error(of: result, on: connection)
        }
    }

    private func setUp(_ configuration: PostgresConfiguration) throws(PostgresError) {
        var statements: [String] = []
        if let timeout = configuration.statementTimeout {
            statements.append("SET statement_timeout = \(timeout.wholeMilliseconds)")
        }
        if let role = configuration.role { statements.append("SET ROLE \(Self.quoteIdentifier(role))") }
        if !statements.isEmpty { try script(statements.joined(separator: "; ")) }
    }
}

extension Duration {
    /// Milliseconds, rounded up, so that a short time never becomes none; what does not fit is cut to 24 days.
    var wholeMilliseconds: Int32 {
        let (seconds, attoseconds) = components
        guard seconds < 2_000_000 else { return 2_000_000_000 }
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        return Int32(seconds) * 1000 + Int32((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
