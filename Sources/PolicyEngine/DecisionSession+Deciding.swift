import CEL
import PolicyBundle

/// From a decoded request to what applies.
extension DecisionSession {
    /// Decides the request that was decoded last.
    ///
    /// - Returns: whether it is allowed.
    @discardableResult
    public func decide() -> Bool { decide(usingIndex: true) }

    /// - Parameter usingIndex: false to check every permission and every policy one by one, which must come to the same.
    func decide(usingIndex: Bool) -> Bool {
        hits.pointee.reset()
        state.pointee.isAllowed = false
        state.pointee.isPermitted = false
        guard request.pointee.refusal == .none else { return false }
        let isPermitted = usingIndex ? isPermitted() : isPermittedPlainly()
        state.pointee.isPermitted = isPermitted
        guard isPermitted else { return false }
        state.pointee.isAllowed = true
        if engine.index.exemptionCount > 0 { findExemptions() }
        if usingIndex {
            collectCandidates()
            evaluateCandidates()
        } else {
            for place in 0..<engine.index.policyCount { evaluate(place, isChecked: true) }
        }
        hits.pointee.sort()
        return state.pointee.isAllowed
    }

    // MARK: Candidates

    /// Sets the bits of all policies that the subject's anchors lead to.
    private func collectCandidates() {
        let records = engine.records
        let index = engine.index
        state.pointee.touchedCount = 0
        let subject = records.words(.subj) + request.pointee.subject * BundleSection.subj.stride
        let side = request.pointee.isServiceAccount ? index.accounts : index.users
        include(index.always.first, index.always.count)
        include(side.first, side.count)
        if subject[SubjectColumn.flags.rawValue] & SubjectColumn.anchored != 0, let anchor = anchor(request.pointee.subject) {
            include(Int(anchor[AnchorColumn.posts.rawValue]), Int(anchor[AnchorColumn.postCount.rawValue]))
        }
        let teams = records.words(.team)
        let roles = records.words(.role)
        let (teamRows, teamCount) = (request.pointee.teams, request.pointee.teamCount)
        let (roleRows, roleCount) = (request.pointee.roles, request.pointee.roleCount)
        if let teamRows {
            for number in 0..<teamCount {
                let team = teams + Int(teamRows[number]) * BundleSection.team.stride
                include(Int(team[TeamColumn.posts.rawValue]), Int(team[TeamColumn.postCount.rawValue]))
            }
        }
        if let roleRows {
            for number in 0..<roleCount {
                let role = roles + Int(roleRows[number]) * BundleSection.role.stride
                include(Int(role[RoleColumn.posts.rawValue]), Int(role[RoleColumn.postCount.rawValue]))
            }
        }
        if index.groupCount > 0 { includeEqualities() }
        if let teamRows {
            for number in 0..<teamCount {
                let team = teams + Int(teamRows[number]) * BundleSection.team.stride
                exclude(Int(team[TeamColumn.notPosts.rawValue]), Int(team[TeamColumn.notPostCount.rawValue]))
            }
        }
        if let roleRows {
            for number in 0..<roleCount {
                let role = roles + Int(roleRows[number]) * BundleSection.role.stride
                exclude(Int(role[RoleColumn.notPosts.rawValue]), Int(role[RoleColumn.notPostCount.rawValue]))
            }
        }
    }

