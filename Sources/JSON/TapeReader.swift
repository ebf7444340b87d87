import Glibc

/// Reads JSON text (RFC 8259) into tokens: strict, without recursion that the text could deepen past the limit.
///
/// INVARIANT: `tokens` has room for as many as `JSONTape.mostTokens` says, `unescaped` for as many bytes as the text has.
struct TapeReader {
    let text: UnsafePointer<UInt8>
    let end: Int
    let tokens: UnsafeMutablePointer<JSONTape.Token>
    let unescaped: UnsafeMutablePointer<UInt8>
    private var position = 0
    private var tokenCount = 0
    private var unescapedCount = 0
    /// Whether there is an object in which names were not compared.
    private(set) var hasLargeObject = false

    init(
        text: UnsafePointer<UInt8>, end: Int, tokens: UnsafeMutablePointer<JSONTape.Token>, unescaped: UnsafeMutablePointer<UInt8>
    ) {
        self.text = text
        self.end = end
        self.tokens = tokens
        self.unescaped = unescaped
    }

    mutating func document() -> Bool {
        skipSpace()
        guard value(depth: 0) else { return false }
        skipSpace()
        return position == end
    }

    @inline(__always)
    private mutating func skipSpace() {
        while position < end, text[position] <= 0x20 {
            switch text[position] {
            case 0x20, 0x0a, 0x0d, 0x09: position += 1
            default: return
            }
        }
    }

    @inline(__always)
    private mutating func add(_ kind: JSONTape.Kind, flag: Bool = false, isASCII: Bool = true, start: Int = 0, count: Int = 0) {
        assert(tokenCount < JSONTape.mostTokens(end))
        tokens[tokenCount] = JSONTape.Token(
            kind: kind, flag: flag, isASCII: isASCII, start: UInt32(truncatingIfNeeded: start), count: UInt32(truncatingIfNeeded: count),
            next: UInt32(truncatingIfNeeded: tokenCount + 1))
        tokenCount += 1
    }

    private mutating func value(depth: Int) -> Bool {
        guard position < end else { return false }
        switch text[position] {
        case UInt8(ascii: "\""): return string()
        case UInt8(ascii: "{"): return depth < JSONTape.depthLimit && object(depth: depth)
        case UInt8(ascii: "["): return depth < JSONTape.depthLimit && array(depth: depth)
        case UInt8(ascii: "t"):
            guard literal("true") else { return false }
            add(.bool, flag: true)
        case UInt8(ascii: "f"):
            guard literal("false") else { return false }
            add(.bool)
        case UInt8(ascii: "n"):
            guard literal("null") else { return false }
            add(.null)
        default: return number()
        }
        return true
    }

    private mutating func literal(_ word: StaticString) -> Bool {
        let length = word.utf8CodeUnitCount
        guard position + length <= end else { return false }
        for index in 0..<length where text[position + index] != word.utf8Start[index] { return false }
        position += length
        return true
    }

    private mutating func object(depth: Int) -> Bool {
        let token = tokenCount
        add(.object, start: position)
        position += 1
        var members: UInt32 = 0
        var hasOtherLetters = false
        var seen: UInt64 = 0
        skipSpace()
        if take(UInt8(ascii: "}")) { return true }
        while true {
            skipSpace()
            guard position < end, text[position] == UInt8(ascii: "\"") else { return false }
            let name = tokenCount
            guard string() else { return false }
            if !JSONTape.isSearched(members) {
                hasLargeObject = true
            } else {
                // Most objects have no two names of the same length and first letter, or few: the others need not be compared.
                let mark = mark(of: name)
                if seen & mark != 0, isKnown(name, since: token + 1) { return false }
                seen |= mark
            }
            // From the first name with other letters on: a letter such as the sign for kelvin is the same as one of ASCII.
            if !hasOtherLetters { hasOtherLetters = !tokens[name].isASCII }
            if hasOtherLetters, JSONTape.isSearched(members), isCanonicallyKnown(name, since: token + 1) { return false }
            skipSpace()
            guard take(UInt8(ascii: ":")) else { return false }
            skipSpace()
            guard value(depth: depth + 1) else { return false }
            members += 1
            skipSpace()
            if take(UInt8(ascii: ",")) { continue }
            guard take(UInt8(ascii: "}")) else { return false }
            tokens[token].count = members
            tokens[token].next = UInt32(truncatingIfNeeded: tokenCount)
            return true
        }
    }

