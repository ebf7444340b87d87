internal import CLibGit2

extension GitRepository {
    /// Makes an empty repository with a work tree, folders included. A repository that is there already stays as it is.
    ///
    /// - Parameter branch: the one that the first commit begins.
    public static func create(at path: String, branch: String) throws(GitError) {
        try LibGit2.start()
        try LibGit2.checkText(path, "the path of a repository")
        try LibGit2.checkText(branch, "the name of a branch")
        var options = git_repository_init_options()
        try LibGit2.check(
            git_repository_init_options_init(&options, UInt32(GIT_REPOSITORY_INIT_OPTIONS_VERSION)), "making a repository at `\(path)`")
        options.flags = GIT_REPOSITORY_INIT_MKPATH.rawValue
        var made: OpaquePointer?
        let code = branch.withCString { name in
            options.initial_head = name
            return git_repository_init_ext(&made, path, &options)
        }
        try LibGit2.check(code, "making a repository at `\(path)`")
        git_repository_free(made)
    }
}
