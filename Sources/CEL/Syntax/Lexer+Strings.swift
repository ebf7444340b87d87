extension Lexer {
    /// A string or bytes literal with its prefix, if one starts here.
    mutating func quotedLiteral() -> Token.Kind? {
        var isRaw = false
        var isBytes = false
        var length = 0
        while length < 2 {
            switch peek(length) | 0x20 {
            case UInt8(ascii: "r") where !isRaw: isRaw = true
            case UInt8(ascii: "b") where !isBytes: isBytes = true
            default:
                guard peek(length) == 34 || peek(length) == 39 else { return nil }
                return literal(prefix: length, isRaw: isRaw, isBytes: isBytes)
            }
            length += 1
        }
        guard peek(length) == 34 || peek(length) == 39 else { return nil }
        return literal(prefix: length, isRaw: isRaw, isBytes: isBytes)
    }

    private mutating func literal(prefix: Int, isRaw: Bool, isBytes: Bool) -> Token.Kind {
        let start = position
        position += prefix
        let quote = peek()
        let isTriple = peek(1) == quote && peek(2) == quote
        position += isTriple ? 3 : 1
        // Up to what ends a literal or needs a closer look, the bytes are the content.
        let first = position
        while position < source.count, !isSpecial(source[position], quote) { position += 1 }
        var content = Array(source[first..<position])
        var isValid = true
        while true {
            guard position < source.count else {
                report(.syntax, "unterminated \(isBytes ? "bytes" : "string") literal", start..<position)
                return .invalid
            }
            let byte = source[position]
            if byte == quote, !isTriple || (peek(1) == quote && peek(2) == quote) {
                position += isTriple ? 3 : 1
                break
            }
            if !isTriple, byte == 10 || byte == 13 {
                report(
                    .syntax, "unterminated \(isBytes ? "bytes" : "string") literal", start..<position, help: "triple quotes may span lines")
                return .invalid
            }
            if byte == UInt8(ascii: "\\"), !isRaw {
                if !escape(isBytes: isBytes, into: &content) { isValid = false }
            } else {
                content.append(byte)
                position += 1
            }
        }
        guard isValid else { return .invalid }
        return isBytes ? .bytes(content) : .string(String(decoding: content, as: UTF8.self))
    }

    private func isSpecial(_ byte: UInt8, _ quote: UInt8) -> Bool {
        byte == quote || byte == 10 || byte == 13 || byte == UInt8(ascii: "\\")
    }

    private mutating func escape(isBytes: Bool, into content: inout [UInt8]) -> Bool {
        let start = position
        let letter = peek(1)
        position += 2
        switch letter {
        case UInt8(ascii: "a"): content.append(7)
        case UInt8(ascii: "b"): content.append(8)
        case UInt8(ascii: "f"): content.append(12)
        case UInt8(ascii: "n"): content.append(10)
        case UInt8(ascii: "r"): content.append(13)
        case UInt8(ascii: "t"): content.append(9)
        case UInt8(ascii: "v"): content.append(11)
        case 34, 39, UInt8(ascii: "\\"), UInt8(ascii: "?"), UInt8(ascii: "`"): content.append(letter)
        case UInt8(ascii: "x"), UInt8(ascii: "X"): return code(start, digits: 2, radix: 16, isBytes: isBytes, into: &content)
        case UInt8(ascii: "u") where !isBytes: return code(start, digits: 4, radix: 16, isBytes: false, into: &content)
        case UInt8(ascii: "U") where !isBytes: return code(start, digits: 8, radix: 16, isBytes: false, into: &content)
        case UInt8(ascii: "0")...UInt8(ascii: "3"):
            position -= 1
            return code(start, digits: 3, radix: 8, isBytes: isBytes, into: &content)
        default:
            position = min(position, source.count)
            report(.syntax, "invalid escape sequence", start..<position, help: "`\\\\` is a backslash")
            return false
        }
        return true
    }

    /// Digits of a code point, or of a byte in a bytes literal.
    private mutating func code(_ start: Int, digits: Int, radix: UInt32, isBytes: Bool, into content: inout [UInt8]) -> Bool {
        var value: UInt32 = 0
        for _ in 0..<digits {
            guard let digit = peek().hexValue, UInt32(digit) < radix else {
                report(.syntax, "escape sequence needs \(digits) \(radix == 8 ? "octal" : "hexadecimal") digits", start..<position)
                return false
            }
            value = value &* radix &+ UInt32(digit)
            position += 1
        }
        if isBytes {
            content.append(UInt8(truncatingIfNeeded: value))
            return true
        }
        guard let scalar = Unicode.Scalar(value) else {
            report(.literal, "escape sequence is not a Unicode code point", start..<position)
            return false
        }
        content.append(contentsOf: String(Character(scalar)).utf8)
        return true
    }
}
