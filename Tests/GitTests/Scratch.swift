import Foundation
import Testing

@testable import Git

/// A folder that lives as long as the test, with the `git` command, whose settings are only those given here.
final class Scratch {
    struct CommandFailed: Error, CustomStringConvertible {
        let description: String
    }

    let path: String
    private var clock = 1_700_000_000

    init() throws {
        path = NSTemporaryDirectory().trimmingSuffix("/") + "/charter-git-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// A new repository in the folder `name`.
    func repository(_ name: String = "org", bare: Bool = false) throws -> String {
        let place = "\(path)/\(name)"
        try git(["init", "-q", "-b", "main"] + (bare ? ["--bare"] : []) + [place])
        return place
    }

    /// What the command prints, without the final line end.
    @discardableResult
    func git(_ arguments: [String], in folder: String? = nil, input: [UInt8] = []) throws -> String {
        String(decoding: try gitBytes(arguments, in: folder, input: input), as: UTF8.self).trimmingSuffix("\n")
    }

    func gitBytes(_ arguments: [String], in folder: String? = nil, input: [UInt8] = []) throws -> [UInt8] {
        clock += 1
        let settings = [
            "user.name=Ada", "user.email=ada@example.org", "init.defaultBranch=main", "protocol.file.allow=always", "gc.auto=0",
        ]
        let command = ["git", "-C", folder ?? path] + settings.flatMap { ["-c", $0] } + arguments
        let environment = [
            "PATH=" + (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"), "HOME=\(path)", "GIT_CONFIG_GLOBAL=/dev/null",
            "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_DATE=\(clock) +0000", "GIT_COMMITTER_DATE=\(clock) +0000", "LC_ALL=C",
        ]
        let output = "\(path)/.out-\(UUID().uuidString)"
        let errors = output + "-errors"
        let source = output + "-input"
        try Data(input).write(to: URL(fileURLWithPath: source))
        defer { for file in [output, errors, source] { try? FileManager.default.removeItem(atPath: file) } }
        // Files and not pipes: nothing fills up.
        guard try run(command, environment, source, output, errors) == 0 else {
            let text = String(decoding: FileManager.default.contents(atPath: errors) ?? Data(), as: UTF8.self)
            throw CommandFailed(description: "git \(arguments.joined(separator: " ")): \(text)")
        }
        return [UInt8](FileManager.default.contents(atPath: output) ?? Data())
    }

    /// Runs a command to its end. Foundation's `Process` needs run loops, of which tests in parallel have too few.
    private func run(_ command: [String], _ environment: [String], _ input: String, _ output: String, _ errors: String) throws -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT, 0o600)
        let argv = command.map { strdup($0) } + [nil]
        let envp = environment.map { strdup($0) } + [nil]
        defer { for pointer in argv + envp { free(pointer) } }
        var child: pid_t = 0
        let code = posix_spawnp(&child, "git", &actions, nil, argv, envp)
        guard code == 0 else { throw CommandFailed(description: "git cannot be run: \(String(cString: strerror(code)))") }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0 {
            guard errno == EINTR else { throw CommandFailed(description: "git was lost: \(String(cString: strerror(errno)))") }
        }
        return status
    }

    func write(_ text: String, _ file: String, in folder: String) throws {
        let place = URL(fileURLWithPath: "\(folder)/\(file)")
        try FileManager.default.createDirectory(at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: place)
    }

    /// Commits everything in the work tree.
    @discardableResult
    func commit(_ message: String = "change", in folder: String) throws -> GitObjectID {
        try git(["add", "-A"], in: folder)
        try git(["commit", "-q", "--allow-empty", "-m", message], in: folder)
        return try id("HEAD", in: folder)
    }

    func id(_ name: String, in folder: String) throws -> GitObjectID {
        try #require(GitObjectID(hex: try git(["rev-parse", name], in: folder)))
    }

    /// Writes a tree object as it is given, sound or not.
    func tree(_ entries: [(mode: String, name: [UInt8], id: GitObjectID)], in folder: String) throws -> GitObjectID {
        var bytes: [UInt8] = []
        for entry in entries { bytes += Array(entry.mode.utf8) + [0x20] + entry.name + [0] + entry.id.bytes }
        return try object("tree", bytes, in: folder)
    }

    func object(_ type: String, _ bytes: [UInt8], in folder: String) throws -> GitObjectID {
        let hex = try git(["hash-object", "-t", type, "--literally", "-w", "--stdin"], in: folder, input: bytes)
        return try #require(GitObjectID(hex: hex))
    }

    func commit(tree: GitObjectID, parent: GitObjectID? = nil, in folder: String) throws -> GitObjectID {
        // Written as it is: the command would refuse to commit some of the trees.
        var text = "tree \(tree)\n"
        if let parent { text += "parent \(parent)\n" }
        text += "author Ada <ada@example.org> 1700000000 +0000\ncommitter Ada <ada@example.org> 1700000000 +0000\n\nhand-made\n"
        return try object("commit", Array(text.utf8), in: folder)
    }

    /// The file of a loose object.
    func looseFile(_ id: GitObjectID, in folder: String) -> String {
        let hex = id.description
        return "\(folder)/.git/objects/\(hex.prefix(2))/\(hex.dropFirst(2))"
    }

    func overwrite(_ file: String, _ bytes: [UInt8]) throws {
        try FileManager.default.removeItem(atPath: file)
        try Data(bytes).write(to: URL(fileURLWithPath: file))
    }
}

extension String {
    fileprivate func trimmingSuffix(_ suffix: String) -> String { hasSuffix(suffix) ? String(dropLast(suffix.count)) : self }
}

/// The kind of the error that `body` throws.
func failure(_ body: () throws -> Void, _ location: SourceLocation = #_sourceLocation) -> GitError.Kind? {
    do {
        try body()
        Issue.record("nothing was thrown", sourceLocation: location)
    } catch let error as GitError {
        return error.kind
    } catch {
        Issue.record(error, sourceLocation: location)
    }
    return nil
}

extension GitError.Kind {
    /// The path of a refused tree.
    var unsafePath: String? {
        if case .unsafeTree(let path, _) = self { path } else { nil }
    }
}
