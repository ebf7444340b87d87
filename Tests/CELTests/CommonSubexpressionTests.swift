import Foundation
import Testing

@testable import CEL

@Suite("common subexpressions")
struct CommonSubexpressionTests {
    private static let environment = CELEnvironment(variables: [
        .init("n", .int), .init("name", .string), .init("l", .list(.int)), .init("a", .dyn),
        .init("items", .list(.map(.string, .int))), .init("m", .map(.string, .int)), .init("p", .bool), .init("o", .optional(.int)),
        .init("zero", .double),
    ])

    private static let slots: [CELValue?] = [
        .int(2), .string("abcabc"), .list([.int(1), .int(2), .int(3)]),
        .map(CELMap([("b", .map(CELMap([("c", .int(5)), ("d", .bool(true))])))])),
        .list([.map(CELMap([("c", .int(1))])), .map(CELMap([("c", .int(7))]))]), .map(CELMap([("k", .int(4))])), .bool(false),
        .optional(.int(3)), .double(-0.0),
    ]

    private func compile(_ source: String) throws -> CELProgram {
        let program = try CELCompiler.compile(source, in: Self.environment)
        try CELVerifier.verify(program, slotCount: Self.environment.slots.count)
        return program
    }

    /// How many of these instructions there are in the graph, as far as it is reached without an error, and in the general machine.
    private func count(_ instruction: String, _ source: String) throws -> (graph: Int, general: Int) {
        let lines = try compile(source).disassembly.split(separator: "\n").map(String.init)
        let start = lines.firstIndex { $0.hasPrefix("general,") } ?? 0
        func isWanted(_ line: String) -> Bool { line.drop { $0 == " " || $0.isNumber }.hasPrefix(instruction + " ") }
        let graph = Array(lines[..<start].dropFirst())
        var reached: Set<Int> = []
        var pending = [0]
        while let position = pending.popLast() {
            guard graph.indices.contains(position), reached.insert(position).inserted else { continue }
            let exits = graph[position].components(separatedBy: " → ").last ?? ""
            pending += exits.components(separatedBy: ", ").prefix(2).compactMap { Int($0) }
        }
        return (reached.filter { isWanted(graph[$0]) }.count, lines[start...].filter(isWanted).count)
    }

    @Test(
        "what is repeated is computed once",
        arguments: [
            ("a.b.c + a.b.c > n", "field", 2, 2), ("a.b.c + a.b.d > n", "field", 3, 3), ("l[n] * l[n] == 4", "index", 1, 1),
            ("name.matches('^a+') ? n > 1 : !name.matches('^a+')", "matches", 1, 0),
            ("name.contains('bc') ? n > 1 : name.contains('bc') || p", "contains", 1, 0),
            ("items.exists(x, x.c > 1) == items.exists(y, y.c > 1)", "loopBegin", 1, 1),
            ("items.all(x, x.c > 1) || p || items.all(y, y.c > 1)", "loopBegin", 1, 1),
            ("items.exists_one(x, x.c > 1) || p || items.exists_one(y, y.c > 1)", "loopBegin", 1, 1),
            ("items.map(x, x.c) == items.map(y, y.c)", "loopBegin", 0, 1), ("n in l ? p : !(n in l)", "isIn", 1, 1),
            ("size(name) > 1 && size(name) < 9 && size(name) != n", "size", 1, 0), ("n - 1 > 0 && n - 1 < 9", "arithmetic", 1, 0),
            ("items.exists(x, x.c > 1 && x.c < 3)", "field", 1, 1), ("items.all(x, items.all(y, x.c + y.c > x.c * 2))", "field", 2, 2),
            ("items.map(x, x.c > 1, x.c)[0] == 7", "field", 0, 1),
            ("cel.bind(v, n + 1, v * v) == cel.bind(w, n + 1, w * w)", "multiply", 0, 1),
            ("{'k': [n]} == {'k': [n]}", "newMap", 0, 1), ("o.orValue(n + 1) + o.orValue(n + 1)", "call", 0, 1),
            // A chain is a balanced tree, in which the right operand of an inner `&&` is evaluated whenever the outer one goes on.
            ("has(a.b) && a.b.c > 1 && a.b.c < 9 && a.b.c != 7", "field", 2, 2),
            ("!has(a.b) || a.b.c > 1 || a.b.c < 9 || a.b.c != 7", "field", 2, 2),
            ("(p && a.b.d) || (p && a.b.d)", "field", 2, 2), ("p && n + 1 > 2 ? n + 1 : 0", "add", 0, 1),
            ("!(p || n + 1 > 2) ? n + 1 : 0", "arithmetic", 1, 0),
        ])
    func isComputedOnce(_ source: String, _ instruction: String, _ inGraph: Int, _ general: Int) throws {
        let found = try count(instruction, source)
        #expect(found == (inGraph, general), "`\(source)`: \(found)")
    }

