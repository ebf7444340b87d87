/// The organisations that one daemon looks after, as a file declares them.
public struct Fleet: Sendable, Equatable {
    public var organizations: [FleetOrganization]
}

/// One organisation of a fleet: everything that `charter up` is told.
public struct FleetOrganization: Sendable, Equatable {
    /// What of the repository is followed.
    public enum Reference: Sendable, Equatable {
        /// The repository's own branch if `nil`.
        case branch(String?)
        case tag(String)
        case commit(String)
    }

    public var name: String
    /// May hold a credential.
    public var repository: String
    public var reference: Reference
    /// The folder of the repository that holds the documents.
    public var path: String?
    /// A Postgres URL, which may hold a password; a private Postgres if `nil`.
    public var database: String?
    /// The prefix of the schemas and roles.
    public var schema: String?
    /// Address and port.
    public var listen: String
    /// Seconds; as `charter up` chooses if `nil`.
    public var pollInterval: String?
    public var alertWebhook: String?
    /// Files with whose commits are believed, whatever the commits say.
    public var allowedSigners: String?
    public var gpgKeyring: String?
}
