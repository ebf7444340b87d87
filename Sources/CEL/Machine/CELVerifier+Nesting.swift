extension CELVerifier {
    /// How deep values may nest that a program makes of its inputs. No expression within the limits comes near.
    private static let levelLimit: UInt8 = 200
    /// Register states that may be looked at. Hostile programs could have a great many paths.
    private static let workLimit = 50_000_000

    /// Rejects programs that could nest values without end, as a loop that puts a list into itself would: letting go of such a value
    /// takes as much stack as it is deep.
    ///
    /// For each word, finds how deep each register may be before it, beyond what the inputs are; loops repeat until nothing grows.
    static func verifyNesting(_ program: CELProgram) throws(CELVerificationError) {
        for constant in program.constants where !isShallow(constant, levelLimit) {
            throw CELVerificationError(message: "a constant nests too deeply")
        }
        let width = program.registerCount
        var levels = [UInt8](repeating: 0, count: program.words.count * width)
        var isReached = [Bool](repeating: false, count: program.words.count)
        var pending = [0]
        isReached[0] = true
        var work = 0
        while let position = pending.popLast() {
            work += width
            guard work <= workLimit else { throw CELVerificationError(message: "too many paths") }
            var state = Array(levels[position * width..<(position + 1) * width])
            let instruction = Instruction(word: program.words[position])
            step(instruction, &state)
            if state.contains(where: { $0 > levelLimit }) {
                throw CELVerificationError(word: position, message: "values may nest without end")
            }
            for next in successors(instruction, position) {
                var hasGrown = !isReached[next]
                isReached[next] = true
                for register in 0..<width where state[register] > levels[next * width + register] {
                    levels[next * width + register] = state[register]
                    hasGrown = true
                }
                if hasGrown { pending.append(next) }
            }
        }
    }

    private static func isShallow(_ value: CELValue, _ limit: UInt8) -> Bool {
        guard limit > 0 else { return false }
        return switch value {
        case .list(let list): list.allSatisfy { isShallow($0, limit - 1) }
        case .map(let map): map.values.allSatisfy { isShallow($0, limit - 1) }
        case .optional(let value?): isShallow(value, limit - 1)
        default: true
        }
    }

    /// INVARIANT: the words were verified one by one, so that every register named exists.
    private static func step(_ instruction: Instruction, _ state: inout [UInt8]) {
        let (a, b, c) = (instruction.a, instruction.b, instruction.c)
        guard let operation = instruction.operation else { return }
        switch operation {
        case .move: state[a] = state[b]
        case .append, .appendOptional: state[a] = max(state[a], state[b] + 1)
        case .insert, .insertOptional: state[a] = max(state[a], state[c] + 1)
        case .merge: state[a] = max(state[a], state[b])
        case .add: state[a] = max(state[b], state[c])
        case .index, .optionalIndex: state[a] = state[b] + 1
        case .field, .optionalField: state[a] += 1
        case .loopNext: (state[a + 1], state[a + 2]) = (0, state[a])
        case .loopNextPair: (state[a + 1], state[a + 2], state[a + 3]) = (0, state[a], state[a])
        case .unwrap: state[a + 1] = state[a]
        case .call:
            guard let function = CELFunction(rawValue: UInt16(truncatingIfNeeded: instruction.number)) else { return }
            state[a] = state[a..<a + function.arity].reduce(0, max) + 1
        case .finish, .jump, .jumpIfTrue, .jumpIfFalse, .jumpIfError, .count, .loopBegin: break
        default: state[a] = 0
        }
    }

    private static func successors(_ instruction: Instruction, _ position: Int) -> [Int] {
        guard let operation = instruction.operation else { return [] }
        return switch operation {
        case .finish: []
        case .jump: [position + 1 + instruction.distance]
        case .jumpIfTrue, .jumpIfFalse, .jumpIfError, .condition, .loopBegin, .loopNext, .loopNextPair, .unwrap:
            [position + 1, position + 1 + instruction.number]
        case .slot: [position + 1, position + 2]
        default: [position + 1]
        }
    }
}
