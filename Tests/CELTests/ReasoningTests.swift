import Testing

@testable import CEL

/// What conditions can come to, against evaluating them.
@Suite("reasoning")
struct ReasoningTests {
    private static let environment = CELEnvironment(variables: [
        .init("level", .string), .init("name", .string), .init("kind", .string), .init("n", .int), .init("size", .int),
        .init("cost", .double),
        .init("flag", .bool), .init("roles", .list(.string)), .init("tags", .map(.string, .string)), .init("any", .dyn),
        .init("now", .timestamp),
        .init("r", .record(CELRecordType(name: "r", fields: [.init(name: "a", type: .string), .init(name: "b", type: .int)]))),
    ])

    private static let knowledge = CELKnowledge(slots: [
        "level": .init(texts: ["low", "high"]), "kind": .init(isAlwaysPresent: true, texts: ["user", "machine"]),
        "name": .init(isAlwaysPresent: true), "size": .init(isAlwaysPresent: true, least: .int(0)), "cost": .init(least: .double(0)),
        "roles": .init(isAlwaysPresent: true), "flag": .init(isAlwaysPresent: true),
        "now": .init(isAlwaysPresent: true, least: .timestamp(CELTimestamp(nanosecondsSince1970: 0))),
    ])

    /// `T` can be true, `F` false, `E` an error.
    private static let cases: [(source: String, outcomes: String)] = [
        // Constants
        ("true", "T"), ("1 > 2", "F"), ("1 / 0 > 1", "E"), ("1 / 0 > 1 || true", "T"), ("1 / 0 > 1 && false", "F"),
        // One text
        ("name == 'a'", "TF"), ("r.a == 'a'", "TFE"), ("name == 'a' && name == 'b'", "F"), ("r.a == 'a' && r.a == 'b'", "FE"),
        ("has(r.a) && r.a == 'a' && r.a == 'b'", "F"), ("name == 'a' || name != 'a'", "T"), ("r.a == 'a' || r.a != 'a'", "TE"),
        ("!has(r.a) || r.a == 'a' || r.a != 'a'", "T"), ("name != 'a' || name != 'b'", "T"), ("name in ['a', 'b'] && name == 'c'", "F"),
        ("name in ['a', 'b'] && name == 'b'", "TF"), ("name in ['a', 'b'] && !(name in ['b', 'a'])", "F"), ("name in []", "F"),
        ("name < 'b' && name > 'b'", "F"), ("name > 'b' && name < 'b\\u0000'", "F"), ("name > 'b' && name < 'ba'", "TF"),
        ("name < ''", "F"),
        ("name <= ''", "TF"), ("'a' == name && name == 'b'", "F"),
        // Texts of few values
        ("level == 'low'", "TFE"), ("level == 'secret'", "FE"), ("kind == 'robot'", "F"),
        ("kind == 'user' || kind == 'machine'", "T"), ("kind != 'user' && kind != 'machine'", "F"), ("kind.startsWith('u')", "TF"),
        ("kind.startsWith('x')", "F"), ("kind.size() > 3", "T"), ("kind.matches('^(user|machine)$')", "T"),
        ("level in ['low', 'high']", "TE"),
        ("kind == 'user' && kind.startsWith('m')", "F"), ("(kind == 'user' ? 1 : 2) > 1", "TF"), ("kind.size() / 0 > 1", "E"),
        // Numbers
        ("n > 5 && n < 3", "FE"), ("size > 5 && size < 3", "F"), ("size > 5 && size < 7", "TF"), ("size > 5 && size < 6", "F"),
        ("size >= 0", "T"), ("size < 0", "F"), ("size > 1.5 && size < 2", "F"), ("size > 1.5 && size < 2.5", "TF"),
        ("size >= 0 || flag", "T"),
        ("n > 9223372036854775807", "FE"), ("n >= -9223372036854775808", "TE"), ("cost > 0.5 && cost <= 0.5", "FE"), ("cost < 0.0", "FE"),
        ("cost > 0.5 || cost <= 0.5", "TE"), ("cost > 1 && cost < 1.5", "TFE"), ("size in [1, 2] && size > 2", "F"),
        ("now >= timestamp('1960-01-01T00:00:00Z')", "T"),
        ("now < timestamp('2026-01-01T00:00:00Z') && now > timestamp('2026-01-01T00:00:00Z')", "F"),
        ("now < timestamp('2026-01-01T00:00:00Z')", "TF"),
        // Booleans, and the same question twice
        ("flag && !flag", "F"), ("flag || !flag", "T"), ("flag == true && flag == false", "F"), ("flag != true && flag", "F"),
        ("flag ? flag : !flag", "T"), ("name.contains('x') && !name.contains('x')", "FE"), ("name.size() > 3 && name.size() < 2", "FE"),
        ("roles.exists(a, a == 'x') && !roles.exists(b, b == 'x')", "FE"),
        ("roles.exists(a, a == 'x') && !roles.exists(b, b == 'y')", "TFE"),
        ("cel.bind(x, name, x == 'a') && !cel.bind(y, name, y == 'a')", "FE"), ("n / 2 > 3 && n / 2 < 3", "FE"),
        ("tags.a == 'x' && tags.a == 'y'", "FE"), ("has(tags.a) && !has(tags.a)", "FE"), ("tags['a'] == 'x' && tags.a == 'y'", "TFE"),
        // Lists
        ("'x' in roles", "TF"), ("'x' in roles && !('x' in roles)", "F"), ("'x' in roles && !('y' in roles)", "TF"),
        ("'x' in roles || !('x' in roles)", "T"), ("'x' in any && !('x' in any)", "FE"), ("any == 'x' && any == 1", "FE"),
        ("any == 1 && any == 1.0", "TFE"), ("any == 'x' || any != 'x'", "TE"), ("any in ['x', 1] && any == 2", "FE"),
        // Logic
        ("(name == 'a' || name == 'b') && name == 'c'", "F"), ("!(name == 'a' || name == 'b') && name == 'a'", "F"),
        ("name == 'a' ? name == 'b' : name != 'a'", "TF"), ("name == 'a' ? name == 'b' : name == 'a'", "F"),
        ("(name == 'a' && r.b > 1) || (name != 'a' && r.b > 1)", "TFE"), ("has(r.b) && (r.b > 1 || r.b <= 1)", "TF"),
        ("!has(r.b) || r.b > 1 || r.b <= 1", "T"),
    ]

