extension GitRepository {
    /// The commits reachable from `tip`, newest first and every commit before its parents.
    ///
    /// - Parameters:
    ///   - firstParent: follow only first parents, the history of the branch itself.
    ///   - base: leaves out this commit and all its ancestors.
    ///   - limit: the most commits to return.
    /// - Throws: `.shallow` if the answer goes beyond the end of a shallow clone.
    public func history(
        from tip: GitObjectID, firstParent: Bool = false, until base: GitObjectID? = nil, limit: Int? = nil
    ) throws(GitError) -> [GitObjectID] {
        if let limit, limit <= 0 { return [] }
        return firstParent ? try firstParents(tip, until: base, limit: limit) : try allParents(tip, until: base, limit: limit)
    }

    /// Whether `ancestor` is `descendant` or can be reached from it.
    ///
    /// - Throws: `.shallow` if a shallow clone cannot tell.
    public func isAncestor(_ ancestor: GitObjectID, of descendant: GitObjectID) throws(GitError) -> Bool {
        _ = try commit(ancestor)
        _ = try commit(descendant)
        var graph = GitCommitGraph()
        if try graph.read(from: descendant, in: self, stopping: { $0 == ancestor }) { return true }
        if let edge = graph.edge { throw .shallow(at: edge) }
        return false
    }

    private func firstParents(_ tip: GitObjectID, until base: GitObjectID?, limit: Int?) throws(GitError) -> [GitObjectID] {
        if let base { _ = try commit(base) }
        var result: [GitObjectID] = []
        var next: GitObjectID? = tip
        var edge: GitObjectID?
        while let id = next, id != base, result.count < limit ?? .max {
            guard let parents = try parents(of: id, isTip: id == tip) else {
                edge = id
                break
            }
            result.append(id)
            next = parents.first
        }
        guard let base, next != base else {
            if let edge { throw .shallow(at: edge) }
            return result
        }
        // `base` is off the chain: what it reaches of the chain is the chain's end.
        var excluded = GitCommitGraph()
        _ = try excluded.read(from: base, in: self, stopping: { _ in false })
        if let cut = result.firstIndex(where: { excluded.commits[$0] != nil }) { return Array(result[..<cut]) }
        if let edge = edge ?? excluded.edge, result.count < limit ?? .max { throw .shallow(at: edge) }
        return result
    }

    private func allParents(_ tip: GitObjectID, until base: GitObjectID?, limit: Int?) throws(GitError) -> [GitObjectID] {
        _ = try commit(tip)
        var excluded = GitCommitGraph()
        if let base {
            _ = try commit(base)
            _ = try excluded.read(from: base, in: self, stopping: { _ in false })
        }
        var graph = GitCommitGraph(excluding: excluded.commits)
        _ = try graph.read(from: tip, in: self, stopping: { _ in false })
        let result = graph.newestFirst(limit: limit ?? .max)
        if let edge = graph.edge, result.count < limit ?? .max { throw .shallow(at: edge) }
        return result
    }

    /// The parents of a commit; `nil` beyond the end of a shallow clone.
    private func parents(of id: GitObjectID, isTip: Bool) throws(GitError) -> [GitObjectID]? {
        if isTip { return try commit(id).parents }
        if let commit = try commitIfPresent(id) { return commit.parents }
        guard isShallow else { throw .damaged(id, "(a commit's parent) is missing") }
        return nil
    }
}

/// The commits reached from one, with what orders them.
private struct GitCommitGraph {
    struct Node {
        let parents: [GitObjectID]
        let time: Int64
    }

    private(set) var commits: [GitObjectID: Node] = [:]
    /// A commit that a shallow clone lacks.
    private(set) var edge: GitObjectID?
    private let excluded: [GitObjectID: Node]

    init(excluding excluded: [GitObjectID: Node] = [:]) {
        self.excluded = excluded
    }

    /// Reads everything reachable; true as soon as a commit is met for which `isGoal` holds.
    mutating func read(
        from tip: GitObjectID, in repository: GitRepository, stopping isGoal: (GitObjectID) -> Bool
    ) throws(GitError) -> Bool {
        let isShallow = repository.isShallow
        var pending = [tip]
        while let id = pending.popLast() {
            if isGoal(id) { return true }
            if commits[id] != nil || excluded[id] != nil { continue }
            guard let commit = try repository.commitIfPresent(id) else {
                guard isShallow else { throw .damaged(id, "(a commit's parent) is missing") }
                edge = id
                continue
            }
            commits[id] = Node(parents: commit.parents, time: commit.time)
            // The first parent is taken first: what is looked for mostly lies on the branch itself, not far down.
            pending.append(contentsOf: commit.parents.reversed())
        }
        return false
    }

    /// The commits in order of time, except that none comes before all its children have.
    func newestFirst(limit: Int) -> [GitObjectID] {
        var childrenLeft: [GitObjectID: Int] = [:]
        for node in commits.values {
            for parent in node.parents where commits[parent] != nil { childrenLeft[parent, default: 0] += 1 }
        }
        var ready = commits.keys.filter { childrenLeft[$0] == nil }.compactMap(candidate)
        var result: [GitObjectID] = []
        while result.count < limit, let next = ready.popLast() {
            result.append(next.id)
            for parent in commits[next.id]?.parents ?? [] {
                guard let left = childrenLeft[parent] else { continue }
                childrenLeft[parent] = left - 1
                if left == 1, let candidate = candidate(parent) { ready.pushCandidate(candidate) }
            }
        }
        return result
    }

    private func candidate(_ id: GitObjectID) -> Candidate? {
        commits[id].map { Candidate(time: $0.time, id: id) }
    }
}

/// A commit all of whose children have been listed. Equal times are settled by id, so that the order is always the same.
private struct Candidate: Comparable {
    let time: Int64
    let id: GitObjectID

    static func < (left: Self, right: Self) -> Bool { (left.time, left.id) < (right.time, right.id) }
}

extension [Candidate] {
    /// Keeps the array sorted, the latest last. As many are ready at once as there are parallel branches: few.
    fileprivate mutating func pushCandidate(_ candidate: Candidate) {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < candidate { low = middle + 1 } else { high = middle }
        }
        insert(candidate, at: low)
    }

}
