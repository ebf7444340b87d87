extension CodeEmitter {
    mutating func emitBinding(_ id: NodeID, _ value: NodeID, _ body: NodeID, into target: Int) {
        temporarily { emitter in
            let register = emitter.allocate()
            emitter.emit(value, into: register)
            if let local = emitter.expression.locals[id]?.first { emitter.localRegisters[local] = register }
            emitter.emit(body, into: target)
        }
    }

    mutating func emitOptionalMap(_ id: NodeID, _ operand: NodeID, _ body: NodeID, _ isFlat: Bool, into target: Int) {
        temporarily { emitter in
            let base = emitter.allocate(2)
            emitter.emit(operand, into: base)
            if let local = emitter.expression.locals[id]?.first { emitter.localRegisters[local] = base + 1 }
            let end = emitter.jump(.unwrap, base)
            let result = emitter.allocate()
            emitter.perhaps { $0.emit(body, into: result) }
            if !isFlat { emitter.add(Instruction(.call, result, number: Int(CELFunction.optionalOf.rawValue))) }
            emitter.add(Instruction(.move, base, result))
            emitter.land(end)
            emitter.add(Instruction(.move, target, base))
        }
    }

    mutating func emitComprehension(_ id: NodeID, _ parts: SyntaxTree.Comprehension, into target: Int) {
        temporarily { emitter in
            switch parts.macro {
            case .all: emitter.quantifier(id, parts, start: true, stop: .jumpIfFalse, combine: .and, into: target)
            case .exists: emitter.quantifier(id, parts, start: false, stop: .jumpIfTrue, combine: .or, into: target)
            case .existsOne: emitter.existsOne(id, parts, into: target)
            case .map, .filter, .transformList, .transformMap, .transformMapEntry: emitter.gather(id, parts, into: target)
            case .sortBy: emitter.sortBy(id, parts, into: target)
            }
        }
    }

    /// Emits a loop: `body` for each element, given the register of the first variable. What it computes depends on the turn.
    /// Jumps that `body` returns leave the loop. When the range cannot be iterated over, `failed` gets the error.
    private mutating func loop(
        _ id: NodeID, _ parts: SyntaxTree.Comprehension, failed: Int, _ body: (inout CodeEmitter, Int) -> [Int]
    ) {
        let isPair = parts.second != nil
        let base = allocate(isPair ? 4 : 3)
        emit(parts.range, into: base)
        for (position, local) in (expression.locals[id] ?? []).enumerated() { localRegisters[local] = base + 2 + position }
        let invalid = jump(.loopBegin, base)
        let start = words.count
        let exit = jump(isPair ? .loopNextPair : .loopNext, base)
        let leaving = perhaps { body(&$0, base + 2) }
        jump(backTo: start)
        land(invalid)
        add(Instruction(.move, failed, base))
        land(exit)
        for jump in leaving { land(jump) }
    }

    private mutating func quantifier(
        _ id: NodeID, _ parts: SyntaxTree.Comprehension, start: Bool, stop: Operation, combine: Operation, into target: Int
    ) {
        load(.bool(start), into: target)
        loop(id, parts, failed: target) { emitter, _ in
            emitter.temporarily { inner in
                let predicate = inner.operand(parts.body)
                inner.add(Instruction(combine, target, predicate))
            }
            return [emitter.jump(stop, target)]
        }
    }

    private mutating func existsOne(_ id: NodeID, _ parts: SyntaxTree.Comprehension, into target: Int) {
        load(.int(0), into: target)
        loop(id, parts, failed: target) { emitter, _ in
            emitter.temporarily { inner in
                let predicate = inner.operand(parts.body)
                inner.add(Instruction(.count, target, predicate))
            }
            return [emitter.jump(.jumpIfError, target)]
        }
        add(Instruction(.isOne, target, 0))
    }

    private mutating func gather(_ id: NodeID, _ parts: SyntaxTree.Comprehension, into target: Int) {
        let isMap = parts.macro == .transformMap || parts.macro == .transformMapEntry
        add(isMap ? Instruction(.newMap, target, 0) : Instruction(.newList, target, number: 0))
        loop(id, parts, failed: target) { emitter, variable in
            let filter = parts.macro == .filter ? parts.body : parts.filter
            var leaving: [Int] = []
            var skip: Int?
            if let filter { (skip, leaving) = emitter.filter(filter, into: target) }
            emitter.temporarily { inner in
                let value = parts.macro == .filter ? variable : inner.operand(parts.body)
                switch parts.macro {
                case .transformMap: inner.add(Instruction(.insert, target, variable, value))
                case .transformMapEntry: inner.add(Instruction(.merge, target, value))
                default: inner.add(Instruction(.append, target, value))
                }
            }
            leaving.append(emitter.jump(.jumpIfError, target))
            if let skip { emitter.land(skip) }
            return leaving
        }
    }

    /// Emits a test of whether an element counts: a jump for when it does not, and those that leave with the error in `target`.
    private mutating func filter(_ filter: NodeID, into target: Int) -> (skip: Int, leaving: [Int]) {
        temporarily { emitter in
            let test = emitter.allocate()
            let known = emitter.emitCondition(filter, into: test)
            emitter.available = known.unlessFalse
            let invalid = emitter.jump(.condition, test)
            let valid = emitter.jump()
            emitter.land(invalid)
            emitter.add(Instruction(.move, target, test))
            let leaving = emitter.jump()
            emitter.land(valid)
            return (emitter.jump(.jumpIfFalse, test), [leaving])
        }
    }

    private mutating func sortBy(_ id: NodeID, _ parts: SyntaxTree.Comprehension, into target: Int) {
        let base = allocate(2)
        add(Instruction(.newList, base, number: 0))
        add(Instruction(.newList, base + 1, number: 0))
        loop(id, parts, failed: base) { emitter, variable in
            emitter.temporarily { inner in
                let key = inner.operand(parts.body)
                inner.add(Instruction(.append, base, variable))
                inner.add(Instruction(.append, base + 1, key))
            }
            return [emitter.jump(.jumpIfError, base + 1)]
        }
        add(Instruction(.call, base, number: Int(CELFunction.sortByKeys.rawValue)))
        add(Instruction(.move, target, base))
    }
}
