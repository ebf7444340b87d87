/// Runs programs: one loop over the words, synchronous, without traps. Errors are values.
public struct CELMachine {
    /// Steps that an evaluation may take unless told otherwise.
    public static let defaultBudget = 1_000_000

    /// Evaluates a program that `CELVerifier` passed. `slots` are the environment's, in order; nil is absent.
    public static func evaluate(_ program: CELProgram, slots: [CELValue?], budget: Int = defaultBudget) -> CELValue {
        var machine = CELMachine(program: program, slots: slots, budget: budget)
        return machine.run()
    }

    /// Evaluates, and tells how many steps of the budget that took.
    public static func evaluateCounting(
        _ program: CELProgram, slots: [CELValue?], budget: Int = defaultBudget
    ) -> (value: CELValue, steps: Int) {
        var machine = CELMachine(program: program, slots: slots, budget: budget)
        let value = machine.run()
        return (value, machine.meter.isExhausted ? budget : budget - machine.meter.remaining)
    }

    let program: CELProgram
    let slots: [CELValue?]
    var registers: [CELValue]
    var meter: Meter
    /// The next word.
    var position = 0

    private init(program: CELProgram, slots: [CELValue?], budget: Int) {
        self.program = program
        self.slots = slots
        registers = Array(repeating: .null, count: max(1, min(program.registerCount, 256)))
        meter = Meter(budget: budget)
    }

    // INVARIANT: the program was verified, so that every register, constant, slot and word named here exists.
    private mutating func run() -> CELValue {
        while true {
            guard meter.charge(1) else { return .budgetExceeded }
            guard position < program.words.count else { return .malformed }
            let instruction = Instruction(word: program.words[position])
            position += 1
            guard let operation = instruction.operation else { return .malformed }
            switch operation {
            case .finish: return registers[instruction.a]
            case .constant: registers[instruction.a] = program.constants[instruction.number]
            case .move: registers[instruction.a] = registers[instruction.b]
            case .slot:
                if let value = slot(instruction.number) {
                    registers[instruction.a] = value
                    position += 1
                }
            case .hasSlot: registers[instruction.a] = .bool(slot(instruction.number) != nil)
            case .jump: position += instruction.distance
            case .jumpIfTrue: if case .bool(true) = registers[instruction.a] { position += instruction.number }
            case .jumpIfFalse: if case .bool(false) = registers[instruction.a] { position += instruction.number }
            case .jumpIfError: if registers[instruction.a].isError { position += instruction.number }
            case .and: registers[instruction.a] = Logic.and(registers[instruction.a], registers[instruction.b])
            case .or: registers[instruction.a] = Logic.or(registers[instruction.a], registers[instruction.b])
            case .condition, .missing, .unbound, .noOverload: decide(operation, instruction)
            case .add, .subtract, .multiply, .divide, .modulo, .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .isIn,
                .index, .optionalIndex, .not, .negate:
                registers[instruction.a] = operate(
                    operation, registers[instruction.b], registers[instruction.c < registers.count ? instruction.c : 0])
            case .field, .optionalField, .hasField: access(operation, instruction)
            case .newList, .append, .appendOptional, .newMap, .insert, .insertOptional, .merge: build(operation, instruction)
            case .loopBegin, .loopNext, .loopNextPair, .count, .isOne, .unwrap: iterate(operation, instruction)
            case .call: call(instruction)
            }
            if meter.isExhausted { return .budgetExceeded }
        }
    }

    private func slot(_ number: Int) -> CELValue? { number < slots.count ? slots[number] : nil }

    private mutating func decide(_ operation: Operation, _ instruction: Instruction) {
        switch operation {
        case .condition:
            if case .bool = registers[instruction.a] { return }
            registers[instruction.a] = .noOverload("?:", registers[instruction.a])
            position += instruction.number
        case .missing: registers[instruction.a] = .noSuchKey(program.constants[instruction.number].text)
        case .noOverload:
            registers[instruction.a] = .failure(.noSuchOverload, "no such overload: \(program.constants[instruction.number].text)")
        default: registers[instruction.a] = .failure(.undeclared, "undeclared reference to `\(program.constants[instruction.number].text)`")
        }
    }

    private mutating func operate(_ operation: Operation, _ left: CELValue, _ right: CELValue) -> CELValue {
        switch operation {
        case .add: Arithmetic.add(left, right, &meter)
        case .subtract: Arithmetic.subtract(left, right)
        case .multiply: Arithmetic.multiply(left, right)
        case .divide: Arithmetic.divide(left, right)
        case .modulo: Arithmetic.modulo(left, right)
        case .equal: Comparison.equal(left, right, &meter)
        case .notEqual: Logic.not(Comparison.equal(left, right, &meter))
        case .less: Comparison.less(left, right, &meter)
        case .lessOrEqual: Comparison.lessOrEqual(left, right, &meter)
        case .greater: Comparison.greater(left, right, &meter)
        case .greaterOrEqual: Comparison.greaterOrEqual(left, right, &meter)
        case .isIn: Comparison.isIn(left, right, &meter)
        case .index: Access.index(left, right)
        case .optionalIndex: Access.optionalIndex(left, right)
        case .not: Logic.not(left)
        default: Arithmetic.negate(left)
        }
    }

    private mutating func access(_ operation: Operation, _ instruction: Instruction) {
        guard case .string(let name) = program.constants[instruction.number] else {
            registers[instruction.a] = .malformed
            return
        }
        let value = registers[instruction.a]
        switch operation {
        case .field: registers[instruction.a] = Access.field(value, name)
        case .optionalField: registers[instruction.a] = Access.optionalField(value, name)
        default: registers[instruction.a] = Access.has(value, name)
        }
    }

    private mutating func call(_ instruction: Instruction) {
        guard let function = CELFunction(rawValue: UInt16(truncatingIfNeeded: instruction.number)) else {
            registers[instruction.a] = .malformed
            return
        }
        let arguments = Array(registers[instruction.a..<instruction.a + function.arity])
        registers[instruction.a] = function.apply(arguments, &meter)
    }
}
