internal import CLibGit2

/// Bare copies of remote repositories.
public enum GitMirror {
    /// Whether the text is the address of a remote (a URL, or `user@host:path`) and not a local path.
    public static func isRemote(_ text: String) -> Bool { GitRemoteURL.isRemote(text) }

    /// The text with the credentials and query of every URL in it struck out, fit for logs.
    public static func redact(_ text: String) -> String { GitRemoteURL.redact(text) }

    /// Creates or updates a bare mirror in `directory`: all branches and tags of the remote, as they are there, and no others; `HEAD`
    /// follows the remote's.
    ///
    /// It runs in the calling process and cannot be interrupted: callers with a deadline run it in a child process, which they may kill
    /// at any moment. The next fetch clears away what the killed one left. Fetches into one directory wait for each other.
    ///
    /// Credentials: for ssh the agent, then `~/.ssh/id_ed25519`; for https the token in the environment variable `CHARTER_GIT_TOKEN`, or
    /// what the URL holds.
    ///
    /// - Parameters:
    ///   - url: `https://`, `ssh://`, `user@host:path`, `file:///` or an absolute path; `http://` only to this machine. Redirects to
    ///     another host, and from https to http, are refused.
    ///   - progress: called now and then with the objects received and expected.
    /// - Throws: `.network`, `.authentication`, `.untrustedHost`, `.timeout`, `.notFound`, and `.other` for a directory that is something
    ///   else.
    public static func fetch(
        url: String, into directory: String, progress: (_ received: Int, _ total: Int) -> Void = { _, _ in }
    ) throws(GitError) {
        try LibGit2.start()
        let remote = try GitRemoteURL(url)
        try remote.checkPresence()
        let mirror = try GitMirrorDirectory(preparing: directory, for: remote)
        defer { mirror.close() }
        var failure: GitError?
        // The callback's pointer is gone before this returns.
        withoutActuallyEscaping(progress) { progress in
            let callbacks = GitFetchCallbacks(remote: remote, progress: progress)
            do throws(GitError) {
                try fetch(remote, into: mirror.handle, callbacks)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }

    private static func fetch(_ url: GitRemoteURL, into repository: OpaquePointer, _ callbacks: GitFetchCallbacks) throws(GitError) {
        var createOptions = git_remote_create_options()
        createOptions.version = UInt32(GIT_REMOTE_CREATE_OPTIONS_VERSION)
        createOptions.repository = repository
        // `url.insteadOf` would send the request somewhere that has not been checked.
        createOptions.flags = GIT_REMOTE_CREATE_SKIP_INSTEADOF.rawValue | GIT_REMOTE_CREATE_SKIP_DEFAULT_FETCHSPEC.rawValue
        // Anonymous, so that the URL with its credentials is not written into the mirror.
        var created: OpaquePointer?
        try callbacks.check(git_remote_create_with_opts(&created, url.text, &createOptions))
        guard let remote = created else { throw GitError(.other, "libgit2 made no remote") }
        defer { git_remote_free(remote) }

        var connectOptions = git_remote_connect_options()
        try callbacks.check(git_remote_connect_options_init(&connectOptions, UInt32(GIT_REMOTE_CONNECT_OPTIONS_VERSION)))
        callbacks.install(in: &connectOptions.callbacks)
        connectOptions.follow_redirects = GIT_REMOTE_REDIRECT_NONE
        if url.transport == .https { connectOptions.proxy_opts.type = GIT_PROXY_AUTO }
        var fetchOptions = git_fetch_options()
        try callbacks.check(git_fetch_options_init(&fetchOptions, UInt32(GIT_FETCH_OPTIONS_VERSION)))
        fetchOptions.callbacks = connectOptions.callbacks
        fetchOptions.proxy_opts = connectOptions.proxy_opts
        fetchOptions.follow_redirects = GIT_REMOTE_REDIRECT_NONE
        fetchOptions.update_fetchhead = 0
        fetchOptions.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE

        try callbacks.check(git_remote_connect_ext(remote, GIT_DIRECTION_FETCH, &connectOptions))
        defer { git_remote_disconnect(remote) }
        let head = try defaultBranch(of: remote, callbacks)
        try withRefspecs(["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"]) { (refspecs) throws(GitError) in
            try callbacks.check(git_remote_download(remote, &refspecs, &fetchOptions))
        }
        // Before the new tips are written: a deleted branch `a` stands in the way of a new branch `a/b`.
        try callbacks.check(git_remote_prune(remote, &fetchOptions.callbacks))
        try callbacks.check(git_remote_update_tips(remote, &fetchOptions.callbacks, 0, GIT_REMOTE_DOWNLOAD_TAGS_NONE, "fetch"))
        if let head { try LibGit2.check(git_repository_set_head(repository, head), "pointing the mirror's HEAD at `\(head)`") }
        withExtendedLifetime(callbacks) {}
    }

    /// The full name of the branch that the remote's `HEAD` names; `nil` if it names none.
    private static func defaultBranch(of remote: OpaquePointer, _ callbacks: GitFetchCallbacks) throws(GitError) -> String? {
        var name = git_buf()
        let code = git_remote_default_branch(&name, remote)
        defer { git_buf_dispose(&name) }
        if code == LibGit2Code.notFound { return nil }
        try callbacks.check(code)
        let text = name.ptr.map { String(cString: $0) }
        return text?.hasPrefix("refs/heads/") == true ? text : nil
    }

    private static func withRefspecs(_ texts: [String], _ body: (inout git_strarray) throws(GitError) -> Void) throws(GitError) {
        var copies = texts.map { text in
            let copy = UnsafeMutablePointer<CChar>.allocate(capacity: text.utf8.count + 1)
            for (position, byte) in text.utf8.enumerated() { copy[position] = CChar(bitPattern: byte) }
            copy[text.utf8.count] = 0
            return UnsafeMutablePointer<CChar>?(copy)
        }
        defer { for copy in copies { copy?.deallocate() } }
        var failure: GitError?
        copies.withUnsafeMutableBufferPointer { buffer in
            var array = git_strarray(strings: buffer.baseAddress, count: buffer.count)
            do throws(GitError) { try body(&array) } catch { failure = error }
        }
        if let failure { throw failure }
    }
}
