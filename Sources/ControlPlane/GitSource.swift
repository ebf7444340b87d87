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

    /// Brings the mirror up to date; nothing to do for a local repository.
    public func refresh(timeout: TimeInterval = 120) throws(ControlError) {
        guard case .remote(let url, let mirror) = location else { return }
        try MirrorFetch.run(url: url, into: mirror, timeout: timeout)
    }

    public func open() throws(GitError) -> GitRepository {
        switch location {
        case .local(let path): try GitRepository(opening: path)
        case .remote(_, let mirror): try GitRepository(opening: mirror)
        }
    }

    /// The newest commit of the branch that is followed, and the branch's name.
    public func head(_ repository: GitRepository) throws(GitError) -> (branch: String, commit: GitObjectID) {
        if let branch { return (branch, try repository.resolve("refs/heads/\(branch)")) }
        let fallback = try repository.headBranch() ?? "HEAD"
        do throws(GitError) {
            return (fallback, try repository.resolve(fallback == "HEAD" ? "HEAD" : "refs/heads/\(fallback)"))
        } catch {
            // A clone of a repository whose HEAD names no branch (a git bundle's, often) has commits all the same.
            for (name, reference) in Self.usual {
                if let commit = try? repository.resolve(reference) { return (name, commit) }
            }
            throw error
        }
    }

    private static let usual = [
        ("main", "refs/heads/main"), ("master", "refs/heads/master"), ("origin/HEAD", "refs/remotes/origin/HEAD"),
        ("origin/main", "refs/remotes/origin/main"), ("origin/master", "refs/remotes/origin/master"),
    ]
}

/// Fetching in a child process, because libgit2 cannot be interrupted: a remote that hangs costs a child, not the daemon.
enum MirrorFetch {
    static func run(url: String, into mirror: String, timeout: TimeInterval) throws(ControlError) {
        let child = Process()
        child.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        child.arguments = ["fetch-mirror", mirror]
        // The address goes through the environment: a command line, with a credential in it, is readable by every user of the machine.
        child.environment = ProcessInfo.processInfo.environment.merging(["CHARTER_FETCH_URL": url]) { _, new in new }
        let errors = Pipe()
        child.standardError = errors
        child.standardInput = FileHandle.nullDevice
        child.standardOutput = FileHandle.nullDevice
        let done = DispatchSemaphore(value: 0)
        child.terminationHandler = { _ in done.signal() }
        do {
            try child.run()
        } catch {
            throw ControlError(.internalError, "the fetching process cannot be started: \(error.localizedDescription)")
        }
        guard done.wait(timeout: .now() + timeout) == .success else {
            kill(child.processIdentifier, SIGKILL)
            throw ControlError(.tryAgain, "`\(GitMirror.redact(url))` did not answer within \(Int(timeout)) seconds")
        }
        guard child.terminationStatus == 0 else {
            let text = String(decoding: errors.fileHandleForReading.availableData, as: UTF8.self).trimmingCharacters(
                in: .whitespacesAndNewlines)
            let status: ExitStatus = child.terminationStatus == ExitStatus.tryAgain.rawValue ? .tryAgain : .input
            throw ControlError(status, text.isEmpty ? "fetching `\(GitMirror.redact(url))` failed" : text)
        }
    }
}