    @inline(__always)
    private func include(_ first: Int, _ count: Int) {
        guard count > 0 else { return }
        var post = engine.index.posts + first * 3
        let (candidates, touched) = (candidates, touched)
        var touchedCount = state.pointee.touchedCount
        for _ in 0..<count {
            let word = Int(post[0])
            if candidates[word] == 0 {
                touched[touchedCount] = UInt32(truncatingIfNeeded: word)
                // A word is noted once: its bits are never all zero after it was touched, as exclusions come last.
                touchedCount += 1
            }
            candidates[word] |= UInt64(post[1]) | UInt64(post[2]) << 32
            post += 3
        }
        state.pointee.touchedCount = touchedCount
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
            let record = records.words(.eqgr) + group * BundleSection.eqgr.stride
            guard let text = activation.bytes(of: activation[Int(record[EqualityGroupColumn.slot.rawValue])]) else {
                include(Int(record[EqualityGroupColumn.absent.rawValue]), Int(record[EqualityGroupColumn.absentCount.rawValue]))
                continue
            }
            guard let row = records.equalityValue(text, group: group) else { continue }
            let value = records.words(.eqva) + row * BundleSection.eqva.stride
            include(Int(value[EqualityValueColumn.posts.rawValue]), Int(value[EqualityValueColumn.postCount.rawValue]))
        }
    }

    /// The record of a subject that policies or exemptions name.
    private func anchor(_ subject: Int) -> UnsafePointer<UInt32>? {
        let records = engine.records
        let stride = BundleSection.anch.stride
        var (low, high) = (0, records.count(.anch))
        while low < high {
            let middle = (low + high) / 2
            if Int(records.words(.anch)[middle * stride]) < subject { low = middle + 1 } else { high = middle }
        }
        guard low < records.count(.anch), Int(records.words(.anch)[low * stride]) == subject else { return nil }
        return records.words(.anch) + low * stride
    }

    private func evaluateCandidates() {
        let index = engine.index
        let entry = index.entryBitmaps + request.pointee.entry * index.policyWords
        let action = index.actionBitmaps + request.pointee.actionNumber * index.policyWords
        for number in 0..<state.pointee.touchedCount {
            let word = Int(touched[number])
            var bits = candidates[word] & entry[word] & action[word]
            candidates[word] = 0
            while bits != 0 {
                evaluate(word * 64 + bits.trailingZeroBitCount, isChecked: false)
                bits &= bits - 1
            }
        }
    }

    // MARK: Exemptions

    /// Unexpired exemptions of the subject, by row: names are sorted, so that of several for one policy the first by name counts.
    private func findExemptions() {
        let records = engine.records
        exemptions.removeAll(keepingCapacity: true)
        func add(_ words: UnsafePointer<UInt32>, _ first: Int) {
            let list = records.words(.list) + Int(words[first])
            for number in 0..<Int(words[first + 1]) {
                let row = Int(list[number])
                let expires = engine.bundle.int64(.exem, row, ExemptionColumn.expiresLow)
                if expires > request.pointee.now / 1_000_000_000 { exemptions.append(row) }
            }
        }
        if let anchor = anchor(request.pointee.subject) { add(anchor, AnchorColumn.exemptions.rawValue) }
        for number in 0..<request.pointee.teamCount {
            guard let team = request.pointee.teams?[number] else { continue }
            add(records.words(.team) + Int(team) * BundleSection.team.stride, TeamColumn.exemptions.rawValue)
        }
        for number in 0..<request.pointee.roleCount {
            guard let role = request.pointee.roles?[number] else { continue }
            add(records.words(.role) + Int(role) * BundleSection.role.stride, RoleColumn.exemptions.rawValue)
        }
        exemptions.sort()
    }

    private func isExempt(_ policy: UInt32) -> Bool {
        let records = engine.records
        for row in exemptions {
            let list = records.words(.list) + Int(records.word(.exem, row, ExemptionColumn.policies))
            let count = Int(records.word(.exem, row, ExemptionColumn.policyCount))
            guard UnsafeBufferPointer(start: list, count: count).contains(policy) else { continue }
            if !hits.pointee.exemptions.contains(row) { hits.pointee.exemptions.append(row) }
            return true
        }
        return false
    }

    // MARK: Policies

    /// Evaluates the policy at a place of the index.
    @inline(__always)
    private func evaluate(_ place: Int, isChecked: Bool) {
        let hot = engine.records.words(.hotp) + place * 4
        let (policy, flags) = (hot[HotPolicyColumn.policy.rawValue], hot[HotPolicyColumn.flags.rawValue])
        var needed = HotPolicyColumn.checked
        if request.pointee.actionNumber == engine.index.actionCount { needed |= HotPolicyColumn.checkedForUnknownAction }
        if request.pointee.model < 0 { needed |= HotPolicyColumn.checkedForDeclaredType }
        if isChecked || flags & needed != 0 { guard matches(Int(policy)) else { return } }
        if !exemptions.isEmpty, isExempt(policy) { return }
        if flags & HotPolicyColumn.hasVariables != 0 { evaluateVariables(Int(policy)) }
        let stride = RuleColumn.allCases.count
        let first = hot[HotPolicyColumn.rules.rawValue]
        var record = engine.records.words(.rule) + Int(first) * stride
        for rule in first..<first + hot[HotPolicyColumn.ruleCount.rawValue] {
            switch evaluate(record[RuleColumn.condition.rawValue], memo: record[RuleColumn.memo.rawValue]) {
            case .isFalse: break
            // An unsure condition is taken to hold: whatever the rule guards against is not let through.
            case let outcome:
                hits.pointee.append(HitBuffer.Rule(policy: policy, rule: rule, isError: outcome == .isError))
                let effect = record[RuleColumn.effect.rawValue]
                if flags >> HotPolicyColumn.enforcementShift == 0,
                    effect == Effect.deny.rawValue || effect == Effect.requireApproval.rawValue
                {
                    state.pointee.isAllowed = false
                }
            }
            record += stride
        }
        if !failedVariables.isEmpty { failedVariables.removeAll() }
    }
}
