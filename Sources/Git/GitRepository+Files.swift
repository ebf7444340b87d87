/// A regular file in a commit.
public struct GitTreeFile: Sendable, Hashable {
    /// From the repository's root, without a leading slash.
    public let path: String
    public let blob: GitObjectID
    public let isExecutable: Bool

    public init(path: String, blob: GitObjectID, isExecutable: Bool) {
        self.path = path
        self.blob = blob
        self.isExecutable = isExecutable
    }
}

extension GitRepository {
    /// The files of a commit below `folder` for whose paths `isWanted` holds, bytewise sorted by path.
    ///
    /// Symbolic links, submodules and dangerous or doubled names are refused wherever they are below `folder`, wanted or not: a link may
    /// stand for a folder of wanted files, which would otherwise be silently absent.
    ///
    /// - Throws: `.pathNotFound` if `folder` is not in the commit, `.unsafeTree` naming the first offending path, `.damagedObject`.
    public func files(
        in commit: GitObjectID, under folder: String = "", where isWanted: (_ path: String) -> Bool = { _ in true }
    ) throws(GitError) -> [GitTreeFile] {
        let names = try GitPath.components(folder, limits: limits, isFolder: true)
        var walk = GitTreeWalk(repository: self, limits: limits)
        let root = try walk.descend(from: try self.commit(commit).tree, to: names)
        try walk.collect(root, at: names.joined(separator: "/"), depth: names.count + 1, where: isWanted)
        return walk.files
    }
}

/// One reading of a commit's tree, with what it has used of its limits.
private struct GitTreeWalk {
    let repository: GitRepository
    let limits: GitTreeLimits
    private(set) var files: [GitTreeFile] = []
    private var entriesSeen = 0

    init(repository: GitRepository, limits: GitTreeLimits) {
        self.repository = repository
        self.limits = limits
    }

    /// The tree of the folder `names`.
    func descend(from root: GitObjectID, to names: [String]) throws(GitError) -> GitObjectID {
        var tree = root
        var path = ""
        for name in names {
            let entries = try repository.tree(tree, at: path)
            path = GitPath.join(path, name)
            guard let entry = entries.first(where: { $0.name == name }) else {
                throw GitError(.pathNotFound(path), "there is no folder `\(path)` in the commit")
            }
            if let reason = entry.refusal { throw .unsafeTree(path, reason) }
            guard entry.isFolder else { throw GitError(.pathNotFound(path), "`\(path)` is a file in the commit, not a folder") }
            tree = entry.id
        }
        return tree
    }

    mutating func collect(_ tree: GitObjectID, at folder: String, depth: Int, where isWanted: (String) -> Bool) throws(GitError) {
        for entry in try repository.tree(tree, at: folder) {
            let path = GitPath.join(folder, entry.name)
            entriesSeen += 1
            if entriesSeen > limits.entries { throw .unsafeTree(path, "the tree has more than \(limits.entries) entries") }
            if path.utf8.count > limits.pathBytes { throw .unsafeTree(path, "the path is longer than \(limits.pathBytes) bytes") }
            if depth > limits.depth { throw .unsafeTree(path, "more than \(limits.depth) folders deep") }
            switch entry.kind {
            case .file(let isExecutable):
                if isWanted(path) { files.append(GitTreeFile(path: path, blob: entry.id, isExecutable: isExecutable)) }
            case .folder:
                try collect(entry.id, at: path, depth: depth + 1, where: isWanted)
            case .symbolicLink, .submodule:
                throw .unsafeTree(path, entry.refusal ?? "not a regular file")
            }
        }
    }
}
