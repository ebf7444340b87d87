/// The text forms of values that need more than a conversion.
enum PostgresTextFormat {
    /// `\x` and hexadecimal digits (`bytea_output = hex`).
    static func bytes(_ text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "x")]), digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 2 - 1)
        for index in stride(from: 2, to: digits.count, by: 2) {
            guard let high = nibble(digits[index]), let low = nibble(digits[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    /// `{a,"b c"}`; `nil` for NULL elements, more dimensions or text that is no array.
    static func array(_ text: String) -> [String]? {
        var rest = text.unicodeScalars[...]
        guard rest.popFirst() == "{" else { return nil }
        if rest.elementsEqual("}".unicodeScalars) { return [] }
        var elements: [String] = []
        while let (element, end) = element(&rest) {
            elements.append(element)
            if end == "," { continue }
            return rest.isEmpty ? elements : nil
        }
        return nil
    }

    /// One element and what ended it.
    private static func element(_ rest: inout Substring.UnicodeScalarView) -> (String, Unicode.Scalar)? {
        var element = String.UnicodeScalarView()
        var isInQuotes = false
        var wasQuoted = false
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\"":
                isInQuotes.toggle()
                wasQuoted = true
            case "\\":
                guard let escaped = rest.popFirst() else { return nil }
                element.append(escaped)
            case "," where !isInQuotes, "}" where !isInQuotes:
                let text = String(element)
                return !wasQuoted && (text == "NULL" || text.isEmpty) ? nil : (text, scalar)
            case "{" where !isInQuotes:
                return nil
            default:
                element.append(scalar)
            }
        }
        return nil
    }

    private static func nibble(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