    @Test("conditions come to what they can", arguments: cases) func outcomes(_ source: String, _ expected: String)
        throws
    {
        let expression = try CELExpression(source, in: Self.environment, expecting: .bool)
        let reading = try #require(CELReasoner(knowledge: Self.knowledge).reading(of: expression))
        #expect(Self.text(reading.formula.outcomes) == expected)
    }

    private static func text(_ outcomes: CELOutcomes) -> String {
        [(CELOutcomes.isTrue, "T"), (.isFalse, "F"), (.isError, "E")].filter { outcomes.contains($0.0) }.map(\.1).joined()
    }

    // MARK: Against evaluation

    /// Where nothing is known of the inputs, no evaluation may come to what the formula rules out.
    @Test("no evaluation comes to what was ruled out") func soundness() throws {
        let reasoner = CELReasoner(knowledge: CELKnowledge())
        var (read, ruledOut) = (0, 0)
        for run in 0..<DifferentialTests.runs {
            var generator = ExpressionGenerator(seed: DifferentialTests.seed &+ UInt64(run) &* 6_007, mistakes: 0)
            let (first, second) = (generator.smallCondition(), run % 3 == 0 ? generator.predicate() : generator.smallCondition())
            // A condition with its like is what contradicts itself now and then.
            let source = generator.pick([
                "\(first)", "(\(first)) && (\(second))", "(\(first)) || (\(second))", "(\(first)) && !(\(second))",
            ])
            guard let expression = try? CELExpression(source, in: ExpressionGenerator.environment, expecting: .bool),
                let reading = reasoner.reading(of: expression)
            else { continue }
            read += 1
            let outcomes = reading.formula.outcomes
            if outcomes != .any { ruledOut += 1 }
            for _ in 0..<12 {
                let value = CELOracle.evaluate(expression.expression, slots: generator.slots())
                if case .error(let error) = value, error.kind == .budget { continue }
                #expect(outcomes.contains(CELOutcomes(value)), "seed \(DifferentialTests.seed) run \(run): `\(source)` \(value)")
            }
        }
        #expect(read > DifferentialTests.runs / 2 && ruledOut > DifferentialTests.runs / 50, "\(read) \(ruledOut)")
    }

