import ArgumentParser
import ControlPlane
import Foundation
import Git

/// The child process that fetches for `charter up`: libgit2 cannot be interrupted, a process can be killed.
struct FetchMirrorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fetch-mirror", abstract: "Bring the mirror of a remote repository up to date; the URL comes in CHARTER_FETCH_URL.",
        shouldDisplay: false)

    @Argument(help: "The mirror's folder.")
    var directory: String

    func run() throws {
        try Terminal.run {
            guard let url = ProcessInfo.processInfo.environment["CHARTER_FETCH_URL"] else {
                throw ControlError(.usage, "CHARTER_FETCH_URL is not set")
            }
            // Whoever started us holds the other end, and writes nothing: it ends when they do.
            Thread.detachNewThread {
                _ = FileHandle.standardInput.readDataToEndOfFile()
                _exit(ExitStatus.tryAgain.rawValue)
            }
            do throws(GitError) {
                try GitMirror.fetch(url: url, into: directory) { _, _ in }
            } catch {
                Terminal.out(MirrorFetch.line(error))
                throw ExitCode(ControlError(error).status.rawValue)
            }
        }
    }
}
