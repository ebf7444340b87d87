/// Emits the graph of a checked expression: predicates whose exits are jump targets. What the graph cannot say is an exit to the general
/// machine, so that every expression has a graph, if a trivial one.
///
/// An error leaves an operand of `&&` or `||` for a second copy of the other operand, out of line, in which the error is pending: only what
/// absorbs it gets back to the way on.
///
/// The first registers are those of shared subexpressions, for as long as the graph runs. A predicate that is shared is kept there as a bool.
struct GraphEmitter {
    /// Where to go on: a label, or one of these.
    enum Target {
        static let isTrue = -1, isFalse = -2, error = -3, general = -4, next = -5
    }

    /// A copy of an operand for the case that the other one failed.
    private struct Copy {
        var label: Int
        var node: NodeID
        var yes: Int
        var no: Int
        var error: Int
        var top: Int
        var localRegisters: [Int: Int]
        var available: CommonSubexpressions.Classes
    }

    private struct Draft {
        var word: UInt64
        var yes: Int
        var no: Int
        var error: Int
        /// What it is there for.
        var node: NodeID
    }

    private static let instructionLimit = 8_000
    /// Past this, no more copies are made.
    private static let copyLimit = 2_000

    let expression: CheckedExpression
    let folded: [CELValue?]
    let shared: CommonSubexpressions
    /// The classes whose values have been computed on every way to here.
    var available: CommonSubexpressions.Classes = 0
    let slotCount: Int
    private var drafts: [Draft] = []
    /// The node that is being emitted.
    var node: NodeID = 0
    /// By label: the instruction, or -1 while there is none.
    private var labels: [Int] = []
    /// By label: the target that it stands for instead.
    private var aliases: [Int: Int] = [:]
    private var isUsed: [Bool] = []
    private var copies: [Copy] = []
    private var constants: [UInt64] = []
    private var patterns: [CELCell] = []
    var text: [UInt8] = []
    /// Whether an error is pending in what is being emitted.
    private(set) var isCopy = false
    private var hasFailed = false
    /// The first register that is free.
    var top = 0
    private var highest = 0
    var localRegisters: [Int: Int] = [:]

    /// The image, or nothing when the expression is too large for one; and what the image's predicates were made of.
    static func emit(
        _ expression: CheckedExpression, folded: [CELValue?], shared: CommonSubexpressions, slotCount: Int
    ) -> (image: [UInt64], spans: [Range<Int>]) {
        guard slotCount < 60_000 else { return ([], []) }
        var emitter = GraphEmitter(expression, folded, shared, slotCount)
        emitter.emitRoot()
        emitter.emitCopies()
        if emitter.hasFailed, shared.count > 0 {
            return emit(expression, folded: folded, shared: CommonSubexpressions(), slotCount: slotCount)
        }
        let image = emitter.image()
        return (image, image.isEmpty ? [] : emitter.spans)
    }

    /// For each instruction the place of the predicate in the source; empty where there is none.
    private var spans: [Range<Int>] {
        drafts.map { draft in
            let operation = GraphOperation(rawValue: UInt8(truncatingIfNeeded: draft.word))
            return operation?.isPredicate ?? false ? expression.tree[draft.node].range : 0..<0
        }
    }

    private init(_ expression: CheckedExpression, _ folded: [CELValue?], _ shared: CommonSubexpressions, _ slotCount: Int) {
        self.expression = expression
        self.folded = folded
        self.shared = shared
        self.slotCount = slotCount
        top = shared.count
        highest = shared.count
        drafts.reserveCapacity(16)
    }

    private mutating func emitRoot() {
        let root = expression.tree.root
        if expression.resultType == .bool || isPredicate(root) {
            test(root, yes: Target.isTrue, no: Target.isFalse, error: Target.error)
        } else {
            let cell = value(root, error: Target.error)
            add(.require, a: cell, error: Target.error)
            add(.finish, a: cell)
        }
    }

