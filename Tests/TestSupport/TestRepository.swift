import Foundation

/// A git repository with a work tree.
package struct TestRepository {
    package let path: String

    /// An empty one.
    package init(at path: String) throws {
        self.path = path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try git("init", "--quiet", "--initial-branch=main")
    }

    /// One that is there already.
    package init(existing path: String) { self.path = path }

    /// A copy of an example, not committed.
    private static func copy(of example: String, at path: String) throws -> TestRepository {
        // The sources may be reached through a symbolic link.
        let here = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        let folder = here.appendingPathComponent("../../../examples/" + example).standardizedFileURL.path
        try FileManager.default.copyItem(atPath: folder, toPath: path)
        return try TestRepository(at: path)
    }

    /// The small example without models, committed.
    package static func todo(at path: String) throws -> TestRepository {
        let repository = try copy(of: "authzen-todo", at: path)
        try repository.commit("Begin governance as code")
        return repository
    }

    /// The example organisation, committed; drift is looked for every 200 milliseconds.
    package static func acme(at path: String, drift: String = "correct") throws -> TestRepository {
        let repository = try copy(of: "acme", at: path)
        try repository.replace("interval: 5s", with: "interval: 200ms", in: "organization.yaml")
        try repository.replace("drift: correct", with: "drift: \(drift)", in: "organization.yaml")
        try repository.commit("Begin governance as code")
        return repository
    }

    /// Runs git; what it prints, without the last line break.
    @discardableResult
    package func git(_ arguments: String..., input: Data = Data()) throws -> String {
        let settings = ["user.name=Test", "user.email=test@acme.example", "commit.gpgSign=false", "protocol.file.allow=always"]
        let child = try ChildProgram(
            ["git"] + settings.flatMap { ["-c", $0] } + arguments, in: path, input: Array(input))
        guard try child.wait() == 0 else { throw Failure("git \(arguments): \(child.errors)") }
        return child.output.trimmingCharacters(in: .newlines)
    }

    package func write(_ text: String, to file: String) throws {
        let place = URL(fileURLWithPath: path).appendingPathComponent(file)
        try FileManager.default.createDirectory(at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(to: place, atomically: true, encoding: .utf8)
    }

    package func read(_ file: String) throws -> String { try String(contentsOfFile: path + "/" + file, encoding: .utf8) }

    package func replace(_ old: String, with new: String, in file: String) throws {
        let text = try read(file)
        guard text.contains(old) else { throw Failure("`\(old)` is not in \(file)") }
        try write(text.replacing(old, with: new), to: file)
    }

    package func remove(_ file: String) throws { try FileManager.default.removeItem(atPath: path + "/" + file) }

    /// Commits everything in the work tree; the commit's id.
    @discardableResult
    package func commit(_ message: String) throws -> String {
        try git("add", "--all")
        try git("commit", "--quiet", "--allow-empty", "--message", message)
        return try head
    }

    package var head: String { get throws { try git("rev-parse", "HEAD") } }
}

extension TestRepository {
    /// A person of their own.
    package func addUser(_ name: String, email: String? = nil) throws {
        try write(
            """
            apiVersion: charter/v1
            kind: User
            metadata: {name: \(name)}
            spec: {email: \(email ?? "\(name)@acme.example"), displayName: \(name)}

            """, to: "users/\(name).yaml")
    }

    /// Changes the limit of the policy `costly-requests-need-approval`.
    package func setCostLimit(from old: String = "0.50", to new: String) throws {
        try replace("estimate.cost > \(old)", with: "estimate.cost > \(new)", in: "policies/costly-requests-need-approval.yaml")
    }
}
