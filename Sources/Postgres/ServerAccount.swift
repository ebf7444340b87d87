import Glibc

/// The user that the server runs as: ourselves, or for root, whom Postgres refuses, a system user.
struct ServerAccount: Sendable {
    let name: String
    let user: uid_t
    let group: gid_t
    /// Whether programs have to be run under another user than we are.
    let isOther: Bool

    /// The account for a cluster whose data `owner` owns already, or for a new one.
    static func choose(owner: uid_t?) -> ServerAccount? {
        guard geteuid() == 0 else { return ServerAccount(name: "", user: geteuid(), group: getegid(), isOther: false) }
        if let owner, owner != 0 { return look(getpwuid(owner)) }
        return look(getpwnam("postgres")) ?? look(getpwnam("nobody"))
    }

    /// `arguments`, run as this account.
    func command(_ arguments: [String]) -> [String] {
        guard isOther else { return arguments }
        // Both are in util-linux; setpriv needs no PAM configuration, which slim images lack, but old ones lack setpriv.
        if ["/usr/bin/setpriv", "/bin/setpriv"].contains(where: { (path: String) in access(path, X_OK) == 0 }) {
            return ["setpriv", "--reuid=\(user)", "--regid=\(group)", "--clear-groups", "--"] + arguments
        }
        return ["runuser", "-u", name, "--"] + arguments
    }

    /// Gives a file or folder to this account.
    func take(_ path: String) throws(PrivateClusterError) {
        guard isOther else { return }
        guard chown(path, user, group) == 0 else {
            throw .unusableDirectory(path, reason: "it cannot be given to the user \(name): \(String(cString: strerror(errno)))")
        }
    }

    /// The first folder on the way to and including `path` that this account may not pass through.
    func obstacle(to path: String) -> String? {
        guard isOther else { return nil }
        var folder = ""
        for part in [""] + path.split(separator: "/").map(String.init) {
            folder += part.isEmpty ? "" : "/" + part
            var status = stat()
            guard stat(folder.isEmpty ? "/" : folder, &status) == 0 else { return nil }
            let bit = status.st_uid == user ? S_IXUSR : status.st_gid == group ? S_IXGRP : S_IXOTH
            if status.st_mode & mode_t(bit) == 0 { return folder.isEmpty ? "/" : folder }
        }
        return nil
    }

    private static func look(_ entry: UnsafeMutablePointer<passwd>?) -> ServerAccount? {
        guard let entry else { return nil }
        return ServerAccount(
            name: String(cString: entry.pointee.pw_name), user: entry.pointee.pw_uid, group: entry.pointee.pw_gid, isOther: true)
    }
}
