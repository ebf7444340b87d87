/// Nodes whose value decides where to go on.
extension GraphEmitter {
    private static let conditions: [CELFunction: GraphCondition] = [
        .equal: .equal, .notEqual: .notEqual, .less: .less, .lessOrEqual: .lessOrEqual, .greater: .greater,
        .greaterOrEqual: .greaterOrEqual,
    ]

    /// Whether the node gives a bool, or an error, by the way it goes on.
    func isPredicate(_ id: NodeID) -> Bool {
        if folded[id] != nil { return false }
        switch expression.tree[id].kind {
        case .and, .or, .has: return true
        case .comprehension(let parts): return parts.macro == .all || parts.macro == .exists || parts.macro == .existsOne
        case .call(_, _, let arguments, _):
            guard case .function(let function) = expression.references[id] else { return false }
            switch function {
            case .not, .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .isIn, .startsWith, .endsWith, .contains:
                return true
            case .matches:
                if case .string? = arguments.last.flatMap({ folded[$0] }) { return true }
                return false
            default: return false
            }
        default: return false
        }
    }

    /// Emits what goes on at a target by the value of the node, and tells what is available there.
    @discardableResult
    mutating func test(_ id: NodeID, yes: Int, no: Int, error: Int) -> Exits {
        let outer = node
        node = id
        defer { node = outer }
        let mark = top
        defer { top = mark }
        if let value = folded[id] {
            if case .bool(let holds) = value { add(.jump, yes: holds ? yes : no) } else { add(.jump, yes: Target.general) }
            return exits()
        }
        switch expression.references[id] {
        case .unbound, .noOverload:
            add(.jump, yes: Target.general)
            return exits()
        default: break
        }
        if let number = shared.number(of: id) { return testShared(id, number, yes, no, error) }
        return testAnew(id, yes, no, error)
    }

    mutating func testAnew(_ id: NodeID, _ yes: Int, _ no: Int, _ error: Int) -> Exits {
        switch expression.tree[id].kind {
        case .and(let left, let right): return testLogical(left, right, isAnd: true, yes, no, error)
        case .or(let left, let right): return testLogical(left, right, isAnd: false, yes, no, error)
        case .conditional(let condition, let first, let second): return testConditional(condition, first, second, yes, no, error)
        case .bind(_, let bound, let body):
            bindLocal(id, bound)
            return test(body, yes: yes, no: no, error: error)
        case .has(let operand, let field): testPresence(id, operand, field, yes, no, error)
        case .comprehension(let parts) where isPredicate(id): return quantify(id, parts, yes, no, error)
        case .call(_, let receiver, let arguments, _):
            guard case .function(let function) = expression.references[id], isPredicate(id) else { return testValue(id, yes, no, error) }
            return testCall(id, function, (receiver.map { [$0] } ?? []) + arguments, yes, no, error)
        default: return testValue(id, yes, no, error)
        }
        return exits()
    }

    private mutating func testLogical(
        _ left: NodeID, _ right: NodeID, isAnd: Bool, _ yes: Int, _ no: Int, _ error: Int
    ) -> Exits {
        let before = available
        let second = label()
        let otherwise = copy(of: right, yes: isAnd ? error : yes, no: isAnd ? no : error, error: error)
        let first = test(left, yes: isAnd ? second : yes, no: isAnd ? no : second, error: otherwise)
        bind(second)
        available = isAnd ? first.yes : first.no
        let start = available
        let last = test(right, yes: yes, no: no, error: error)
        // Where one operand decides, it may have been either of them, and if it was the second, the first may have failed at once.
        func decided(_ first: CommonSubexpressions.Classes, _ last: CommonSubexpressions.Classes) -> CommonSubexpressions.Classes {
            first & last & (before | last & ~start)
        }
        return isAnd ? Exits(yes: last.yes, no: decided(first.no, last.no)) : Exits(yes: decided(first.yes, last.yes), no: last.no)
    }

    private mutating func testConditional(
        _ condition: NodeID, _ first: NodeID, _ second: NodeID, _ yes: Int, _ no: Int, _ error: Int
    ) -> Exits {
        // The other branch is nowhere emitted, and its constant patterns need not be valid.
        if case .bool(let holds)? = folded[condition] { return test(holds ? first : second, yes: yes, no: no, error: error) }
        let (one, other) = (label(), label())
        let start = test(condition, yes: one, no: other, error: error)
        bind(one)
        available = start.yes
        let left = test(first, yes: yes, no: no, error: error)
        bind(other)
        available = start.no
        let right = test(second, yes: yes, no: no, error: error)
        return Exits(yes: left.yes & right.yes, no: left.no & right.no)
    }

    private mutating func testValue(_ id: NodeID, _ yes: Int, _ no: Int, _ error: Int) -> Exits {
        let cell = value(id, error: error)
        add(.isTrue, a: cell, yes: yes, no: no, error: error)
        return exits()
    }

    private mutating func testPresence(_ id: NodeID, _ operand: NodeID, _ field: String, _ yes: Int, _ no: Int, _ error: Int) {
        switch expression.references[id] {
        case .slot(let slot): add(.isPresent, a: slot, yes: yes, no: no)
        case .present: add(.jump, yes: yes)
        default:
            let cell = value(operand, error: error)
            add(.hasField, a: cell, c: constant(.string(field)) ?? 0, yes: yes, no: no, error: error)
        }
    }

