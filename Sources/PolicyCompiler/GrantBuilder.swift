import GovernanceModel
import PolicyBundle

/// Writes what roles permit: bitmaps of resources where that needs no look at the request, and the permissions that do need one.
struct GrantBuilder {
    let universe: RequestUniverse
    /// Bitmaps that have been written.
    private var known: [[UInt64]: UInt32] = [:]
    /// By role, then action.
    private(set) var grants: [UInt32] = []

    init(universe: RequestUniverse) { self.universe = universe }

    /// What one permission covers.
    struct Reach {
        var actionBits: UInt32
        var entryBits: UInt32
        var isExact: Bool
        /// Actions and resources that it covers whatever the request says.
        fileprivate var actions: [Int]
        fileprivate var entries: [UInt64]
        /// Whether something remains to be looked at.
        var isResidual: Bool
    }

    mutating func reach(_ permission: Role.Permission, _ writer: inout BundleWriter) -> Reach {
        let globs = permission.actions.map(\.value)
        let resources = permission.resources.map { MatchDimensions.TypedGlob($0.value) }
        var isExact = true
        var actions: [Int] = []
        var actionWords = [UInt64](repeating: 0, count: BundleFormat.bitmapWords(universe.actionCount))
        for action in 0..<universe.actionCount {
            let coverage = universe.covers(globs, action: action)
            if coverage == .yes { actions.append(action) }
            if coverage != .no { actionWords[action / 64] |= 1 << UInt64(action % 64) }
            if coverage == .perhaps { isExact = false }
        }
        var entries = [UInt64](repeating: 0, count: BundleFormat.bitmapWords(universe.entryCount))
        var all = entries
        for entry in 0..<universe.entryCount {
            let coverage = universe.covers(resources, entry: entry)
            if coverage == .yes { entries[entry / 64] |= 1 << UInt64(entry % 64) }
            if coverage != .no { all[entry / 64] |= 1 << UInt64(entry % 64) }
            if coverage == .perhaps { isExact = false }
        }
        return Reach(
            actionBits: bitmap(actionWords, &writer), entryBits: bitmap(all, &writer), isExact: isExact, actions: actions, entries: entries,
            isResidual: permission.when != nil || !isExact)
    }

    /// Adds a role by what its unconditional permissions reach.
    mutating func add(_ unconditional: [Reach], _ writer: inout BundleWriter) {
        var rows = [[UInt64]?](repeating: nil, count: universe.actionCount)
        for reach in unconditional {
            for action in reach.actions {
                rows[action] = zip(rows[action] ?? reach.entries, reach.entries).map { $0 | $1 }
            }
        }
        for row in rows { grants.append(row.map { bitmap($0, &writer) } ?? BundleFormat.none) }
    }

    private mutating func bitmap(_ words: [UInt64], _ writer: inout BundleWriter) -> UInt32 {
        if let place = known[words] { return place }
        let place = writer.bitmap(words)
        known[words] = place
        return place
    }
}
