import Patterns
import Testing

@Suite struct GlobTests {
    static let cases: [(text: String, pattern: String, matches: Bool)] = [
        ("", "", true), ("", "*", true), ("a", "", false), ("a", "*", true), ("abc", "a*c", true), ("ac", "a*c", true),
        ("abcd", "a*c", false),
        ("openai/gpt-5", "openai/*", true), ("openai/", "openai/*", true), ("openai", "openai/*", false),
        ("azure/openai/x", "openai/*", false),
        ("llm.chat", "llm.?", false), ("a.b", "a.b", true), ("axb", "a.b", false), ("aXb", "axb", false), ("abab", "*ab", true),
        ("aab", "*ab", true),
        ("a*b", "a*b", true), ("é", "*é", true), ("e\u{301}", "é", false), ("aaa", "a**a", true), ("a", "a**a", false),
        ("[a]", "[a]", true),
    ]

    @Test(arguments: cases) func `a glob matches`(_ text: String, _ pattern: String, _ matches: Bool) {
        #expect(Glob.matches(text, pattern) == matches)
    }

    /// The definition, word for word.
    private func naive(_ text: ArraySlice<UInt8>, _ pattern: ArraySlice<UInt8>) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        if first == UInt8(ascii: "*") {
            return naive(text, pattern.dropFirst()) || (!text.isEmpty && naive(text.dropFirst(), pattern))
        }
        return text.first == first && naive(text.dropFirst(), pattern.dropFirst())
    }

    @Test func `globs agree with a naive matcher on random inputs`() {
        var state: UInt64 = 42
        func random(_ bound: UInt64) -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 33) % bound
        }
        func word(_ letters: [UInt8], _ most: UInt64) -> [UInt8] {
            (0..<random(most)).map { _ in letters[Int(random(UInt64(letters.count)))] }
        }
        var matched = 0
        for _ in 0..<20_000 {
            let text = word(Array("ab".utf8), 9)
            let pattern = word(Array("ab*".utf8), 7)
            let expected = naive(text[...], pattern[...])
            if expected { matched += 1 }
            let found = Glob.matches(String(decoding: text, as: UTF8.self), String(decoding: pattern, as: UTF8.self))
            #expect(found == expected, "\(String(decoding: text, as: UTF8.self)) \(String(decoding: pattern, as: UTF8.self))")
        }
        #expect(matched > 1000)
    }

    @Test(.timeLimit(.minutes(20))) func `a pattern of many stars does not explode`() {
        let text = String(repeating: "a", count: 10_000)
        #expect(!Glob.matches(text, String(repeating: "a*", count: 500) + "b"))
        #expect(!Glob.matches(text, String(repeating: "*", count: 5000) + "b"))
        #expect(Glob.matches(text, String(repeating: "*a", count: 500) + "*"))
    }
}