    private mutating func emitCopies() {
        var position = 0
        isCopy = true
        while position < copies.count {
            let copy = copies[position]
            position += 1
            guard isUsed[copy.label] else { continue }
            guard drafts.count < Self.copyLimit else {
                aliases[copy.label] = Target.general
                continue
            }
            top = copy.top
            localRegisters = copy.localRegisters
            available = copy.available
            // The ways out on which the error is absorbed.
            let yes = copy.yes == copy.error ? copy.yes : clearing(copy.yes)
            let no = copy.no == copy.error ? copy.no : clearing(copy.no)
            bind(copy.label)
            test(copy.node, yes: yes, no: no, error: copy.error)
        }
    }

    /// A way to the target on which the pending error is forgotten. Where the evaluation ends, it need not be.
    private mutating func clearing(_ target: Int) -> Int {
        if target == Target.isTrue || target == Target.isFalse { return target }
        let label = self.label()
        bind(label)
        add(.clearError, yes: target)
        return label
    }

    /// The label of the copy of a node that runs with an error pending. It may rely on what is available when it is asked for, no more: the
    /// error may strike before anything else was computed.
    mutating func copy(of node: NodeID, yes: Int, no: Int, error: Int) -> Int {
        // One error is kept at a time.
        if isCopy { return Target.general }
        let label = self.label()
        copies.append(
            Copy(
                label: label, node: node, yes: yes, no: no, error: error, top: top, localRegisters: localRegisters, available: available))
        return label
    }

    // MARK: Instructions

    mutating func add(
        _ operation: GraphOperation, a: Int = 0, b: Int = 0, c: Int = 0, flags: UInt8 = 0, yes: Int = Target.next, no: Int = Target.general,
        error: Int = Target.general
    ) {
        guard drafts.count < Self.instructionLimit, a <= 0xFFFF, b <= 0xFFFF, c <= 0xF000 else {
            hasFailed = true
            return
        }
        let word = UInt64(operation.rawValue) | UInt64(flags) << 8 | UInt64(a) << 16 | UInt64(b) << 32 | UInt64(c) << 48
        for target in [yes, no, error] where target >= 0 { isUsed[target] = true }
        drafts.append(Draft(word: word, yes: yes, no: no, error: error, node: node))
    }

    mutating func label() -> Int {
        labels.append(-1)
        isUsed.append(false)
        return labels.count - 1
    }

    /// Makes a label stand for the next instruction.
    mutating func bind(_ label: Int) { labels[label] = drafts.count }

    /// Makes a label stand for another target.
    mutating func bind(_ label: Int, to target: Int) {
        aliases[label] = target
        if target >= 0, isUsed[label] { isUsed[target] = true }
    }

    func isReferenced(_ label: Int) -> Bool { isUsed[label] }

    // MARK: Cells

    mutating func register(_ count: Int = 1) -> Int {
        let register = top
        top += count
        highest = max(highest, top)
        if top > CELActivation.registerLimit { hasFailed = true }
        return slotCount + register
    }

    /// The number of a constant that needs no memory, or is text.
    mutating func constant(_ value: CELValue) -> Int? {
        if let cell = CELCell(scalar: value) { return constant(cell) }
        if case .string(let string) = value { return constant(textCell(string)) }
        return nil
    }

    private mutating func constant(_ cell: CELCell) -> Int {
        constants.append(cell.meta)
        constants.append(cell.payload)
        return constants.count - 2
    }

    mutating func textCell(_ string: String) -> CELCell {
        var string = string
        return string.withUTF8 { bytes in
            let offset = text.count
            text.append(contentsOf: bytes)
            guard let base = UnsafeRawPointer(bytes.baseAddress) else {
                return CELCell(meta: CELCell.emptyProgramText, payload: UInt64(offset))
            }
            let cell = CELCell(.text, offset: offset, count: bytes.count, extra: TextHash.of(base, bytes.count))
            return CELCell(meta: cell.meta | CELCell.programText, payload: cell.payload)
        }
    }

