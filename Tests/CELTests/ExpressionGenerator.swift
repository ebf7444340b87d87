import Foundation

@testable import CEL

/// Makes random expressions: mostly of the types that are asked for, now and then of another.
struct ExpressionGenerator {
    enum Wanted: CaseIterable { case bool, int, uint, double, string, bytes, list, map, timestamp, duration, optional, null }

    var random: SplitMix
    /// How often, in a hundred, something of another type is made.
    var mistakes: Int
    private var variables: [(name: String, type: Wanted)] = []
    private var names = 0
    /// What was made so far and may be used again, as long as the variables in it are declared.
    private var made: [(text: String, type: Wanted)] = []
    /// Whether only what the graph can decide is made.
    private var isPlain = false

    init(seed: UInt64, mistakes: Int) {
        random = SplitMix(seed: seed)
        self.mistakes = mistakes
    }

    /// What the expressions may name, with a value or none for each slot.
    static let environment = CELEnvironment(variables: [
        .init("i", .int), .init("u", .uint), .init("d", .double), .init("s", .string), .init("b", .bool), .init("l", .list(.int)),
        .init("m", .map(.string, .int)), .init("any", .dyn), .init("t", .timestamp), .init("gone", .int), .init("y", .bytes),
        .init("recs", .list(.map(.string, .int))), .init("wide", .map(.string, .int)), .init("s2", .string),
        .init(
            "r",
            .record(CELRecordType(name: "R", fields: [.init(name: "n", type: .int), .init(name: "s", type: .string)]))),
        .init("texts", .list(.string)),
    ])

    mutating func slots() -> [CELValue?] {
        let numbers: [Int64] = [0, 1, -1, 2, 7, .max, .min, 100]
        let dynamic: [CELValue?] = [
            nil, .null, .int(3), .string("x"), .list([.int(1), .string("a")]), .map(CELMap([("k", .int(1))])), .double(.nan), .bool(true),
        ]
        return [
            .int(pick(numbers)), .uint(pick([0, 1, 2, .max])), .double(pick([0, -0.0, 1.5, .infinity, .nan, 1e300])),
            .string(pick(["", "a", "abc", "héllo", "日本"])), .bool(pick([true, false])),
            .list(pick([[], [.int(1)], [.int(1), .int(2), .int(3)]])),
            .map(pick([CELMap(), CELMap([("a", .int(1)), ("k", .int(2))])])), pick(dynamic),
            .timestamp(CELTimestamp(nanosecondsSince1970: pick(numbers))), nil, .bytes(pick([[], [1, 2], [255]])), pick(Self.records),
            pick(Self.wide), .string(pick(["", "a", "abcdefgh", "abcdefghi", "key-7"])), pick([nil, .int(4)]), .string("r"),
            pick([nil, .list([]), .list([.string("b"), .string("a")]), .list([.string("abcdefghi"), .string("")])]),
        ]
    }

    /// Inputs on which loops and functions over texts take longer.
    mutating func largeSlots() -> [CELValue?] {
        var slots = slots()
        let text = String(repeating: pick(["a", "ab", "é-"]), count: 100)
        slots[3] = .string(text)
        slots[5] = .list((0..<20).map { .int(pick([1, $0])) })
        slots[6] = .map(CELMap([("a", .int(1)), ("k", .int(2))] + (0..<18).map { ("key-\($0)", .int($0)) }))
        slots[10] = .bytes(Array(text.utf8))
        slots[11] = .list((0..<20).map { .map(CELMap([("n", .int($0)), ("k", .int(2))])) })
        slots[13] = .string(text)
        slots[16] = .list((0..<40).map { .string($0 == 39 ? "a" : "text-\($0)") })
        return slots
    }

    private static let records: [CELValue] = [
        .list([]), .list([.map(CELMap([("n", .int(1))])), .map(CELMap([("n", .int(9)), ("long-key-name", .int(2))]))]),
        .list([.map(CELMap([("n", .int(1))])), .map(CELMap([("k", .int(2))])), .map(CELMap([("n", .int(7)), ("k", .int(2))]))]),
    ]

    /// Maps on both sides of the size from which keys are found by a table.
    private static let wide: [CELValue] = [3, 12, 13, 40].map { count in
        .map(CELMap((0..<count).map { ("key-\($0)", CELValue.int(Int64($0))) }))
    }

    /// An expression of those that the graph can decide, for the most part.
    mutating func predicate() -> String {
        isPlain = true
        return make(.bool, Int.random(in: 1...6, using: &random))
    }

    /// A condition of a few simple predicates, of those that decision tables are made for.
    mutating func smallCondition() -> String { small(Int.random(in: 0...3, using: &random)) }

