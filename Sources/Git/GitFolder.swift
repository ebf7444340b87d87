/// A folder in the trees of a repository.
public enum GitFolder {
    /// The folder as paths of a tree begin with it: without slashes at its ends.
    ///
    /// - Throws: `.pathNotFound` for what cannot be a folder of any tree: an absolute path, an empty one, one with `.`, `..`, `.git` or an
    ///   empty name in it.
    public static func checked(_ text: String) throws(GitError) -> String {
        func refused(_ why: String) -> GitError {
            GitError(.pathNotFound(text), "`\(text)` is no folder of a repository: \(why); name it from the root, as in `governance/acme`")
        }
        if text.hasPrefix("/") { throw refused("it is an absolute path") }
        if text.isEmpty { throw refused("it is empty") }
        do throws(GitError) {
            return try GitPath.components(text, limits: GitTreeLimits(), isFolder: true).joined(separator: "/")
        } catch {
            guard case .unsafeTree(_, let reason) = error.kind else { throw error }
            throw refused(reason)
        }
    }
}