    /// One of 64 bits, the same for equal names.
    @inline(__always)
    private func mark(of name: Int) -> UInt64 {
        let length = tokens[name].count
        let letter = length == 0 ? 0 : UInt32(base(name)[0])
        return 1 << UInt64((length &* 11 &+ letter) & 63)
    }

    /// Whether the name occurs among the members before it.
    private func isKnown(_ name: Int, since first: Int) -> Bool {
        let (length, base) = (tokens[name].count, self.base(name))
        var other = first
        while other < name {
            // Most names of the same length differ in their first letter, and are told apart without a call.
            if tokens[other].count == length {
                let otherBase = self.base(other)
                if length == 0 || (otherBase[0] == base[0] && memcmp(otherBase, base, Int(length)) == 0) { return true }
            }
            other = Int(tokens[other + 1].next)
        }
        return false
    }

    /// Names that differ only in how a letter is composed count as one: `JSONObject` could not hold both.
    private func isCanonicallyKnown(_ name: Int, since first: Int) -> Bool {
        let own = string(name)
        var other = first
        while other < name {
            if string(other) == own { return true }
            other = Int(tokens[other + 1].next)
        }
        return false
    }

    private func base(_ token: Int) -> UnsafePointer<UInt8> {
        (tokens[token].flag ? UnsafePointer(unescaped) : text) + Int(tokens[token].start)
    }

    private func string(_ token: Int) -> String {
        String(decoding: UnsafeBufferPointer(start: base(token), count: Int(tokens[token].count)), as: UTF8.self)
    }

    private mutating func array(depth: Int) -> Bool {
        let token = tokenCount
        add(.array, start: position)
        position += 1
        var elements: UInt32 = 0
        skipSpace()
        if take(UInt8(ascii: "]")) { return true }
        while true {
            skipSpace()
            guard value(depth: depth + 1) else { return false }
            elements += 1
            skipSpace()
            if take(UInt8(ascii: ",")) { continue }
            guard take(UInt8(ascii: "]")) else { return false }
            tokens[token].count = elements
            tokens[token].next = UInt32(truncatingIfNeeded: tokenCount)
            return true
        }
    }

    @inline(__always)
    private mutating func take(_ byte: UInt8) -> Bool {
        guard position < end, text[position] == byte else { return false }
        position += 1
        return true
    }

    // MARK: Numbers

