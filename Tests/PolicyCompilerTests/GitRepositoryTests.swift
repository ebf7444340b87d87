import Diagnostics
import Foundation
import Git
import GovernanceModel
import PolicyCompiler
import Testing

/// Repositories read from git's object database, hostile ones included.
@Suite struct GitRepositoryTests {
    private static let organization = """
        apiVersion: charter/v1
        kind: Organization
        metadata: {name: acme}
        spec: {displayName: Acme, currency: USD}

        """
    private static let user = """
        apiVersion: charter/v1
        kind: User
        metadata: {name: ada}
        spec: {email: ada@acme.example}

        """

    private static func read(_ path: String, _ reader: RepositoryReader = RepositoryReader()) throws -> RepositorySnapshot {
        let repository = try GitRepository(opening: path)
        return try reader.read(repository, commit: repository.resolve("HEAD"))
    }

    private static func kind(_ path: String) -> GitError.Kind? {
        do {
            _ = try read(path)
            return nil
        } catch let error as GitError { return error.kind } catch { return nil }
    }

    @Test func `a commit is read from the object database, whatever lies in the work tree`() throws {
        let scratch = try ScratchRepository()
        try scratch.write(Self.organization, "organization.yaml")
        try scratch.write(Self.user, "users/ada.yml")
        try scratch.write("not: a document\n", ".github/workflow.yaml")
        try scratch.write("not: a document\n", "docs/.hidden.yaml")
        try scratch.write("text", "README.md")
        try scratch.commit()
        try scratch.write("broken: [", "users/ada.yml")
        let snapshot = try Self.read(scratch.path)
        #expect(snapshot.diagnostics.isEmpty && snapshot.governance.count == 2 && snapshot.fileCount == 2)
        #expect(snapshot.commit?.summary == "change" && snapshot.governance.find(.user, "ada")?.span.path == "users/ada.yml")
    }

    @Test func `what was parsed once is not parsed again`() throws {
        let scratch = try ScratchRepository()
        try scratch.write(Self.organization, "organization.yaml")
        try scratch.write(Self.user, "ada.yaml")
        try scratch.commit()
        let reader = RepositoryReader()
        #expect(try Self.read(scratch.path, reader).parsedCount == 2)
        #expect(try Self.read(scratch.path, reader).parsedCount == 0)
        try scratch.write(Self.user.replacingOccurrences(of: "name: ada", with: "name: alan"), "alan.yaml")
        try scratch.commit()
        let third = try Self.read(scratch.path, reader)
        #expect(third.parsedCount == 1 && third.governance.count == 3)
        try scratch.git(["mv", "alan.yaml", "users.yaml"])
        try scratch.commit()
        let fourth = try Self.read(scratch.path, reader)
        #expect(fourth.parsedCount == 1, "spans name the path, so a moved file is parsed again")
        #expect(fourth.governance.find(.user, "alan")?.span.path == "users.yaml")
    }

    @Test func `findings of the compile stage are shown with their lines too`() throws {
        let scratch = try ScratchRepository()
        try scratch.write(Self.organization, "organization.yaml")
        try scratch.write(Self.user.replacingOccurrences(of: "spec: {", with: "spec: {attributes: {size: 1}, "), "ada.yaml")
        try scratch.commit()
        let repository = try GitRepository(opening: scratch.path)
        let reader = RepositoryReader()
        var snapshot = try reader.read(repository, commit: repository.resolve("HEAD"))
        #expect(snapshot.sources.isEmpty)
        let result = PolicyCompiler.compile(snapshot.governance, origin: nil, isLinked: true, now: 0)
        #expect(result.diagnostics.map(\.code) == [.attributeType] && result.bundle == nil)
        reader.addSources(for: result.diagnostics, to: &snapshot, from: repository)
        #expect(HumanRenderer(color: false, sources: snapshot.sources).render(result.diagnostics).contains("^^^^"))
    }

    @Test func `a symbolic link is refused`() throws {
        let scratch = try ScratchRepository()
        try scratch.write(Self.organization, "organization.yaml")
        try FileManager.default.createSymbolicLink(atPath: scratch.path + "/users.yaml", withDestinationPath: "/etc/passwd")
        try scratch.commit()
        guard case .unsafeTree("users.yaml", _)? = Self.kind(scratch.path) else {
            Issue.record("\(String(describing: Self.kind(scratch.path)))")
            return
        }
        #expect(throws: DirectoryError.self) { try RepositoryReader().read(directory: scratch.path) }
    }

    @Test func `a link to a folder is refused on disk too`() throws {
        let scratch = try ScratchRepository()
        try scratch.write(Self.organization, "organization.yaml")
        try FileManager.default.createSymbolicLink(atPath: scratch.path + "/more", withDestinationPath: "/etc")
        #expect(throws: DirectoryError.self) { try RepositoryReader().read(directory: scratch.path) }
    }

