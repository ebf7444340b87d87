/// A text of a template's body, split at its placeholders: `${name}` stands for a parameter, `$${` for the text `${`.
struct PlaceholderText {
    enum Piece: Equatable {
        case text(String)
        case parameter(String)
        /// `${` that begins no placeholder.
        case broken(String)
    }

    /// The pieces and what they take up of the text, in UTF-8 offsets.
    private(set) var pieces: [(piece: Piece, range: Range<Int>)] = []

    /// - Returns: nil if there is nothing in the text but text.
    init?(_ text: String) {
        let bytes = Array(text.utf8)
        let (dollar, brace) = (UInt8(ascii: "$"), UInt8(ascii: "{"))
        guard bytes.indices.dropLast().contains(where: { bytes[$0] == dollar && bytes[$0 + 1] == brace }) else { return nil }
        var (start, position) = (0, 0)
        func string(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
        func isText(_ word: StaticString, at place: Int) -> Bool {
            word.withUTF8Buffer { bytes[place...].starts(with: $0) }
        }
        while position < bytes.count {
            let isEscaped = isText("$${", at: position)
            guard isEscaped || isText("${", at: position) else {
                position += 1
                continue
            }
            if start < position { pieces.append((.text(string(start..<position)), start..<position)) }
            start = position
            if isEscaped {
                position += 3
                pieces.append((.text("${"), start..<position))
            } else {
                position += 2
                while position < bytes.count, Self.isWord(bytes[position]) { position += 1 }
                let name = string(start + 2..<position)
                if position < bytes.count, bytes[position] == UInt8(ascii: "}"), Self.isName(name) {
                    position += 1
                    pieces.append((.parameter(name), start..<position))
                } else {
                    pieces.append((.broken(string(start..<position)), start..<position))
                }
            }
            start = position
        }
        if start < bytes.count { pieces.append((.text(string(start..<bytes.count)), start..<bytes.count)) }
    }

    /// The parameter, if nothing else stands in the text.
    var onlyParameter: String? {
        if pieces.count == 1, case .parameter(let name) = pieces[0].piece { name } else { nil }
    }

    /// Whether `name` is one for a parameter.
    static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(0x30...0x39).contains(first) else { return false }
        return name.utf8.allSatisfy(isWord)
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7a) || (0x30...0x39).contains(byte) || byte == 0x5f
    }
}
