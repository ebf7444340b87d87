import Postgres

/// Why something about callers could not be read or kept.
public struct AccessError: Error, Sendable, CustomStringConvertible {
    /// What happened, and what can be done. Never with a credential.
    public let description: String
    /// The database's own error, if it is one.
    public let database: PostgresError?

    init(_ description: String) {
        self.description = description
        database = nil
    }

    init(_ error: PostgresError) {
        description = "\(error)"
        database = error
    }
}
