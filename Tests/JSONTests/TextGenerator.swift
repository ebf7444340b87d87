/// Makes JSON texts at random: valid ones that come near every limit of the readers, and damaged ones.
struct TextGenerator {
    private var random: SplitMix

    init(seed: UInt64) { random = SplitMix(seed: seed) }

    private mutating func one<Element>(_ elements: [Element]) -> Element { elements[random.below(elements.count)] }

    /// A text, valid but for numbers that are too large and names that occur twice.
    mutating func text() -> [UInt8] {
        switch random.below(12) {
        case 0: return Array(nested().utf8)
        case 1: return Array(large().utf8)
        case 2: return Array(row().utf8)
        default: return Array(value(depth: 0).utf8)
        }
    }

    // MARK: Damage

    /// The text with bytes replaced, cut out, put in, or cut off.
    mutating func damaged(_ text: [UInt8]) -> [UInt8] {
        var bytes = text
        for _ in 0...random.below(3) {
            let place = random.below(bytes.count + 1)
            switch random.below(6) {
            case 0 where place < bytes.count: bytes[place] ^= 1 << UInt8(random.below(8))
            case 1 where place < bytes.count: bytes[place] = byte()
            case 2: bytes.insert(byte(), at: place)
            case 3: bytes.removeSubrange(place..<min(bytes.count, place + 1 + random.below(4)))
            case 4: bytes.removeSubrange(place...)
            default:
                let from = random.below(bytes.count + 1)
                bytes.insert(contentsOf: bytes[from..<min(bytes.count, from + random.below(12))], at: place)
            }
        }
        return bytes
    }

    private mutating func byte() -> UInt8 {
        random.below(2) == 0 ? one(Array("{}[]:,\"\\u0123eE+-.tfn \t\u{1f}\u{7f}dD8cC".utf8)) : UInt8(random.below(256))
    }

    // MARK: Values

    private mutating func value(depth: Int) -> String {
        switch random.below(depth > 5 ? 5 : 8) {
        case 0: return one(["null", "true", "false"])
        case 1, 2: return number()
        case 3, 4: return string()
        case 5: return "[" + items(random.below(5)) { $0.value(depth: depth + 1) } + "]"
        default: return "{" + items(random.below(6)) { $0.name() + $0.space() + ":" + $0.space() + $0.value(depth: depth + 1) } + "}"
        }
    }

    private mutating func items(_ count: Int, _ item: (inout TextGenerator) -> String) -> String {
        var text = space()
        for index in 0..<count { text += (index == 0 ? "" : ",") + space() + item(&self) + space() }
        return text
    }

    private mutating func space() -> String { random.below(4) == 0 ? one([" ", "\n", "\t", "\r", " \n\t "]) : "" }

    /// Names of which some are the same letter by letter, some by escapes, and some only by their normal forms.
    private mutating func name() -> String {
        random.below(3) == 0 ? string() : "\"" + one(Self.names) + (random.below(2) == 0 ? String(random.below(9)) : "") + "\""
    }

    private static let names = [
        "a", "b", "", "\\u0061", "K", "k", "\u{212a}", "\\u212A", ";", "\u{37e}", "`", "\u{1fef}", "é", "e\u{301}", "\\u00e9", "e\\u0301",
        "\u{212b}", "\u{c5}", "A\u{30a}", "가", "\u{1100}\u{1161}", "\u{1f600}", "\\ud83d\\ude00", "\\/", "/", "inputTokens",
        "a name that is longer than eight bytes", "ö\u{323}", "o\u{323}\u{308}",
    ]

    private mutating func string() -> String {
        let parts = [
            "a", "bc", "plain text of some length", "é", "e\u{301}", "日本", "\u{1f600}", "\u{7f}", "\u{2028}", "\u{fffd}", "\\\"", "\\\\",
            "\\/",
            "\\b", "\\f", "\\n", "\\r", "\\t", "\\u0000", "\\u001f", "\\u0041", "\\u00E9", "\\u20ac", "\\ud83d\\ude00", "\\uDBFF\\uDFFF",
            "\\ud800\\udc00", "\\uffff", "\\ufdd0", "1234567", "12345678",
        ]
        var text = ""
        for _ in 0..<random.below(random.below(8) == 0 ? 30 : 4) { text += one(parts) }
        return "\"" + text + "\""
    }

    // MARK: Numbers

    private mutating func digits(_ count: Int) -> String { (0..<count).map { _ in String(random.below(10)) }.joined() }

    private mutating func number() -> String {
        let known = [
            "0", "-0", "-0.0", "0e0", "0e999", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809",
            "999999999999999999", "1000000000000000000", "18446744073709551616", "9007199254740993", "0.1", "5e-324", "2e-324", "1e-400",
            "2.2250738585072011e-308", "1.7976931348623157e308", "1.7976931348623159e308", "1e308", "1e309", "-1e309", "123456789012345.5",
            "0.000000000000001", "8.41", "1E+2", "1e-2",
        ]
        switch random.below(6) {
        case 0: return one(known)
        case 1: return String(Int64(bitPattern: random.next()) >> Int64(random.below(64)))
        case 2: return String(random.below(10)) + "." + digits(1 + random.below(20))
        case 3: return String(1 + random.below(9)) + digits(random.below(24)) + "." + digits(1 + random.below(3))
        case 4: return (random.below(2) == 0 ? "-" : "") + String(1 + random.below(9)) + digits(random.below(330))
        default:
            return String(1 + random.below(9)) + "." + digits(1 + random.below(18)) + one(["e", "E"]) + one(["", "-", "+"])
                + digits(1 + random.below(3))
        }
    }

    // MARK: Large texts

    /// As deep as the limit, or nearly.
    private mutating func nested() -> String {
        let depth = 60 + random.below(7)
        var text = ""
        var ends: [String] = []
        for _ in 0..<depth {
            let isObject = random.below(3) == 0
            text += isObject ? "{\"a\":" : one(["[", "[", "[0,"])
            ends.append(isObject ? "}" : "]")
        }
        text += one(["1", row(), "[]", "\"\""])
        // Without its end a text has more tokens for its length than any whole one.
        return random.below(4) == 0 ? text : text + ends.reversed().joined()
    }

    /// A list of the shortest elements, around the sizes at which the memory for tokens grows.
    private mutating func row() -> String {
        "[" + [String](repeating: one(["1", "[]", "\"\""]), count: 150 + random.below(200)).joined(separator: ",") + "]"
    }

    /// An object of so many members that names are not compared one by one.
    private mutating func large() -> String {
        var members = (0..<20 + random.below(20)).map { "\"n\($0)\":\($0)" }
        if random.below(2) == 0 { members.insert(name() + ":1", at: random.below(members.count)) }
        if random.below(3) == 0 { members.append("\"\\u006e\(random.below(45))\":0") }
        if random.below(3) == 0 { members.append(name() + ":" + value(depth: 4)) }
        return "{" + members.joined(separator: ",") + "}"
    }
}
