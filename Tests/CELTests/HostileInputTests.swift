import Glibc
import Testing

@testable import CEL

/// Runs a body on a thread with the small stack that worker threads have in places.
func onSmallStack(_ body: @escaping @Sendable () -> Void) {
    final class Work: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setstacksize(&attributes, 512 * 1_024)
    defer { pthread_attr_destroy(&attributes) }
    var thread = pthread_t()
    let work = Unmanaged.passRetained(Work(body))
    let started = pthread_create(
        &thread, &attributes,
        { argument in
            guard let argument else { return nil }
            Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body()
            return nil
        }, work.toOpaque())
    #expect(started == 0)
    pthread_join(thread, nil)
}

@Suite("hostile input")
struct HostileInputTests {
    @Test(
        "nesting is bounded, on a stack of 512 KiB",
        arguments: [
            String(repeating: "(", count: 40_000), String(repeating: "[", count: 90_000), String(repeating: "{1:", count: 30_000),
            String(repeating: "!", count: 90_000) + "true", String(repeating: "-", count: 90_000) + "1",
            String(repeating: "(", count: 40_000) + "1" + String(repeating: ")", count: 40_000),
            "x" + String(repeating: ".f", count: 40_000), "x" + String(repeating: "[0]", count: 30_000),
            "1" + String(repeating: "+1", count: 40_000),
            String(repeating: "true?1:", count: 14_000) + "1", String(repeating: "[1].map(x,", count: 9_000),
            String(repeating: "f(", count: 40_000), String(repeating: "a.b(", count: 20_000), String(repeating: "A{a:", count: 20_000),
            String(repeating: "!(", count: 40_000),
        ])
    func nesting(_ source: String) {
        onSmallStack {
            let issues = Fixture.issues(source)
            #expect(issues.contains { $0.kind == .limit })
            #expect(issues.count <= CELLimits.issues)
        }
    }

    @Test(
        "nesting up to the limit works, on a stack of 512 KiB",
        arguments: [
            ("(", "x", ")"), ("[", "x", "]"), ("!(", "true", ")"), ("-(", "x", ")"), ("{'a': ", "x", "}"), ("[1].map(i, ", "x", ")"),
            ("cel.bind(i, 1, ", "x", ")"), ("size([", "x", "])"), ("[1].all(i, i > 0 && ", "true", ")"), ("true ? 1 : (x + (", "x", "))"),
            ("optional.of(", "x", ")"), ("(true || ", "true", ")"),
        ])
    func atLimit(_ parts: (open: String, middle: String, close: String)) {
        onSmallStack {
            for depth in [10, 20, 30, 45, 95] {
                let source = String(repeating: parts.open, count: depth) + parts.middle + String(repeating: parts.close, count: depth)
                do throws(CELIssues) {
                    let program = try CELCompiler.compile(source, in: Fixture.environment)
                    let value = CELMachine.evaluate(program, slots: Fixture.values)
                    #expect(!value.isError)
                    #expect(try CELOracle.evaluate(source, in: Fixture.environment, slots: Fixture.values) == value)
                } catch {
                    #expect(depth > 20)
                    #expect(error.issues.allSatisfy { $0.kind == .limit })
                }
            }
        }
    }

    @Test("an expression of 1 MB is refused at once") func large() {
        let issues = Fixture.issues("x" + String(repeating: " + x", count: 250_000))
        #expect(issues.map(\.kind) == [.limit])
    }

    @Test("a long run of `||` is no deep one") func longRun() throws {
        #expect(try Fixture.evaluate((0..<5_000).map { "x == \($0)" }.joined(separator: " || ")) == .bool(true))
    }

    @Test("huge literals") func literals() {
        #expect(Fixture.issues(String(repeating: "9", count: 50_000)).first?.kind == .literal)
        #expect(Fixture.issues("1e999").first?.kind == .literal)
        #expect(Fixture.issues("[" + String(repeating: "1,", count: 20_000) + "1]").first?.kind == .limit)
        #expect(Fixture.issues("0x" + String(repeating: "f", count: 17)).first?.kind == .literal)
    }

    @Test(
        "patterns that would blow up are refused",
        arguments: ["((a{1000}){1000}){1000}", "a{100000}", "(?P<n", "(((((x{100}){100}){100}){100})"])
    func patterns(_ pattern: String) throws {
        #expect(Fixture.issues("'a'.matches('\(pattern)')").first?.kind == .pattern)
        guard case .error(let error) = try Fixture.evaluate("'a'.matches(cel.bind(d, context.dataClassification, '\(pattern)' + d))") else {
            Issue.record("no error")
            return
        }
        #expect(error.kind == .pattern)
    }

    @Test("a pattern that backtracking would never finish is quick") func backtracking() throws {
        #expect(try Fixture.evaluate("('\(String(repeating: "a", count: 5_000))' + 'b').matches('^(a+)+$')") == .bool(false))
    }

