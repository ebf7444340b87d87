import Foundation
import Git

/// Where the documents come from: a local repository, or a remote one through a mirror.
public struct GitSource: Sendable {
    public enum Location: Sendable {
        case local(path: String)
        case remote(url: String, mirror: String)
    }

    public var location: Location
    /// The branch that is followed; the repository's default branch when `nil`.
    public var branch: String?

    public init(_ place: String, branch: String?, mirror: String) {
        location = GitMirror.isRemote(place) ? .remote(url: place, mirror: mirror) : .local(path: place)
        self.branch = branch
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
    public func refresh(timeout: TimeInterval = 120, isStopping: () -> Bool = { false }) throws(ControlError) {
        guard case .remote(let url, let mirror) = location else { return }
        try MirrorFetch.run(url: url, into: mirror, timeout: timeout, isStopping: isStopping)
    }

    public func open() throws(GitError) -> GitRepository {
        switch location {
        case .local(let path): try GitRepository(opening: path)
        case .remote(_, let mirror): try GitRepository(opening: mirror)
        }
    }

    /// A branch, as it is called and as git refers to it.
    public struct Head: Sendable, Equatable {
        public var branch: String
        /// `refs/heads/main`
        public var reference: String
    }

    /// Which branch is followed: the one that was asked for, else the one that the repository has checked out.
    public func settleHead(_ repository: GitRepository) throws(GitError) -> Head {
        if let branch { return Head(branch: branch, reference: "refs/heads/\(branch)") }
        guard let current = try repository.headBranch() else {
            throw GitError(.notFound("HEAD"), "no branch is checked out in `\(description)`; name the one to follow with --branch")
        }
        let head = Head(branch: current, reference: "refs/heads/\(current)")
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
                return Head(branch: branch, reference: reference)
            }
            throw error
        }
    }

    /// The newest commit of the branch.
    public func newestCommit(_ repository: GitRepository) throws(GitError) -> GitObjectID {
        try repository.resolve(try settleHead(repository).reference)
    }

    private static let usual = [
        ("main", "refs/heads/main"), ("master", "refs/heads/master"), ("origin/HEAD", "refs/remotes/origin/HEAD"),
        ("origin/main", "refs/remotes/origin/main"), ("origin/master", "refs/remotes/origin/master"),
    ]
}

/// Fetching in a child process, because libgit2 cannot be interrupted: a remote that hangs costs a child, not the daemon.
enum MirrorFetch {
    static func run(url: String, into mirror: String, timeout: TimeInterval, isStopping: () -> Bool) throws(ControlError) {
        let child = Process()
        child.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        child.arguments = ["fetch-mirror", mirror]
        // The address goes through the environment: a command line, with a credential in it, is readable by every user of the machine.
        child.environment = ProcessInfo.processInfo.environment.merging(["CHARTER_FETCH_URL": url]) { _, new in new }
        let errors = Pipe()
        child.standardError = errors
        // Its end, should we be killed, tells the child to end as well.
        let life = Pipe()
        child.standardInput = life
        defer { try? life.fileHandleForWriting.close() }
        child.standardOutput = FileHandle.nullDevice
        let done = DispatchSemaphore(value: 0)
        child.terminationHandler = { _ in done.signal() }
        do {
            try child.run()
        } catch {
            throw ControlError(.internalError, "the fetching process cannot be started: \(error.localizedDescription)")
        }
        let deadline = ContinuousClock.now + .seconds(timeout)
        while done.wait(timeout: .now() + 0.1) != .success {
            let isLate = ContinuousClock.now >= deadline
            guard isLate || isStopping() else { continue }
            kill(child.processIdentifier, SIGKILL)
            done.wait()
            let reason = isLate ? "did not answer within \(Int(timeout)) seconds" : "was not fetched to the end"
            throw ControlError(.tryAgain, "`\(GitMirror.redact(url))` \(reason)")
        }
        guard child.terminationStatus == 0 else {
            let text = String(decoding: errors.fileHandleForReading.availableData, as: UTF8.self).trimmingCharacters(
                in: .whitespacesAndNewlines)
            let isPassing = child.terminationReason == .uncaughtSignal || child.terminationStatus == ExitStatus.tryAgain.rawValue
            let status: ExitStatus = isPassing ? .tryAgain : .input
            throw ControlError(status, text.isEmpty ? "fetching `\(GitMirror.redact(url))` failed" : text)
        }
    }
}
