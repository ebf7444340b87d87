import CPrefetch
import PolicyBundle

/// From a request to the policies that may be about it, by the match index (`docs/bundle.md`).
extension DecisionSession {
    /// Sets the bits of all policies that the subject's anchors lead to.
    func collectCandidates() {
        let records = engine.records
        let index = engine.index
        state.pointee.touchedCount = 0
        let subject = records.record(.subj, request.pointee.subject)
        let side = request.pointee.isServiceAccount ? index.accounts : index.users
        include(index.always.first, index.always.count)
        include(side.first, side.count)
        if subject[SubjectColumn.flags.rawValue] & SubjectColumn.anchored != 0, let anchor = anchor(request.pointee.subject) {
            include(Int(anchor[AnchorColumn.posts.rawValue]), Int(anchor[AnchorColumn.postCount.rawValue]))
        }
        let (teams, teamCount) = (request.pointee.teams, request.pointee.teamCount)
        let (roles, roleCount) = (request.pointee.roles, request.pointee.roleCount)
        var hasExceptions: UInt32 = 0
        if let teams {
            for number in 0..<teamCount {
                let team = records.record(.team, Int(teams[number]))
                include(team + TeamColumn.posts.rawValue, first: team + TeamColumn.firstWord.rawValue)
                hasExceptions |= team[TeamColumn.notPostCount.rawValue]
            }
        }
        if let roles {
            for number in 0..<roleCount {
                let role = records.record(.role, Int(roles[number]))
                include(role + RoleColumn.posts.rawValue, first: role + RoleColumn.firstWord.rawValue)
                hasExceptions |= role[RoleColumn.notPostCount.rawValue]
            }
        }
        if index.groupCount > 0 { includeEqualities() }
        if hasExceptions != 0 { excludeExceptions() }
    }

    /// Clears the bits of policies that leave out a team or a role of the subject.
    private func excludeExceptions() {
        let records = engine.records
        for number in 0..<request.pointee.teamCount {
            guard let row = request.pointee.teams?[number] else { continue }
            let team = records.record(.team, Int(row))
            exclude(Int(team[TeamColumn.notPosts.rawValue]), Int(team[TeamColumn.notPostCount.rawValue]))
        }
        for number in 0..<request.pointee.roleCount {
            guard let row = request.pointee.roles?[number] else { continue }
            let role = records.record(.role, Int(row))
            exclude(Int(role[RoleColumn.notPosts.rawValue]), Int(role[RoleColumn.notPostCount.rawValue]))
        }
    }

    /// - Parameters:
    ///   - posts: two words, the first post's number and how many there are.
    ///   - first: the first post itself.
    @inline(__always)
    private func include(_ posts: UnsafePointer<UInt32>, first: UnsafePointer<UInt32>) {
        let count = Int(posts[1])
        if count == 0 { return }
        include(first)
        if count > 1 { include(Int(posts[0]) + 1, count - 1) }
    }

    @inline(__always)
    private func include(_ post: UnsafePointer<UInt32>) {
        let word = Int(post[0])
        let known = candidates[word]
        // A word is noted once: its bits are never all zero after it was touched, as exclusions come last. Without a branch, which nobody could
        // foretell.
        touched[state.pointee.touchedCount] = UInt32(truncatingIfNeeded: word)
        state.pointee.touchedCount &+= known == 0 ? 1 : 0
        candidates[word] = known | UInt64(post[1]) | UInt64(post[2]) << 32
    }

    @inline(__always)
    private func include(_ first: Int, _ count: Int) {
        var post = engine.index.posts + first * 3
        for _ in 0..<count {
            include(post)
            post += 3
        }
    }

    @inline(__always)
    private func exclude(_ first: Int, _ count: Int) {
        guard count > 0 else { return }
        var post = engine.index.posts + first * 3
        for _ in 0..<count {
            candidates[Int(post[0])] &= ~(UInt64(post[1]) | UInt64(post[2]) << 32)
            post += 3
        }
    }

    /// Policies that need one of some values of a slot.
    private func includeEqualities() {
        let records = engine.records
        for group in 0..<engine.index.groupCount {
            let record = records.record(.eqgr, group)
            // All are tried where it is recorded what is tried.
            guard !state.pointee.isTraced, let text = activation.bytes(of: activation[Int(record[EqualityGroupColumn.slot.rawValue])])
            else {
                include(Int(record[EqualityGroupColumn.absent.rawValue]), Int(record[EqualityGroupColumn.absentCount.rawValue]))
                continue
            }
            guard let row = records.equalityValue(text, group: group) else { continue }
            let value = records.record(.eqva, row)
            include(Int(value[EqualityValueColumn.posts.rawValue]), Int(value[EqualityValueColumn.postCount.rawValue]))
        }
    }

    /// The record of a subject that policies or exemptions name.
    func anchor(_ subject: Int) -> UnsafePointer<UInt32>? {
        let records = engine.records
        var (low, high) = (0, records.count(.anch))
        while low < high {
            let middle = (low + high) / 2
            if Int(records.record(.anch, middle)[0]) < subject { low = middle + 1 } else { high = middle }
        }
        guard low < records.count(.anch), Int(records.record(.anch, low)[0]) == subject else { return nil }
        return records.record(.anch, low)
    }

    /// What so many policies need stays in the nearest caches by itself.
    private static let nearPolicies = 256

    /// Lists the places of the candidates that are about the resource and the action.
    func listPlaces() {
        let index = engine.index
        let words = index.policyWords
        let entry = index.entryBitmaps + request.pointee.entry * words
        let number = request.pointee.actionNumber
        // Most policies are about every action, and then about the entry's bits alone.
        let action = index.isFull(action: number) ? entry : index.actionBitmaps + number * words
        let hot = engine.records.words(.hotp)
        let isLarge = engine.index.policyCount > Self.nearPolicies
        let (candidates, touched, places) = (candidates, touched, places)
        var count = 0
        for number in 0..<state.pointee.touchedCount {
            let word = Int(touched[number])
            var bits = candidates[word] & entry[word] & action[word]
            candidates[word] = 0
            while bits != 0 {
                let place = word * 64 + bits.trailingZeroBitCount
                if isLarge { prefetch_line(hot + place * BundleSection.hotp.stride) }
                places[count] = UInt32(truncatingIfNeeded: place)
                count += 1
                bits &= bits - 1
            }
        }
        state.pointee.placeCount = count
    }
}