    private mutating func small(_ depth: Int) -> String {
        guard depth > 0, Int.random(in: 0..<8, using: &random) > 0 else { return pick(Self.simple) }
        switch Int.random(in: 0..<8, using: &random) {
        case 0: return "!(\(small(depth - 1)))"
        case 1: return "(\(small(depth - 1)) ? \(small(depth - 1)) : \(small(depth - 1)))"
        case 2..<5: return "(\(small(depth - 1)) && \(small(depth - 1)))"
        default: return "(\(small(depth - 1)) || \(small(depth - 1)))"
        }
    }

    private static let simple = [
        "i > 1", "i >= 2", "i < 7", "i <= -1", "i == 100", "i != 0", "1 < i", "gone > 3", "gone == 4", "d > 1.5", "d <= 0.0", "d == 1.5",
        "d != 1.5", "2.0 < d", "s == 'abc'", "s != 'a'", "s == ''", "s == 'héllo'", "s2 == 'abcdefghi'", "s2 == 'abcdefgh'", "b", "!b",
        "has(r.n)",
        "r.n > 3", "'a' in any", "'x' in any", "any == 'x'", "any == 3", "any > 2", "1 in l", "i == u", "has(r.s)", "r.s == 'r'",
        "'a' in texts",
        "'abcdefghi' in texts", "!('' in texts)", "texts == ['a']",
    ]

    mutating func pick<T>(_ choices: [T]) -> T { choices[Int.random(in: 0..<choices.count, using: &random)] }

    mutating func expression() -> String { make(pick(Wanted.allCases), Int.random(in: 1...5, using: &random)) }

    private mutating func make(_ wanted: Wanted, _ depth: Int) -> String {
        let wanted = Int.random(in: 0..<100, using: &random) < mistakes ? pick(Wanted.allCases) : wanted
        let known = variables.filter { $0.type == wanted }
        if !known.isEmpty, Int.random(in: 0..<3, using: &random) == 0 { return pick(known).name }
        guard depth > 0 else { return pick(Self.leaves[wanted] ?? ["null"]) }
        let fitting = made.filter { $0.type == wanted }
        if !fitting.isEmpty, Int.random(in: 0..<4, using: &random) == 0 { return vary(pick(fitting).text) }
        let isCommon = Int.random(in: 0..<6, using: &random) == 0
        let templates = isPlain ? Self.plain[wanted] ?? Self.leaves[wanted] : isCommon ? Self.common : Self.specific[wanted] ?? Self.common
        let text = expand(pick(templates ?? ["null"]), wanted, depth - 1)
        if text.utf8.count < 150 { made.append((text, wanted)) }
        return text
    }

    /// The same again, or the same with other names for the variables declared in it, or almost the same: of other variables, with another
    /// digit.
    private mutating func vary(_ text: String) -> String {
        switch Int.random(in: 0..<8, using: &random) {
        case 0..<3:
            names += 1
            let suffix = "_\(names)"
            return Self.rename(text) { name in variables.contains { $0.name == name } ? name : name + suffix }
        case 3:
            let others = variables.map(\.name)
            return Self.rename(text) { name in others.contains(name) ? pick(others) : name }
        case 4:
            guard let digit = text.indices.filter({ text[$0].isNumber }).randomElement(using: &random) else { return text }
            return text.replacingCharacters(in: digit...digit, with: String(Int.random(in: 0...3, using: &random)))
        default: return text
        }
    }

    /// Replaces the names of variables, which are a letter and digits.
    private static func rename(_ text: String, _ name: (String) -> String) -> String {
        var output = ""
        var word = ""
        for character in text + " " {
            if character.isLetter || character.isNumber || character == "_" {
                word.append(character)
                continue
            }
            let isVariable = word.count > 1 && "vwk".contains(word.prefix(1)) && word.dropFirst().first?.isNumber == true
            output += (isVariable ? name(word) : word) + String(character)
            word = ""
        }
        return String(output.dropLast())
    }

    /// Fills in a template: `%i` an integer and so on, `%=` what is wanted, `%A` anything twice the same, `%V` and `%W` declare an
    /// integer, `%K` a string, for what follows in the template.
    private mutating func expand(_ template: String, _ wanted: Wanted, _ depth: Int) -> String {
        var output = ""
        var rest = Substring(template)
        let anything = pick(Wanted.allCases)
        let scope = variables.count
        defer {
            for variable in variables[scope...] { made.removeAll { $0.text.contains(variable.name) } }
            variables.removeLast(variables.count - scope)
        }
        while let mark = rest.firstIndex(of: "%") {
            output += rest[..<mark]
            let letter = rest[rest.index(after: mark)...].first ?? "="
            rest = rest[mark...].dropFirst(2)
            switch letter {
            case "V", "W", "K":
                names += 1
                variables.append(("\(letter.lowercased())\(names)", letter == "K" ? .string : .int))
                output += "\(letter.lowercased())\(names)"
            case "=": output += make(wanted, depth)
            case "A": output += make(anything, depth)
            default: output += make(Self.letters[letter] ?? wanted, depth)
            }
        }
        return output + rest
    }

