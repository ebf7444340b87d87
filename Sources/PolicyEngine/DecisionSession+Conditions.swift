import CEL
import PolicyBundle

/// Evaluates conditions: by their graphs, and where these cannot tell by the general machine.
extension DecisionSession {
    enum Outcome: UInt8 {
        case isFalse, isTrue, isError
    }

    /// - Parameters:
    ///   - condition: `BundleFormat.none` for one that always holds.
    ///   - memo: the number under which the outcome is kept, if several rules share the condition.
    @inline(__always)
    func evaluate(_ condition: UInt32, memo number: UInt32) -> Outcome {
        if condition == BundleFormat.none { return .isTrue }
        if number == BundleFormat.none { return evaluate(Int(condition)) }
        let known = memo[Int(number)]
        let request = state.pointee.requestNumber
        if known >> 2 == request { return Outcome(rawValue: UInt8(truncatingIfNeeded: known & 3)) ?? .isError }
        let outcome = evaluate(Int(condition))
        memo[Int(number)] = request << 2 | UInt64(outcome.rawValue)
        return outcome
    }

    @inline(__always)
    func evaluate(_ condition: Int) -> Outcome {
        if failedVariables.isEmpty {
            switch engine.bundle.conditions.evaluate(condition, activation) {
            case .isTrue: return .isTrue
            case .isFalse: return .isFalse
            case .error: return .isError
            case .value, .undecided: break
            }
        }
        return evaluateGenerally(condition)
    }

    @inline(never)
    private func evaluateGenerally(_ condition: Int) -> Outcome {
        switch value(condition) {
        case .bool(true): .isTrue
        case .bool(false): .isFalse
        default: .isError
        }
    }

    /// What the general machine makes of a condition, a message or a variable. Allocates.
    @inline(never)
    func value(_ condition: Int) -> CELValue {
        let program: CELProgram
        if let known = programs[condition] {
            program = known
        } else {
            program = engine.bundle.program(condition)
            programs[condition] = program
        }
        var slots = activation.values(program.slotsRead)
        for (slot, error) in failedVariables where slot < slots.count { slots[slot] = error }
        return CELMachine.evaluate(program, slots: slots)
    }

    /// Fills the slots of a policy's variables, each of which may read those before it.
    @inline(never)
    func evaluateVariables(_ policy: Int) {
        let records = engine.records
        let list = records.words(.list) + Int(records.word(.poli, policy, PolicyColumn.variables))
        if !failedVariables.isEmpty { failedVariables.removeAll() }
        for number in 0..<Int(records.word(.poli, policy, PolicyColumn.variableCount)) {
            let condition = Int(list[number])
            let slot = engine.slotCount + number
            if failedVariables.isEmpty {
                switch engine.bundle.conditions.evaluate(condition, activation) {
                case .isTrue:
                    activation[slot] = .bool(true)
                    continue
                case .isFalse:
                    activation[slot] = .bool(false)
                    continue
                case .value:
                    activation[slot] = activation.lastCell
                    continue
                case .error, .undecided: break
                }
            }
            let value = value(condition)
            if case .error = value {
                // Its error counts where it is read, which the general machine alone can say.
                failedVariables[slot] = value
                activation[slot] = .absent
            } else {
                activation[slot] = activation.makeCell(value)
            }
        }
    }
}