    @Test(
        "what may not have been evaluated is computed again",
        arguments: [
            ("(p && n + 1 > 2) || n + 1 < 9", "arithmetic", 2), ("(p || n + 1 > 2) && n + 1 < 9", "arithmetic", 2),
            ("(p ? n + 1 : 2) < n + 1", "arithmetic", 2), ("l.exists(x, x > n + 1) || n + 1 < 9", "arithmetic", 2),
            ("l.all(x, x > n + 1) && n + 1 < 9", "arithmetic", 2),
        ])
    func isComputedAgain(_ source: String, _ instruction: String, _ inGraph: Int) throws {
        let found = try count(instruction, source).graph
        #expect(found >= inGraph, "`\(source)`: \(found)")
    }

    @Test("what runs because the other operand failed does not rely on it") func afterErrors() throws {
        // The sum is in the graph twice, as it is not computed when there is no `a.x`.
        let source = "(a.x == 1 && n + 1 > 9) || (n + 1 > 2 && n + 1 < 4)"
        #expect(try compile(source).disassembly.split(separator: "\n").filter { $0.contains("arithmetic") }.count > 1)
        let prepared = try CELPrepared(try compile(source), slotCount: Self.slots.count)
        let (outcome, isDecided) = prepared.evaluateGraph(CELActivation(slots: Self.slots), budget: 1_000)
        #expect(outcome == .isTrue && isDecided)
    }

    @Test(
        "what only looks the same is not shared",
        arguments: [
            ("[n, 1] == [n, 2]", "newList", 2), ("string(zero * 0.0) == string(zero * -0.0)", "multiply", 2),
            ("[dyn(n), 1] == [dyn(n), 1u]", "newList", 2), ("[dyn(n), 1] == [dyn(n), 1.0]", "newList", 2),
            ("items.exists(x, items.exists(y, x.c > y.c)) == items.exists(x, items.exists(y, y.c > x.c))", "loopBegin", 4),
            ("l.map(x, l.map(y, x)) == l.map(x, l.map(y, y))", "loopBegin", 4), ("m.?k == m[?'k']", "call", 0),
            ("l.exists(x, x == 1) == l.exists_one(x, x == 1)", "loopBegin", 2),
            ("l.map(x, x > 1, x) == l.filter(x, x > 1)", "loopBegin", 2),
        ])
    func isNotShared(_ source: String, _ instruction: String, _ general: Int) throws {
        let found = try count(instruction, source).general
        #expect(found == general, "`\(source)`: \(found)")
    }

    @Test("steps show that work is done once") func steps() throws {
        func steps(_ source: String) throws -> Int { CELMachine.evaluateCounting(try compile(source), slots: Self.slots).steps }
        let once = try steps("l.map(x, x * 2) == l")
        #expect(try steps("l.map(x, x * 2) == l.map(y, y * 2)") < once + 5)
        #expect(try steps("l.exists(x, x > 2) && l.exists(x, x > 2)") < steps("l.exists(x, x > 2) && l.exists(x, x > 1)"))
    }

