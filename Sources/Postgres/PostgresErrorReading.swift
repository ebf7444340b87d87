import CLibPQ

/// How errors are read out of libpq.
enum PostgresErrorReading {
    /// The error of a failed result; `connection` tells whether the server can still be spoken to.
    static func error(of result: OpaquePointer?, on connection: OpaquePointer) -> PostgresError {
        let state = field(CHARTER_PG_DIAG_SQLSTATE, of: result)
        // A server that ended in the middle of an answer leaves an error without SQLSTATE on a connection that still looks good; reading
        // once more shows its end.
        let isLost =
            PQstatus(connection) != CONNECTION_OK
            || (state == nil && (PQconsumeInput(connection) == 0 || PQstatus(connection) != CONNECTION_OK))
        let message =
            field(CHARTER_PG_DIAG_MESSAGE, of: result)
            ?? text(result.flatMap { PQresultErrorMessage($0) })
            ?? text(PQerrorMessage(connection))
            ?? "no reason was given"
        let kind: PostgresError.Kind =
            if isLost { .connection } else if let state { .server(sqlState: state) } else { .protocolViolation }
        var error = PostgresError(kind, message, sqlState: state)
        error.detail = field(CHARTER_PG_DIAG_DETAIL, of: result)
        error.hint = field(CHARTER_PG_DIAG_HINT, of: result)
        error.context = field(CHARTER_PG_DIAG_CONTEXT, of: result)
        error.position = field(CHARTER_PG_DIAG_POSITION, of: result).flatMap { Int($0) }
        error.table = field(CHARTER_PG_DIAG_TABLE, of: result)
        error.constraint = field(CHARTER_PG_DIAG_CONSTRAINT, of: result)
        return error.redacting(password(of: connection))
    }

    /// The error of a connection that was not made. libpq gives only text here; asked to be verbose it writes
    /// `FATAL:  28P01: password authentication failed…`, from which the state is taken.
    static func connectError(on connection: OpaquePointer) -> PostgresError {
        let lines = (text(PQerrorMessage(connection)) ?? "no reason was given").split(separator: "\n")
        var message = lines.filter { !$0.hasPrefix("LOCATION:") }.joined(separator: "\n")
        var state: String?
        if let match = message.firstMatch(of: #/:  ([0-9A-Z]{5}): /#) {
            state = String(match.output.1)
            message.replaceSubrange(match.range, with: ": ")
        }
        return PostgresError(.connection, message, sqlState: state).redacting(password(of: connection))
    }

    private static func password(of connection: OpaquePointer) -> String? {
        PQpass(connection).map { String(cString: $0) }
    }

    private static func field(_ code: charter_pg_diag, of result: OpaquePointer?) -> String? {
        guard let result else { return nil }
        return text(PQresultErrorField(result, Int32(code.rawValue)))
    }

    /// libpq's texts end in a newline, and are empty rather than absent.
    private static func text(_ pointer: UnsafePointer<CChar>?) -> String? {
        text(pointer.map { UnsafeMutablePointer(mutating: $0) })
    }

    private static func text(_ pointer: UnsafeMutablePointer<CChar>?) -> String? {
        guard let pointer else { return nil }
        var text = String(cString: pointer)
        while text.last?.isNewline == true { text.removeLast() }
        return text.isEmpty ? nil : text
    }
}
