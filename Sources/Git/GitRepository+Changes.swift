/// A path whose content or mode differs between two commits.
public struct GitChange: Sendable, Hashable {
    public let path: String
    /// The blob before; `nil` for an added file, and where a submodule was.
    public let old: GitObjectID?
    /// The blob after; `nil` for a deleted file. Equal to `old` if only the mode changed.
    public let new: GitObjectID?

    public init(path: String, old: GitObjectID?, new: GitObjectID?) {
        self.path = path
        self.old = old
        self.new = new
    }
}

extension GitRepository {
    /// The paths that differ between two commits, bytewise sorted; renames are a deletion and an addition. `nil` stands for an empty tree.
    ///
    /// Symbolic links and submodules are refused where `new` brings them, and tolerated in `old`, so that the commit that removes one can
    /// be read. They are not noticed in folders that did not change.
    public func changedPaths(from old: GitObjectID?, to new: GitObjectID) throws(GitError) -> [GitChange] {
        var comparison = GitTreeComparison(repository: self, limits: limits)
        var oldTree: GitObjectID?
        if let old { oldTree = try commit(old).tree }
        let newTree = try commit(new).tree
        if oldTree != newTree { try comparison.compare(oldTree, newTree, at: "", depth: 1) }
        return comparison.changes
    }
}

/// A walk down two trees in step, into the folders that differ.
private struct GitTreeComparison {
    let repository: GitRepository
    let limits: GitTreeLimits
    private(set) var changes: [GitChange] = []
    private var entriesSeen = 0

    init(repository: GitRepository, limits: GitTreeLimits) {
        self.repository = repository
        self.limits = limits
    }

    mutating func compare(_ old: GitObjectID?, _ new: GitObjectID?, at folder: String, depth: Int) throws(GitError) {
        var olds: ArraySlice<GitTreeEntry> = []
        var news: ArraySlice<GitTreeEntry> = []
        if let old { olds = try repository.tree(old, at: folder)[...] }
        if let new { news = try repository.tree(new, at: folder)[...] }
        // A file and a folder of one name are two keys in git's order, so that a file that became a folder is a deletion and additions.
        while true {
            switch (olds.first, news.first) {
            case (nil, nil):
                return
            case (let left?, let right?) where left.name == right.name && left.isFolder == right.isFolder:
                olds.removeFirst()
                news.removeFirst()
                if left != right { try record(left, right, in: folder, depth) }
            case (let left?, let right?):
                if GitPath.precedes(left.name.utf8, left.isFolder, right.name.utf8, right.isFolder) {
                    olds.removeFirst()
                    try record(left, nil, in: folder, depth)
                } else {
                    news.removeFirst()
                    try record(nil, right, in: folder, depth)
                }
            case (let left?, nil):
                olds.removeFirst()
                try record(left, nil, in: folder, depth)
            case (nil, let right?):
                news.removeFirst()
                try record(nil, right, in: folder, depth)
            }
        }
    }

    /// Records one differing pair, which are both folders or both not.
    private mutating func record(_ old: GitTreeEntry?, _ new: GitTreeEntry?, in folder: String, _ depth: Int) throws(GitError) {
        guard let name = (new ?? old)?.name else { return }
        let path = GitPath.join(folder, name)
        entriesSeen += 1
        if entriesSeen > limits.entries { throw .unsafeTree(path, "more than \(limits.entries) entries differ") }
        if path.utf8.count > limits.pathBytes { throw .unsafeTree(path, "the path is longer than \(limits.pathBytes) bytes") }
        if depth > limits.depth { throw .unsafeTree(path, "more than \(limits.depth) folders deep") }
        if let reason = new?.refusal { throw .unsafeTree(path, reason) }
        if old?.isFolder == true || new?.isFolder == true {
            try compare(old?.id, new?.id, at: path, depth: depth + 1)
        } else {
            changes.append(GitChange(path: path, old: old?.kind == .submodule ? nil : old?.id, new: new?.id))
        }
    }
}
