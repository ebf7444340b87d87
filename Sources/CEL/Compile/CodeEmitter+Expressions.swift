extension CodeEmitter {
    /// Emits what leaves the node's value in the register. INVARIANT: no variable in scope lives in that register.
    mutating func emit(_ id: NodeID, into target: Int) {
        if let value = folded[id] {
            load(value, into: target)
            return
        }
        // Into the register of its class goes what computes the value.
        if let number = shared.number(of: id), number != target {
            add(Instruction(.move, target, share(id, number)))
            return
        }
        switch expression.references[id] {
        case .unbound(let name):
            add(Instruction(.unbound, target, number: constant(.string(name))))
            return
        case .noOverload(let name):
            add(Instruction(.noOverload, target, number: constant(.string(name))))
            return
        default: break
        }
        // The children of a deep expression are emitted from functions of their own, to keep this one's stack frame small.
        switch expression.tree[id].kind {
        case .literal(let value): load(value, into: target)
        case .name(let name, _): emitName(id, name, into: target)
        case .select(let operand, let field, let isOptional): emitSelect(id, operand, field, isOptional, into: target)
        case .has(let operand, let field): emitHas(id, operand, field, into: target)
        case .index(let operand, let key, let isOptional):
            emitBinary(isOptional ? .optionalIndex : .index, operand, key, into: target)
        case .and(let left, let right): _ = emitLogical(left, right, isAnd: true, into: target)
        case .or(let left, let right): _ = emitLogical(left, right, isAnd: false, into: target)
        case .conditional(let condition, let first, let second): emitConditional(condition, first, second, into: target)
        case .call(_, let receiver, let arguments, _): emitCall(id, receiver, arguments, into: target)
        case .list(let elements): emitList(elements, into: target)
        case .map(let entries): emitMap(entries, into: target)
        case .message(_, _, let fields): emitMessage(id, fields, into: target)
        case .comprehension(let parts): emitComprehension(id, parts, into: target)
        case .bind(_, let value, let body): emitBinding(id, value, body, into: target)
        case .optionalMap(let operand, _, let body, let isFlat): emitOptionalMap(id, operand, body, isFlat, into: target)
        case .invalid: load(.null, into: target)
        }
    }

    private mutating func emitName(_ id: NodeID, _ name: String, into target: Int) {
        switch expression.references[id] {
        case .slot(let slot): loadSlot(slot, named: name, into: target)
        case .local(let local): add(Instruction(.move, target, localRegisters[local] ?? target))
        default: load(.null, into: target)
        }
    }

    private mutating func emitSelect(_ id: NodeID, _ operand: NodeID, _ field: String, _ isOptional: Bool, into target: Int) {
        guard case .slot(let slot) = expression.references[id] else {
            emit(operand, into: target)
            add(Instruction(isOptional ? .optionalField : .field, target, number: constant(.string(field))))
            return
        }
        guard isOptional else {
            loadSlot(slot, named: field, into: target)
            return
        }
        temporarily { emitter in
            let base = emitter.allocate()
            emitter.hasSlot(slot, into: base)
            let absent = emitter.jump(.jumpIfFalse, base)
            emitter.loadSlot(slot, named: field, into: base)
            emitter.add(Instruction(.call, base, number: Int(CELFunction.optionalOf.rawValue)))
            let end = emitter.jump()
            emitter.land(absent)
            emitter.add(Instruction(.call, base, number: Int(CELFunction.optionalNone.rawValue)))
            emitter.land(end)
            emitter.add(Instruction(.move, target, base))
        }
    }

    private mutating func emitHas(_ id: NodeID, _ operand: NodeID, _ field: String, into target: Int) {
        switch expression.references[id] {
        case .slot(let slot): hasSlot(slot, into: target)
        case .present: load(.bool(true), into: target)
        default:
            emit(operand, into: target)
            add(Instruction(.hasField, target, number: constant(.string(field))))
        }
    }

    mutating func emitBinary(_ operation: Operation, _ left: NodeID, _ right: NodeID, into target: Int) {
        temporarily { emitter in
            let first = emitter.operand(left)
            let second = emitter.operand(right)
            emitter.add(Instruction(operation, target, first, second))
        }
    }

    private mutating func emitConditional(_ condition: NodeID, _ first: NodeID, _ second: NodeID, into target: Int) {
        if case .bool(let value)? = folded[condition] {
            emit(value ? first : second, into: target)
            return
        }
        let known = emitCondition(condition, into: target)
        let invalid = jump(.condition, target)
        let otherwise = jump(.jumpIfFalse, target)
        let always = available
        available = known.unlessFalse
        emit(first, into: target)
        let end = jump()
        land(otherwise)
        available = known.unlessTrue
        emit(second, into: target)
        land(end)
        land(invalid)
        available = always
    }

    private mutating func emitList(_ elements: [SyntaxTree.Element], into target: Int) {
        add(Instruction(.newList, target, number: elements.count))
        for element in elements {
            temporarily { emitter in
                let value = emitter.operand(element.value)
                emitter.add(Instruction(element.isOptional ? .appendOptional : .append, target, value))
            }
        }
    }

    private mutating func emitMap(_ entries: [SyntaxTree.Entry], into target: Int) {
        add(Instruction(.newMap, target, 0))
        for entry in entries {
            temporarily { emitter in
                let key = emitter.operand(entry.key)
                let value = emitter.operand(entry.value)
                emitter.add(Instruction(entry.isOptional ? .insertOptional : .insert, target, key, value))
            }
        }
    }
}
