extension Lexer {
    /// An integer, unsigned integer or double. The sign is not part of it.
    mutating func number() -> Token.Kind {
        let start = position
        if peek() == UInt8(ascii: "0"), peek(1) | 0x20 == UInt8(ascii: "x") {
            position += 2
            let digits = skip { $0.hexValue != nil }
            return integer(start..<position, digits: digits, radix: 16)
        }
        var digits = skip(\.isDigit)
        var isDouble = false
        if peek() == UInt8(ascii: "."), peek(1).isDigit {
            isDouble = true
            position += 1
            _ = skip(\.isDigit)
        }
        if peek() | 0x20 == UInt8(ascii: "e") {
            let signed = peek(1) == UInt8(ascii: "+") || peek(1) == UInt8(ascii: "-") ? 2 : 1
            if peek(signed).isDigit {
                isDouble = true
                position += signed
                _ = skip(\.isDigit)
            }
        }
        guard isDouble else { return integer(start..<position, digits: digits, radix: 10) }
        digits = start..<position
        guard let value = Double(String(decoding: source[digits], as: UTF8.self)), value.isFinite else {
            report(.literal, "number is out of the range of a double", digits)
            return .invalid
        }
        return endsCleanly(start) ? .double(value) : .invalid
    }

    private mutating func skip(_ matches: (UInt8) -> Bool) -> Range<Int> {
        let start = position
        while position < source.count, matches(source[position]) { position += 1 }
        return start..<position
    }

    private mutating func integer(_ range: Range<Int>, digits: Range<Int>, radix: Int) -> Token.Kind {
        let isUnsigned = peek() | 0x20 == UInt8(ascii: "u")
        if isUnsigned { position += 1 }
        guard endsCleanly(range.lowerBound) else { return .invalid }
        guard !digits.isEmpty, let value = UInt64(String(decoding: source[digits], as: UTF8.self), radix: radix) else {
            report(.literal, digits.isEmpty ? "`0x` needs digits" : "integer literal is out of range", range)
            return .invalid
        }
        return isUnsigned ? .uint(value) : .int(value)
    }

    /// A letter right after a number is a mistake, not the start of a name.
    private mutating func endsCleanly(_ start: Int) -> Bool {
        guard peek().isLetter || peek().isDigit else { return true }
        _ = skip { $0.isLetter || $0.isDigit }
        report(.syntax, "`\(String(decoding: source[start..<position], as: UTF8.self))` is not a number", start..<position)
        return false
    }
}
