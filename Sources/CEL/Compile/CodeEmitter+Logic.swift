extension CodeEmitter {
    /// What is available behind a condition, by how it came out. Behind it in any case is what the emitter says.
    struct Known {
        /// When the condition holds or is an error.
        var unlessFalse: CommonSubexpressions.Classes
        /// When it does not hold or is an error.
        var unlessTrue: CommonSubexpressions.Classes
    }

    /// Emits a condition. Only when `a && b` is false may `b` have been left out.
    mutating func emitCondition(_ id: NodeID, into target: Int) -> Known {
        if isLogical(id) {
            switch expression.tree[id].kind {
            case .and(let left, let right): return emitLogical(left, right, isAnd: true, into: target)
            case .or(let left, let right): return emitLogical(left, right, isAnd: false, into: target)
            default: break
            }
        }
        emit(id, into: target)
        return Known(unlessFalse: available, unlessTrue: available)
    }

    private func isLogical(_ id: NodeID) -> Bool {
        guard folded[id] == nil, shared.number(of: id) == nil else { return false }
        switch expression.tree[id].kind {
        case .and, .or: return true
        default: return false
        }
    }

    mutating func emitLogical(_ left: NodeID, _ right: NodeID, isAnd: Bool, into target: Int) -> Known {
        let first = emitCondition(left, into: target)
        let end = jump(isAnd ? .jumpIfFalse : .jumpIfTrue, target)
        let always = available
        available = isAnd ? first.unlessFalse : first.unlessTrue
        let last = temporarily { emitter in emitter.emitSecond(right, combine: isAnd ? .and : .or, into: target) }
        land(end)
        available = always
        return isAnd ? Known(unlessFalse: last.unlessFalse, unlessTrue: always) : Known(unlessFalse: always, unlessTrue: last.unlessTrue)
    }

    private mutating func emitSecond(_ right: NodeID, combine: Operation, into target: Int) -> Known {
        guard isLogical(right) else {
            let second = operand(right)
            add(Instruction(combine, target, second))
            return Known(unlessFalse: available, unlessTrue: available)
        }
        let second = allocate()
        let known = emitCondition(right, into: second)
        add(Instruction(combine, target, second))
        return known
    }
}