    private static let letters: [Character: Wanted] = [
        "b": .bool, "i": .int, "u": .uint, "d": .double, "s": .string, "y": .bytes, "l": .list, "m": .map, "t": .timestamp, "r": .duration,
        "o": .optional,
    ]

    private static let plain: [Wanted: [String]] = [
        .bool: [
            "(%b && %b)", "(%b && %b)", "(%b || %b)", "(%b || %b)", "!(%b)", "(%b ? %b : %b)", "(%i == %i)", "(%i != %i)", "(%i < 2)",
            "(%i <= 1)", "(%i > 1)", "(1 >= %i)", "(%i < %i)", "(%s == 'abc')", "(%s != 'a')", "(%s < %s)", "(%s == %s)", "(%d > 1.0)",
            "(%d <= %d)", "(%i < 1.5)", "(any == 3)", "(any != 'x')", "(any > 2)", "(%i in [1, 2, 3, 7])",
            "(%s in ['a', 'abc', 'key-7', ''])",
            "(any in [1, 3])", "(any in ['x'])", "(%i in l)", "(%s in wide)", "%s.startsWith('ab')", "%s.endsWith('c')", "%s.contains('b')",
            "%s.startsWith(%s)", "%s.contains(%s)", "%s.matches('^a+')", "has(r.n)", "has(m.k)", "has(any.k)", "(gone > 1)", "(r.n == 4)",
            "(m.k == 2)", "(any.k == 1)", "recs.exists(%V, %b)", "recs.all(x, x.n > %i)", "recs.exists(x, x.n > 5 || x.k == 2)",
            "recs.exists_one(x, x.n > 5)", "l.exists(%V, %b)", "l.all(%V, %b)", "m.all(%K, %b)", "m.exists(%K, %V, %b)",
            "l.exists_one(%V, %b)", "l.exists(%V, %W, %b)", "cel.bind(%V, %i, %b)", "(%b == %b)", "(%t > timestamp(1))", "(%t - %t < %r)",
            "isIP(%s)", "(%i / 0 > 1)", "bool(%s)",
        ],
        .int: [
            "(%i + %i)", "(%i - 1)", "(%i * %i)", "(%i / %i)", "(%i % 3)", "-(%i)", "size(%s)", "size(l)", "l[%i]", "wide[%s]", "m.a",
            "recs[%i].n", "wide['key-7']", "(%b ? %i : %i)", "r.n", "gone", "%t.getHours()", "%s.indexOf('b')", "int(%d)",
            "cel.bind(%W, %i, %i)", "recs[0]['n']",
        ],
        .string: ["s", "s2", "r.s", "'abc'", "(%b ? %s : %s)", "'key-7'"],
        .double: ["d", "(d * 2.0)", "1.5", "double(%i)"],
        .timestamp: ["t", "(t + %r)", "(t - %r)", "timestamp(%i)"],
        .duration: ["duration('1h')", "(%t - %t)", "(%r + %r)"],
    ]

    private static let leaves: [Wanted: [String]] = [
        .bool: ["true", "false", "b", "has(r.n)", "has(m.k)", "has(any.k)"],
        .int: [
            "0", "1", "1", "2", "3", "-1", "7", "i", "size(s)", "9223372036854775807", "i", "gone", "r.n", "size(l)", "any",
            "-9223372036854775808",
        ],
        .uint: ["0u", "1u", "18446744073709551615u", "u"],
        .double: ["0.0", "1.5", "-2.25", "1e300", "d"],
        .string: ["''", "'a'", "'abc'", "s", "r.s", "'é'", "'%d %s'"],
        .bytes: ["b''", "b'ab'", "b'\\xff'", "y"],
        .list: ["[]", "[1]", "l", "[1, 2, 3]", "['a', 'b']", "[dyn(1), 'a']"],
        .map: ["{}", "m", "{'a': 1}", "{1: 'x', 2u: 'y', true: 'z'}"],
        .timestamp: ["t", "timestamp(0)", "timestamp('2024-02-29T12:00:00.5Z')"],
        .duration: ["duration('1h')", "duration('-1.5s')", "duration('0')"],
        .optional: ["optional.none()", "optional.of(1)", "m.?a", "any.?k", "l[?0]", "r.?n"],
        .null: ["null"],
    ]

