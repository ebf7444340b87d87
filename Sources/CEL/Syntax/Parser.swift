/// Options of parsing.
struct ParserOptions {
    /// Whether `has`, `all`, `map` and the like are expanded; otherwise they are calls of functions by those names.
    var expandsMacros = true
}

/// Builds a syntax tree from tokens. Binary operators are reduced on an explicit stack, so that only brackets use the machine's.
struct Parser {
    let options: ParserOptions
    let tokens: [Token]
    var position = 0
    var nesting = 0
    var isAbandoned = false
    var tree = SyntaxTree()
    /// Of nodes in parentheses, the place that these take.
    var parenthesized: [NodeID: Range<Int>] = [:]
    var issues: [CELIssue]

    /// The tree, or all that is wrong with the text.
    static func parse(_ source: String, options: ParserOptions = ParserOptions()) throws(CELIssues) -> SyntaxTree {
        let bytes = Array(source.utf8)
        guard bytes.count <= CELLimits.sourceBytes else {
            throw CELIssues(issues: [
                CELIssue(kind: .limit, message: "expression is longer than \(CELLimits.sourceBytes) bytes", range: 0..<bytes.count)
            ])
        }
        let (tokens, issues) = Lexer.tokens(of: bytes)
        var parser = Parser(options: options, tokens: tokens, issues: issues)
        parser.tree.root = parser.expression()
        if !parser.isAt(.end) { parser.unexpected("an operator") }
        guard parser.issues.isEmpty else {
            let sorted = parser.issues.sorted { $0.range.lowerBound < $1.range.lowerBound }
            throw CELIssues(issues: Array(sorted.prefix(CELLimits.issues)))
        }
        return parser.tree
    }

    private init(options: ParserOptions, tokens: [Token], issues: [CELIssue]) {
        self.options = options
        self.tokens = tokens
        self.issues = issues
    }

    // MARK: Tokens

    // INVARIANT: the last token is `.end`, and `advance` never passes it.
    var token: Token { tokens[position] }

    func isAt(_ kind: Token.Kind) -> Bool { token.kind == kind }

    func isAt(_ symbol: Token.Symbol) -> Bool { token.kind == .symbol(symbol) }

    mutating func advance() { position = min(position + 1, tokens.count - 1) }

    mutating func take(_ symbol: Token.Symbol) -> Bool {
        guard isAt(symbol) else { return false }
        advance()
        return true
    }

    mutating func expect(_ symbol: Token.Symbol) {
        if !take(symbol) { unexpected("`\(symbol.rawValue)`") }
    }

    // MARK: Issues

    mutating func report(_ kind: CELIssue.Kind, _ message: String, _ range: Range<Int>, help: String? = nil) {
        guard !isAbandoned else { return }
        issues.append(CELIssue(kind: kind, message: message, range: range, help: help))
    }

    /// Reports the token here, then goes on after the next comma or bracket, where something sensible may follow.
    mutating func unexpected(_ expectation: String) {
        if !isAt(.invalid) { report(.syntax, "expected \(expectation), found \(token.name)", token.range) }
        while true {
            switch token.kind {
            case .end, .symbol(.comma), .symbol(.closeParenthesis), .symbol(.closeBracket), .symbol(.closeBrace): return
            default: advance()
            }
        }
    }

    // MARK: Nodes

    mutating func add(_ kind: SyntaxTree.Kind, from start: Int, children: [NodeID] = []) -> NodeID {
        let end = position > 0 ? tokens[position - 1].range.upperBound : start
        return add(kind, start..<max(start, end), children: children)
    }

    mutating func add(_ kind: SyntaxTree.Kind, _ range: Range<Int>, children: [NodeID] = []) -> NodeID {
        let id = tree.add(kind, range, children: children)
        guard tree[id].depth > CELLimits.depth else { return id }
        tooDeep(range)
        return tree.add(.invalid, range)
    }

    mutating func tooDeep(_ range: Range<Int>) {
        report(.limit, "expression is nested more than \(CELLimits.depth) levels deep", range)
        // Nothing that follows can mend it, and what is missing from here on is no news.
        isAbandoned = true
        position = tokens.count - 1
    }

    /// `a || b`, `?:` and all below.
    mutating func expression() -> NodeID {
        nesting += 1
        defer { nesting -= 1 }
        guard nesting <= CELLimits.depth else { return tooDeepHere() }
        let start = token.range.lowerBound
        let condition = binary()
        return take(.question) ? conditional(condition, start) : condition
    }

    private mutating func tooDeepHere() -> NodeID {
        let range = token.range
        tooDeep(range)
        return tree.add(.invalid, range)
    }

    private mutating func conditional(_ condition: NodeID, _ start: Int) -> NodeID {
        let first = binary()
        expect(.colon)
        let second = expression()
        return add(.conditional(condition, first, second), from: start, children: [condition, first, second])
    }
}
