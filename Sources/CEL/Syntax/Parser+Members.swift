extension Parser {
    /// An operand and the selections, indexes and calls that follow it.
    mutating func member() -> NodeID {
        let start = token.range.lowerBound
        let operand = primary()
        return members(of: operand, from: start)
    }

    mutating func members(of first: NodeID, from start: Int) -> NodeID {
        var operand = first
        while true {
            if take(.dot) {
                operand = selection(operand, start)
            } else if take(.openBracket) {
                operand = index(operand, start)
            } else if isAt(.openBrace), let name = qualifiedName(operand) {
                operand = message(name.name, isAbsolute: name.isAbsolute, start)
            } else {
                return operand
            }
        }
    }

    private mutating func selection(_ operand: NodeID, _ start: Int) -> NodeID {
        let isOptional = take(.question)
        guard let (name, mayBeCalled) = field() else { return add(.invalid, from: start) }
        guard mayBeCalled, !isOptional, take(.openParenthesis) else {
            return add(.select(operand, field: name, isOptional: isOptional), from: start, children: [operand])
        }
        let arguments = list(until: .closeParenthesis)
        return call(name, on: operand, arguments, start)
    }

    private mutating func field() -> (name: String, mayBeCalled: Bool)? {
        switch token.kind {
        case .identifier(let word) where !["true", "false", "null", "in"].contains(word):
            advance()
            return (word, true)
        case .quotedIdentifier(let word):
            advance()
            return (word, false)
        default:
            unexpected("a field's name")
            return nil
        }
    }

    private mutating func call(_ name: String, on operand: NodeID, _ arguments: [NodeID], _ start: Int) -> NodeID {
        if options.expandsMacros, let expanded = macro(name, target: operand, arguments, start) { return expanded }
        return add(.call(name, target: operand, arguments: arguments, isAbsolute: false), from: start, children: [operand] + arguments)
    }

    private mutating func index(_ operand: NodeID, _ start: Int) -> NodeID {
        let isOptional = take(.question)
        let key = expression()
        expect(.closeBracket)
        return add(.index(operand, key, isOptional: isOptional), from: start, children: [operand, key])
    }

    private mutating func primary() -> NodeID {
        let start = token.range.lowerBound
        switch token.kind {
        case .symbol(.openParenthesis): return inParentheses()
        case .symbol(.openBracket):
            advance()
            return listLiteral(start)
        case .symbol(.openBrace):
            advance()
            return mapLiteral(start)
        case .symbol(.dot):
            advance()
            return identifier(isAbsolute: true, start)
        case .identifier("true"), .identifier("false"), .identifier("null"): return literal()
        case .identifier: return identifier(isAbsolute: false, start)
        default: return literal()
        }
    }

    private mutating func inParentheses() -> NodeID {
        let start = token.range.lowerBound
        advance()
        let inner = expression()
        expect(.closeParenthesis)
        parenthesized[inner] = start..<max(start, tokens[max(0, position - 1)].range.upperBound)
        return inner
    }

    private mutating func literal() -> NodeID {
        let range = token.range
        switch token.kind {
        case .int(let value):
            advance()
            guard let value = Int64(exactly: value) else {
                report(.literal, "integer literal is out of range", range)
                return add(.invalid, range)
            }
            return add(.literal(.int(value)), range)
        case .uint(let value): return literal(.uint(value))
        case .double(let value): return literal(.double(value))
        case .string(let value): return literal(.string(value))
        case .bytes(let value): return literal(.bytes(value))
        case .identifier("true"): return literal(.bool(true))
        case .identifier("false"): return literal(.bool(false))
        case .identifier("null"): return literal(.null)
        default:
            unexpected("an expression")
            return add(.invalid, range)
        }
    }

    private mutating func literal(_ value: CELValue) -> NodeID {
        advance()
        return add(.literal(value), tokens[position - 1].range)
    }

    private mutating func identifier(isAbsolute: Bool, _ start: Int) -> NodeID {
        guard let name = name() else { return add(.invalid, from: start) }
        guard take(.openParenthesis) else { return add(.name(name, isAbsolute: isAbsolute), from: start) }
        let arguments = list(until: .closeParenthesis)
        return call(name, isAbsolute: isAbsolute, arguments, start)
    }

    private mutating func name() -> String? {
        guard case .identifier(let name) = token.kind, name != "in" else {
            unexpected("an expression")
            return nil
        }
        if Token.reserved.contains(name) { report(.syntax, "`\(name)` is a reserved word", token.range) }
        advance()
        return name
    }

    private mutating func call(_ name: String, isAbsolute: Bool, _ arguments: [NodeID], _ start: Int) -> NodeID {
        if options.expandsMacros, !isAbsolute, let expanded = macro(name, target: nil, arguments, start) { return expanded }
        return add(.call(name, target: nil, arguments: arguments, isAbsolute: isAbsolute), from: start, children: arguments)
    }

    /// Expressions between commas, up to the closing bracket.
    mutating func list(until end: Token.Symbol) -> [NodeID] {
        var elements: [NodeID] = []
        while !isAt(end) {
            elements.append(expression())
            guard take(.comma) else { break }
            guard !isAt(end) else {
                unexpected("an expression")
                break
            }
        }
        checkCount(elements.count)
        expect(end)
        return elements
    }

    mutating func checkCount(_ count: Int) {
        guard count > CELLimits.literalElements else { return }
        report(.limit, "more than \(CELLimits.literalElements) elements", token.range)
    }

    /// `a.b.c` of a chain of plain selections.
    func qualifiedName(_ id: NodeID) -> (name: String, isAbsolute: Bool)? {
        switch tree[id].kind {
        case .name(let name, let isAbsolute): return (name, isAbsolute)
        case .select(let operand, let field, false):
            guard let prefix = qualifiedName(operand) else { return nil }
            return (prefix.name + "." + field, prefix.isAbsolute)
        default: return nil
        }
    }
}
