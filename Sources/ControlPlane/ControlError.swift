import BundleProvenance
import Git
import GovernanceModel
import HTTPService
import PolicyBundle
import Postgres
import Reconciler
import Signing

/// The exit codes of every command.
public enum ExitStatus: Int32, Sendable {
    case good = 0
    /// The input is at fault.
    case input = 1
    /// Changes or drift were found, where that was asked for.
    case changes = 2
    case usage = 64
    case internalError = 70
    /// The database or the network failed; the same call may succeed later.
    case tryAgain = 75
}

/// Why a command ended without success.
public struct ControlError: Error, Sendable, CustomStringConvertible {
    public var status: ExitStatus
    /// What happened, and what can be done.
    public var message: String

    public init(_ status: ExitStatus, _ message: String) {
        self.status = status
        self.message = message
    }

    public var description: String { message }

    public init(_ error: GitError) {
        switch error.kind {
        case .network, .timeout: self.init(.tryAgain, error.message)
        default: self.init(.input, error.message)
        }
    }

    public init(_ error: ReconcilerError) {
        switch error {
        case .database(let error): self.init(error)
        case .refused: self.init(.input, error.description)
        case .unexpected: self.init(.internalError, "database: \(error)")
        default: self.init(error.isTransient ? .tryAgain : .input, "database: \(error)")
        }
    }

    public init(_ error: PostgresError) {
        // 57014: the statement took longer than it may, most often waiting for a lock that somebody else holds.
        let isOver = error.isRetryable || error.isConnectionLoss || error.kind == .commitUnknown || error.sqlState == "57014"
        self.init(isOver ? .tryAgain : .input, "database: \(error)")
    }

    public init(_ error: PrivateClusterError) {
        let status: ExitStatus =
            switch error {
            case .notInstalled, .versionMismatch, .unusableDirectory: .input
            case .failed, .server: .tryAgain
            }
        self.init(status, "private Postgres: \(error)")
    }

    public init(_ refusal: TrustRefusal) {
        self.init(.input, "commit \(refusal.commit.description.prefix(12)) is not trusted, and nothing was written: \(refusal.description)")
    }
    public init(_ error: BundleError) { self.init(.input, error.message) }
    public init(_ error: SigningError) { self.init(error.kind == .library ? .internalError : .input, error.message) }
    public init(_ error: ProvenanceError) { self.init(error.kind == .library ? .internalError : .input, error.message) }
    public init(_ error: DirectoryError) { self.init(.input, error.description) }

    /// Any error that a stage throws, told as one of these.
    public init(wrapping error: any Error) {
        switch error {
        case let error as ControlError: self = error
        case let error as MirrorFetch.Failure: self = error.error
        case let error as GitError: self.init(error)
        case let error as ReconcilerError: self.init(error)
        case let error as PostgresError: self.init(error)
        case let error as PrivateClusterError: self.init(error)
        case let error as BundleError: self.init(error)
        case let error as SigningError: self.init(error)
        case let error as ProvenanceError: self.init(error)
        case let error as DirectoryError: self.init(error)
        case let error as HTTPServiceError: self.init(.tryAgain, "\(error)")
        default: self.init(.internalError, "\(error)")
        }
    }
}