    @Test(
        "results and errors stay what they are",
        arguments: [
            "a.b.c + a.b.c", "a.x.c == 1 || a.x.c == 2", "a.x.c == 1 || a.b.c == 5 || a.x.c == 2",
            "1 / (n - 2) > 1 || 1 / (n - 2) > 2 || n == 2",
            "1 / (n - 2) > 1 || a.x == 1", "a.x == 1 || 1 / (n - 2) > 1 || a.x == 1", "(p && l[9] > 1) || l[9] > 1",
            "(p || l[n] == 3) && l[n] == 3 && !(p && l[n] == 3)", "p ? l[9] : l[n] + l[n]", "(p ? l[n] : l[9]) + l[n]",
            "l.exists(x, l[x] == 3) && l.exists(y, l[y] == 3)", "l.all(x, l[x] > 0) || l.all(y, l[y] > 0) || true",
            "l.map(x, l.map(y, x + y)) == l.map(y, l.map(x, y + x))", "l.filter(x, x + n > 3 || x + n > 4) == l.filter(z, z + n > 3)",
            "items.exists(x, x.c > 6 && x.c < 8) && !items.exists(x, x.c > 8 && x.c < 10)", "items.map(x, x.c + x.c)",
            "items.exists(x, x.d == 1 || x.c == 7) || items.exists(x, x.d == 1)", "l.exists(x, x + n > 4) && n + n > 3",
            "cel.bind(v, n + 1, v + n + 1) + cel.bind(v, n + 1, v + n + 1)", "o.optMap(x, x + n + 1).value() + (n + 1)",
            "optional.none().optMap(x, n + 1).orValue(0) + (n + 1)", "m.?k.orValue(0) + m.?k.orValue(0) + m.?j.orValue(1)",
            "string(zero) + string(zero * 1.0) + string(zero * 1.0)", "has(a.b.c) && has(a.b.c) && a.b.c == a.b.c",
            "l.sortBy(x, -x) == l.sortBy(y, -y) && l.sortBy(x, x) != l.sortBy(y, -y)",
            "[[n, n + 1], [n, n + 1]].flatten() + [n, n + 1]", "{n + 1: 1, 'x': n + 1}[n + 1]", "{'a': n}.transformMap(k, v, v + n)",
            "google.protobuf.Struct{fields: {'a': 1.0}} == google.protobuf.Struct{fields: {'a': 1.0}}",
            "(1 / (a.b.c - 5) + (n + 1) > 0 && p) || n + 1 > 2",
            "!((1 / (a.b.c - 5) + (n + 1) > 0 || !p) && n + 1 < 2)", "(n > 1 ? a.b.d : p) && (n > 1 ? a.b.d : p)",
            "(a.x.d && p) || !(a.x.d && p)", "(a.b.c ? p : p) || n == 2",
        ])
    func agrees(_ source: String) throws {
        let program = try compile(source)
        let oracle = try CELOracle.evaluate(source, in: Self.environment, slots: Self.slots)
        let machine = CELMachine.evaluate(program, slots: Self.slots)
        let prepared = try CELPrepared(program, slotCount: Self.slots.count)
        let activation = CELActivation(slots: Self.slots)
        var graph = prepared.value(activation)
        // For its message, the general machine evaluates what the graph found to be an error.
        if case .error(let kind) = prepared.evaluate(activation) { graph = .error(CELError(kind, "")) }
        for value in [machine, graph] {
            if case .error(let wanted) = oracle, case .error(let found) = value {
                #expect(found.kind == wanted.kind, "`\(source)`")
            } else {
                #expect(value == oracle, "`\(source)`")
            }
        }
    }

    @Test("sharing does not make an expression too large that is not") func registers() throws {
        let products = (0..<33).map { "(n + \($0)) * (n + \($0)) > 0" }.joined(separator: " || ")
        let program = try compile((0..<46).reduce(products) { "l.exists(i\($1), v\($1), \($0))" })
        #expect((225...256).contains(program.registerCount))
        #expect(try compile(products).registerCount < 60)
    }

    @Test("a great many nodes that look alike do not take long") func alike() throws {
        let loops = (0..<1_500).map { "l.exists(v\($0), v\($0) + n > 1)" }.joined(separator: " || ")
        #expect(CELMachine.evaluate(try compile(loops), slots: Self.slots) == .bool(true))
        let sums = (0..<3_000).map { "n + 1 > \($0)" }.joined(separator: " && ")
        #expect(try count("add", sums).general == 1)
    }
}
