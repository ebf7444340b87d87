import Testing

@testable import Diagnostics

@Suite struct SuggestionTests {
    static let distances: [(a: String, b: String, distance: Int)] = [
        ("", "", 0), ("a", "", 1), ("", "abc", 3), ("abc", "abc", 0), ("abc", "abd", 1), ("abc", "ab", 1), ("abc", "abcd", 1),
        ("abc", "acb", 1),
        ("kitten", "sitting", 3), ("ca", "abc", 3), ("polciy", "policy", 1), ("clearence", "clearance", 1), ("é", "e", 1),
    ]

    @Test(arguments: distances) func `the distance of two words`(_ a: String, _ b: String, _ distance: Int) {
        #expect(Suggestion.distance(Array(a.unicodeScalars), Array(b.unicodeScalars)) == distance)
        #expect(Suggestion.distance(Array(b.unicodeScalars), Array(a.unicodeScalars)) == distance)
    }

    static let nearest: [(word: String, candidates: [String], expected: String?)] = [
        ("Polciy", ["Policy", "Role"], "Policy"), ("policy", ["Policy"], "Policy"),
        ("displayname", ["displayName", "email"], "displayName"),
        ("xyz", ["abc"], nil), ("ab", ["ba"], "ba"), ("a", ["b"], nil), ("a", ["A"], "A"), ("", ["a"], nil), ("role", [], nil),
        ("roles", ["rolls", "role"], "role"), ("abcd", ["abce", "abcf"], "abce"), ("colour", ["color"], "color"),
        (String(repeating: "x", count: 129), [String(repeating: "x", count: 129)], nil),
    ]

    @Test(arguments: nearest) func `the nearest word is suggested, if one is near`(
        _ word: String, _ candidates: [String], _ expected: String?
    ) {
        #expect(Suggestion.nearest(to: word, among: candidates) == expected)
        #expect(Suggestion.nearest(to: word, among: candidates.reversed()) == expected, "the order of candidates does not matter")
    }
}
