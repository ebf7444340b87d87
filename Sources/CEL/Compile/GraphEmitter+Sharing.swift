/// Subexpressions that are computed once.
extension GraphEmitter {
    /// What is available where a predicate leads to. Where errors lead to, nothing of it is relied upon.
    struct Exits {
        var yes: CommonSubexpressions.Classes
        var no: CommonSubexpressions.Classes
    }

    /// The exits of what leads to both with the same available.
    func exits() -> Exits { Exits(yes: available, no: available) }

    /// The cell for the value of a node: that of its class, or a new one.
    mutating func cell(for id: NodeID) -> Int {
        if let number = shared.number(of: id) { return slotCount + number }
        return register()
    }

    func isAvailable(_ number: Int) -> Bool { available & CommonSubexpressions.set(number) != 0 }

    mutating func testShared(_ id: NodeID, _ number: Int, _ yes: Int, _ no: Int, _ error: Int) -> Exits {
        let cell = slotCount + number
        if isAvailable(number) {
            add(.isTrue, a: cell, yes: yes, no: no, error: error)
            return exits()
        }
        // Values find their way into the cell by themselves.
        guard isDecision(id), !isCheap(id) else { return testAnew(id, yes, no, error) }
        let (holds, fails) = (label(), label())
        let ways = testAnew(id, holds, fails, error)
        bind(holds)
        add(.setBool, a: cell, flags: 1, yes: yes)
        bind(fails)
        add(.setBool, a: cell, flags: 0, yes: no)
        let new = CommonSubexpressions.set(number)
        return Exits(yes: ways.yes | new, no: ways.no | new)
    }

    /// Whether testing the node decides by exits, without its value in a cell.
    private func isDecision(_ id: NodeID) -> Bool {
        switch expression.tree[id].kind {
        case .conditional, .bind: true
        default: isPredicate(id)
        }
    }

    /// Whether the predicate is one instruction that takes no longer than looking into a cell.
    private func isCheap(_ id: NodeID) -> Bool {
        guard case .call(_, let receiver, let arguments, _) = expression.tree[id].kind,
            case .function(let function) = expression.references[id]
        else { return false }
        let operands = (receiver.map { [$0] } ?? []) + arguments
        switch function {
        case .startsWith, .endsWith: return operands.allSatisfy { isAtHand($0) }
        case .isIn: return arguments.last.map { folded[$0] != nil } ?? false && operands.allSatisfy { isAtHand($0) }
        default: return false
        }
    }
}
