import CEL
import PolicyBundle

/// Evaluates conditions: by their graphs, and where these cannot tell by the general machine.
extension DecisionSession {
    /// As `CELGraphTable.Result` numbers its first three.
    enum Outcome: UInt8 {
        case isFalse, isTrue, isError
    }

    @inline(__always)
    func evaluate(_ condition: Int, _ runner: CELGraphRunner) -> Outcome {
        let result = state.pointee.isTraced ? trace(condition, runner) : runner.evaluate(condition)
        return switch result {
        case .isTrue: .isTrue
        case .isFalse: .isFalse
        case .error: .isError
        case .value, .undecided: evaluateGenerally(condition)
        }
    }

    @inline(never)
    func evaluateGenerally(_ condition: Int) -> Outcome {
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
        if let known = scratch.pointee.programs[condition] {
            program = known
        } else {
            program = engine.bundle.program(condition)
            scratch.pointee.programs[condition] = program
        }
        var slots = activation.values(program.slotsRead)
        for (slot, error) in scratch.pointee.failedVariables where slot < slots.count { slots[slot] = error }
        return CELMachine.evaluate(program, slots: slots)
    }

    /// Fills the slots of a policy's variables, each of which may read those before it.
    @inline(never)
    func evaluateVariables(_ policy: Int) {
        let records = engine.records
        let list = records.words(.list) + Int(records.word(.poli, policy, PolicyColumn.variables))
        if !scratch.pointee.failedVariables.isEmpty { scratch.pointee.failedVariables.removeAll() }
        for number in 0..<Int(records.word(.poli, policy, PolicyColumn.variableCount)) {
            let condition = Int(list[number])
            let slot = engine.slotCount + number
            if scratch.pointee.failedVariables.isEmpty {
                // What is recorded has no cell: other values than bools then come from the general machine.
                let conditions = engine.bundle.conditions
                let result =
                    state.pointee.isTraced
                    ? trace(condition, conditions.runner(activation)) : conditions.evaluate(condition, activation)
                switch result {
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
                scratch.pointee.failedVariables[slot] = value
                activation[slot] = .absent
            } else {
                activation[slot] = activation.makeCell(value)
            }
        }
    }
}
