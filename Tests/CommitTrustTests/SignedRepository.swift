import ControlPlane
import Foundation
import Git
import GovernanceModel
import Testing

/// A git repository in a folder that lives as long as this object, with the keys of the people who commit to it.
final class SignedRepository {
    struct CommandFailed: Error, CustomStringConvertible {
        let description: String
    }

    /// With what a commit is signed.
    enum Key {
        /// The private key's path.
        case ssh(String)
        /// The fingerprint.
        case openPGP(String)
    }

    let path: String
    private let scratch: String
    private var clock = 1_700_000_000
    private var hasAgent = false

    init() throws {
        // Short: a gpg-agent's socket must fit into 108 bytes.
        scratch = "/tmp/charter-\(UUID().uuidString.prefix(8))"
        path = scratch + "/org"
        try FileManager.default.createDirectory(
            atPath: scratch + "/gpg", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        try run(["git", "init", "-q", "-b", "main", path])
    }

    deinit {
        if hasAgent { _ = try? run(["gpgconf", "--kill", "gpg-agent"]) }
        // An agent that ends removes its sockets meanwhile, which can make a removal fail.
        for _ in 0..<100 where FileManager.default.fileExists(atPath: scratch) { try? FileManager.default.removeItem(atPath: scratch) }
    }

    func open() throws -> GitRepository { try GitRepository(opening: path) }

    // MARK: Keys

    func sshKey() throws -> String {
        let key = "\(scratch)/key-\(UUID().uuidString.prefix(8))"
        try run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key])
        return key
    }

    func publicText(_ key: String) throws -> String {
        try String(contentsOfFile: key + ".pub", encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Makes an OpenPGP key; its fingerprint.
    func pgpKey(_ user: String, expires: String = "0", madeAt time: String? = nil) throws -> String {
        // One that gpg starts itself it waits five seconds for.
        if !hasAgent { try run(["gpg-agent", "--daemon"]) }
        hasAgent = true
        let making = (time.map { ["--faked-system-time", $0] } ?? []) + ["--passphrase", "", "--quick-gen-key", user, "ed25519", "sign"]
        try gpg(making + [expires])
        let listed = try gpg(["--with-colons", "--list-keys", user])
        return try #require(listed.split(separator: "\n").first { $0.hasPrefix("fpr:") }?.split(separator: ":").last.map(String.init))
    }

    @discardableResult
    func gpg(_ arguments: [String], input: String = "") throws -> String {
        try run(["gpg", "--batch", "--quiet", "--no-tty", "--pinentry-mode", "loopback"] + arguments, input: Array(input.utf8))
    }

    func revoke(_ fingerprint: String) throws {
        let certificate = try String(contentsOfFile: "\(scratch)/gpg/openpgp-revocs.d/\(fingerprint).rev", encoding: .utf8)
        try gpg(["--import"], input: certificate.replacingOccurrences(of: ":---", with: "---"))
    }

    /// The public keys that there are, in a file.
    func keyring() throws -> String {
        let file = "\(scratch)/ring-\(UUID().uuidString.prefix(8)).gpg"
        try gpg(["--export", "--output", file])
        return file
    }

    func file(_ text: String) throws -> String {
        let file = "\(scratch)/file-\(UUID().uuidString.prefix(8))"
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        return file
    }

    // MARK: Commits

    /// A commit of a change that is always a new one.
    @discardableResult
    func commit(by author: String = "ada@example.org", _ key: Key? = nil, at time: Int? = nil) throws -> GitObjectID {
        clock += 1
        try Data("\(clock)\n".utf8).write(to: URL(fileURLWithPath: "\(path)/file-\(clock)"))
        try git(["add", "-A"])
        try git(signing(key) + ["commit", "-q", "-m", "change", "--author", "Somebody <\(author)>"] + (key == nil ? [] : ["-S"]), at: time)
        return try head()
    }

    /// Merges a branch into the one that is checked out.
    func merge(_ branch: String, _ key: Key? = nil) throws -> GitObjectID {
        clock += 1
        try git(signing(key) + ["merge", "-q", "--no-ff", "-m", "merge", branch] + (key == nil ? [] : ["-S"]))
        return try head()
    }

    func head() throws -> GitObjectID { try #require(GitObjectID(hex: try git(["rev-parse", "HEAD"]))) }

    /// The commit's bytes.
    func raw(_ id: GitObjectID) throws -> [UInt8] {
        try runForBytes(["git", "-C", path, "cat-file", "commit", id.description])
    }

    /// Writes a commit as it is given, sound or not.
    func write(_ raw: [UInt8]) throws -> GitObjectID {
        let hex = try run(["git", "-C", path, "hash-object", "-t", "commit", "--literally", "-w", "--stdin"], input: raw)
        return try #require(GitObjectID(hex: hex))
    }

    /// The text of the header that signs, with its name and its line end; and the rest.
    func separated(_ id: GitObjectID) throws -> (header: String, rest: String) {
        let text = String(decoding: try raw(id), as: UTF8.self)
        let start = try #require(text.range(of: "gpgsig ")).lowerBound
        let end = try #require(text.range(of: "-----END", range: start..<text.endIndex))
        let line = try #require(text.range(of: "\n", range: end.lowerBound..<text.endIndex)).upperBound
        return (String(text[start..<line]), String(text[..<start]) + text[line...])
    }

    /// A commit with another header that signs.
    func joined(_ rest: String, _ header: String) throws -> GitObjectID {
        let end = try #require(rest.range(of: "\n\n")).lowerBound
        let place = rest.index(after: end)
        return try write(Array((rest[..<place] + header + rest[place...]).utf8))
    }

    /// A header with an SSH signature for any purpose.
    func header(signing payload: String, _ key: String, namespace: String) throws -> String {
        let signature = try run(["ssh-keygen", "-q", "-Y", "sign", "-f", key, "-n", namespace], input: Array(payload.utf8))
        return "gpgsig " + signature.split(separator: "\n").joined(separator: "\n ") + "\n"
    }

    private func signing(_ key: Key?) -> [String] {
        switch key {
        case nil: []
        case .ssh(let path): ["-c", "gpg.format=ssh", "-c", "user.signingkey=\(path)"]
        case .openPGP(let fingerprint): ["-c", "user.signingkey=\(fingerprint)"]
        }
    }

    // MARK: Commands

    @discardableResult
    func git(_ arguments: [String], at time: Int? = nil) throws -> String {
        let settings = ["user.name=Ada", "user.email=ada@example.org", "gc.auto=0", "protocol.file.allow=always"].flatMap { ["-c", $0] }
        return try run(["git", "-C", path] + settings + arguments, at: time)
    }

    @discardableResult
    func run(_ command: [String], input: [UInt8] = [], at time: Int? = nil) throws -> String {
        let text = String(decoding: try runForBytes(command, input: input, at: time), as: UTF8.self)
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }

    /// What the command prints. Its output goes to a file: Foundation's `Process` needs run loops, of which tests in parallel have too few.
    private func runForBytes(_ command: [String], input: [UInt8] = [], at time: Int? = nil) throws -> [UInt8] {
        let name = "\(scratch)/run-\(UUID().uuidString)"
        try Data(input).write(to: URL(fileURLWithPath: name + "-in"))
        defer { for end in ["-in", "-out", "-err"] { try? FileManager.default.removeItem(atPath: name + end) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, name + "-in", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, name + "-out", O_WRONLY | O_CREAT, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, name + "-err", O_WRONLY | O_CREAT, 0o600)
        let argv = command.map { strdup($0) } + [nil]
        let when = time ?? clock
        let environment: [String] = [
            "PATH=" + (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"), "HOME=\(scratch)", "GNUPGHOME=\(scratch)/gpg",
            "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_DATE=\(when) +0000", "GIT_COMMITTER_DATE=\(when) +0000",
            "LC_ALL=C",
        ]
        let envp = environment.map { strdup($0) } + [nil]
        defer { for pointer in argv + envp { free(pointer) } }
        var child: pid_t = 0
        guard posix_spawnp(&child, command[0], &actions, nil, argv, envp) == 0 else {
            throw CommandFailed(description: "\(command[0]) cannot be run; see deploy/install-packages.sh")
        }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0 {
            guard errno == EINTR else { throw CommandFailed(description: "\(command[0]) was lost") }
        }
        guard status == 0 else {
            let text = String(decoding: FileManager.default.contents(atPath: name + "-err") ?? Data(), as: UTF8.self)
            throw CommandFailed(description: "\(command.joined(separator: " ")): \(text)")
        }
        return [UInt8](FileManager.default.contents(atPath: name + "-out") ?? Data())
    }
}

/// An organisation that says whom it trusts.
enum TrustingOrganization {
    static func make(_ reconcile: String = "{signatures: required}", signers: [String] = []) throws -> Organization {
        let list = signers.isEmpty ? "" : "\n  trustedSigners:\n" + signers.map { "    - {\($0)}\n" }.joined()
        let text = """
            apiVersion: charter/v1
            kind: Organization
            metadata: {name: acme}
            spec:
              displayName: Acme
              currency: USD
              reconcile: \(reconcile)\(list)
            """
        let (governance, diagnostics) = Governance.link([DocumentReader.read(Array(text.utf8), path: "organization.yaml")])
        #expect(diagnostics.filter { $0.severity == .error }.map(\.message) == [])
        return try #require(governance.organization)
    }
}
