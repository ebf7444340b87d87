/// Why a program was rejected.
public struct CELVerificationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The word at fault, or nil when it is the program as a whole.
    public var word: Int?
    public var message: String

    public var description: String { word.map { "word \($0): \(message)" } ?? message }
}

/// Checks a program from an untrusted source. What passes cannot make the machine read or write anything outside its arrays, whatever its words.
public enum CELVerifier {
    public static func verify(_ program: CELProgram, slotCount: Int) throws(CELVerificationError) {
        guard (1...256).contains(program.registerCount) else { throw CELVerificationError(message: "register count is not within 1...256") }
        guard program.constants.count <= 65_536 else { throw CELVerificationError(message: "more than 65,536 constants") }
        guard program.words.count <= CodeEmitter.wordLimit else {
            throw CELVerificationError(message: "more than \(CodeEmitter.wordLimit) words")
        }
        guard !program.constants.contains(where: \.isError) else { throw CELVerificationError(message: "a constant is an error") }
        guard program.slotsRead.allSatisfy({ (0..<slotCount).contains($0) }) else {
            throw CELVerificationError(message: "a slot that is read is out of range")
        }
        // Execution only ever leaves the last word by a result, so it cannot run past the end.
        guard let last = program.words.last, Instruction(word: last).operation == .finish else {
            throw CELVerificationError(message: "the last word gives no result")
        }
        let slots = Set(program.slotsRead)
        for position in program.words.indices { try verify(position, program, slots, slotCount) }
        try verifyNesting(program)
    }

    private static func verify(_ position: Int, _ program: CELProgram, _ slots: Set<Int>, _ slotCount: Int) throws(CELVerificationError) {
        let instruction = Instruction(word: program.words[position])
        func require(_ condition: Bool, _ message: @autoclosure () -> String) throws(CELVerificationError) {
            guard condition else { throw CELVerificationError(word: position, message: message()) }
        }
        func requireRegister(_ register: Int) throws(CELVerificationError) {
            try require(register < program.registerCount, "register \(register) is out of range")
        }
        func requireTarget(_ distance: Int) throws(CELVerificationError) {
            try require(program.words.indices.contains(position + 1 + distance), "jump is out of range")
        }
        func requireText(_ constant: Int) throws(CELVerificationError) {
            try require(constant < program.constants.count, "constant \(constant) is out of range")
            guard case .string = program.constants[constant] else {
                throw CELVerificationError(word: position, message: "constant \(constant) is no string")
            }
        }
        guard let operation = instruction.operation else { throw CELVerificationError(word: position, message: "unknown operation") }
        if operation != .jump { try requireRegister(instruction.a) }
        switch operation {
        case .finish, .newMap, .isOne, .newList: break
        case .constant: try require(instruction.number < program.constants.count, "constant \(instruction.number) is out of range")
        case .move, .and, .or, .not, .negate, .append, .appendOptional, .merge, .count: try requireRegister(instruction.b)
        case .slot, .hasSlot:
            try require(instruction.number < slotCount, "slot \(instruction.number) is out of range")
            try require(slots.contains(instruction.number), "slot \(instruction.number) is not among those read")
            if operation == .slot { try require(position + 2 < program.words.count, "nothing follows a slot") }
        case .missing, .unbound, .noOverload, .field, .optionalField, .hasField: try requireText(instruction.number)
        case .jump: try requireTarget(instruction.distance)
        case .jumpIfTrue, .jumpIfFalse, .jumpIfError, .condition: try requireTarget(instruction.number)
        case .add, .subtract, .multiply, .divide, .modulo, .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .isIn, .index,
            .optionalIndex, .insert, .insertOptional:
            try requireRegister(instruction.b)
            try requireRegister(instruction.c)
        case .loopBegin, .unwrap:
            try requireRegister(instruction.a + 1)
            try requireTarget(instruction.number)
        case .loopNext:
            try requireRegister(instruction.a + 2)
            try requireTarget(instruction.number)
        case .loopNextPair:
            try requireRegister(instruction.a + 3)
            try requireTarget(instruction.number)
        case .call:
            guard let function = CELFunction(rawValue: UInt16(truncatingIfNeeded: instruction.number)) else {
                throw CELVerificationError(word: position, message: "unknown function \(instruction.number)")
            }
            try requireRegister(instruction.a + max(function.arity, 1) - 1)
        }
    }
}

extension CELVerificationError {
    init(message: String) { self.init(word: nil, message: message) }
}
