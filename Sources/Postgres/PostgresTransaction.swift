import CLibPQ

/// What a transaction may see, by the names of the SQL standard.
public enum PostgresIsolation: String, Sendable {
    case readCommitted = "READ COMMITTED"
    case repeatableRead = "REPEATABLE READ"
    case serializable = "SERIALIZABLE"
}

extension PostgresConnection {
    /// Runs `body` in a transaction: committed when it returns, rolled back when it throws.
    ///
    /// Throws what `body` threw, or a `PostgresError`. Of kind `.commitUnknown` when the connection was lost while writes were committed: only reading
    /// the database again tells whether it took effect. When a statement failed and `body` returned all the same, nothing was committed and
    /// the error has SQLSTATE 25P02.
    public func transaction<T>(
        isolation: PostgresIsolation = .readCommitted, readOnly: Bool = false, _ body: () throws -> T
    ) throws -> T {
        guard !isInTransaction else { throw PostgresError(.usage, "a transaction is already open on this connection") }
        let limit = transactionStatementTimeout.map { "; SET LOCAL statement_timeout = \($0.wholeMilliseconds)" } ?? ""
        try script("BEGIN ISOLATION LEVEL \(isolation.rawValue)\(readOnly ? " READ ONLY" : "")\(limit)")
        let value: T
        do {
            value = try body()
        } catch {
            rollBack()
            throw error
        }
        try commit(readOnly: readOnly)
        return value
    }

    /// Ends whatever transaction is open; a connection on which that fails is closed, so that nobody goes on inside the transaction.
    func rollBack() {
        guard isUsable, isInTransaction else { return }
        do throws(PostgresError) {
            try script("ROLLBACK")
        } catch {
            close()
        }
    }

    private func commit(readOnly: Bool) throws(PostgresError) {
        // Lost before COMMIT was sent: then it is certain that nothing was committed.
        guard isUsable else { throw PostgresError(.connection, "the connection was lost before the commit") }
        guard isInTransaction else {
            throw PostgresError(.usage, "the body of the transaction ended it itself")
        }
        let tag: String
        do throws(PostgresError) {
            tag = try runScript("COMMIT").tag
        } catch {
            // What has written nothing has nothing to leave in the dark.
            throw !readOnly && (error.isConnectionLoss || !isUsable) ? error.with(kind: .commitUnknown) : error
        }
        // The server answers the COMMIT of a failed transaction with success, and this tag.
        guard tag == "COMMIT" else {
            throw PostgresError(
                .server(sqlState: "25P02"), "the transaction was rolled back: a statement in it had failed, and its error was not passed on"
            )
        }
    }
}
