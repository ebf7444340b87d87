extension Parser {
    /// `[a, ?b]`, after its opening bracket.
    mutating func listLiteral(_ start: Int) -> NodeID {
        var elements: [SyntaxTree.Element] = []
        while !isAt(.closeBracket) {
            let isOptional = take(.question)
            elements.append(SyntaxTree.Element(value: expression(), isOptional: isOptional))
            guard take(.comma) else { break }
        }
        checkCount(elements.count)
        expect(.closeBracket)
        return add(.list(elements), from: start, children: elements.map(\.value))
    }

    /// `{k: v, ?k: v}`, after its opening brace.
    mutating func mapLiteral(_ start: Int) -> NodeID {
        var entries: [SyntaxTree.Entry] = []
        while !isAt(.closeBrace) {
            let isOptional = take(.question)
            let key = expression()
            expect(.colon)
            entries.append(SyntaxTree.Entry(key: key, value: expression(), isOptional: isOptional))
            guard take(.comma) else { break }
        }
        checkCount(entries.count)
        expect(.closeBrace)
        return add(.map(entries), from: start, children: entries.flatMap { [$0.key, $0.value] })
    }

    /// `name{field: value}`, at its opening brace.
    mutating func message(_ name: String, isAbsolute: Bool, _ start: Int) -> NodeID {
        advance()
        var fields: [SyntaxTree.Field] = []
        while !isAt(.closeBrace) {
            let isOptional = take(.question)
            let range = token.range
            switch token.kind {
            case .identifier(let field), .quotedIdentifier(let field):
                advance()
                expect(.colon)
                fields.append(SyntaxTree.Field(name: field, value: expression(), isOptional: isOptional, range: range))
            default:
                unexpected("a field's name")
            }
            guard take(.comma) else { break }
        }
        checkCount(fields.count)
        expect(.closeBrace)
        return add(.message(name, isAbsolute: isAbsolute, fields: fields), from: start, children: fields.map(\.value))
    }
}
