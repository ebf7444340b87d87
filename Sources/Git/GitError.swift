/// What went wrong with a repository, and what a person can do about it.
public struct GitError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds a caller may want to treat differently.
    public enum Kind: Sendable, Hashable {
        /// The path, reference or object named does not exist.
        case notFound(String)
        /// The commit has no such folder, or nothing that is to be read in it.
        case pathNotFound(String)
        /// The path exists, and no repository holds it.
        case notARepository(String)
        /// There is no commit yet where one is asked for.
        case emptyRepository
        /// A tree holds something Charter does not follow: a symbolic link, a submodule, a dangerous or doubled name.
        case unsafeTree(path: String, reason: String)
        /// An object the repository must have is missing, or its content does not match its id.
        case damagedObject(GitObjectID)
        /// An object is bigger than allowed; sizes in bytes.
        case tooLarge(path: String, size: Int, limit: Int)
        /// The name stands for several commits.
        case ambiguous(String)
        /// The answer lies beyond the end of a shallow clone, which this commit's parent is.
        case shallow(GitObjectID)
        /// More commits than a walk may look at.
        case tooManyCommits(limit: Int)
        /// The reference to update does not point where the caller expects.
        case referenceMoved(String)
        /// The remote could not be reached, or did not speak git.
        case network
        /// The remote refused the credentials, or wanted some and there are none.
        case authentication
        /// The remote's certificate or host key is not trusted.
        case untrustedHost
        /// The remote did not answer in time.
        case timeout
        /// Everything else; the message tells.
        case other
    }

    public let kind: Kind

    /// One lower-case sentence for people, without credentials.
    public let message: String

    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    public var description: String { message }
}

extension GitError {
    static func unsafeTree(_ path: String, _ reason: String) -> GitError {
        GitError(.unsafeTree(path: path, reason: reason), "refusing `\(path)`: \(reason)")
    }

    static func damaged(_ id: GitObjectID, _ reason: String) -> GitError {
        GitError(.damagedObject(id), "object \(id) \(reason); run `git fsck`, then restore it with a fresh clone or fetch")
    }

    static func tooLarge(_ path: String, size: Int, limit: Int) -> GitError {
        GitError(.tooLarge(path: path, size: size, limit: limit), "`\(path)` is \(size) bytes, more than the \(limit) allowed")
    }

    static func shallow(at id: GitObjectID) -> GitError {
        GitError(.shallow(id), "the history of this shallow clone ends before commit \(id); run `git fetch --unshallow`")
    }
}
