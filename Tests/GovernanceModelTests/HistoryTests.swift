import Diagnostics
import Foundation
import Git
import GovernanceModel
import TestSupport
import Testing

/// A real organisation's repository of many documents, where it is at hand.
@Suite struct HistoryTests {
    @Test(.enabled(if: SharedFiles.path("data/org-history.bundle") != nil, "the history of an organisation is not at hand"))
    func `the head of a long history is read without an error`() throws {
        let source = try #require(SharedFiles.path("data/org-history.bundle"))
        let path = FileManager.default.temporaryDirectory.path + "/charter-history-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: path) }
        try clone(source, into: path)
        let repository = try GitRepository(opening: path)
        let commit = try repository.resolve("HEAD")
        let reader = RepositoryReader()
        let snapshot = try reader.read(repository, commit: commit)
        let wrong = snapshot.diagnostics.filter { $0.severity != .note }
        #expect(wrong.isEmpty, "\(HumanRenderer(color: false, sources: snapshot.sources).render(Array(wrong.prefix(20))))")
        // Counted without YAML: a document is where a line says its kind.
        let files = try repository.files(in: commit, where: RepositoryReader.isDocument)
        let documents = try files.reduce(0) { count, file in
            let text = String(decoding: try repository.blob(file.blob, path: file.path, limit: DocumentReader.fileLimit), as: UTF8.self)
            return count + text.split(separator: "\n").count { $0.hasPrefix("kind:") }
        }
        #expect(snapshot.governance.count == documents && documents == 2290)
        #expect(snapshot.fileCount == files.count && snapshot.parsedCount == files.count)
        #expect(try reader.read(repository, commit: commit).parsedCount == 0)
    }

    private func clone(_ source: String, into path: String) throws {
        let command = ["git", "clone", "-q", "--bare", "-b", "main", source, path]
        let arguments = command.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var child: pid_t = 0
        let path = "PATH=" + (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")
        let environment = [strdup(path), nil]
        defer { for variable in environment { free(variable) } }
        #expect(posix_spawnp(&child, "git", nil, nil, arguments, environment) == 0)
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        #expect(status == 0)
    }
}
