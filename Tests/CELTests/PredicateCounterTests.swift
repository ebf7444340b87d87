import Testing

@testable import CEL

@Suite struct PredicateCounterTests {
    private static let environment = CELEnvironment(variables: [
        .init("a", .int), .init("b", .bool), .init("s", .string), .init("l", .list(.int)), .init("m", .map(.string, .string)),
        .init("r", .record(CELRecordType(name: "R", fields: [.init(name: "x", type: .string)]))),
    ])

    private static let inputs: [CELValue?] = [.int(1), .bool(true), .string("t"), .list([.int(1), .int(2)]), .map(CELMap()), nil]

    /// Expressions with their predicates, each with how often it was true, false and an error on `inputs`.
    @Test(arguments: [
        ("a > 0", ["a > 0 1/0/0"]), ("b", ["b 1/0/0"]), ("!b || a == 2", ["b 1/0/0", "a == 2 0/1/0"]),
        ("a == 2 && b", ["a == 2 0/1/0", "b 0/0/0"]), ("true || b", ["b 0/0/0"]), (#""x" in ["x"] && b"#, ["b 1/0/0"]),
        ("has(r.x) && r.x == 'y'", ["has(r.x) 0/1/0", "r.x == 'y' 0/0/0"]), ("r.x == 'y' || b", ["r.x == 'y' 0/0/1", "b 1/0/0"]),
        ("l.exists(i, i == 2)", ["l.exists(i, i == 2) 1/0/0", "i == 2 1/1/0"]),
        ("l.all(i, i > 0 && b)", ["l.all(i, i > 0 && b) 1/0/0", "i > 0 2/0/0", "b 2/0/0"]),
        ("size(l.filter(i, i > 1)) == 1", ["size(l.filter(i, i > 1)) == 1 1/0/0", "i > 1 1/1/0"]),
        ("(b ? a : 2) == 1", ["(b ? a : 2) == 1 1/0/0", "b 1/0/0"]),
        ("b ? s == 't' : a == 1", ["b 1/0/0", "s == 't' 1/0/0", "a == 1 0/0/0"]),
        ("s.startsWith('t') && m['k'] == 'v'", ["s.startsWith('t') 1/0/0", "m['k'] == 'v' 0/0/1"]),
        ("has(m.k)", ["has(m.k) 0/1/0"]), ("a + 1", []), ("1 < 2", []),
    ]) func `the predicates of a condition are counted`(_ source: String, _ expected: [String]) throws {
        var counter = try CELPredicateCounter(source, in: Self.environment)
        counter.evaluate(slots: Self.inputs)
        #expect(counter.predicates.map { "\($0.text) \($0.trueCount)/\($0.falseCount)/\($0.errorCount)" } == expected)
    }

    @Test func `counts of several evaluations add up`() throws {
        var counter = try CELPredicateCounter("a > 1", in: Self.environment)
        for number in [1, 2, 3] as [Int64] { counter.evaluate(slots: [.int(number)] + Self.inputs.dropFirst()) }
        counter.evaluate(slots: [nil] + Self.inputs.dropFirst())
        let predicate = try #require(counter.predicates.first)
        #expect((predicate.trueCount, predicate.falseCount, predicate.errorCount) == (2, 1, 1))
        #expect(predicate.range == 0..<5)
    }

    /// What is counted agrees with the values that an explanation shows, which is recorded elsewhere.
    @Test func `counting changes no value and leaves out no turn, on random expressions`() throws {
        var generator = ExpressionGenerator(seed: 41, mistakes: 5)
        var counted = 0
        for _ in 0..<3_000 {
            let source = generator.predicate()
            guard var counter = try? CELPredicateCounter(source, in: ExpressionGenerator.environment) else { continue }
            let slots = generator.slots()
            let explanation = try CELOracle.explain(source, in: ExpressionGenerator.environment, slots: slots)
            let value = counter.evaluate(slots: slots)
            #expect(value == explanation.result || value.isError && explanation.result.isError, "\(source)")
            for predicate in counter.predicates {
                // Several may have one place, such as a macro and what it stands for.
                let parts = explanation.parts.filter { $0.range == predicate.range }
                guard let part = parts.first, parts.count == 1 else { continue }
                let evaluations = predicate.trueCount + predicate.falseCount + predicate.errorCount
                #expect(part.evaluations == evaluations, "\(predicate.text) in \(source)")
                switch part.value {
                case .bool(true)?: #expect(predicate.trueCount > 0)
                case .bool(false)?: #expect(predicate.falseCount > 0)
                case nil: #expect(evaluations == 0)
                default: #expect(predicate.errorCount > 0)
                }
                counted += evaluations > 0 ? 1 : 0
            }
        }
        #expect(counted > 1_000)
    }

    /// What coverage is for: a branch that no input takes can be changed, and no input tells. Evaluated by the machine, which counts nothing.
    @Test func `a predicate that never went one way can be replaced by the other, on random expressions`() throws {
        var generator = ExpressionGenerator(seed: 97, mistakes: 0)
        var replaced = 0
        for _ in 0..<3_000 {
            let source = generator.predicate()
            guard var counter = try? CELPredicateCounter(source, in: ExpressionGenerator.environment),
                let program = try? CELCompiler.compile(source, in: ExpressionGenerator.environment)
            else { continue }
            let inputs = (0..<3).map { _ in generator.slots() }
            for slots in inputs { counter.evaluate(slots: slots) }
            for predicate in counter.predicates where predicate.errorCount == 0 && min(predicate.trueCount, predicate.falseCount) == 0 {
                var bytes = Array(source.utf8)
                bytes.replaceSubrange(predicate.range, with: Array((predicate.trueCount > 0 ? "(true)" : "(false)").utf8))
                let mutant = String(decoding: bytes, as: UTF8.self)
                guard let other = try? CELCompiler.compile(mutant, in: ExpressionGenerator.environment) else { continue }
                for slots in inputs {
                    let (left, right) = (CELMachine.evaluate(program, slots: slots), CELMachine.evaluate(other, slots: slots))
                    #expect(left == right || left.isError && right.isError, "\(source) → \(mutant)")
                }
                replaced += 1
            }
        }
        #expect(replaced > 1_000)
    }
}
