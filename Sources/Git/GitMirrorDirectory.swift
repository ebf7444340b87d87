internal import CLibGit2
internal import FoundationEssentials
internal import Glibc

/// The folder of a mirror, held by this process alone while it is fetched into.
struct GitMirrorDirectory {
    // INVARIANT: both are live until `close`.
    let handle: OpaquePointer
    private let lock: Int32

    // Says that pruning here deletes nobody's work. It holds the URL without credentials.
    private static let marker = "charter.mirror"

    init(preparing directory: String, for remote: GitRemoteURL) throws(GitError) {
        try LibGit2.checkText(directory, "the mirror's directory")
        var path = directory
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        if !FileStatus.exists(path + "/HEAD") { try Self.create(path, GitRemoteURL.redact(remote.text)) }
        handle = try Self.open(path, GitRemoteURL.redact(remote.text))
        do throws(GitError) {
            lock = try Self.takeLock(path)
        } catch {
            git_repository_free(handle)
            throw error
        }
        Self.sweep(path)
    }

    func close() {
        git_repository_free(handle)
        // Closing releases the lock, as does the death of the process.
        Glibc.close(lock)
    }

    /// Makes the mirror beside its place and moves it there whole, so that a killed process leaves none that is half made.
    private static func create(_ path: String, _ url: String) throws(GitError) {
        let temporary = "\(path).new-\(UUID().uuidString)"
        var options = git_repository_init_options()
        try LibGit2.check(
            git_repository_init_options_init(&options, UInt32(GIT_REPOSITORY_INIT_OPTIONS_VERSION)), "preparing the mirror")
        options.flags = GIT_REPOSITORY_INIT_BARE.rawValue | GIT_REPOSITORY_INIT_MKDIR.rawValue | GIT_REPOSITORY_INIT_MKPATH.rawValue
        var repository: OpaquePointer?
        try LibGit2.check(git_repository_init_ext(&repository, temporary, &options), "making the mirror `\(path)`")
        defer {
            git_repository_free(repository)
            // Gone already if it was moved into place.
            try? FileManager.default.removeItem(atPath: temporary)
        }
        var config: OpaquePointer?
        try LibGit2.check(git_repository_config(&config, repository), "marking the mirror `\(path)`")
        defer { git_config_free(config) }
        try LibGit2.check(git_config_set_string(config, marker, url), "marking the mirror `\(path)`")
        guard rename(temporary, path) != 0 else { return }
        let reason = errno
        // Another process may have been faster; what is there is checked next in either case.
        if reason == ENOTEMPTY || reason == EEXIST, FileStatus.exists(path + "/HEAD") { return }
        throw GitError(.other, "making the mirror `\(path)`: \(String(cString: strerror(reason))); name an empty or a new folder")
    }

    private static func takeLock(_ path: String) throws(GitError) -> Int32 {
        let descriptor = Glibc.open(path + "/charter-fetch", O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw GitError(.other, "locking the mirror `\(path)`: \(String(cString: strerror(errno)))")
        }
        while flock(descriptor, LOCK_EX) != 0 {
            let reason = errno
            if reason == EINTR { continue }
            Glibc.close(descriptor)
            throw GitError(.other, "locking the mirror `\(path)`: \(String(cString: strerror(reason)))")
        }
        return descriptor
    }

    private static func open(_ path: String, _ url: String) throws(GitError) -> OpaquePointer {
        var opened: OpaquePointer?
        try LibGit2.check(git_repository_open_bare(&opened, path), "opening the mirror `\(path)`")
        guard let repository = opened else { throw GitError(.other, "opening the mirror `\(path)` returned nothing") }
        do throws(GitError) {
            let owner = try markedURL(of: repository, path)
            guard owner == url else {
                let what = owner.map { "a mirror of `\($0)`" } ?? "not a mirror that Charter made"
                throw GitError(.other, "`\(path)` is \(what); name another folder for the mirror of `\(url)`")
            }
            return repository
        } catch {
            git_repository_free(repository)
            throw error
        }
    }

    private static func markedURL(of repository: OpaquePointer, _ path: String) throws(GitError) -> String? {
        var config: OpaquePointer?
        try LibGit2.check(git_repository_config_snapshot(&config, repository), "reading the settings of the mirror `\(path)`")
        defer { git_config_free(config) }
        var value: UnsafePointer<CChar>?
        let code = git_config_get_string(&value, config, marker)
        if code == LibGit2Code.notFound { return nil }
        try LibGit2.check(code, "reading the settings of the mirror `\(path)`")
        return value.map { String(cString: $0) }
    }

    /// Removes what a killed fetch left: reference locks, which would block every later fetch, and partial packs.
    ///
    /// INVARIANT: the lock is held, and nothing but fetches writes here.
    private static func sweep(_ path: String) {
        let manager = FileManager.default
        func list(_ folder: String) -> [String] { ((try? manager.contentsOfDirectory(atPath: folder)) ?? []).map { "\(folder)/\($0)" } }
        let references = ((try? manager.subpathsOfDirectory(atPath: path + "/refs")) ?? []).map { "\(path)/refs/\($0)" }
        // Git allows no reference a name that ends so.
        var leftovers = (list(path) + references).filter { $0.hasSuffix(".lock") }
        let packs = path + "/objects/pack"
        leftovers += list(packs).filter { $0.hasPrefix(packs + "/pack_git2_") || $0.hasSuffix(".lock") }
        for file in leftovers {
            // What cannot be removed makes libgit2 say so.
            try? manager.removeItem(atPath: file)
        }
    }
}
