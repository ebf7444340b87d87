import Testing

@testable import JSON

@Suite struct JSONWriterTests {
    /// A random value, without doubles: whole ones come back as integers.
    private static func value(_ random: inout SplitMix, depth: Int) -> JSONValue {
        let scalars = ["", "a", "\"\\/\u{8}\u{c}\n\r\t\u{1}\u{1f}\u{7f}", "é", "e\u{301}", "日本", "😀", "\0", "\u{2028}"]
        switch random.below(depth > 4 ? 5 : 7) {
        case 0: return .null
        case 1: return .bool(random.below(2) == 0)
        case 2: return .int(Int64(bitPattern: random.next()))
        case 3: return .string((0..<random.below(4)).map { _ in scalars[random.below(scalars.count)] }.joined())
        case 4: return .double(Double(random.below(1000)) + 0.5)
        case 5: return .array((0..<random.below(5)).map { _ in value(&random, depth: depth + 1) })
        default:
            return .object(
                JSONObject(
                    (0..<random.below(5)).map { ("k\($0)" + scalars[random.below(scalars.count)], value(&random, depth: depth + 1)) }))
        }
    }

    @Test(arguments: [JSONWriter.Style.compact, .pretty]) func `what is written is read back`(_ style: JSONWriter.Style) throws {
        var random = SplitMix(seed: 1)
        for _ in 0..<3000 {
            let value = Self.value(&random, depth: 0)
            #expect(try JSONParser.parse(JSONWriter.bytes(value, style: style)) == value)
        }
    }

    @Test func `the postgres style orders keys by length and then bytes at every level`() {
        let value: JSONValue = ["bb": 1, "a": ["zz": true, "é": .null, "b": []], "aa": [1, ["y": 2, "x": 1]], "": "e", "B": 1.5]
        #expect(
            JSONWriter.text(value, style: .postgres)
                == #"{"": "e", "B": 1.5, "a": {"b": [], "zz": true, "é": null}, "aa": [1, {"x": 1, "y": 2}], "bb": 1}"#)
    }

    @Test func `the pretty style puts two spaces a level and nothing into empty lists`() {
        let value: JSONValue = ["a": [1, [:]], "b": []]
        #expect(JSONWriter.text(value, style: .pretty) == "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}")
    }

    static let scalars: [(value: JSONValue, text: String)] = [
        (.double(.nan), "null"), (.double(.infinity), "null"), (.double(1), "1"), (.double(1e21), "1000000000000000000000"),
        (.double(1e-7), "0.0000001"),
        (.double(-0.0), "0"), (.double(0.1), "0.1"), (.decimal("2.50"), "2.50"), (.int(.min), "-9223372036854775808"),
        ("\u{0}\u{1f}", #""\u0000\u001f""#), ("\u{7f}/", "\"\u{7f}/\""),
    ]

    @Test(arguments: scalars) func `a scalar is written as`(_ value: JSONValue, _ text: String) {
        #expect(JSONWriter.text(value) == text)
    }

    @Test func `an object keeps its order, and a later member replaces an earlier one`() {
        var object = JSONObject([("b", 1), ("a", 2), ("b", 3)])
        #expect(JSONWriter.text(.object(object)) == #"{"b":3,"a":2}"#)
        object["b"] = nil
        object["c"] = true
        #expect(JSONWriter.text(.object(object)) == #"{"a":2,"c":true}"#)
        #expect(object["b"] == nil && object.count == 2)
    }

    @Test(arguments: [3, 8, 9, 30]) func `of two members of one name the later one counts, at the place of the first`(count: Int) {
        let pairs = (0..<count).map { ("n\($0)", JSONValue.int(Int64($0))) }
        let object = JSONObject(pairs + [("n0", "first"), ("n\(count - 1)", "last"), ("new", true), ("new", false)])
        #expect(object.members.map(\.name) == pairs.map(\.0) + ["new"])
        #expect(object["n0"] == "first" && object["n\(count - 1)"] == "last" && object["n1"] == 1 && object["new"] == false)
    }
}