    private mutating func number() -> Bool {
        let start = position
        let isNegative = take(UInt8(ascii: "-"))
        let first = position
        if take(UInt8(ascii: "0")) {
            if position < end, isDigit(text[position]) { return false }
        } else {
            guard digits() else { return false }
        }
        let wholeDigits = position - first
        var isInteger = true
        var hasExponent = false
        if take(UInt8(ascii: ".")) {
            isInteger = false
            guard digits() else { return false }
        }
        if position < end, text[position] | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            hasExponent = true
            position += 1
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            guard digits() else { return false }
        }
        let isSmall = isInteger && wholeDigits <= 18
        if !isSmall, !isReadable(start, isInteger: &isInteger, isPlain: !hasExponent && wholeDigits < 300, isNegative) { return false }
        add(isInteger ? .int : .double, start: start, count: position - start)
        return true
    }

    /// Whether a number that is not a small integer fits 64 bits; an integer that does not becomes a double.
    private func isReadable(_ start: Int, isInteger: inout Bool, isPlain: Bool, _ isNegative: Bool) -> Bool {
        if !isInteger, isPlain { return true }
        let text = String(decoding: UnsafeBufferPointer(start: text + start, count: position - start), as: UTF8.self)
        if isInteger {
            isInteger = Int64(text) != nil
            if isInteger { return true }
        }
        return Double(text)?.isFinite ?? false
    }

    @inline(__always)
    private func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    @inline(__always)
    private mutating func digits() -> Bool {
        let start = position
        while position < end, isDigit(text[position]) { position += 1 }
        return position > start
    }

    // MARK: Strings

    /// From the quote on.
    private mutating func string() -> Bool {
        let start = position + 1
        var cursor = start
        var all: UInt64 = 0
        // Eight bytes at a time, as long as none of them ends the run: no quote, no backslash, no control character.
        while cursor + 8 <= end {
            let word = UnsafeRawPointer(text + cursor).loadUnaligned(as: UInt64.self)
            let quote = word ^ 0x2222_2222_2222_2222
            let escape = word ^ 0x5c5c_5c5c_5c5c_5c5c
            let ends =
                (word &- 0x2020_2020_2020_2020) & ~word | (quote &- 0x0101_0101_0101_0101) & ~quote
                | (escape &- 0x0101_0101_0101_0101) & ~escape
            let found = ends & 0x8080_8080_8080_8080
            if found != 0 {
                // Only the lowest mark is sure: a borrow may have set others above it.
                let index = found.trailingZeroBitCount / 8
                all |= word & ~(UInt64.max << UInt64(index * 8))
                cursor += index
                break
            }
            all |= word
            cursor += 8
        }
        while cursor < end {
            let byte = text[cursor]
            if byte == UInt8(ascii: "\"") {
                position = cursor + 1
                let isASCII = all & 0x8080_8080_8080_8080 == 0
                if !isASCII, !isUTF8(text + start, cursor - start) { return false }
                add(.string, isASCII: isASCII, start: start, count: cursor - start)
                return true
            }
            if byte == UInt8(ascii: "\\") {
                return escapedString(from: start, at: cursor)
            }
            if byte < 0x20 { return false }
            all |= UInt64(byte)
            cursor += 1
        }
        return false
    }

    private func isUTF8(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        String(validating: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self) != nil
    }

    private mutating func escapedString(from start: Int, at firstEscape: Int) -> Bool {
        let target = unescapedCount
        for index in start..<firstEscape { put(text[index]) }
        position = firstEscape
        while position < end {
            let byte = text[position]
            position += 1
            if byte == UInt8(ascii: "\"") {
                let count = unescapedCount - target
                guard isUTF8(unescaped + target, count) else { return false }
                add(.string, flag: true, isASCII: false, start: target, count: count)
                return true
            }
            if byte < 0x20 { return false }
            if byte != UInt8(ascii: "\\") {
                put(byte)
            } else if !escape() {
                return false
            }
        }
        return false
    }

    @inline(__always)
    private mutating func put(_ byte: UInt8) {
        unescaped[unescapedCount] = byte
        unescapedCount += 1
    }

    private mutating func escape() -> Bool {
        guard position < end else { return false }
        let byte = text[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): put(byte)
        case UInt8(ascii: "b"): put(0x08)
        case UInt8(ascii: "f"): put(0x0c)
        case UInt8(ascii: "n"): put(0x0a)
        case UInt8(ascii: "r"): put(0x0d)
        case UInt8(ascii: "t"): put(0x09)
        case UInt8(ascii: "u"):
            guard var code = quad() else { return false }
            if (0xd800..<0xdc00).contains(code) {
                guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")), let low = quad(), (0xdc00..<0xe000).contains(low) else {
                    return false
                }
                code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00)
            }
            guard let scalar = Unicode.Scalar(code) else { return false }
            for unit in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter { put(unit) }
        default: return false
        }
        return true
    }

    private mutating func quad() -> UInt32? {
        guard position + 4 <= end else { return nil }
        var code: UInt32 = 0
        for _ in 0..<4 {
            let byte = text[position]
            let digit: UInt8
            switch byte {
            case 0x30...0x39: digit = byte - 0x30
            case 0x41...0x46: digit = byte - 0x41 + 10
            case 0x61...0x66: digit = byte - 0x61 + 10
            default: return nil
            }
            code = code << 4 | UInt32(digit)
            position += 1
        }
        return code
    }
}
