internal import CLibGit2

/// An open repository, read straight from its object database.
///
/// One handle belongs to one thread at a time; it is not `Sendable`. Opening another handle is cheap.
public final class GitRepository {
    /// The repository's root without a trailing slash: the work tree's, or the folder of a bare repository.
    public let path: String
    /// The work tree's root without a trailing slash; `nil` for a bare repository.
    public let workTree: String?
    /// The folder that holds `HEAD`: `.git`, or the folder of a bare repository.
    public let gitDirectory: String
    /// What all work trees of it share: the same, but for a linked work tree.
    public let commonDirectory: String

    // INVARIANT: both are live until `deinit`, and no pointer got from them leaves a method.
    let handle: OpaquePointer
    let database: OpaquePointer
    let looseObjects: LooseObjects
    var limits = GitTreeLimits()

    /// Opens the repository that holds `path`: a work tree, a folder anywhere inside one, or a bare repository.
    ///
    /// - Throws: `.notFound` for a path that does not exist, `.notARepository` where no repository holds it.
    public init(opening path: String) throws(GitError) {
        try LibGit2.start()
        try LibGit2.checkText(path, "the path of a repository")
        guard FileStatus.exists(path) else { throw GitError(.notFound(path), "`\(path)` does not exist") }
        var opened: OpaquePointer?
        let code = git_repository_open_ext(&opened, path, 0, nil)
        if code == LibGit2Code.notFound {
            throw GitError(.notARepository(path), "`\(path)` is not inside a git repository; run `git init`, or name another folder")
        }
        try LibGit2.check(code, "opening the repository at `\(path)`")
        guard let handle = opened else { throw GitError(.other, "opening the repository at `\(path)` returned nothing") }
        var found: OpaquePointer?
        let databaseCode = git_repository_odb(&found, handle)
        guard databaseCode >= 0, let database = found else {
            let error = LibGit2.failure(databaseCode, "opening the objects of the repository at `\(path)`")
            git_repository_free(handle)
            throw error
        }
        self.handle = handle
        self.database = database
        let common = Self.folder(git_repository_commondir(handle)) ?? path
        commonDirectory = common
        looseObjects = LooseObjects(folders: ObjectFolders.list(from: common + "/objects"))
        gitDirectory = Self.folder(git_repository_path(handle)) ?? path
        workTree = Self.folder(git_repository_workdir(handle))
        self.path = workTree ?? gitDirectory
    }

    deinit {
        git_odb_free(database)
        git_repository_free(handle)
    }

    /// Whether history was cut off when this was cloned.
    public var isShallow: Bool { git_repository_is_shallow(handle) == 1 }

    /// The branch that `HEAD` names, without `refs/heads/`, even before its first commit; `nil` for a detached `HEAD`.
    public func headBranch() throws(GitError) -> String? {
        var found: OpaquePointer?
        try LibGit2.check(git_reference_lookup(&found, handle, "HEAD"), "reading HEAD of `\(path)`")
        defer { git_reference_free(found) }
        guard git_reference_type(found) == GIT_REFERENCE_SYMBOLIC, let target = git_reference_symbolic_target(found) else { return nil }
        let name = String(cString: target)
        let prefix = "refs/heads/"
        return name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
    }

    private static func folder(_ path: UnsafePointer<CChar>?) -> String? {
        guard let path else { return nil }
        let text = String(cString: path)
        return text.count > 1 && text.hasSuffix("/") ? String(text.dropLast()) : text
    }
}