    @Test(
        "the budget stops work that multiplies",
        arguments: [
            "[1,2,3,4,5,6,7,8,9,0].map(a, [1,2,3,4,5,6,7,8,9,0].map(b, [1,2,3,4,5,6,7,8,9,0].map(c, [1,2,3,4,5,6,7,8,9,0].map(d, [1,2,3,4,5,6,7,8,9,0].map(e, [1,2,3,4,5,6,7,8,9,0].map(f, a * b))))))",
            (0..<40).reduce("'xxxxxxxxxxxxxxxx' + string(x)") { "cel.bind(v\($1), \($0), v\($1) + v\($1))" },
            (0..<40).reduce("[x]") { "cel.bind(v\($1), \($0), v\($1) + v\($1))" },
            "cel.bind(p, " + (0..<40).reduce("[x]") { "cel.bind(v\($1), \($0), [v\($1), v\($1)])" } + ", p == cel.bind(q, "
                + (0..<40).reduce("[x]") { "cel.bind(v\($1), \($0), [v\($1), v\($1)])" } + ", q))",
        ])
    func budget(_ source: String) throws {
        guard case .error(let error) = try Fixture.evaluate(source) else {
            Issue.record("no error")
            return
        }
        #expect(error.kind == .budget)
    }

    @Test("an expression that absorbs errors does not absorb the end of its budget") func absorbed() throws {
        guard case .error(let error) = try Fixture.evaluate("[1, 2, 3, 4].map(i, i * x).size() > 9 || true", budget: 10) else {
            Issue.record("no error")
            return
        }
        #expect(error.kind == .budget)
    }

    @Test("types that multiply at every level stay small") func types() throws {
        let a = CELType.parameter("A")
        let tuple = CELFunctionDeclaration(name: "tuple", overloads: [.init(parameters: [a, a], result: .opaque("tuple", [a, a]))])
        let environment = CELEnvironment(variables: [.init("x", .int)], functions: [tuple])
        let source = (0..<50).reduce("x") { body, level in "cel.bind(v\(level), \(body), tuple(v\(level), v\(level)))" }
        #expect(try CELCompiler.deduceType(source, in: environment) != .int)
    }

    @Test("maps of a thousand computed entries are built in linear time") func largeMap() throws {
        let source = "{" + (0..<4_000).map { "string(x)+'\($0)': \($0)" }.joined(separator: ", ") + "}.size() == 4000"
        #expect(try Fixture.evaluate(source) == .bool(true))
    }

    @Test("inputs nested deeper than the stack allows end the evaluation")
    func deepInput() throws {
        let environment = CELEnvironment(variables: [.init("v", .dyn), .init("w", .dyn)])
        let deep = (0..<2_000).reduce(CELValue.int(1)) { value, _ in .list([value]) }
        for source in ["v == w", "v in [w]", "'%s'.format([v])", "v.flatten(100000)", "google.protobuf.Value{list_value: v}"] {
            let program = try CELCompiler.compile(source, in: environment)
            onSmallStack {
                guard case .error(let error) = CELMachine.evaluate(program, slots: [deep, deep]) else {
                    Issue.record("no error: \(source)")
                    return
                }
                #expect(error.kind == .budget)
                #expect(deep.description.utf8.count < 1_000)
            }
        }
    }

    @Test("mutated programs of every kind are rejected or harmless") func mutations() {
        let seed = UInt64.random(in: 0 ..< .max)
        print("mutation seed \(seed)")
        var random = SplitMix(seed: seed)
        var passed = 0
        for run in 0..<2_000 {
            var generator = ExpressionGenerator(seed: seed &+ UInt64(run), mistakes: 5)
            guard let program = try? CELCompiler.compileUnchecked(generator.expression(), in: ExpressionGenerator.environment) else {
                continue
            }
            let slots = generator.slots()
            for _ in 0..<10 {
                var mutated = program
                for _ in 0..<Int.random(in: 1...3, using: &random) {
                    let position = Int.random(in: 0..<mutated.words.count, using: &random)
                    mutated.words[position] ^= 1 << UInt32.random(in: 0..<32, using: &random)
                }
                do throws(CELVerificationError) { try CELVerifier.verify(mutated, slotCount: slots.count) } catch { continue }
                passed += 1
                _ = CELMachine.evaluate(mutated, slots: slots, budget: 20_000)
            }
        }
        #expect(passed > 100)
    }

    @Test("any words that pass the verifier are harmless") func words() throws {
        var generator = SplitMix(seed: 42)
        let program = try CELCompiler.compile(
            "items.map(i, i.cost).filter(c, c > x).size() > 0 || subject.id.startsWith('a')", in: Fixture.environment)
        var passed = 0
        for _ in 0..<20_000 {
            var mutated = program
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let position = Int.random(in: 0..<mutated.words.count, using: &generator)
                mutated.words[position] ^= 1 << UInt32.random(in: 0..<32, using: &generator)
            }
            do throws(CELVerificationError) { try CELVerifier.verify(mutated, slotCount: Fixture.environment.slots.count) } catch {
                continue
            }
            passed += 1
            _ = CELMachine.evaluate(mutated, slots: Fixture.values, budget: 5_000)
        }
        #expect(passed > 100)
    }
}

/// A small generator whose numbers follow from its seed.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