    private static let common = [
        "(%b ? %= : %=)", "[%=][%i]", "[%=, %=][0]", "{'a': %=}.a", "{'a': %=}.b", "{%s: %=}[%s]", "dyn(%=)", "%o.orValue(%=)",
        "cel.bind(%V, %i, %=)", "cel.bind(%K, %s, %=)", "google.protobuf.Value{list_value: [%=]}[0]",
    ]

    private static let specific: [Wanted: [String]] = [
        .bool: [
            "(%b && %b)", "(%b || %b)", "!(%b)", "(%A == %A)", "(%A != %A)", "(%A < %A)", "(%A <= %A)", "(%A > %A)", "(%A >= %A)",
            "(%i in %l)",
            "(%s in %m)", "%s.startsWith(%s)", "%s.contains(%s)", "%s.matches('a+')", "%s.matches('(')", "%s.matches(%s)", "%o.hasValue()",
            "%l.all(%V, %b)", "%l.exists(%V, %b)", "%l.exists_one(%V, %b)", "%m.all(%K, %b)", "%m.exists(%K, %b)", "%l.all(%V, %W, %b)",
            "%m.exists(%K, %V, %b)", "%m.existsOne(%K, %V, %b)", "sets.contains(%l, %l)", "sets.intersects(%l, %l)", "bool(%s)",
        ],
        .int: [
            "(%i + %i)", "(%i - %i)", "(%i * %i)", "(%i / %i)", "(%i % %i)", "-(%i)", "size(%s)", "size(%l)", "%m.size()", "int(%s)",
            "int(%d)",
            "int(%u)", "int(%t)", "%l[%i]", "%m[%s]", "%t.getHours()", "%t.getDayOfYear('Europe/Berlin')", "%t.getDate(%s)",
            "%r.getMinutes()",
            "math.greatest(%i, %i, %i)", "math.least(%i, %i)", "%s.indexOf(%s)", "%s.lastIndexOf(%s, %i)", "math.bitAnd(%i, 7)",
            "math.bitShiftLeft(%i, %i)", "math.abs(%i)", "%o.value()", "google.protobuf.Int32Value{value: %i}",
        ],
        .uint: ["(%u + %u)", "(%u - %u)", "(%u % %u)", "uint(%i)", "uint(%s)", "uint(%d)"],
        .double: ["(%d + %d)", "(%d * %d)", "(%d / %d)", "double(%i)", "double(%s)", "math.round(%d)", "math.sqrt(%d)", "-(%d)"],
        .string: [
            "(%s + %s)", "string(%i)", "string(%d)", "string(%b)", "string(%t)", "string(%r)", "string(%y)", "%s.substring(%i)",
            "%s.substring(%i, %i)", "%s.charAt(%i)", "%s.replace(%s, %s)", "%s.replace(%s, %s, %i)", "%s.format([%i, %l])",
            "['x', %s].join(%s)",
            "%s.upperAscii()", "%s.trim()", "%s.reverse()", "strings.quote(%s)", "base64.encode(%y)", "regex.replace(%s, 'a', %s)",
        ],
        .bytes: ["bytes(%s)", "(%y + %y)", "base64.decode(%s)"],
        .list: [
            "[%i, %i]", "(%l + %l)", "[?%o, 1]", "%l.map(%V, %i)", "%l.map(%V, %b, %i)", "%l.filter(%V, %b)", "%m.map(%K, %s)",
            "%l.transformList(%V, %W, %i)", "%m.transformList(%K, %V, %b, %i)", "%l.sortBy(%V, %i)", "%l.sort()", "%l.slice(0, %i)",
            "%l.distinct()", "%s.split(%s)", "%s.split(%s, %i)", "%l.reverse()", "[%l, %l].flatten()", "lists.range(%l.size())",
            "regex.extractAll(%s, 'a.')", "[%o, %o].unwrapOpt()",
        ],
        .map: [
            "{%s: %i, 'z': %i}", "{?'o': %o}", "{?%s: %o, %i: %i}", "%m.transformMap(%K, %V, %i)", "%l.transformMap(%V, %W, %b, %i)",
            "%m.transformMapEntry(%K, %V, {%K: %i})", "google.protobuf.Struct{fields: %m}",
        ],
        .timestamp: [
            "(%t + %r)", "(%r + %t)", "(%t - %r)", "timestamp(%i)", "timestamp(%s)", "google.protobuf.Timestamp{seconds: %i, nanos: %i}",
        ],
        .duration: ["(%r + %r)", "(%r - %r)", "(%t - %t)", "-(%r)", "duration(%s)"],
        .optional: [
            "optional.of(%i)", "optional.ofNonZeroValue(%i)", "%m.?a", "%m[?%s]", "%l[?%i]", "%o.or(%o)", "%o.optMap(%V, %i)",
            "%o.optFlatMap(%V, %o)", "%l.first()", "regex.extract(%s, '(b)c')",
        ],
    ]
}
