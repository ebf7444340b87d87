import Foundation
import Git

/// What of a repository is followed.
public enum SourceReference: Sendable, Equatable {
    /// The newest commit of a branch; of the repository's default branch when `nil`.
    case branch(String?)
    /// The commit that a tag points at.
    case tag(String)
    /// One commit, by its whole id.
    case commit(String)
}

/// Where the documents come from: a local repository, or a remote one through a mirror.
public struct GitSource: Sendable {
    public enum Location: Sendable {
        case local(path: String)
        case remote(url: String, mirror: String)
    }

    public var location: Location
    public var reference: SourceReference
    /// The folder of the tree that holds the documents, as `GitFolder.checked` gives it; empty for the whole tree.
    public var folder: String
    /// Seconds that a remote one may take to answer.
    public var fetchTimeout = Self.fetchTimeout

    /// Two minutes.
    public static let fetchTimeout = 120.0

    public init(_ place: String, reference: SourceReference, folder: String = "", mirror: String) {
        location = GitMirror.isRemote(place) ? .remote(url: place, mirror: mirror) : .local(path: place)
        self.reference = reference
        self.folder = folder
    }

    public init(_ place: String, branch: String?, mirror: String) {
        self.init(place, reference: .branch(branch), mirror: mirror)
    }

    /// For people; never with a credential.
    public var description: String {
        switch location {
        case .local(let path): path
        case .remote(let url, _): GitMirror.redact(url)
        }
    }

    public var isRemote: Bool {
        if case .remote = location { return true }
        return false
    }

    /// Brings the mirror up to date; nothing to do for a local repository. Gives up, with an error, once `isStopping` says so.
    public func refresh(isStopping: () -> Bool = { false }) throws(MirrorFetch.Failure) {
        guard case .remote(let url, let mirror) = location else { return }
        try MirrorFetch.run(url: url, into: mirror, timeout: fetchTimeout, isStopping: isStopping)
    }

    public func open() throws(GitError) -> GitRepository {
        switch location {
        case .local(let path): try GitRepository(opening: path)
        case .remote(_, let mirror): try GitRepository(opening: mirror)
        }
    }

    /// What is followed, as people call it and as git refers to it.
    public struct Head: Sendable, Equatable {
        /// `main`, `tag v1`, `commit 1234…`
        public var name: String
        /// `refs/heads/main`
        public var reference: String
        /// Whether it moves as a branch does: each commit of it follows the one before.
        public var isBranch = true
    }

    /// What is followed: what was asked for, else the branch that the repository has checked out.
    public func settleHead(_ repository: GitRepository) throws(GitError) -> Head {
        switch reference {
        case .branch(let name?): return Head(name: name, reference: "refs/heads/\(name)")
        case .tag(let name): return Head(name: "tag \(name)", reference: "refs/tags/\(name)", isBranch: false)
        case .commit(let id): return Head(name: "commit \(id.prefix(12))", reference: id, isBranch: false)
        case .branch(nil): return try settleDefaultBranch(repository)
        }
    }

    private func settleDefaultBranch(_ repository: GitRepository) throws(GitError) -> Head {
        guard let current = try repository.headBranch() else {
            throw GitError(.notFound("HEAD"), "no branch is checked out in `\(description)`; name the one to follow with --branch")
        }
        let head = Head(name: current, reference: "refs/heads/\(current)")
        do throws(GitError) {
            _ = try repository.resolve(head.reference)
            return head
        } catch {
            // A clone of a repository whose HEAD names no branch (a git bundle's, often) has commits all the same.
            let isMissing =
                switch error.kind {
                case .notFound, .emptyRepository: true
                default: false
                }
            guard isMissing else { throw error }
            for (branch, reference) in Self.usual where (try? repository.resolve(reference)) != nil {
                return Head(name: branch, reference: reference)
            }
            throw error
        }
    }

    /// The newest commit of what is followed.
    public func newestCommit(_ repository: GitRepository) throws(GitError) -> GitObjectID {
        try repository.resolve(try settleHead(repository).reference)
    }

    private static let usual = [
        ("main", "refs/heads/main"), ("master", "refs/heads/master"), ("origin/HEAD", "refs/remotes/origin/HEAD"),
        ("origin/main", "refs/remotes/origin/main"), ("origin/master", "refs/remotes/origin/master"),
    ]
}
