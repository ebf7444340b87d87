extension Parser {
    private struct Pending {
        var symbol: Token.Symbol?
        var precedence: Int
        var range: Range<Int>
    }

    /// Binary operators over operands, by precedence, left to right.
    mutating func binary() -> NodeID {
        var operands = [unary()]
        var operators: [Pending] = []
        while let next = pending() {
            while let last = operators.last, last.precedence >= next.precedence, last.precedence > 2 { reduce(&operands, &operators) }
            while let last = operators.last, last.precedence > next.precedence { reduce(&operands, &operators) }
            advance()
            operators.append(next)
            operands.append(unary())
        }
        while !operators.isEmpty { reduce(&operands, &operators) }
        return operands[0]
    }

    private func pending() -> Pending? {
        switch token.kind {
        case .symbol(let symbol):
            guard let precedence = Self.precedence(symbol) else { return nil }
            return Pending(symbol: symbol, precedence: precedence, range: token.range)
        case .identifier("in"): return Pending(symbol: nil, precedence: 3, range: token.range)
        default: return nil
        }
    }

    private static func precedence(_ symbol: Token.Symbol) -> Int? {
        switch symbol {
        case .or: 1
        case .and: 2
        case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual: 3
        case .plus, .minus: 4
        case .times, .divide, .modulo: 5
        default: nil
        }
    }

    // `&&` and `||` are associative: a run of them is left on the stack and made a balanced tree, so that a long one is not a deep one.
    private mutating func reduce(_ operands: inout [NodeID], _ operators: inout [Pending]) {
        guard let last = operators.last else { return }
        guard last.precedence <= 2 else {
            operators.removeLast()
            let right = operands.removeLast()
            let left = operands.removeLast()
            operands.append(apply(last, left, right))
            return
        }
        var count = 0
        while operators.last?.precedence == last.precedence {
            operators.removeLast()
            count += 1
        }
        let run = Array(operands.suffix(count + 1))
        operands.removeLast(count + 1)
        operands.append(balanced(run[...], last))
    }

    private mutating func balanced(_ run: ArraySlice<NodeID>, _ pending: Pending) -> NodeID {
        guard run.count > 1 else { return run[run.startIndex] }
        let middle = run.startIndex + (run.count + 1) / 2
        let left = balanced(run[..<middle], pending)
        return apply(pending, left, balanced(run[middle...], pending))
    }

    /// The place of an operand with the parentheses around it.
    private func place(of id: NodeID) -> Range<Int> { parenthesized[id] ?? tree[id].range }

    private mutating func apply(_ pending: Pending, _ left: NodeID, _ right: NodeID) -> NodeID {
        let start = place(of: left).lowerBound
        let range = start..<max(start, place(of: right).upperBound)
        switch pending.symbol {
        case .and: return add(.and(left, right), range, children: [left, right])
        case .or: return add(.or(left, right), range, children: [left, right])
        default:
            let name = pending.symbol.map { "_\($0.rawValue)_" } ?? "@in"
            return add(.call(name, target: nil, arguments: [left, right], isAbsolute: true), range, children: [left, right])
        }
    }

    // What recurs is kept apart from what does not: variables of the one would be on the stack at every level of the other.

    /// `!` and `-`, as many as there are, before an operand.
    private mutating func unary() -> NodeID {
        guard isAt(.not) || isAt(.minus) else { return member() }
        guard let signs = signs() else { return tree.add(.invalid, token.range) }
        let literal = negativeLiteral(tokens[signs.upperBound - 1])
        let operand = literal.map { members(of: $0, from: tree[$0].range.lowerBound) } ?? member()
        return apply(literal == nil ? signs : signs.dropLast(), to: operand)
    }

    /// The positions of the signs here.
    private mutating func signs() -> Range<Int>? {
        let first = position
        while isAt(.not) || isAt(.minus) { advance() }
        guard position - first <= CELLimits.depth else {
            tooDeep(tokens[first].range)
            return nil
        }
        return first..<position
    }

    private mutating func apply(_ signs: Range<Int>, to operand: NodeID) -> NodeID {
        var operand = operand
        for sign in tokens[signs].reversed() {
            let name = sign.kind == .symbol(.not) ? "!_" : "-_"
            let range = sign.range.lowerBound..<max(sign.range.upperBound, place(of: operand).upperBound)
            operand = add(.call(name, target: nil, arguments: [operand], isAbsolute: true), range, children: [operand])
        }
        return operand
    }

    /// A number with its sign: the least integer has no positive counterpart.
    private mutating func negativeLiteral(_ sign: Token) -> NodeID? {
        guard sign.kind == .symbol(.minus) else { return nil }
        let range = sign.range.lowerBound..<token.range.upperBound
        switch token.kind {
        case .int(let magnitude):
            advance()
            guard magnitude <= UInt64(Int64.max) + 1 else {
                report(.literal, "integer literal is out of range", range)
                return add(.invalid, range)
            }
            return add(.literal(.int(Int64(truncatingIfNeeded: 0 &- magnitude))), range)
        case .double(let value):
            advance()
            return add(.literal(.double(-value)), range)
        default: return nil
        }
    }
}
