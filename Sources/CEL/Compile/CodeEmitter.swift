/// Emits instructions for a checked expression. Registers are a stack: an expression's temporaries lie above its result.
///
/// At the bottom of the stack lie the registers of shared subexpressions, for as long as the program runs. INVARIANT: only what computes the
/// value of a class writes to its register, as many instructions change theirs in place.
struct CodeEmitter {
    /// Distances fit their operand up to here.
    static let wordLimit = 65_535

    let expression: CheckedExpression
    let folded: [CELValue?]
    let shared: CommonSubexpressions
    /// The classes whose values have been computed on every way to here.
    var available: CommonSubexpressions.Classes = 0
    var words: [UInt32] = []
    var constants: [CELValue] = []
    /// By bytes: texts that differ only in their normal form are two.
    private var constantNumbers: [[UInt8]: Int] = [:]
    /// The first register that is free.
    var top = 0
    private var highest = 0
    /// Variable number → register.
    var localRegisters: [Int: Int] = [:]
    private var slotsRead: Set<Int> = []
    private var issues: [CELIssue] = []

    static func emit(_ expression: CheckedExpression, slotCount: Int) throws(CELIssues) -> CELProgram {
        try emit(expression, folded: ConstantFolding.values(expression), slotCount: slotCount)
    }

    static func emit(_ expression: CheckedExpression, folded: [CELValue?], slotCount: Int) throws(CELIssues) -> CELProgram {
        var emitter = CodeEmitter(expression, folded, CommonSubexpressions(expression, folded: folded))
        emitter.emitRoot()
        // Computing something twice is better than having no program.
        if emitter.highest > 256, emitter.shared.count > 0 {
            emitter = CodeEmitter(expression, folded, CommonSubexpressions())
            emitter.emitRoot()
        }
        emitter.checkLimits()
        guard emitter.issues.isEmpty else { throw CELIssues(issues: Array(emitter.issues.prefix(CELLimits.issues))) }
        let (graph, spans) = GraphEmitter.emit(expression, folded: folded, shared: emitter.shared, slotCount: slotCount)
        var program = CELProgram(
            words: emitter.words, constants: emitter.constants, registerCount: emitter.highest, resultType: expression.resultType,
            slotsRead: emitter.slotsRead.sorted(),
            graph: graph)
        program.graphSpans = spans
        program.requirements = Requirements.of(expression, folded)
        return program
    }

    private init(_ expression: CheckedExpression, _ folded: [CELValue?], _ shared: CommonSubexpressions) {
        self.expression = expression
        self.folded = folded
        self.shared = shared
    }

    private mutating func emitRoot() {
        _ = allocate(shared.count)
        let result = allocate()
        emit(expression.tree.root, into: result)
        add(Instruction(.finish, result, 0))
    }

    private mutating func checkLimits() {
        let range = expression.tree[expression.tree.root].range
        if words.count > Self.wordLimit || constants.count > Self.wordLimit {
            issues.append(CELIssue(kind: .limit, message: "expression is too large", range: range))
        }
        if highest > 256 { issues.append(CELIssue(kind: .limit, message: "expression needs too many intermediate values", range: range)) }
    }

    mutating func report(_ issue: CELIssue) { issues.append(issue) }

    // MARK: Registers and words

    mutating func allocate(_ count: Int = 1) -> Int {
        let register = top
        top += count
        highest = max(highest, top)
        return register
    }

    /// Frees what the body allocates.
    mutating func temporarily<T>(_ body: (inout CodeEmitter) -> T) -> T {
        let mark = top
        defer { top = mark }
        return body(&self)
    }

    @discardableResult
    mutating func add(_ instruction: Instruction) -> Int {
        words.append(instruction.word)
        return words.count - 1
    }

    /// A conditional jump whose distance `land` sets.
    mutating func jump(_ operation: Operation, _ register: Int) -> Int { add(Instruction(operation, register, number: 0)) }

    mutating func jump() -> Int { add(Instruction(.jump, distance: 0)) }

    mutating func jump(backTo target: Int) { add(Instruction(.jump, distance: target - words.count - 1)) }

    /// Makes a jump lead to the next word.
    mutating func land(_ jump: Int) {
        let old = Instruction(word: words[jump])
        let distance = words.count - jump - 1
        guard let operation = old.operation else { return }
        words[jump] = (operation == .jump ? Instruction(.jump, distance: distance) : Instruction(operation, old.a, number: distance)).word
    }

    mutating func constant(_ value: CELValue) -> Int {
        switch value {
        case .null, .bool, .int, .uint, .double, .string, .type:
            let key = Array("\(value.typeName):\(value.text)".utf8)
            if let number = constantNumbers[key] { return number }
            // A text that `text` had to cut would stand for others with the same beginning.
            if key.count < 900 { constantNumbers[key] = constants.count }
        default: break
        }
        constants.append(value)
        return constants.count - 1
    }

    mutating func load(_ value: CELValue, into register: Int) { add(Instruction(.constant, register, number: constant(value))) }

    mutating func loadSlot(_ slot: Int, named name: String, into register: Int) {
        slotsRead.insert(slot)
        add(Instruction(.slot, register, number: slot))
        add(Instruction(.missing, register, number: constant(.string(name))))
    }

    mutating func hasSlot(_ slot: Int, into register: Int) {
        slotsRead.insert(slot)
        add(Instruction(.hasSlot, register, number: slot))
    }

    /// A register that holds the node's value: a variable's own, or that of a class, or a new one.
    mutating func operand(_ id: NodeID) -> Int {
        if case .local(let local) = expression.references[id], folded[id] == nil, let register = localRegisters[local] { return register }
        if let number = shared.number(of: id) { return share(id, number) }
        let register = allocate()
        emit(id, into: register)
        return register
    }
    /// The register of a class, in which its value is computed unless it is available.
    mutating func share(_ id: NodeID, _ number: Int) -> Int {
        if available & CommonSubexpressions.set(number) == 0 {
            emit(id, into: number)
            available |= CommonSubexpressions.set(number)
        }
        return number
    }

    /// Emits what may be left out, so that what it computes is not available behind it.
    mutating func perhaps<T>(_ body: (inout CodeEmitter) -> T) -> T {
        let before = available
        defer { available = before }
        return body(&self)
    }
}
