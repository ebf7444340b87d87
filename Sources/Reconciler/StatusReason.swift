import Postgres

extension ReconcilerError {
    /// One CamelCase word for conditions and metrics.
    public var statusReason: String {
        switch self {
        case .database(let error): error.statusReason
        case .newerDatabase: "DatabaseNewer"
        case .changedMigration: "DatabaseForeign"
        case .fenced, .overruled: "DatabaseFenced"
        case .ahead: "DatabaseAhead"
        case .emptyState: "CommitEmpty"
        case .refused: "CommitWithheld"
        case .bundleMissing: "BundleMissing"
        case .unexpected: "InternalError"
        }
    }

    /// Whether a person has to do something before the same call can succeed.
    public var needsHelp: Bool {
        switch self {
        // 42501, 28000, 28P01: somebody has to grant something, or to mend a password.
        case .database(let error): ["42501", "28000", "28P01", "3D000"].contains(error.sqlState ?? "")
        case .fenced, .overruled: false
        case .ahead, .newerDatabase, .changedMigration, .emptyState, .refused, .bundleMissing, .unexpected: true
        }
    }
}

extension PostgresError {
    /// One CamelCase word, by the classes of SQLSTATE (PostgreSQL, appendix A).
    var statusReason: String {
        switch sqlState {
        case "25006": return "DatabaseReadOnly"
        // Disk full, out of memory, too many connections: the first is what a full disk gives, also where WAL cannot be written.
        case "53100": return "DatabaseFull"
        case "53200", "53300", "53400": return "DatabaseOverloaded"
        // Lock not available, deadlock, serialization failure, statement cancelled after its time.
        case "55P03", "40P01", "40001", "57014": return "DatabaseLocked"
        case "42501", "28000", "28P01": return "DatabaseDenied"
        default: break
        }
        if message.contains("No space left on device") { return "DatabaseFull" }
        return isConnectionLoss || isRetryable || kind == .commitUnknown ? "DatabaseUnavailable" : "DatabaseFailed"
    }
}