    /// The number of a set of constants, all of them texts or all of them integers.
    mutating func set(_ members: [CELValue]) -> (number: Int, isText: Bool)? {
        var cells: [CELCell] = []
        cells.reserveCapacity(members.count)
        var texts = 0
        for member in members {
            switch member {
            case .string(let string):
                texts += 1
                cells.append(textCell(string))
            case .int(let value): cells.append(.int(value))
            default: return nil
            }
        }
        guard texts == 0 || texts == members.count else { return nil }
        let number = constants.count
        constants.append(contentsOf: GraphSet.words(cells, isText: texts > 0, text: text))
        return (number, texts > 0)
    }

    mutating func pattern(_ source: String) -> Int {
        patterns.append(textCell(source))
        return patterns.count - 1
    }

    // MARK: The image

    private func resolve(_ target: Int, from position: Int) -> UInt16 {
        var target = target
        while target >= 0 {
            if let alias = aliases[target] {
                target = alias
                continue
            }
            let place = labels[target]
            guard place >= 0, place < drafts.count else { return GraphExit.general }
            let draft = drafts[place]
            // A jump is where it leads. Its target was made after it, so that this ends, except for loops, whose jumps are not alone.
            if UInt8(truncatingIfNeeded: draft.word) == GraphOperation.jump.rawValue, draft.yes != target, draft.yes != Target.next {
                target = draft.yes
                continue
            }
            return UInt16(place)
        }
        switch target {
        case Target.isTrue: return GraphExit.isTrue
        case Target.isFalse: return GraphExit.isFalse
        case Target.error: return GraphExit.error
        case Target.next: return position + 1 < drafts.count ? UInt16(position + 1) : GraphExit.general
        default: return GraphExit.general
        }
    }

    private mutating func image() -> [UInt64] {
        text.append(contentsOf: repeatElement(0, count: TextHash.padding))
        if hasFailed || drafts.isEmpty || text.count > 1 << 24 { return [] }
        // A graph that at once gives up is none.
        if drafts[0].word == UInt64(GraphOperation.jump.rawValue), resolve(drafts[0].yes, from: 0) == GraphExit.general { return [] }
        let shift = UInt64(patterns.count * 2) << 48
        guard constants.count + patterns.count * 2 < 1 << 28 else { return [] }
        var words: [UInt64] = []
        words.reserveCapacity(GraphImage.headerWords + drafts.count * 2 + constants.count + text.count / 8 + 4)
        words.append(GraphImage.magic)
        words.append(UInt64(drafts.count) | UInt64(constants.count + patterns.count * 2) << 32)
        words.append(UInt64(text.count) | UInt64(highest) << 32 | UInt64(patterns.count) << 48)
        words.append(UInt64(slotCount))
        for (position, draft) in drafts.enumerated() {
            let operation = GraphOperation(rawValue: UInt8(truncatingIfNeeded: draft.word)) ?? .jump
            words.append(operation.readsConstant ? draft.word + shift : draft.word)
            words.append(
                UInt64(resolve(draft.yes, from: position)) | UInt64(resolve(draft.no, from: position)) << 16
                    | UInt64(resolve(draft.error, from: position)) << 32)
        }
        for pattern in patterns {
            words.append(pattern.meta)
            words.append(pattern.payload)
        }
        words.append(contentsOf: constants)
        var position = 0
        while position < text.count {
            var word: UInt64 = 0
            for index in 0..<min(8, text.count - position) { word |= UInt64(text[position + index]) << UInt64(index * 8) }
            words.append(word)
            position += 8
        }
        return words
    }
}

extension GraphOperation {
    /// Whether `c` is the number of a constant.
    var readsConstant: Bool {
        switch self {
        case .intEqual, .intLess, .intLessOrEqual, .compareDouble, .textEqual, .inTextSet, .inIntSet, .startsWith, .endsWith, .contains,
            .compareConstant, .hasField, .load, .field:
            true
        default: false
        }
    }
}

extension GraphOperation {
    /// Whether the first two exits say whether something holds.
    var isPredicate: Bool {
        switch self {
        case .isTrue, .isPresent, .intEqual, .intLess, .intLessOrEqual, .compareDouble, .textEqual, .inTextSet, .inIntSet, .startsWith,
            .endsWith, .contains, .startsWithCell, .endsWithCell, .containsCell, .matches, .compare, .compareConstant, .isIn, .hasField:
            true
        default: false
        }
    }
}
