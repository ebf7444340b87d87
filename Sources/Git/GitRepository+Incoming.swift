/// What a branch brings since a commit of it was last looked at.
public struct GitIncoming: Sendable {
    /// A commit, and the commits that it follows.
    public struct Commit: Sendable, Hashable {
        public let id: GitObjectID
        public let parents: [GitObjectID]

        public init(id: GitObjectID, parents: [GitObjectID]) {
            self.id = id
            self.parents = parents
        }
    }

    /// The commits that can be reached from the new one and not from the old one, parents before children.
    public let commits: [Commit]
    /// Whether the old commit can be reached from the new one; true if there is no old one.
    public let continuesOld: Bool
}

extension GitRepository {
    /// The commits that are reachable from `new` and not from `old`.
    ///
    /// - Parameter limit: more commits than these are an error.
    /// - Throws: `.shallow` if a shallow clone cannot tell, `.damagedObject` for a parent that is missing, `.tooManyCommits`.
    public func incoming(
        _ new: GitObjectID, after old: GitObjectID?, limit: Int = 100_000
    ) throws(GitError) -> GitIncoming {
        guard let old else { return try walk(new, excluding: [], after: nil, limit: limit) }
        _ = try commit(old)
        if let line = try straightLine(new, after: old, limit: limit) { return GitIncoming(commits: line, continuesOld: true) }
        var excluded: Set<GitObjectID> = []
        var pending = [old]
        while let id = pending.popLast() {
            if excluded.insert(id).inserted { pending += try parentsInFull(of: id) }
        }
        return try walk(new, excluding: excluded, after: old, limit: limit)
    }

    /// The usual case, for which the history before `old` need not be read: no merge since.
    private func straightLine(_ new: GitObjectID, after old: GitObjectID, limit: Int) throws(GitError) -> [GitIncoming.Commit]? {
        var line: [GitIncoming.Commit] = []
        var next = new
        while next != old {
            let parents = try parentsInFull(of: next)
            guard parents.count == 1, line.count < limit else { return nil }
            line.append(GitIncoming.Commit(id: next, parents: parents))
            next = parents[0]
        }
        return line.reversed()
    }

    private func walk(
        _ new: GitObjectID, excluding excluded: Set<GitObjectID>, after old: GitObjectID?, limit: Int
    ) throws(GitError) -> GitIncoming {
        var parents: [GitObjectID: [GitObjectID]] = [:]
        var commits: [GitIncoming.Commit] = []
        // A commit is on the stack once for its parents to be walked, and again, after them, to be listed.
        var pending: [(id: GitObjectID, isWalked: Bool)] = [(new, false)]
        while let (id, isWalked) = pending.popLast() {
            if isWalked {
                commits.append(GitIncoming.Commit(id: id, parents: parents[id] ?? []))
            } else if parents[id] == nil, !excluded.contains(id) {
                guard parents.count < limit else {
                    throw GitError(
                        .tooManyCommits(limit: limit),
                        "there are more than \(limit) commits that were not looked at yet; push them in smaller steps")
                }
                let found = try parentsInFull(of: id)
                parents[id] = found
                pending.append((id, true))
                // The first parent last, so that its side is listed first.
                pending += found.reversed().map { ($0, false) }
            }
        }
        let continuesOld = old.map { old in new == old || commits.contains { $0.parents.contains(old) } } ?? true
        return GitIncoming(commits: commits, continuesOld: continuesOld)
    }

    /// The parents of a commit that something names: its absence is damage, or the end of a shallow clone.
    private func parentsInFull(of id: GitObjectID) throws(GitError) -> [GitObjectID] {
        if let commit = try commitIfPresent(id) { return commit.parents }
        throw isShallow ? .shallow(at: id) : .damaged(id, "(a commit's parent) is missing")
    }
}
