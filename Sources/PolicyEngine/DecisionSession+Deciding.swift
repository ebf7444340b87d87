import CEL
import CPrefetch
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
        // What was decoded may be decided again: results of shared conditions are those of one decision.
        state.pointee.requestNumber += 1
        guard request.pointee.refusal == .none else { return false }
        let isPermitted = usingIndex ? isPermitted() : isPermittedPlainly()
        state.pointee.isPermitted = isPermitted
        guard isPermitted else { return false }
        state.pointee.isAllowed = true
        if engine.index.exemptionCount > 0 { findExemptions() }
        if usingIndex {
            collectCandidates()
            listPlaces()
        } else {
            for place in 0..<engine.index.policyCount { places[place] = UInt32(truncatingIfNeeded: place) }
            state.pointee.placeCount = engine.index.policyCount
        }
        evaluatePlaces(areChecked: !usingIndex)
        hits.pointee.sort()
        return state.pointee.isAllowed
    }

    // MARK: Candidates

    /// Sets the bits of all policies that the subject's anchors lead to.
    private func collectCandidates() {
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
    private func anchor(_ subject: Int) -> UnsafePointer<UInt32>? {
        let records = engine.records
        var (low, high) = (0, records.count(.anch))
        while low < high {
            let middle = (low + high) / 2
            if Int(records.record(.anch, middle)[0]) < subject { low = middle + 1 } else { high = middle }
        }
        guard low < records.count(.anch), Int(records.record(.anch, low)[0]) == subject else { return nil }
        return records.record(.anch, low)
    }

    /// Lists the places of the candidates that are about the resource and the action.
    private func listPlaces() {
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

    // MARK: Exemptions

    /// Unexpired exemptions of the subject, by row: names are sorted, so that of several for one policy the first by name counts.
    private func findExemptions() {
        let records = engine.records
        scratch.pointee.exemptions.removeAll(keepingCapacity: true)
        func add(_ words: UnsafePointer<UInt32>, _ first: Int) {
            let list = records.words(.list) + Int(words[first])
            for number in 0..<Int(words[first + 1]) {
                let row = Int(list[number])
                let expires = engine.bundle.int64(.exem, row, ExemptionColumn.expiresLow)
                if expires > request.pointee.now / 1_000_000_000 { scratch.pointee.exemptions.append(row) }
            }
        }
        if let anchor = anchor(request.pointee.subject) { add(anchor, AnchorColumn.exemptions.rawValue) }
        for number in 0..<request.pointee.teamCount {
            guard let team = request.pointee.teams?[number] else { continue }
            add(records.record(.team, Int(team)), TeamColumn.exemptions.rawValue)
        }
        for number in 0..<request.pointee.roleCount {
            guard let role = request.pointee.roles?[number] else { continue }
            add(records.record(.role, Int(role)), RoleColumn.exemptions.rawValue)
        }
        scratch.pointee.exemptions.sort()
    }

    private func isExempt(_ policy: UInt32) -> Bool {
        let records = engine.records
        for row in scratch.pointee.exemptions {
            let list = records.words(.list) + Int(records.word(.exem, row, ExemptionColumn.policies))
            let count = Int(records.word(.exem, row, ExemptionColumn.policyCount))
            guard UnsafeBufferPointer(start: list, count: count).contains(policy) else { continue }
            if !hits.pointee.exemptions.contains(row) { hits.pointee.exemptions.append(row) }
            return true
        }
        return false
    }

    // MARK: Policies

    /// Evaluates the policies at the places listed.
    ///
    /// Policies of one rule, which most are, are evaluated together: what one needs lies apart from what the next one needs, and seldom in the
    /// nearest cache, so that it is asked for first, stage by stage, and the waiting overlaps.
    private func evaluatePlaces(areChecked: Bool) {
        let records = engine.records
        let hot = records.words(.hotp)
        let size = BundleSection.hotp.stride
        let runner = engine.bundle.conditions.runner(activation)
        let (places, memo, queue) = (places, memo, queue)
        let isLarge = engine.index.policyCount > Self.nearPolicies
        let areExempt = !scratch.pointee.exemptions.isEmpty
        var needed = areChecked ? UInt32.max : HotPolicyColumn.checked
        if request.pointee.actionNumber == engine.index.actionCount { needed |= HotPolicyColumn.checkedForUnknownAction }
        if request.pointee.model < 0 { needed |= HotPolicyColumn.checkedForDeclaredType }
        let request = state.pointee.requestNumber
        var kept = 0
        var complex = state.pointee.placeCount
        // The first result stands for conditions that are not there.
        var queued = 1
        for number in 0..<state.pointee.placeCount {
            let place = places[number]
            let policy = hot + Int(place) * size
            let flags = policy[HotPolicyColumn.flags.rawValue]
            if areChecked || flags & needed != 0, !matches(Int(records.record(.plac, Int(place))[0])) { continue }
            if areExempt, isExempt(records.record(.plac, Int(place))[0]) { continue }
            if flags & HotPolicyColumn.isComplex != 0 {
                complex -= 1
                queue.complex[complex] = place
                continue
            }
            let (condition, shared) = (policy[HotPolicyColumn.condition.rawValue], policy[HotPolicyColumn.memo.rawValue])
            var result = 0
            if condition != BundleFormat.none {
                let known = shared == BundleFormat.none ? 0 : memo[Int(shared)]
                if known >> 32 == request {
                    result = Int(UInt32(truncatingIfNeeded: known))
                } else {
                    result = queued
                    let graph = policy[HotPolicyColumn.graph.rawValue]
                    queue.conditions[queued] = condition
                    queue.graphs[queued] = graph
                    queued += 1
                    if shared != BundleFormat.none { memo[Int(shared)] = request << 32 | UInt64(result) }
                    if isLarge { Self.prefetch(graph, in: runner.text) }
                }
            }
            places[kept] = place
            queue.places[kept] = UInt32(truncatingIfNeeded: result)
            kept += 1
        }
        if state.pointee.isTraced {
            evaluateTraced(queued, runner)
        } else {
            runner.evaluate(queue.conditions + 1, at: queue.graphs + 1, count: queued - 1, into: queue.results + 1)
        }
        state.pointee.resultCount = queued
        apply(kept)
        if state.pointee.isTraced { noteResults(kept) }
        for number in complex..<state.pointee.placeCount { evaluateRules(Int(queue.complex[number])) }
    }

    /// Asks for the beginning of a graph. An address that is none does no harm.
    @inline(__always)
    private static func prefetch(_ graph: UInt32, in text: UnsafeRawPointer) {
        let image = text + Int(graph) &* 8
        prefetch_line(image)
        prefetch_line(image + 64)
        prefetch_line(image + 128)
    }

    /// What so many policies need stays in the nearest caches by itself.
    private static let nearPolicies = 256

    /// Notes the rules of the first places that take effect.
    private func apply(_ kept: Int) {
        let (places, queue) = (places, queue)
        for number in 0..<kept {
            let result = Int(queue.places[number])
            if queue.results[result] == Outcome.isFalse.rawValue { continue }
            let outcome = settled(result)
            if outcome == .isFalse { continue }
            // An unsure condition is taken to hold: whatever the rule guards against is not let through.
            let place = engine.records.record(.plac, Int(places[number]))
            hits.pointee.append(
                HitBuffer.Rule(
                    policy: place[PlaceColumn.policy.rawValue], rule: place[PlaceColumn.rules.rawValue], isError: outcome == .isError))
            let flags = engine.records.record(.hotp, Int(places[number]))[HotPolicyColumn.flags.rawValue]
            if flags & HotPolicyColumn.denies != 0 { state.pointee.isAllowed = false }
        }
    }

    /// A result; where the graph could not tell, the general machine is asked, once.
    func settled(_ result: Int) -> Outcome {
        if let outcome = Outcome(rawValue: queue.results[result]) { return outcome }
        let outcome = evaluateGenerally(Int(queue.conditions[result]))
        queue.results[result] = outcome.rawValue
        return outcome
    }

    /// Evaluates a policy of several rules, or with variables.
    @inline(never)
    private func evaluateRules(_ place: Int) {
        let record = engine.records.record(.plac, place)
        let flags = engine.records.record(.hotp, place)[HotPolicyColumn.flags.rawValue]
        let policy = record[PlaceColumn.policy.rawValue]
        if engine.records.word(.poli, Int(policy), PolicyColumn.variableCount) > 0 { evaluateVariables(Int(policy)) }
        // After the variables, whose values may have made the memory grow.
        let runner = engine.bundle.conditions.runner(activation)
        let first = record[PlaceColumn.rules.rawValue]
        for rule in first..<first + record[PlaceColumn.ruleCount.rawValue] {
            let record = engine.records.record(.rule, Int(rule))
            let outcome = evaluate(record[RuleColumn.condition.rawValue], memo: record[RuleColumn.memo.rawValue], runner)
            if state.pointee.isTraced { note(policy: policy, rule: rule, outcome) }
            if outcome == .isFalse { continue }
            hits.pointee.append(HitBuffer.Rule(policy: policy, rule: rule, isError: outcome == .isError))
            let effect = record[RuleColumn.effect.rawValue]
            if flags >> HotPolicyColumn.enforcementShift == 0, effect == Effect.deny.rawValue || effect == Effect.requireApproval.rawValue {
                state.pointee.isAllowed = false
            }
        }
        if !scratch.pointee.failedVariables.isEmpty { scratch.pointee.failedVariables.removeAll() }
    }

    /// - Parameters:
    ///   - condition: `BundleFormat.none` for one that always holds.
    ///   - shared: the number of its memo, if several rules share the condition.
    private func evaluate(_ condition: UInt32, memo shared: UInt32, _ runner: CELGraphRunner) -> Outcome {
        if condition == BundleFormat.none { return .isTrue }
        // What reads a variable is never shared.
        if shared == BundleFormat.none {
            return scratch.pointee.failedVariables.isEmpty ? evaluate(Int(condition), runner) : evaluateGenerally(Int(condition))
        }
        let request = state.pointee.requestNumber
        let known = memo[Int(shared)]
        if known >> 32 == request { return settled(Int(UInt32(truncatingIfNeeded: known))) }
        let outcome = evaluate(Int(condition), runner)
        let result = state.pointee.resultCount
        queue.conditions[result] = condition
        queue.results[result] = outcome.rawValue
        memo[Int(shared)] = request << 32 | UInt64(result)
        state.pointee.resultCount += 1
        return outcome
    }
}
