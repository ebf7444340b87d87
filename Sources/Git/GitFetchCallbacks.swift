internal import CLibGit2
internal import Glibc

/// What libgit2 calls during one fetch, and the sense of what it returns.
final class GitFetchCallbacks {
    private let remote: GitRemoteURL
    private let progress: (Int, Int) -> Void
    private var offered: Set<Offer> = []

    /// Ways to prove who we are. Each is offered once: libgit2 asks again for as long as the server refuses.
    private enum Offer {
        case userName, agent, keyFile, token
    }

    init(remote: GitRemoteURL, progress: @escaping (Int, Int) -> Void) {
        self.remote = remote
        self.progress = progress
    }

    /// INVARIANT: the callbacks hold an unretained pointer to `self`, which the caller keeps alive until the fetch is over.
    func install(in callbacks: inout git_remote_callbacks) {
        callbacks.payload = Unmanaged.passUnretained(self).toOpaque()
        callbacks.transfer_progress = { stats, payload in
            guard let stats, let payload else { return 0 }
            let state = Unmanaged<GitFetchCallbacks>.fromOpaque(payload).takeUnretainedValue()
            state.progress(Int(stats.pointee.received_objects), Int(stats.pointee.total_objects))
            return 0
        }
        callbacks.credentials = { out, _, userName, allowed, payload in
            guard let out, let payload else { return GIT_EAUTH.rawValue }
            let state = Unmanaged<GitFetchCallbacks>.fromOpaque(payload).takeUnretainedValue()
            return state.credential(out, userName: userName.map { String(cString: $0) }, allowed: allowed)
        }
        // No certificate callback: without one libgit2 refuses certificates and host keys that it cannot verify.
    }

    private func credential(
        _ out: UnsafeMutablePointer<UnsafeMutablePointer<git_credential>?>, userName: String?, allowed: UInt32
    ) -> Int32 {
        func allows(_ type: git_credential_t) -> Bool { allowed & type.rawValue != 0 }
        if allows(GIT_CREDENTIAL_USERNAME), offered.insert(.userName).inserted {
            return git_credential_username_new(out, userName ?? "git")
        }
        if allows(GIT_CREDENTIAL_SSH_KEY) {
            let user = userName ?? "git"
            if getenv("SSH_AUTH_SOCK") != nil, offered.insert(.agent).inserted { return git_credential_ssh_key_from_agent(out, user) }
            if let home = getenv("HOME"), offered.insert(.keyFile).inserted {
                let key = String(cString: home) + "/.ssh/id_ed25519"
                if FileStatus.exists(key) { return git_credential_ssh_key_new(out, user, key + ".pub", key, nil) }
            }
        }
        if allows(GIT_CREDENTIAL_USERPASS_PLAINTEXT), remote.transport == .https, let token = getenv("CHARTER_GIT_TOKEN"),
            offered.insert(.token).inserted
        {
            return git_credential_userpass_plaintext_new(out, userName ?? "x-access-token", token)
        }
        git_error_set_str(Int32(GIT_ERROR_NET.rawValue), offered.isEmpty ? "no credentials to offer" : "the credentials were refused")
        return GIT_EAUTH.rawValue
    }

    /// Throws for a negative return code of a call that talks to the remote.
    func check(_ code: Int32) throws(GitError) {
        guard code < 0 else { return }
        let (message, category) = LibGit2.lastFailure()
        let source = "`\(GitRemoteURL.redact(remote.text))`"
        if code == LibGit2Code.authentication {
            let advice =
                switch remote.transport {
                case .https: "set CHARTER_GIT_TOKEN to a token that may read it"
                case .ssh: "load a key into the ssh agent, or put one at ~/.ssh/id_ed25519, that may read it"
                case .http, .local: "plain http offers no token; use https or ssh"
                }
            throw GitError(.authentication, "\(source) did not let us in: \(message); \(advice)")
        }
        if code == LibGit2Code.certificate {
            let advice = remote.transport == .ssh ? "; add the right key to ~/.ssh/known_hosts" : ""
            throw GitError(.untrustedHost, "the host of \(source) is not trusted: \(message)\(advice)")
        }
        if remote.transport == .local {
            throw GitError(.other, "fetching from \(source): \(message)")
        }
        // libgit2 has one code for all of these; only its words tell them apart.
        if message.contains("timed out") { throw GitError(.timeout, "\(source) did not answer in time: \(message)") }
        if message.contains("status code: 404") {
            throw GitError(.notFound(GitRemoteURL.redact(remote.text)), "\(source) does not exist, or is not for us to see: \(message)")
        }
        let networkCategories = [GIT_ERROR_NET, GIT_ERROR_OS, GIT_ERROR_SSL, GIT_ERROR_SSH, GIT_ERROR_HTTP].map { Int32($0.rawValue) }
        let kind: GitError.Kind = networkCategories.contains(category) ? .network : .other
        throw GitError(kind, "fetching from \(source): \(message)")
    }
}
