import Testing

@testable import JSON

@Suite struct JSONParserTests {
    static let accepted: [(text: String, value: JSONValue)] = [
        ("null", .null), (" true ", true), ("\r\n\tfalse\n", false), ("0", 0), ("-0", 0), ("12", 12), ("-12", -12),
        ("9223372036854775807", .int(.max)), ("-9223372036854775808", .int(.min)),
        ("9223372036854775808", .double(9_223_372_036_854_775_808)),
        ("1.5", 1.5), ("1.0", 1.0), ("1e2", 100.0), ("1E+2", 100.0), ("1e-2", 0.01), ("1e-400", 0.0), ("-1.5e3", -1500.0),
        ("\"\"", ""), ("\"a\"", "a"), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"), (#""\u0041\u00e9\u20AC""#, "Aé€"),
        (#""\ud83d\ude00""#, "😀"), ("\"\u{7f}\"", "\u{7f}"), ("\"日本\"", "日本"), (#""\u0000""#, "\0"), ("[]", []), ("[ ]", []),
        ("[1,[2],{}]", [1, [2], [:]]), ("{}", [:]), (#"{"a":1,"b":{"a":2}}"#, ["a": 1, "b": ["a": 2]]), (#"{"":0}"#, ["": 0]),
    ]

    @Test(arguments: accepted) func `the parser accepts`(_ text: String, _ value: JSONValue) throws {
        #expect(try JSONParser.parse(text) == value)
    }

    static let rejected: [(text: String, offset: Int)] = [
        ("", 0), (" ", 1), ("nul", 0), ("nulll", 4), ("True", 0), ("NaN", 0), ("Infinity", 0), ("-", 1), ("+1", 0), (".5", 0), ("1.", 2),
        ("1.e1", 2), ("01", 1), ("-01", 2), ("1e", 2), ("1e+", 3), ("0x10", 1), ("1 2", 2), ("1e400", 0), ("\"", 1), ("\"a", 2), ("'a'", 0),
        ("\"\n\"", 1), ("\"\t\"", 1), ("\"\u{1f}\"", 1), (#""\x""#, 2), (#""\u12""#, 5), (#""\u12G4""#, 5), (#""\ud800""#, 7),
        (#""\ud800\n""#, 8),
        (#""\ud800\u0041""#, 13), (#""\udc00""#, 7), (#""\"#, 2), ("[", 1), ("[1", 2), ("[1,", 3), ("[1,]", 3), ("[,1]", 1), ("[1 2]", 3),
        ("]", 0), ("{", 1), (#"{"a"}"#, 4), (#"{"a":}"#, 5), (#"{"a":1,}"#, 7), ("{a:1}", 1), (#"{1:1}"#, 1), (#"{"a":1 "b":2}"#, 7),
        (#"{"a":1,"b":2,"a":3}"#, 13), (#"{"a":1,"\u0061":3}"#, 7), ("// c\n1", 0), ("1 # c", 2), ("\u{feff}1", 0), ("[1}", 2),
    ]

    @Test(arguments: rejected) func `the parser rejects, and says where`(_ text: String, _ offset: Int) {
        #expect(throws: JSONSyntaxError.self) { try JSONParser.parse(text) }
        do { _ = try JSONParser.parse(text) } catch { #expect(error.offset == offset, "\(text): \(error)") }
    }

    static let notUTF8: [[UInt8]] = [
        [0x22, 0xff, 0x22], [0x22, 0xc0, 0x80, 0x22], [0x22, 0xed, 0xa0, 0x80, 0x22], [0x22, 0xf4, 0x90, 0x80, 0x80, 0x22],
        [0x22, 0xc3, 0x22],
        [0x22, 0x5c, 0x6e, 0xff, 0x22], [0xff], [0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d],
    ]

    @Test(arguments: notUTF8) func `the parser rejects what is not UTF-8`(_ bytes: [UInt8]) {
        #expect(throws: JSONSyntaxError.self) { try JSONParser.parse(bytes) }
    }

    @Test func `nesting is limited`() throws {
        func nested(_ depth: Int) -> String { String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
        _ = try JSONParser.parse(nested(64))
        #expect(throws: JSONSyntaxError.self) { try JSONParser.parse(nested(65)) }
        #expect(throws: JSONSyntaxError.self) { try JSONParser.parse(String(repeating: "[", count: 1_000_000)) }
        #expect(throws: JSONSyntaxError.self) { try JSONParser.parse(String(repeating: #"{"a":"#, count: 100_000)) }
    }

    @Test(.timeLimit(.minutes(20))) func `an object of two hundred thousand members is read and made in reasonable time`() throws {
        let text = "{" + (0..<200_000).map { "\"k\($0)\":\($0)" }.joined(separator: ",") + "}"
        let object = try #require(try JSONParser.parse(text).objectValue)
        #expect(object.count == 200_000)
        #expect(JSONObject(object.members.map { ($0.name, $0.value) }) == object)
    }

    @Test func `every prefix of a text is rejected and none traps`() throws {
        let text = Array(#"{"a":[1,-2.5e3,"xé\u00e9\ud83d\ude00",true,null],"b":{"c":false}}"#.utf8)
        _ = try JSONParser.parse(text)
        for length in text.indices { #expect(throws: JSONSyntaxError.self) { try JSONParser.parse(Array(text[..<length])) } }
    }

    @Test func `mutated texts never trap`() {
        var random = SplitMix(seed: 7)
        let text = Array(#"{"a":[1,-2.5e3,"xé\u00e9\ud83d\ude00",true,null],"b":{"c":false}}"#.utf8)
        for _ in 0..<20_000 {
            var bytes = text
            for _ in 0...random.below(3) { bytes[random.below(bytes.count)] = UInt8(truncatingIfNeeded: random.next()) }
            if let value = try? JSONParser.parse(bytes) { #expect((try? JSONParser.parse(JSONWriter.bytes(value))) != nil) }
        }
    }
}

/// A generator of numbers that are the same in every run.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}
