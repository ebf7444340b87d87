/// What went wrong between Charter and a Postgres server.
///
/// The text never holds a password: the connection string is not part of it, and the connection's own password is struck out of what the
/// server and libpq say.
public struct PostgresError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Who is at fault, which decides what a caller may do next.
    public enum Kind: Sendable, Hashable {
        /// No connection could be made, or it was lost; nothing sent in an open transaction took effect.
        case connection
        /// The server refused the statement; the connection stays usable.
        case server(sqlState: String)
        /// The connection was lost while `COMMIT` was under way: the transaction may or may not have taken effect.
        case commitUnknown
        /// The server, or what stands between, broke the protocol.
        case protocolViolation
        /// The caller asked for something that cannot be sent.
        case usage
    }

    /// Who is at fault.
    public let kind: Kind
    /// The five characters of SQLSTATE, where the server gave them (also on a refused connection).
    public internal(set) var sqlState: String?
    /// One sentence, in the server's or libpq's words where they spoke.
    public internal(set) var message: String
    /// The server's `DETAIL`.
    public internal(set) var detail: String?
    /// The server's `HINT`.
    public internal(set) var hint: String?
    /// The server's `CONTEXT`: the line of a COPY, the stack of a function.
    public internal(set) var context: String?
    /// Where in the statement, in characters counted from 1.
    public internal(set) var position: Int?
    /// The table the server blames.
    public internal(set) var table: String?
    /// The constraint that was violated.
    public internal(set) var constraint: String?

    /// There is no connection yet.
    public static let notOpen = PostgresError(.connection, "the database is not open yet")

    init(_ kind: Kind, _ message: String, sqlState: String? = nil) {
        self.kind = kind
        self.message = message
        if case .server(let state) = kind { self.sqlState = state } else { self.sqlState = sqlState }
    }

    /// Whether the connection is gone and a new one is needed.
    public var isConnectionLoss: Bool {
        if kind == .connection || kind == .commitUnknown { return true }
        guard case .server(let state) = kind else { return false }
        // Class 08 is no sign here: it also tells of another server (a foreign table's), or of a value that was sent in a wrong form.
        return Self.isServerGoing(state)
    }

    /// Whether the same work, begun anew on a good connection, may well succeed. Never true of `.commitUnknown`: there the truth has to be
    /// read back first.
    public var isRetryable: Bool {
        switch kind {
        case .usage, .protocolViolation, .commitUnknown: false
        case .connection:
            // Without a SQLSTATE no server answered: it is down, starting or unreachable. With one it said why.
            sqlState.map(Self.isTransient) ?? true
        case .server(let state): Self.isTransient(state)
        }
    }

    /// `message`, with the state, detail, hint, context and position on lines of their own.
    public var description: String {
        var text =
            switch kind {
            case .connection: "postgres connection: "
            case .server: "postgres: "
            case .commitUnknown: "postgres, outcome of the commit unknown: "
            case .protocolViolation: "postgres protocol: "
            case .usage: "postgres usage: "
            }
        text += message
        if let sqlState { text += " (SQLSTATE \(sqlState))" }
        if let position { text += " at character \(position)" }
        if let detail { text += "\n  detail: \(detail)" }
        if let hint { text += "\n  hint: \(hint)" }
        if let context { text += "\n  context: \(context)" }
        return text
    }

    /// The same error, under another kind.
    func with(kind: Kind) -> PostgresError {
        var copy = PostgresError(kind, message, sqlState: sqlState)
        copy.detail = detail
        copy.hint = hint
        copy.context = context
        copy.position = position
        copy.table = table
        copy.constraint = constraint
        return copy
    }

    /// The same error with `secret` struck out of every text.
    func redacting(_ secret: String?) -> PostgresError {
        guard let secret, !secret.isEmpty else { return self }
        var copy = self
        copy.message = message.replacing(secret, with: "***")
        copy.detail = detail?.replacing(secret, with: "***")
        copy.hint = hint?.replacing(secret, with: "***")
        copy.context = context?.replacing(secret, with: "***")
        return copy
    }

    /// The three states of a server that stops, crashed or starts (PostgreSQL manual, appendix A).
    private static func isServerGoing(_ state: String) -> Bool { ["57P01", "57P02", "57P03"].contains(state) }

    private static func isTransient(_ state: String) -> Bool {
        // 08P01, a protocol violation, comes back each time. 53300: too many connections, over as soon as another client leaves.
        isServerGoing(state) || (state.hasPrefix("08") && state != "08P01") || ["40001", "40P01", "55P03", "53300"].contains(state)
    }
}
