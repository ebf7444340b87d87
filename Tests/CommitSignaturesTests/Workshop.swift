import Foundation
import Testing

@testable import CommitSignatures

/// A folder that lives as long as the test, with keys in it and the programs of OpenSSH and GnuPG.
final class Workshop {
    struct CommandFailed: Error, CustomStringConvertible {
        let description: String
    }

    let path: String
    private var hasAgent = false

    init() throws {
        // Short: a gpg-agent's socket must fit into 108 bytes.
        path = "/tmp/charter-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(
            atPath: path + "/gpg", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    deinit {
        if hasAgent { _ = try? run(["gpgconf", "--kill", "gpg-agent"]) }
        // An agent that ends removes its sockets meanwhile, which can make a removal fail.
        for _ in 0..<100 where FileManager.default.fileExists(atPath: path) { try? FileManager.default.removeItem(atPath: path) }
    }

    /// What the command prints. Its output goes to a file: Foundation's `Process` needs run loops, of which tests in parallel have too few.
    @discardableResult
    func run(_ command: [String], input: [UInt8] = []) throws -> [UInt8] {
        let name = "\(path)/run-\(UUID().uuidString)"
        try Data(input).write(to: URL(fileURLWithPath: name + "-in"))
        defer { for end in ["-in", "-out", "-err"] { try? FileManager.default.removeItem(atPath: name + end) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, name + "-in", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, name + "-out", O_WRONLY | O_CREAT, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, name + "-err", O_WRONLY | O_CREAT, 0o600)
        let argv = command.map { strdup($0) } + [nil]
        let environment = [
            "PATH=" + (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"), "HOME=\(path)", "GNUPGHOME=\(path)/gpg", "LC_ALL=C",
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

    /// Makes a key pair; the private key's path.
    func sshKey(_ type: String = "ed25519", bits: Int? = nil) throws -> String {
        let key = "\(path)/key-\(UUID().uuidString.prefix(8))"
        try run(["ssh-keygen", "-q", "-t", type] + (bits.map { ["-b", "\($0)"] } ?? []) + ["-N", "", "-C", "a comment", "-f", key])
        return key
    }

    func publicKey(_ key: String) throws -> SSHPublicKey { try SSHPublicKey(text: try publicText(key)) }

    func publicText(_ key: String) throws -> String {
        try String(contentsOfFile: key + ".pub", encoding: .utf8).trimmingCharacters(in: .newlines)
    }

    /// The armoured signature of `message`.
    func sign(_ message: [UInt8], _ key: String, namespace: String = "git", hash: String = "sha512") throws -> [UInt8] {
        try run(["ssh-keygen", "-q", "-Y", "sign", "-f", key, "-n", namespace, "-O", "hashalg=\(hash)"], input: message)
    }

    /// Makes an OpenPGP key; its fingerprint.
    func pgpKey(_ user: String, expires: String = "0", madeAt time: String? = nil) throws -> String {
        // One that gpg starts itself it waits five seconds for.
        if !hasAgent { try run(["gpg-agent", "--daemon"]) }
        hasAgent = true
        try gpg(
            (time.map { ["--faked-system-time", $0] } ?? []) + ["--passphrase", "", "--quick-gen-key", user, "ed25519", "sign", expires])
        let listed = String(decoding: try gpg(["--with-colons", "--list-keys", user]), as: UTF8.self)
        return try #require(listed.split(separator: "\n").first { $0.hasPrefix("fpr:") }?.split(separator: ":").last.map(String.init))
    }

    @discardableResult
    func gpg(_ arguments: [String], input: [UInt8] = []) throws -> [UInt8] {
        try run(["gpg", "--batch", "--quiet", "--no-tty", "--pinentry-mode", "loopback"] + arguments, input: input)
    }

    func keyring() throws -> OpenPGPKeyring {
        let file = "\(path)/ring-\(UUID().uuidString.prefix(8)).gpg"
        try gpg(["--export", "--output", file])
        return try OpenPGPKeyring(path: file)
    }
}

/// The kind of the error that `body` throws.
func failure(_ body: () throws -> Void, _ location: SourceLocation = #_sourceLocation) -> SignatureError.Kind? {
    do {
        try body()
        Issue.record("nothing was thrown", sourceLocation: location)
    } catch let error as SignatureError {
        return error.kind
    } catch {
        Issue.record(error, sourceLocation: location)
    }
    return nil
}

/// The same numbers in every run.
struct Noise: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