    private mutating func testCall(
        _ id: NodeID, _ function: CELFunction, _ operands: [NodeID], _ yes: Int, _ no: Int, _ error: Int
    ) -> Exits {
        guard operands.count == function.arity else {
            add(.jump, yes: Target.general)
            return exits()
        }
        if function == .not {
            let operand = test(operands[0], yes: no, no: yes, error: error)
            return Exits(yes: operand.no, no: operand.yes)
        }
        let (left, right) = (operands[0], operands[1])
        if let condition = Self.conditions[function] {
            compare(condition, left, right, yes, no, error)
        } else if function == .isIn {
            testMembership(left, right, yes, no, error)
        } else {
            testText(function, left, right, yes, no, error)
        }
        return exits()
    }

    private mutating func compare(
        _ condition: GraphCondition, _ left: NodeID, _ right: NodeID, _ yes: Int, _ no: Int, _ error: Int
    ) {
        if let value = folded[right], let number = constant(value) {
            let cell = self.value(left, error: error)
            compare(condition, cell, value, number, yes, no, error)
        } else if let value = folded[left], let number = constant(value) {
            let cell = self.value(right, error: error)
            compare(condition.mirrored, cell, value, number, yes, no, error)
        } else {
            let (first, second) = pair(left, right, error: error)
            add(.compare, a: first, b: second, flags: condition.rawValue, yes: yes, no: no, error: error)
        }
    }

    private mutating func compare(
        _ condition: GraphCondition, _ cell: Int, _ value: CELValue, _ number: Int, _ yes: Int, _ no: Int, _ error: Int
    ) {
        func emit(_ emitter: inout GraphEmitter, _ operation: GraphOperation, isSwapped: Bool = false) {
            emitter.add(
                operation, a: cell, c: number, flags: condition.rawValue | (isSwapped ? GraphCondition.swapped : 0),
                yes: isSwapped ? no : yes, no: isSwapped ? yes : no, error: error)
        }
        switch (value, condition) {
        case (.int, .equal): emit(&self, .intEqual)
        case (.int, .notEqual): emit(&self, .intEqual, isSwapped: true)
        case (.int, .less): emit(&self, .intLess)
        case (.int, .greaterOrEqual): emit(&self, .intLess, isSwapped: true)
        case (.int, .lessOrEqual): emit(&self, .intLessOrEqual)
        case (.int, .greater): emit(&self, .intLessOrEqual, isSwapped: true)
        case (.double, _): emit(&self, .compareDouble)
        case (.string, .equal): emit(&self, .textEqual)
        case (.string, .notEqual): emit(&self, .textEqual, isSwapped: true)
        default: emit(&self, .compareConstant)
        }
    }

    private mutating func testMembership(_ element: NodeID, _ collection: NodeID, _ yes: Int, _ no: Int, _ error: Int) {
        guard let constant = folded[collection] else {
            let (cell, other) = pair(element, collection, error: error)
            add(.isIn, a: cell, b: other, yes: yes, no: no, error: error)
            return
        }
        guard case .list(let members) = constant, let set = set(members) else {
            add(.jump, yes: Target.general)
            return
        }
        let cell = value(element, error: error)
        add(set.isText || members.isEmpty ? .inTextSet : .inIntSet, a: cell, c: set.number, yes: yes, no: no, error: error)
    }

    private mutating func testText(_ function: CELFunction, _ text: NodeID, _ part: NodeID, _ yes: Int, _ no: Int, _ error: Int) {
        if case .string(let string)? = folded[part] {
            let cell = value(text, error: error)
            if function == .matches {
                add(.matches, a: cell, c: pattern(string), yes: yes, no: no, error: error)
                return
            }
            let operation: GraphOperation = function == .startsWith ? .startsWith : function == .endsWith ? .endsWith : .contains
            add(operation, a: cell, c: constant(.string(string)) ?? 0, yes: yes, no: no, error: error)
            return
        }
        let (first, second) = pair(text, part, error: error)
        let operation: GraphOperation =
            function == .startsWith ? .startsWithCell : function == .endsWith ? .endsWithCell : .containsCell
        add(operation, a: first, b: second, yes: yes, no: no, error: error)
    }

    // MARK: all, exists, exists_one

    private mutating func quantify(
        _ id: NodeID, _ parts: SyntaxTree.Comprehension, _ yes: Int, _ no: Int, _ error: Int
    ) -> Exits {
        let range = value(parts.range, error: error)
        let isPair = parts.second != nil
        let base = register(isPair ? 5 : 4)
        for (position, local) in (expression.locals[id] ?? []).enumerated() { localRegisters[local] = base + 3 + position }
        var counter: Int?
        if parts.macro == .existsOne {
            let cell = register()
            add(.load, a: cell, c: constant(.int(0)) ?? 0)
            counter = cell
        }
        add(.loopBegin, a: base, b: range, error: error)
        // What the body computes depends on the turn, and there may be none.
        let before = available
        let (head, body, done) = (label(), label(), label())
        bind(head)
        add(isPair ? .loopNextPair : .loopNext, a: base, yes: body, no: done)
        bind(body)
        if let counter {
            let found = label()
            // Here no error is absorbed.
            test(parts.body, yes: found, no: head, error: error)
            bind(found)
            add(.increment, a: counter, yes: head)
            bind(done)
            add(.intEqual, a: counter, c: constant(.int(1)) ?? 0, yes: yes, no: no)
            available = before
            return exits()
        }
        let keep = isCopy ? Target.general : label()
        let isAll = parts.macro == .all
        let turn = test(parts.body, yes: isAll ? head : yes, no: isAll ? no : head, error: keep)
        available = before
        let end = isAll ? yes : no
        let ways = isAll ? Exits(yes: before, no: turn.no) : Exits(yes: turn.yes, no: before)
        guard keep >= 0, isReferenced(keep) else {
            bind(done, to: end)
            return ways
        }
        bind(keep)
        add(.keepError, a: base + 2, yes: head)
        bind(done)
        add(.checkError, a: base + 2, yes: end, error: error)
        return ways
    }
}
