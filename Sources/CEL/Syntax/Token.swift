/// A word of the language.
struct Token {
    enum Kind: Equatable {
        case identifier(String)
        /// Between back-quotes; only a field's name.
        case quotedIdentifier(String)
        /// The magnitude of an integer literal; a sign is an operator before it.
        case int(UInt64)
        case uint(UInt64)
        case double(Double)
        case string(String)
        case bytes([UInt8])
        case symbol(Symbol)
        /// What could not be read; already reported.
        case invalid
        case end
    }

    enum Symbol: String, CaseIterable {
        case equal = "=="
        case notEqual = "!="
        case lessOrEqual = "<="
        case greaterOrEqual = ">="
        case and = "&&"
        case or = "||"
        case less = "<"
        case greater = ">"
        case not = "!"
        case plus = "+"
        case minus = "-"
        case times = "*"
        case divide = "/"
        case modulo = "%"
        case question = "?"
        case colon = ":"
        case comma = ","
        case dot = "."
        case openParenthesis = "("
        case closeParenthesis = ")"
        case openBracket = "["
        case closeBracket = "]"
        case openBrace = "{"
        case closeBrace = "}"
    }

    var kind: Kind
    var range: Range<Int>
}

extension Token {
    /// How the token is named in a message.
    var name: String {
        switch kind {
        case .identifier(let name): "`\(name)`"
        case .quotedIdentifier(let name): "``\(name)``"
        case .int, .uint, .double: "a number"
        case .string: "a string"
        case .bytes: "bytes"
        case .symbol(let symbol): "`\(symbol.rawValue)`"
        case .invalid: "something invalid"
        case .end: "the end of the expression"
        }
    }

    /// Words that cannot name a variable or a function (cel-spec langdef: Syntax, RESERVED).
    static let reserved: Set<String> = [
        "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package", "namespace", "return",
        "var",
        "void", "while",
    ]
}