    /// Conditions over inputs of few values, of which all are tried.
    private struct SmallWorld {
        static let environment = CELEnvironment(variables: [
            .init("a", .string), .init("b", .string), .init("n", .int), .init("f", .bool), .init("l", .list(.string)),
        ])
        static let knowledge = CELKnowledge(slots: [
            "a": .init(texts: ["x", "y", "z"]), "b": .init(isAlwaysPresent: true, texts: ["x", "y"]), "n": .init(least: .int(0)),
            "l": .init(isAlwaysPresent: true),
        ])
        static let predicates = [
            "a == 'x'", "a != 'y'", "a in ['x', 'y']", "a < 'y'", "a.startsWith('z')", "b == 'x'", "b == 'w'", "n > 1", "n < 3", "n == 2",
            "n <= 0", "f", "f == false", "'x' in l", "'y' in l", "a > 'x' && b != 'y'", "1 / 0 > 0",
        ]

        /// Every input that differs from others in any predicate.
        static let worlds: [[CELValue?]] = {
            var worlds: [[CELValue?]] = []
            let texts: [CELValue?] = [.string("x"), .string("y"), .string("z"), nil]
            let lists: [CELValue?] = [[], ["x"], ["y"], ["x", "y"]].map { .list($0.map { .string($0) }) }
            for a in texts {
                for b in texts.prefix(2) {
                    for n: CELValue? in [.int(0), .int(1), .int(2), .int(3), .int(4), nil] {
                        for f: CELValue? in [.bool(true), .bool(false), nil] { for l in lists { worlds.append([a, b, n, f, l]) } }
                    }
                }
            }
            return worlds
        }()

        static func condition(_ random: inout SplitMix, _ depth: Int) -> String {
            if depth == 0 || Int.random(in: 0..<5, using: &random) == 0 {
                return predicates[Int.random(in: 0..<predicates.count, using: &random)]
            }
            let (one, other) = (condition(&random, depth - 1), condition(&random, depth - 1))
            switch Int.random(in: 0..<7, using: &random) {
            case 0: return "!(\(one))"
            case 1: return "((\(one)) ? (\(other)) : (\(condition(&random, depth - 1))))"
            case 2, 3: return "((\(one)) || (\(other)))"
            default: return "((\(one)) && (\(other)))"
            }
        }
    }

    private func held(_ expression: CELExpression, _ world: [CELValue?]) -> Bool {
        CELOracle.evaluate(expression.expression, slots: world) != .bool(false)
    }

    @Test("where few values are possible, what is told is exactly what can be") func exactness() throws {
        let reasoner = CELReasoner(knowledge: SmallWorld.knowledge)
        var random = SplitMix(seed: DifferentialTests.seed)
        var counts: [String: Int] = [:]
        for run in 0..<max(200, DifferentialTests.runs / 20) {
            let source = SmallWorld.condition(&random, run % 4 + 1)
            let expression = try CELExpression(source, in: SmallWorld.environment, expecting: .bool)
            let formula = try #require(reasoner.reading(of: expression)).formula
            let real = SmallWorld.worlds.reduce(into: CELOutcomes()) {
                $0.formUnion(CELOutcomes(CELOracle.evaluate(expression.expression, slots: $1)))
            }
            counts[Self.text(real), default: 0] += 1
            #expect(formula.outcomes == real, "seed \(DifferentialTests.seed) run \(run): `\(source)`")
        }
        #expect(counts["F", default: 0] > 0 && counts["T", default: 0] > 0 && counts["TFE", default: 0] > 0, "\(counts)")
    }

