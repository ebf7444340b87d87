/// Putting values into the text of an expression before it is compiled, such that no value can become anything but a value.
public enum CELSource {
    /// What stands at a place of an expression.
    public enum Site: Sendable, Equatable {
        /// A word of its own, which a literal may take the place of.
        case operand
        /// Content of a string literal in which escape sequences have their meaning.
        case text
        case comment
        /// A part of something else: of a name, of a raw string, of bytes.
        case other
    }

    /// What stands at each of `ranges` (UTF-8 offsets, in order, not overlapping): told by the same lexer that reads the expression later,
    /// which takes what is there for letters.
    ///
    /// - Returns: nil if the expression cannot be split into words, so that it will not compile whatever is put in.
    public static func sites(of ranges: [Range<Int>], in source: String) -> [Site]? {
        var bytes = Array(source.utf8)
        for range in ranges { for place in range { bytes[place] = UInt8(ascii: "_") } }
        let (tokens, issues) = Lexer.tokens(of: bytes)
        if !issues.isEmpty { return nil }
        var next = 0
        return ranges.map { range in
            while next < tokens.count, tokens[next].range.upperBound <= range.lowerBound { next += 1 }
            guard next < tokens.count, tokens[next].range.lowerBound <= range.lowerBound else { return .comment }
            return site(of: range, in: tokens[next], bytes)
        }
    }

    private static func site(of range: Range<Int>, in token: Token, _ bytes: [UInt8]) -> Site {
        switch token.kind {
        case .identifier:
            guard token.range == range else { return .other }
            // Right behind a quote or a digit a literal could be read as one with what is before it, right before a quote as its prefix.
            let before = range.lowerBound > 0 ? bytes[range.lowerBound - 1] : 32
            let after = range.upperBound < bytes.count ? bytes[range.upperBound] : 32
            return isJoining(before) || before == UInt8(ascii: ".") || isJoining(after) ? .other : .operand
        case .string:
            let prefix = bytes[token.range].prefix { $0 != 34 && $0 != 39 }
            return prefix.isEmpty ? .text : .other
        default: return .other
        }
    }

    private static func isJoining(_ byte: UInt8) -> Bool {
        byte.isLetter || byte.isDigit || byte == 34 || byte == 39 || byte == UInt8(ascii: "`")
    }

    /// `text` as a string literal.
    public static func quoted(_ text: String) -> String { "\"\(escaped(text))\"" }

    /// `text` as it stands in a string literal, whatever quotes that has.
    public static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 10: result += "\\n"
            case 34, 39, 92:
                result += "\\"
                result.unicodeScalars.append(scalar)
            case 0..<32, 127:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