    @Test func `a submodule is refused`() throws {
        let inner = try ScratchRepository()
        try inner.write(Self.user, "ada.yaml")
        try inner.commit()
        let scratch = try ScratchRepository()
        try scratch.write(Self.organization, "organization.yaml")
        try scratch.git(["submodule", "add", "-q", inner.path, "users"])
        try scratch.commit()
        guard case .unsafeTree("users", _)? = Self.kind(scratch.path) else {
            Issue.record("\(String(describing: Self.kind(scratch.path)))")
            return
        }
    }

    @Test(.timeLimit(.minutes(20))) func `a file of fifty megabytes is refused by its size, and the others are read`() throws {
        let scratch = try ScratchRepository()
        try scratch.write(Self.organization, "organization.yaml")
        try scratch.write(String(repeating: "# filler\n", count: 50 * 1024 * 1024 / 9), "large.yaml")
        try scratch.commit()
        for snapshot in [try Self.read(scratch.path), try RepositoryReader().read(directory: scratch.path)] {
            #expect(snapshot.diagnostics.map(\.code) == [.fileTooLarge])
            #expect(snapshot.diagnostics.first?.message == "the file has 52428798 bytes, the limit is 8388608")
            #expect(snapshot.governance.count == 1)
        }
    }

    @Test func `a repository without documents says so`() throws {
        let scratch = try ScratchRepository()
        try scratch.write("Nothing.\n", "README.md")
        try scratch.commit()
        #expect(try Self.read(scratch.path).diagnostics.map(\.code) == [.noDocuments])
    }

    @Test func `a damaged object is an error, never absent`() throws {
        let scratch = try ScratchRepository()
        try scratch.write(Self.organization, "organization.yaml")
        try scratch.write(Self.user, "ada.yaml")
        try scratch.commit()
        let id = try scratch.git(["rev-parse", "HEAD:ada.yaml"])
        try FileManager.default.removeItem(atPath: "\(scratch.path)/.git/objects/\(id.prefix(2))/\(id.dropFirst(2))")
        #expect(throws: GitError.self) { try Self.read(scratch.path) }
    }

    @Test func `a folder that is not there is an error`() {
        #expect(throws: DirectoryError.self) { try RepositoryReader().read(directory: "/nowhere/at/all") }
        #expect(throws: DirectoryError.self) { try RepositoryReader().read(directory: #filePath) }
    }

    @Test(.timeLimit(.minutes(20))) func `a file of a hundred thousand labels or unknown fields is checked in reasonable time`() {
        let labels = (0..<100_000).map { "k\($0): v" }.joined(separator: ", ")
        let many = "apiVersion: charter/v1\nkind: User\nmetadata: {name: ada, labels: {\(labels)}}\nspec: {email: a@b.c}\n"
        let good = DocumentReader.read(Array(many.utf8), path: "a.yaml")
        #expect(good.diagnostics.isEmpty && good.documents.first?.labels.count == 100_000)
        let bad = DocumentReader.read(
            Array("apiVersion: charter/v1\nkind: User\nmetadata: {name: ada}\nspec: {email: a@b.c, \(labels)}\n".utf8), path: "a.yaml")
        #expect(bad.diagnostics.count == 100_000)
    }
}

/// A git repository in a folder that lives as long as the test.
final class ScratchRepository {
    struct CommandFailed: Error, CustomStringConvertible {
        let description: String
    }

    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/charter-repository-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try git(["init", "-q", "-b", "main"])
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ text: String, _ file: String) throws {
        let place = URL(fileURLWithPath: path + "/" + file)
        try FileManager.default.createDirectory(at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: place)
    }

    func commit() throws {
        try git(["add", "-A"])
        try git(["commit", "-q", "-m", "change"])
    }

    /// What the command prints, without the final line end. Its settings are only those given here.
    @discardableResult
    func git(_ arguments: [String]) throws -> String {
        let settings = [
            "user.name=Ada", "user.email=ada@acme.example", "protocol.file.allow=always", "gc.auto=0", "core.bigFileThreshold=1m",
        ]
        let command = ["git", "-C", path] + settings.flatMap { ["-c", $0] } + arguments
        let environment = [
            "PATH=" + (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"), "HOME=\(path)", "GIT_CONFIG_GLOBAL=/dev/null",
            "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C",
        ]
        let output = path + "-output"
        defer { try? FileManager.default.removeItem(atPath: output) }
        // `posix_spawn` into a file: Foundation's `Process` needs run loops, of which tests in parallel have too few.
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        let argv = command.map { strdup($0) } + [nil]
        let envp = environment.map { strdup($0) } + [nil]
        defer { for pointer in argv + envp { free(pointer) } }
        var child: pid_t = 0
        guard posix_spawnp(&child, "git", &actions, nil, argv, envp) == 0 else { throw CommandFailed(description: "git cannot be run") }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0 {
            guard errno == EINTR else { throw CommandFailed(description: "git was lost") }
        }
        let text = String(decoding: FileManager.default.contents(atPath: output) ?? Data(), as: UTF8.self).trimmingCharacters(in: .newlines)
        guard status == 0 else { throw CommandFailed(description: "git \(arguments.joined(separator: " ")): \(text)") }
        return text
    }
}