    @Test("a condition implies another exactly where it holds in no world without it") func implication() throws {
        let reasoner = CELReasoner(knowledge: SmallWorld.knowledge)
        var random = SplitMix(seed: DifferentialTests.seed &+ 1)
        var implied = 0
        for run in 0..<max(300, DifferentialTests.runs / 20) {
            let first = SmallWorld.condition(&random, run % 3 + 1)
            let second = SmallWorld.condition(&random, run % 2 + 1)
            let pairs = [(first, second), ("(\(first)) && (\(second))", first), (first, "(\(first)) || (\(second))")]
            let (source, other) = pairs[run % 3]
            let (one, two) = (
                try CELExpression(source, in: SmallWorld.environment), try CELExpression(other, in: SmallWorld.environment)
            )
            let (left, right) = (try #require(reasoner.reading(of: one)).formula, try #require(reasoner.reading(of: two)).formula)
            let really = SmallWorld.worlds.allSatisfy { !held(one, $0) || held(two, $0) }
            if really { implied += 1 }
            #expect(left.implies(right) == really, "seed \(DifferentialTests.seed) run \(run): `\(source)` implies `\(other)`")
        }
        #expect(implied > 20)
    }

    // MARK: Variables

    @Test("what an input is computed from is put in its place") func definitions() throws {
        let environment = CELEnvironment(
            variables: Self.environment.variables + [
                .init(
                    "v", .record(CELRecordType(name: "v", fields: [.init(name: "isA", type: .bool), .init(name: "end", type: .timestamp)])))
            ])
        var reasoner = CELReasoner(knowledge: Self.knowledge)
        reasoner.define("v.isA", as: try CELExpression("name == 'a'", in: Self.environment))
        reasoner.define("v.end", as: try CELExpression("timestamp('2026-01-01T00:00:00Z')", in: Self.environment))
        func outcomes(_ source: String) throws -> String? {
            reasoner.reading(of: try CELExpression(source, in: environment)).map { Self.text($0.formula.outcomes) }
        }
        #expect(try outcomes("v.isA && name == 'b'") == "F")
        #expect(try outcomes("v.isA || name != 'a'") == "T")
        #expect(try outcomes("now < v.end && now >= v.end") == "F")
        #expect(try outcomes("now < timestamp('2025-01-01T00:00:00Z') && now > v.end") == "F")
        reasoner.define("v.isA", as: nil)
        #expect(try outcomes("v.isA && !v.isA") == nil)
    }

    @Test("what grows with every variable is given up", .timeLimit(.minutes(5))) func growth() throws {
        let fields = (0..<60).map { CELRecordType.Field(name: "x\($0)", type: .bool) }
        let environment = CELEnvironment(
            variables: Self.environment.variables + [.init("v", .record(CELRecordType(name: "v", fields: fields)))])
        var reasoner = CELReasoner(knowledge: Self.knowledge)
        reasoner.define("v.x0", as: try CELExpression("n > 1 && size < 3", in: environment))
        for number in 1..<60 {
            let source = "(v.x\(number - 1) || n > \(number)) && (v.x\(number - 1) || size < \(number))"
            reasoner.define("v.x\(number)", as: try CELExpression(source, in: environment))
        }
        #expect(reasoner.reading(of: try CELExpression("v.x59", in: environment)) == nil)
        #expect(reasoner.reading(of: try CELExpression("v.x1", in: environment)) != nil)
    }

    @Test("a condition about many inputs is gone through in parts", .timeLimit(.minutes(5))) func width() throws {
        let source = (0..<40).map { "(name == 'a\($0)' || tags.t\($0) == 'x')" }.joined(separator: " && ")
        let expression = try CELExpression(source, in: Self.environment)
        let reading = try #require(CELReasoner(knowledge: Self.knowledge).reading(of: expression))
        // Too many worlds: everything is taken to be possible.
        #expect(reading.formula.outcomes == .any)
        let apart =
            (0..<40).map { "(tags.s\($0) == 'a\($0)' || tags.t\($0) == 'x')" }.joined(separator: " && ") + " && name == 'a' && name == 'b'"
        #expect(
            try Self.text(
                #require(CELReasoner(knowledge: Self.knowledge).reading(of: CELExpression(apart, in: Self.environment))).formula.outcomes)
                == "F")
    }

    // MARK: Mentions

    @Test(
        "texts that inputs are compared with are found",
        arguments: [
            ("name == 'a'", ["name a"]), ("'a' != name", ["name a"]), ("name in ['a', 'b']", ["name a", "name b"]),
            ("'x' in roles", ["roles[] x"]),
            ("roles.exists(r, r == 'x' || r in ['y'])", ["roles[] x", "roles[] y"]), ("roles.all(i, r, r == 'x')", ["roles[] x"]),
            ("tags.a == 'x'", []), ("name == r.a", []), ("name + 'a' == 'b'", []), ("r.a == 'q' && has(r.a)", ["r.a q"]),
        ] as [(String, [String])]) func mentions(_ source: String, _ expected: [String]) throws
    {
        let mentions = try CELExpression(source, in: Self.environment).mentions
        #expect(mentions.map { "\($0.path)\($0.isElement ? "[]" : "") \($0.text)" } == expected)
        for mention in mentions {
            #expect(Array(source.utf8)[mention.range].contains(UInt8(ascii: "'")))
        }
    }
}
