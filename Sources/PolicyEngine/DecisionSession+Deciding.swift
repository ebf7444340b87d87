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
        forgetDecision()
        // What was decoded may be decided again: results of shared conditions are those of one decision.
        countDecision()
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

    /// Evaluates one policy, as if no other were there.
    func evaluate(policyAt place: Int, countsExemptions: Bool) {
        forgetDecision()
        countDecision()
        state.pointee.isPermitted = true
        state.pointee.isAllowed = true
        if countsExemptions, engine.index.exemptionCount > 0 {
            findExemptions()
        } else {
            scratch.pointee.exemptions.removeAll(keepingCapacity: true)
        }
        places[0] = UInt32(truncatingIfNeeded: place)
        state.pointee.placeCount = 1
        evaluatePlaces(areChecked: true)
        hits.pointee.sort()
    }

    /// Until a request is decided it is denied, and nothing of the one before is told of it.
    @inline(__always)
    func forgetDecision() {
        hits.pointee.reset()
        state.pointee.isAllowed = false
        state.pointee.isPermitted = false
    }

    /// Takes the next number. When they begin again, what is kept under the old ones is forgotten.
    @inline(__always)
    private func countDecision() {
        state.pointee.decisionNumber &+= 1
        if state.pointee.decisionNumber != 0 { return }
        memo.update(repeating: 0, count: engine.index.memoCount)
        state.pointee.decisionNumber = 1
    }

    /// Evaluates the policies at the places listed.
    private func evaluatePlaces(areChecked: Bool) {
        // An exemption is told of whether the condition holds or not, and the check without the index goes without its tables too.
        if !areChecked, scratch.pointee.exemptions.isEmpty {
            if state.pointee.isTraced { evaluateTablesTraced() } else { evaluateTables() }
        }
        if state.pointee.placeCount > 0 { evaluateGraphs(areChecked: areChecked) }
    }

    /// Evaluates the policies whose conditions have decision tables, and leaves the other places.
    ///
    /// That a policy matches is checked afterwards: the conditions of most do not hold, and evaluating one has no effect.
    private func evaluateTables() {
        let records = engine.records
        let (places, results) = (places, queue.results + 1)
        engine.bundle.conditions.runner(activation).evaluate(
            tables: records.words(.hotp), stride: BundleSection.hotp.stride, rows: places, count: state.pointee.placeCount, into: results)
        let needed = flagsToCheck
        var left = 0
        for number in 0..<state.pointee.placeCount {
            let result = results[number]
            if result == Outcome.isFalse.rawValue { continue }
            let number = places[number]
            if result == CELDecisionTable.undecided {
                places[left] = number
                left += 1
                continue
            }
            let flags = records.record(.hotp, Int(number))[HotPolicyColumn.flags.rawValue]
            let place = records.record(.plac, Int(number))
            let policy = place[PlaceColumn.policy.rawValue]
            if flags & needed != 0, !matches(Int(policy)) { continue }
            apply(place, flags, isError: result == Outcome.isError.rawValue)
        }
        state.pointee.placeCount = left
    }

    /// Where a policy has one of these flags, that it matches must be checked.
    var flagsToCheck: UInt32 {
        var flags = HotPolicyColumn.checked
        if request.pointee.actionNumber == engine.index.actionCount { flags |= HotPolicyColumn.checkedForUnknownAction }
        if request.pointee.model < 0 { flags |= HotPolicyColumn.checkedForDeclaredType }
        return flags
    }

    /// Evaluates the conditions of the policies at the places listed one by one, equal ones once.
    @inline(never)
    private func evaluateGraphs(areChecked: Bool) {
        let records = engine.records
        let (places, memo, queue) = (places, memo, queue)
        let areExempt = !scratch.pointee.exemptions.isEmpty
        let needed = flagsToCheck
        let decision = UInt64(state.pointee.decisionNumber)
        var kept = 0
        var complex = state.pointee.placeCount
        // The first result stands for conditions that are not there.
        var queued = 1
        for number in 0..<state.pointee.placeCount {
            let place = places[number]
            let policy = records.record(.hotp, Int(place))
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
                if known >> 32 == decision {
                    result = Int(UInt32(truncatingIfNeeded: known))
                } else {
                    result = queued
                    queue.conditions[queued] = condition
                    queued += 1
                    if shared != BundleFormat.none { memo[Int(shared)] = decision << 32 | UInt64(result) }
                }
            }
            places[kept] = place
            queue.places[kept] = UInt32(truncatingIfNeeded: result)
            kept += 1
        }
        if state.pointee.isTraced { evaluateTraced(queued) } else { evaluateQueued(queued) }
        state.pointee.resultCount = queued
        apply(kept)
        if state.pointee.isTraced { noteResults(kept) }
        for number in complex..<state.pointee.placeCount { evaluateRules(Int(queue.complex[number])) }
    }

    private func evaluateQueued(_ queued: Int) {
        let runner = engine.bundle.conditions.runner(activation)
        for number in 1..<max(1, queued) { queue.results[number] = runner.evaluate(Int(queue.conditions[number])).rawValue }
    }

    /// Notes the rules of the first places that take effect.
    private func apply(_ kept: Int) {
        let (places, queue) = (places, queue)
        for number in 0..<kept {
            let result = Int(queue.places[number])
            if queue.results[result] == Outcome.isFalse.rawValue { continue }
            let outcome = settled(result)
            if outcome == .isFalse { continue }
            let place = Int(places[number])
            let flags = engine.records.record(.hotp, place)[HotPolicyColumn.flags.rawValue]
            apply(engine.records.record(.plac, place), flags, isError: outcome == .isError)
        }
    }

    /// Notes the one rule of a policy.
    @inline(__always)
    func apply(_ place: UnsafePointer<UInt32>, _ flags: UInt32, isError: Bool) {
        // An unsure condition is taken to hold: whatever the rule guards against is not let through.
        hits.pointee.append(
            HitBuffer.Rule(policy: place[PlaceColumn.policy.rawValue], rule: place[PlaceColumn.rules.rawValue], isError: isError))
        if flags & HotPolicyColumn.denies != 0 { state.pointee.isAllowed = false }
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
        let decision = UInt64(state.pointee.decisionNumber)
        let known = memo[Int(shared)]
        if known >> 32 == decision { return settled(Int(UInt32(truncatingIfNeeded: known))) }
        let outcome = evaluate(Int(condition), runner)
        let result = state.pointee.resultCount
        queue.conditions[result] = condition
        queue.results[result] = outcome.rawValue
        memo[Int(shared)] = decision << 32 | UInt64(result)
        state.pointee.resultCount += 1
        return outcome
    }
}
