internal import CLibGit2

/// The library's process-wide state, and the one way its return codes become errors.
enum LibGit2 {
    // A lazy static runs once however many threads ask first. The library is never shut down: it lives as long as the process.
    private static let startCode: Int32 = {
        let code = git_libgit2_init()
        guard code >= 0 else { return code }
        // A server reads repositories that belong to other users, and runs nothing that they configure.
        guard charter_git_set_owner_validation(0) >= 0 else { return -1 }
        guard charter_git_set_strict_hash_verification(1) >= 0 else { return -1 }
        // A reference must never outlive a power cut that its objects did not.
        guard charter_git_set_fsync(1) >= 0 else { return -1 }
        return 0
    }()

    /// Starts the library on the first call.
    static func start() throws(GitError) {
        guard startCode >= 0 else { throw failure(startCode, "starting libgit2") }
    }

    /// Throws for a negative return code; `doing` is what was being done, as "reading `x`".
    static func check(_ code: Int32, _ doing: @autoclosure () -> String) throws(GitError) {
        if code < 0 { throw failure(code, doing()) }
    }

    /// The library's account of the failure that has just been returned on this thread.
    ///
    /// INVARIANT: called before anything else on this thread calls the library, whose error text is per thread and overwritten.
    static func lastFailure() -> (message: String, category: Int32) {
        guard let last = git_error_last(), let text = last.pointee.message else { return ("no details given", 0) }
        return (GitRemoteURL.redact(String(cString: text)), last.pointee.klass)
    }

    /// The error for a return code that needs no kind of its own.
    static func failure(_ code: Int32, _ doing: String) -> GitError {
        let (message, _) = lastFailure()
        return GitError(.other, "\(doing): \(message) (libgit2 code \(code))")
    }

    /// Refuses text that C would cut short at a NUL.
    static func checkText(_ text: String, _ what: String) throws(GitError) {
        if text.utf8.contains(0) { throw GitError(.other, "\(what) contains a NUL character") }
    }
}

/// The return codes that decide something here.
enum LibGit2Code {
    static let notFound = GIT_ENOTFOUND.rawValue
    static let ambiguous = GIT_EAMBIGUOUS.rawValue
    static let unbornBranch = GIT_EUNBORNBRANCH.rawValue
    static let invalidName = GIT_EINVALIDSPEC.rawValue
    static let modified = GIT_EMODIFIED.rawValue
    static let locked = GIT_ELOCKED.rawValue
    static let iterationOver = GIT_ITEROVER.rawValue
    static let authentication = GIT_EAUTH.rawValue
    static let certificate = GIT_ECERTIFICATE.rawValue
}
