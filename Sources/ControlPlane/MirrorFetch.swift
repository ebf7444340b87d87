import Foundation
import Git
import JSON
import Waiting

/// Fetching in a child process, because libgit2 cannot be interrupted: a remote that hangs costs a child, not the daemon.
public enum MirrorFetch {
    /// Why the mirror could not be brought up to date.
    public struct Failure: Error, Sendable {
        /// One CamelCase word.
        public var reason: String
        public var needsHelp: Bool
        public var error: ControlError
    }

    static func run(url: String, into mirror: String, timeout: TimeInterval, isStopping: () -> Bool) throws(Failure) {
        let child = Process()
        child.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        child.arguments = ["fetch-mirror", mirror]
        // The address goes through the environment: a command line, with a credential in it, is readable by every user of the machine.
        child.environment = ProcessInfo.processInfo.environment.merging(["CHARTER_FETCH_URL": url]) { _, new in new }
        let answer = Pipe()
        child.standardOutput = answer
        child.standardError = FileHandle.nullDevice
        // Its end, should we be killed, tells the child to end as well.
        let life = Pipe()
        child.standardInput = life
        defer { try? life.fileHandleForWriting.close() }
        let done = WakeUp()
        child.terminationHandler = { _ in done.signal() }
        do {
            try child.run()
        } catch {
            let message = "the fetching process cannot be started: \(error.localizedDescription)"
            throw Failure(reason: "FetchFailed", needsHelp: false, error: ControlError(.internalError, message))
        }
        let deadline = ContinuousClock.now + .seconds(timeout)
        while !done.wait(.milliseconds(100)) {
            let isLate = ContinuousClock.now >= deadline
            guard isLate || isStopping() else { continue }
            kill(child.processIdentifier, SIGKILL)
            while !done.wait(.seconds(1)) {}
            let what = isLate ? "did not answer within \(timeout.formatted()) seconds" : "was not fetched to the end"
            throw Failure(
                reason: "FetchTimedOut", needsHelp: false, error: ControlError(.tryAgain, "`\(GitMirror.redact(url))` \(what)"))
        }
        if child.terminationReason == .exit, child.terminationStatus == 0 { return }
        throw decode(answer.fileHandleForReading.availableData, url)
    }

    /// What the child says of a failure, in one line.
    public static func line(_ error: GitError) -> String {
        let status = ControlError(error).status
        return JSONWriter.text([
            "reason": .string(error.statusReason), "needsHelp": .bool(error.needsHelp), "status": .int(Int64(status.rawValue)),
            "message": .string(error.message),
        ])
    }

    private static func decode(_ data: Data, _ url: String) -> Failure {
        guard let json = try? JSONParser.parse(Array(data)), let reason = json["reason"]?.stringValue,
            case .bool(let needsHelp)? = json["needsHelp"], case .int(let code)? = json["status"],
            let status = ExitStatus(rawValue: Int32(clamping: code)), let message = json["message"]?.stringValue
        else {
            // It was killed, or ended in some other way without a word.
            let message = "fetching `\(GitMirror.redact(url))` failed: the fetching process ended without an answer"
            return Failure(reason: "FetchFailed", needsHelp: false, error: ControlError(.tryAgain, message))
        }
        return Failure(reason: reason, needsHelp: needsHelp, error: ControlError(status, message))
    }
}

extension GitError {
    /// One CamelCase word for conditions and metrics.
    var statusReason: String {
        switch kind {
        case .notFound(let what):
            what.hasPrefix("refs/tags/")
                ? "TagNotFound"
                : what.hasPrefix("refs/") ? "BranchNotFound" : GitObjectID(hex: what) == nil ? "RepositoryNotFound" : "CommitNotFound"
        case .pathNotFound: "PathNotFound"
        case .notARepository: "RepositoryNotFound"
        case .emptyRepository: "EmptyRepository"
        case .unsafeTree: "UnsafeTree"
        case .damagedObject: "RepositoryDamaged"
        case .tooLarge, .tooManyCommits: "TooLarge"
        case .ambiguous, .referenceMoved: "ReferenceAmbiguous"
        case .shallow: "ShallowRepository"
        case .network: "FetchFailed"
        case .authentication: "AuthenticationFailed"
        case .untrustedHost: "HostNotTrusted"
        case .timeout: "FetchTimedOut"
        case .other: "SourceFailed"
        }
    }

    /// Whether somebody has to do something about it: it does not pass by itself.
    var needsHelp: Bool {
        switch kind {
        case .network, .timeout, .other: false
        case .notFound, .pathNotFound, .notARepository, .emptyRepository, .unsafeTree, .damagedObject, .tooLarge, .ambiguous,
            .referenceMoved, .shallow, .tooManyCommits, .authentication, .untrustedHost:
            true
        }
    }
}
