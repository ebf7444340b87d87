/// Nodes whose value is needed in a cell.
extension GraphEmitter {
    private static let arithmetic: [CELFunction: UInt8] = [.add: 0, .subtract: 1, .multiply: 2, .divide: 3, .modulo: 4]

    /// The cell with the node's value. A slot's own cell is given as it is, and may be absent: whatever reads it tells.
    mutating func value(_ id: NodeID, error: Int) -> Int {
        let outer = node
        node = id
        defer { node = outer }
        if let value = folded[id] { return load(value) }
        guard let number = shared.number(of: id) else { return valueAnew(id, error) }
        if !isAvailable(number) {
            let cell = valueAnew(id, error)
            if cell != slotCount + number { add(.move, a: slotCount + number, b: cell, error: error) }
            available |= CommonSubexpressions.set(number)
        }
        return slotCount + number
    }

    private mutating func valueAnew(_ id: NodeID, _ error: Int) -> Int {
        switch expression.references[id] {
        case .slot(let slot):
            switch expression.tree[id].kind {
            case .name, .select(_, _, false): return slot
            default: break
            }
        case .local(let local): if let register = localRegisters[local] { return register }
        case .unbound, .noOverload, .constant: return giveUp()
        default: break
        }
        if isPredicate(id) { return materialize(id, error) }
        switch expression.tree[id].kind {
        case .select(let operand, let field, false):
            guard case .none = expression.references[id] else { return giveUp() }
            return self.field(id, operand, field, error)
        case .index(let operand, let key, false): return index(id, operand, key, error)
        case .conditional(let condition, let first, let second): return choose(id, condition, first, second, error)
        case .bind(_, let bound, let body):
            bindLocal(id, bound)
            return value(body, error: error)
        case .call(_, let receiver, let arguments, _): return call(id, receiver, arguments, error)
        default: return giveUp()
        }
    }

    private mutating func load(_ value: CELValue) -> Int {
        guard let number = constant(value) else { return giveUp() }
        let cell = register()
        add(.load, a: cell, c: number)
        return cell
    }

    /// What follows is never reached, but is emitted as if it were.
    private mutating func giveUp() -> Int {
        add(.jump, yes: Target.general)
        return register()
    }

    private mutating func field(_ id: NodeID, _ operand: NodeID, _ field: String, _ error: Int) -> Int {
        let map = value(operand, error: error)
        let cell = cell(for: id)
        add(.field, a: cell, b: map, c: constant(.string(field)) ?? 0, error: error)
        return cell
    }

    // The key's error counts before the collection's.
    private mutating func index(_ id: NodeID, _ operand: NodeID, _ key: NodeID, _ error: Int) -> Int {
        if case .string(let field)? = folded[key] { return self.field(id, operand, field, error) }
        let (position, collection) = pair(key, operand, error: error)
        let cell = cell(for: id)
        add(.index, a: cell, b: collection, c: position, error: error)
        return cell
    }

    private mutating func choose(_ id: NodeID, _ condition: NodeID, _ first: NodeID, _ second: NodeID, _ error: Int) -> Int {
        if case .bool(let holds)? = folded[condition] { return value(holds ? first : second, error: error) }
        let cell = cell(for: id)
        let (one, other, end) = (label(), label(), label())
        let ways = test(condition, yes: one, no: other, error: error)
        var behind: [CommonSubexpressions.Classes] = []
        for (start, node, known) in [(one, first, ways.yes), (other, second, ways.no)] {
            bind(start)
            available = known
            let mark = top
            let value = self.value(node, error: error)
            add(.move, a: cell, b: value, yes: end, error: error)
            top = mark
            behind.append(available)
        }
        bind(end)
        available = behind[0] & behind[1]
        return cell
    }

    private mutating func materialize(_ id: NodeID, _ error: Int) -> Int {
        let cell = cell(for: id)
        let (yes, no, end) = (label(), label(), label())
        let mark = top
        let ways = testAnew(id, yes, no, error)
        top = mark
        bind(yes)
        add(.setBool, a: cell, flags: 1, yes: end)
        bind(no)
        add(.setBool, a: cell, flags: 0, yes: end)
        bind(end)
        available = ways.yes & ways.no
        return cell
    }

    private mutating func call(_ id: NodeID, _ receiver: NodeID?, _ arguments: [NodeID], _ error: Int) -> Int {
        let function: CELFunction
        var operands = arguments
        switch expression.references[id] {
        case .function(let found):
            function = found
            if let receiver { operands.insert(receiver, at: 0) }
        case .namespaced(let found): function = found
        default: return giveUp()
        }
        guard operands.count == function.arity, !operands.isEmpty else { return giveUp() }
        if let operation = Self.arithmetic[function] {
            let (left, right) = pair(operands[0], operands[1], error: error)
            let cell = cell(for: id)
            add(.arithmetic, a: cell, b: left, c: right, flags: operation, error: error)
            return cell
        }
        if function == .negate || function == .size {
            let operand = value(operands[0], error: error)
            let cell = cell(for: id)
            add(function == .negate ? .negate : .size, a: cell, b: operand, error: error)
            return cell
        }
        guard function.givesScalar else { return giveUp() }
        let base = register(operands.count)
        for (position, operand) in operands.enumerated() {
            let mark = top
            let cell = value(operand, error: error)
            add(.move, a: base + position, b: cell, error: error)
            top = mark
        }
        let cell = shared.number(of: id) == nil ? base : cell(for: id)
        add(.call, a: cell, b: base, c: Int(function.rawValue), error: error)
        return cell
    }

    /// Two operands, the first one first: its error counts before the second's.
    mutating func pair(_ first: NodeID, _ second: NodeID, error: Int) -> (Int, Int) {
        let one = value(first, error: error)
        if one < slotCount, !isAtHand(second) { add(.require, a: one, error: error) }
        return (one, value(second, error: error))
    }

    /// Whether nothing has to be done for the node's value.
    func isAtHand(_ id: NodeID) -> Bool {
        if folded[id] != nil { return true }
        if let number = shared.number(of: id), isAvailable(number) { return true }
        switch (expression.references[id], expression.tree[id].kind) {
        case (.local, _), (.slot, .name), (.slot, .select(_, _, false)): return true
        default: return false
        }
    }

    /// Binds the value of `cel.bind`. Its error counts only where the variable is used, which the general machine tells.
    mutating func bindLocal(_ id: NodeID, _ bound: NodeID) {
        let cell = register()
        let mark = top
        let value = self.value(bound, error: Target.general)
        add(.move, a: cell, b: value)
        top = mark
        if let local = expression.locals[id]?.first { localRegisters[local] = cell }
    }
}

extension CELFunction {
    /// Whether it takes scalars and texts and gives a scalar, so that cells can hold both.
    var givesScalar: Bool {
        switch self {
        case .toInt, .toUint, .toDouble, .toBool, .toTimestamp, .toDuration, .indexOf, .indexOfFrom, .lastIndexOf, .lastIndexOfFrom, .ceil,
            .floor, .round, .trunc, .abs, .sign, .isNaN, .isInf, .isFinite, .squareRoot, .bitNot, .bitShiftLeft, .bitShiftRight, .isIP,
            .isCIDR, .matches:
            true
        default: (CELFunction.getFullYear.rawValue...CELFunction.getMillisecondsIn.rawValue).contains(rawValue)
        }
    }
}
