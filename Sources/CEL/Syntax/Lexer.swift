/// Splits source text into tokens (cel-spec langdef: Syntax).
struct Lexer {
    let source: [UInt8]
    var position = 0
    var issues: [CELIssue] = []

    init(_ source: [UInt8]) { self.source = source }

    static func tokens(of source: [UInt8]) -> (tokens: [Token], issues: [CELIssue]) {
        var lexer = Lexer(source)
        var tokens: [Token] = []
        repeat { tokens.append(lexer.next()) } while tokens.last?.kind != .end
        return (tokens, lexer.issues)
    }

    func peek(_ ahead: Int = 0) -> UInt8 { position + ahead < source.count ? source[position + ahead] : 0 }

    mutating func report(_ kind: CELIssue.Kind, _ message: String, _ range: Range<Int>, help: String? = nil) {
        issues.append(CELIssue(kind: kind, message: message, range: range, help: help))
    }

    private mutating func next() -> Token {
        skipBlanks()
        let start = position
        guard start < source.count else { return Token(kind: .end, range: start..<start) }
        let kind = read()
        return Token(kind: kind, range: start..<position)
    }

    private mutating func skipBlanks() {
        while position < source.count {
            switch source[position] {
            case 9, 10, 12, 13, 32: position += 1
            case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "/"):
                while position < source.count, source[position] != 10 { position += 1 }
            default: return
            }
        }
    }

    private mutating func read() -> Token.Kind {
        let byte = peek()
        if let literal = quotedLiteral() { return literal }
        if byte.isLetter { return .identifier(identifier()) }
        if byte.isDigit || (byte == UInt8(ascii: ".") && peek(1).isDigit) { return number() }
        if byte == UInt8(ascii: "`") { return quotedIdentifier() }
        let start = position
        if let symbol = Self.symbol(byte, peek(1)) {
            position += symbol.rawValue.utf8.count
            return .symbol(symbol)
        }
        // A character of several bytes is reported as one.
        position += 1
        while position < source.count, source[position] & 0xC0 == 0x80 { position += 1 }
        let character = String(decoding: source[start..<position], as: UTF8.self)
        let help = ["=": "`==` compares", "&": "`&&` is and", "|": "`||` is or"][character]
        report(.syntax, "unexpected character `\(character)`", start..<position, help: help)
        return .invalid
    }

    private static func symbol(_ first: UInt8, _ second: UInt8) -> Token.Symbol? {
        // As text, each would have to be made into a string and compared with all.
        switch (Unicode.Scalar(first), Unicode.Scalar(second)) {
        case ("=", "="): .equal
        case ("!", "="): .notEqual
        case ("<", "="): .lessOrEqual
        case (">", "="): .greaterOrEqual
        case ("&", "&"): .and
        case ("|", "|"): .or
        case ("<", _): .less
        case (">", _): .greater
        case ("!", _): .not
        case ("+", _): .plus
        case ("-", _): .minus
        case ("*", _): .times
        case ("/", _): .divide
        case ("%", _): .modulo
        case ("?", _): .question
        case (":", _): .colon
        case (",", _): .comma
        case (".", _): .dot
        case ("(", _): .openParenthesis
        case (")", _): .closeParenthesis
        case ("[", _): .openBracket
        case ("]", _): .closeBracket
        case ("{", _): .openBrace
        case ("}", _): .closeBrace
        default: nil
        }
    }

    private mutating func identifier() -> String {
        let start = position
        while peek().isLetter || peek().isDigit { position += 1 }
        return String(decoding: source[start..<position], as: UTF8.self)
    }

    private mutating func quotedIdentifier() -> Token.Kind {
        let start = position
        position += 1
        while peek().isLetter || peek().isDigit || [46, 45, 47, 32].contains(peek()) { position += 1 }
        let name = String(decoding: source[start + 1..<position], as: UTF8.self)
        guard peek() == UInt8(ascii: "`"), !name.isEmpty else {
            report(.syntax, "a back-quoted name has letters, digits, `_`, `.`, `-`, `/` and spaces", start..<position)
            return .invalid
        }
        position += 1
        return .quotedIdentifier(name)
    }
}

extension UInt8 {
    var isDigit: Bool { (48...57).contains(self) }
    /// A letter of an identifier: ASCII, or `_`.
    var isLetter: Bool { (65...90).contains(self) || (97...122).contains(self) || self == 95 }
    var hexValue: UInt8? {
        switch self {
        case 48...57: self - 48
        case 65...70: self - 55
        case 97...102: self - 87
        default: nil
        }
    }
}
