/// Where values stand in JSON text, found without taking them apart.
///
/// What is between the marks that hold a text together is not looked at: whether a value is valid is for its reader to find out.
public enum JSONSlices {
    /// A member of an object.
    public struct Member: Sendable {
        public var name: String
        /// Offsets of the value's bytes.
        public var value: Range<Int>
    }

    /// The members of the object that the text is.
    public static func members(_ text: UnsafeRawBufferPointer) throws(JSONSyntaxError) -> [Member] {
        var scanner = SliceScanner(text)
        var members: [Member] = []
        try scanner.list(UInt8(ascii: "{"), UInt8(ascii: "}"), "an object") { scanner throws(JSONSyntaxError) in
            let start = scanner.position
            let name = try scanner.name()
            guard !members.contains(where: { $0.name == name }) else {
                throw JSONSyntaxError(message: "the member \(JSONWriter.quote(name)) occurs twice", offset: start)
            }
            guard members.count < mostMembers else {
                throw JSONSyntaxError(message: "an object with more than \(mostMembers) members", offset: start)
            }
            members.append(Member(name: name, value: try scanner.value()))
            return true
        }
        return members
    }

    /// Goes over the members of the object that the text is, without memory of its own: for texts of which there are very many.
    ///
    /// - Parameter visit: is given the bytes between the quotes of a name, with escapes as they stand, and the offsets of the value's bytes;
    ///   it says whether to go on. What comes after the last member that it wants is not read.
    public static func visitMembers(
        _ text: UnsafeRawBufferPointer, _ visit: (_ name: UnsafeRawBufferPointer, _ value: Range<Int>) -> Bool
    ) throws(JSONSyntaxError) {
        var scanner = SliceScanner(text)
        try scanner.list(UInt8(ascii: "{"), UInt8(ascii: "}"), "an object") { scanner throws(JSONSyntaxError) in
            let name = try scanner.rawName()
            return visit(UnsafeRawBufferPointer(rebasing: text[name]), try scanner.value())
        }
    }

    /// What is looked for here has few; that many may be compared with each other.
    public static let mostMembers = 256

    /// The elements of the array that the text is.
    ///
    /// - Parameter limit: how many are looked for; what comes after them is not read.
    public static func elements(_ text: UnsafeRawBufferPointer, upTo limit: Int) throws(JSONSyntaxError) -> [Range<Int>] {
        var scanner = SliceScanner(text)
        var elements: [Range<Int>] = []
        try scanner.list(UInt8(ascii: "["), UInt8(ascii: "]"), "an array") { scanner throws(JSONSyntaxError) in
            elements.append(try scanner.value())
            return elements.count < limit
        }
        return elements
    }

    /// Where the value ends that begins at `start`.
    public static func end(ofValueAt start: Int, in text: UnsafeRawBufferPointer) throws(JSONSyntaxError) -> Int {
        var scanner = SliceScanner(UnsafeRawBufferPointer(rebasing: text[start...]))
        return start + (try scanner.value().upperBound)
    }

    /// What kind of value the text begins with; nil if with none.
    public static func kind(_ text: UnsafeRawBufferPointer) -> JSONTape.Kind? {
        guard let first = text.first else { return nil }
        return switch first {
        case UInt8(ascii: "{"): .object
        case UInt8(ascii: "["): .array
        case UInt8(ascii: "\""): .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): .bool
        case UInt8(ascii: "n"): .null
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): .double
        default: nil
        }
    }
}

/// Goes over JSON text from mark to mark.
private struct SliceScanner {
    private let text: UnsafeRawBufferPointer
    private(set) var position = 0

    init(_ text: UnsafeRawBufferPointer) { self.text = text }

    /// The whole text as a list between two brackets; `item` is called where each item begins, leaves off behind it and says whether to go on.
    mutating func list(
        _ open: UInt8, _ close: UInt8, _ what: StaticString, item: (inout SliceScanner) throws(JSONSyntaxError) -> Bool
    ) throws(JSONSyntaxError) {
        skipSpace()
        guard take(open) else { throw unexpected("\(what)") }
        skipSpace()
        if !take(close) {
            while true {
                skipSpace()
                guard try item(&self) else { return }
                skipSpace()
                if take(UInt8(ascii: ",")) { continue }
                guard take(close) else { throw unexpected("`,` or the end of \(what)") }
                break
            }
        }
        skipSpace()
        if position < text.count { throw unexpected("the end of the text") }
    }

    /// A member's name and the colon after it.
    mutating func name() throws(JSONSyntaxError) -> String {
        let inner = try rawName()
        // Escapes, and what is not UTF-8, are for the parser.
        guard case .string(let name) = try JSONParser.parse(Array(text[inner.lowerBound - 1..<inner.upperBound + 1])) else {
            throw unexpected("a member name")
        }
        return name
    }

    /// A member's name and the colon after it; where the bytes between its quotes are.
    mutating func rawName() throws(JSONSyntaxError) -> Range<Int> {
        let start = position
        guard peek() == UInt8(ascii: "\"") else { throw unexpected("a member name in double quotes") }
        try skipString()
        let name = start + 1..<position - 1
        skipSpace()
        guard take(UInt8(ascii: ":")) else { throw unexpected("`:`") }
        skipSpace()
        return name
    }

    /// Steps over a value; where it stands.
    mutating func value() throws(JSONSyntaxError) -> Range<Int> {
        let start = position
        var depth = 0
        while position < text.count {
            switch text[position] {
            case UInt8(ascii: "\""):
                try skipString()
                if depth == 0 { return start..<position }
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return try scalar(start) }
                depth -= 1
                if depth == 0 {
                    position += 1
                    return start..<position
                }
            case UInt8(ascii: ","), 0x20, 0x09, 0x0a, 0x0d:
                if depth == 0 { return try scalar(start) }
            default: break
            }
            position += 1
        }
        if depth > 0 { throw unexpected("the end of a value") }
        return try scalar(start)
    }

    private func scalar(_ start: Int) throws(JSONSyntaxError) -> Range<Int> {
        guard start < position else { throw unexpected("a value") }
        return start..<position
    }

    /// From the quote on, to behind the one that ends it.
    private mutating func skipString() throws(JSONSyntaxError) {
        position += 1
        while position < text.count {
            // Eight bytes at a time, as long as none of them is a quote or a backslash.
            while position + 8 <= text.count {
                let word = text.loadUnaligned(fromByteOffset: position, as: UInt64.self)
                let quote = word ^ 0x2222_2222_2222_2222
                let escape = word ^ 0x5c5c_5c5c_5c5c_5c5c
                let ends = (quote &- 0x0101_0101_0101_0101) & ~quote | (escape &- 0x0101_0101_0101_0101) & ~escape
                let found = ends & 0x8080_8080_8080_8080
                if found != 0 {
                    // Only the lowest mark is sure.
                    position += found.trailingZeroBitCount / 8
                    break
                }
                position += 8
            }
            guard position < text.count else { break }
            let byte = text[position]
            position += 1
            if byte == UInt8(ascii: "\"") { return }
            if byte == UInt8(ascii: "\\") { position += 1 }
        }
        position = text.count
        throw unexpected("the end of a string")
    }

    private func peek() -> UInt8? { position < text.count ? text[position] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = peek(), byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { position += 1 }
    }

    private func unexpected(_ expected: String) -> JSONSyntaxError { .unexpected(peek(), where: expected, at: position) }
}
