import Diagnostics
import Foundation
import Git
import GovernanceModel
import TestSupport
import Testing

@testable import Reconciler

/// A git repository in a folder that lives as long as this object. Commands are run by the `git` program, with settings of their own.
final class TestRepository {
    struct CommandFailed: Error, CustomStringConvertible {
        let description: String
    }

    let path: String
    private let scratch: String
    private var clock = 1_700_000_000

    /// A new repository with what `directory` holds, or one cloned from `bundle`.
    init(copying directory: String? = nil, cloning bundle: String? = nil) throws {
        scratch = try TemporaryDirectory.make()
        path = scratch + "/org"
        if let bundle {
            // The bundle names no HEAD.
            try git(["clone", "-q", "-b", "main", bundle, path], in: scratch)
            return
        }
        try git(["init", "-q", "-b", "main", path], in: scratch)
        if let directory {
            for entry in try FileManager.default.contentsOfDirectory(atPath: directory) {
                try FileManager.default.copyItem(atPath: directory + "/" + entry, toPath: path + "/" + entry)
            }
        }
        try commit()
    }

    deinit { try? FileManager.default.removeItem(atPath: scratch) }

    /// What the command prints, without the final line end. Its output goes to a file: Foundation's `Process` needs run loops, of which
    /// tests in parallel have too few.
    @discardableResult
    func git(_ arguments: [String], in folder: String? = nil) throws -> String {
        clock += 1
        let settings = ["user.name=Ada", "user.email=ada@example.org", "gc.auto=0"].flatMap { ["-c", $0] }
        let output = "\(scratch)/output-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: output) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        let argv = (["git", "-C", folder ?? path] + settings + arguments).map { strdup($0) } + [nil]
        let environment = [
            "PATH=" + (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"), "HOME=\(scratch)", "GIT_CONFIG_GLOBAL=/dev/null",
            "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_DATE=\(clock) +0000", "GIT_COMMITTER_DATE=\(clock) +0000", "LC_ALL=C",
        ]
        let envp = environment.map { strdup($0) } + [nil]
        defer { for pointer in argv + envp { free(pointer) } }
        var child: pid_t = 0
        guard posix_spawnp(&child, "git", &actions, nil, argv, envp) == 0 else { throw CommandFailed(description: "git cannot be run") }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0 {
            guard errno == EINTR else { throw CommandFailed(description: "git was lost") }
        }
        let text = String(decoding: FileManager.default.contents(atPath: output) ?? Data(), as: UTF8.self)
        guard status == 0 else { throw CommandFailed(description: "git \(arguments.joined(separator: " ")): \(text)") }
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }

    func write(_ text: String, to file: String) throws {
        let place = URL(fileURLWithPath: "\(path)/\(file)")
        try FileManager.default.createDirectory(at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: place)
    }

    func text(of file: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(file)")), as: UTF8.self)
    }

    /// Commits everything in the work tree.
    @discardableResult
    func commit() throws -> GitObjectID {
        try git(["add", "-A"])
        try git(["commit", "-q", "--allow-empty", "-m", "change"])
        return try #require(GitObjectID(hex: try git(["rev-parse", "HEAD"])))
    }

    /// The commits of the first parents, the oldest first.
    func history() throws -> [GitObjectID] {
        try git(["rev-list", "--first-parent", "--reverse", "main"]).split(separator: "\n").compactMap { GitObjectID(hex: String($0)) }
    }
}

/// What lies beside this file in the repository, and beside the repository.
enum Places {
    /// The example organisation, which has documents of every kind.
    static var acme: String? { above("examples/acme/organization.yaml").map { String($0.dropLast("/organization.yaml".count)) } }

    /// The recorded history of an organisation.
    static var history: String? { SharedFiles.path("data/org-history.bundle") }

    /// The nearest `path` on the way up from this file.
    private static func above(_ path: String) -> String? {
        var folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        while folder.path != "/" {
            folder.deleteLastPathComponent()
            let candidate = folder.appendingPathComponent(path).path
            if FileManager.default.fileExists(atPath: candidate) { return candidate }
        }
        return nil
    }
}

/// A small organisation as files, to be changed by a test.
struct SmallOrganization {
    var files: [String: String] = [
        "organization.yaml": document("Organization", "acme", "{displayName: Acme, currency: USD}"),
        "roles.yaml": document("Role", "reader", "{permissions: [{actions: [llm.chat], resources: ['model:*']}]}"),
        "ada.yaml": document("User", "ada", "{email: ada@example.org, displayName: Ada, roles: [reader]}"),
        "bob.yaml": document("User", "bob", "{email: bob@example.org, attributes: {clearance: 3}}"),
        "cleo.yaml": document("User", "cleo", "{email: cleo@example.org}"),
        "atlas.yaml": document("Team", "atlas", "{displayName: Atlas, members: [{user: ada, role: maintainer}, {user: bob}]}"),
    ]

    static func document(_ kind: String, _ name: String, _ spec: String) -> String {
        "apiVersion: charter/v1\nkind: \(kind)\nmetadata: {name: \(name)}\nspec: \(spec)\n"
    }

    func governance() throws -> Governance {
        let parsed = files.sorted { $0.key < $1.key }.map { DocumentReader.read(Array($0.value.utf8), path: $0.key) }
        let (governance, diagnostics) = Governance.link(parsed)
        #expect(diagnostics.filter { $0.severity == .error }.map(\.message) == [])
        return governance
    }

    /// What the database must hold, under a commit id made of `digit`.
    func desired(_ digit: Character = "a", bundle: String = "bundle") throws -> DesiredState {
        DesiredState(governance: try governance(), commit: String(repeating: digit, count: 40), bundleDigest: bundle)
    }
}
