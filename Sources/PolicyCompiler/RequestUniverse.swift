import Patterns

/// What requests can be about, as far as documents name it: the axes of the match index.
///
/// Resources are entries: the models, then the declared types, each type as a whole. Actions are those that some document names, and one
/// more for all others.
struct RequestUniverse {
    struct Model {
        var name: String
        var provider: UInt32
        var tags: [String]
    }

    var models: [Model]
    var types: [String]
    var actions: [String]

    var entryCount: Int { models.count + types.count }
    /// The unknown action included.
    var actionCount: Int { actions.count + 1 }

    /// Whether globs match the action; the last one is that which no document names.
    func covers(_ globs: [String], action: Int) -> Coverage {
        Coverage.any(
            globs.lazy.map { glob in
                if action < actions.count { return Glob.matches(actions[action], glob) ? .yes : .no }
                return glob.matchesEverything ? .yes : glob.hasStar ? .perhaps : .no
            })
    }

    func covers(_ globs: [MatchDimensions.TypedGlob], entry: Int) -> Coverage {
        Coverage.any(
            globs.lazy.map { glob in
                if entry < models.count {
                    return Glob.matches("model", glob.type) && Glob.matches(models[entry].name, glob.glob) ? .yes : .no
                }
                guard Glob.matches(types[entry - models.count], glob.type) else { return .no }
                return glob.glob.matchesEverything ? .yes : .perhaps
            })
    }

    /// Whether a policy is about the entry.
    func covers(_ match: MatchDimensions, not exceptions: MatchDimensions, entry: Int) -> Coverage {
        var result = Coverage.yes
        for part in results(match, entry) {
            if part == .no { return .no }
            if part == .perhaps { result = .perhaps }
        }
        for part in results(exceptions, entry) {
            if part == .yes { return .no }
            if part == .perhaps { result = .perhaps }
        }
        return result
    }

    /// Of each dimension given that is about resources.
    private func results(_ match: MatchDimensions, _ entry: Int) -> [Coverage] {
        var results: [Coverage] = []
        let model = entry < models.count ? models[entry] : nil
        if let resources = match.resources { results.append(covers(resources, entry: entry)) }
        if let list = match.models { results.append(model != nil && Self.contains(list, UInt32(entry)) ? .yes : .no) }
        if let list = match.providers { results.append(model.map { Self.contains(list, $0.provider) } ?? false ? .yes : .no) }
        if let globs = match.tags {
            let tags = model?.tags ?? []
            results.append(globs.contains { glob in tags.contains { Glob.matches($0, glob) } } ? .yes : .no)
        }
        return results
    }

    /// Whether a policy is about the action.
    func covers(_ match: [String]?, not exceptions: [String]?, action: Int) -> Coverage {
        let included = match.map { covers($0, action: action) } ?? .yes
        let excluded = exceptions.map { covers($0, action: action) } ?? .no
        if included == .no || excluded == .yes { return .no }
        return included == .perhaps || excluded == .perhaps ? .perhaps : .yes
    }

    /// In a sorted list.
    private static func contains(_ list: [UInt32], _ value: UInt32) -> Bool {
        var (low, high) = (0, list.count)
        while low < high {
            let middle = (low + high) / 2
            if list[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low < list.count && list[low] == value
    }
}
