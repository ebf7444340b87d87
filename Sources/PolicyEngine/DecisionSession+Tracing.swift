import CEL
import PolicyBundle

/// Deciding while it is recorded what is tried.
extension DecisionSession {
    /// As `evaluateTables`, for policies that match alone.
    @inline(never)
    func evaluateTablesTraced() {
        guard let trace else { return }
        let records = engine.records
        let runner = engine.bundle.conditions.runner(activation)
        let needed = flagsToCheck
        var left = 0
        for number in 0..<state.pointee.placeCount {
            let number = places[number]
            let record = records.record(.hotp, Int(number))
            let place = records.record(.plac, Int(number))
            let flags = record[HotPolicyColumn.flags.rawValue]
            let policy = place[PlaceColumn.policy.rawValue]
            if flags & needed != 0, !matches(Int(policy)) { continue }
            guard let (combination, result) = runner.evaluate(table: record) else {
                places[left] = number
                left += 1
                continue
            }
            let condition = record[HotPolicyColumn.condition.rawValue]
            if condition != BundleFormat.none { trace.combinations[Int(condition)] |= 1 << UInt32(truncatingIfNeeded: combination) }
            let outcome = Outcome(rawValue: result) ?? .isError
            trace.policies[Int(policy)] = true
            trace.note(rule: Int(place[PlaceColumn.rules.rawValue]), outcome)
            if outcome != .isFalse { apply(place, flags, isError: outcome == .isError) }
        }
        state.pointee.placeCount = left
    }

    /// Evaluates the conditions that are queued, from the second on.
    @inline(never)
    func evaluateTraced(_ queued: Int) {
        guard let trace else { return }
        let runner = engine.bundle.conditions.runner(activation)
        for number in 1..<max(1, queued) {
            let condition = Int(queue.conditions[number])
            let nodes = trace.nodes + Int(engine.records.word(.prog, condition, ProgramColumn.spans))
            queue.results[number] = runner.evaluate(condition, trace: nodes).rawValue
        }
    }

    /// Evaluates one condition.
    @inline(never)
    func trace(_ condition: Int, _ runner: CELGraphRunner) -> CELGraphTable.Result {
        guard let trace else { return .undecided }
        return runner.evaluate(condition, trace: trace.nodes + Int(engine.records.word(.prog, condition, ProgramColumn.spans)))
    }

    /// Notes what the first places came to: policies of one rule.
    @inline(never)
    func noteResults(_ kept: Int) {
        for number in 0..<kept {
            let place = engine.records.record(.plac, Int(places[number]))
            note(
                policy: place[PlaceColumn.policy.rawValue], rule: place[PlaceColumn.rules.rawValue],
                settled(Int(queue.places[number])))
        }
    }

    func note(policy: UInt32, rule: UInt32, _ outcome: Outcome) {
        trace?.policies[Int(policy)] = true
        trace?.note(rule: Int(rule), outcome)
    }

    /// What conditions can read of the request that was decoded last, by slot; nil where it has no value or no condition of the bundle reads it.
    public func inputs() -> [CELValue?] { Array(activation.values(Array(0..<engine.slotCount))[..<engine.slotCount]) }
}
