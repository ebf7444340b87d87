import Testing

@testable import CEL

@Suite("graph")
struct GraphTests {
    private let environment = CELEnvironment(variables: [
        .init("a", .int), .init("role", .string), .init("items", .list(.map(.string, .int))), .init("wide", .map(.string, .int)),
        .init("any", .dyn),
    ])

    private func outcome(_ source: String, _ fill: (CELActivation) -> Void) throws -> (CELOutcome, isDecided: Bool) {
        let program = try CELCompiler.compile(source, in: environment)
        let prepared = try CELPrepared(program, slotCount: environment.slots.count)
        let activation = CELActivation(slotCount: environment.slots.count, memoryCapacity: 64)
        fill(activation)
        return prepared.evaluateGraph(activation, budget: 1_000)
    }

    @Test("cells are made by hand, and memory grows") func cells() throws {
        let result = try outcome("items.exists(x, x.cost > 98) && wide['key-39'] == 39 && !('key-40' in wide) && role == 'admin'") {
            inputs in
            let key = inputs.makeText("cost")
            let list = inputs.makeList(count: 100)
            for index in 0..<100 {
                let map = inputs.makeMap(count: 1)
                inputs.setEntry(0, of: map, key: key, value: .int(Int64(index)))
                inputs.finishMap(map)
                inputs.setElement(index, of: list, to: map)
            }
            inputs[2] = list
            let wide = inputs.makeMap(count: 40)
            for index in 0..<40 { inputs.setEntry(index, of: wide, key: inputs.makeText("key-\(index)"), value: .int(Int64(index))) }
            inputs.finishMap(wide)
            inputs[3] = wide
            inputs[1] = inputs.makeText("admin")
        }
        #expect(result == (.isTrue, true))
    }

    @Test("an activation is filled again after a reset") func reset() throws {
        let program = try CELCompiler.compile("role == 'admin' && a > 1", in: environment)
        let prepared = try CELPrepared(program, slotCount: environment.slots.count)
        let activation = CELActivation(slotCount: environment.slots.count)
        for round in 0..<3 {
            activation.reset()
            #expect(prepared.evaluate(activation) == .error(.noSuchKey))
            activation[1] = activation.makeText("admin")
            activation[0] = .int(Int64(round))
            #expect(prepared.evaluate(activation) == (round > 1 ? .isTrue : .isFalse))
        }
    }

    @Test("errors are absorbed as specified, and the first one stays") func absorption() throws {
        func decide(_ source: String) throws -> CELOutcome {
            let result = try outcome(source) { $0[0] = .int(0) }
            #expect(result.isDecided, "`\(source)`")
            return result.0
        }
        #expect(try decide("role == 'x' && a > 1") == .isFalse)
        #expect(try decide("a > 1 && role == 'x'") == .isFalse)
        #expect(try decide("role == 'x' || a == 0") == .isTrue)
        #expect(try decide("role == 'x' || a == 1") == .error(.noSuchKey))
        #expect(try decide("1 / a == 1 || role == 'x'") == .error(.divideByZero))
        #expect(try decide("role == 'x' || 1 / a == 1") == .error(.noSuchKey))
        #expect(try decide("(role == 'x' && a == 1) || 1 / a == 1") == .error(.divideByZero))
        #expect(try decide("!(role == 'x') ? true : true") == .error(.noSuchKey))
        #expect(try decide("cel.bind(unused, 1, wide['k']) == 1 / a") == .error(.noSuchKey))
        #expect(try decide("cel.bind(unused, 1, any) == 1 / a") == .error(.noSuchKey))
    }

    @Test("a branch that no constant condition takes may have an invalid pattern") func deadBranch() throws {
        #expect(try outcome("1 < 2 ? a == 0 : role.matches('(')") { $0[0] = .int(0) }.0 == .isTrue)
    }

    @Test("a loop ends at its budget") func budget() throws {
        let result = try outcome("items.all(x, items.all(y, items.all(z, true)))") { inputs in
            let list = inputs.makeList(count: 100)
            for index in 0..<100 { inputs.setElement(index, of: list, to: .int(1)) }
            inputs[2] = list
        }
        #expect(result == (.error(.budget), true))
    }

    @Test("results that are no bools come back") func values() throws {
        let program = try CELCompiler.compile("a > 0 ? role : 'constant'", in: environment)
        let prepared = try CELPrepared(program, slotCount: environment.slots.count)
        let activation = CELActivation(slots: [.int(1), .string("é"), nil, nil, nil])
        #expect(prepared.value(activation) == .string("é"))
        activation[0] = .int(0)
        #expect(prepared.value(activation) == .string("constant"))
        activation[0] = .absent
        #expect(prepared.value(activation) == .noSuchKey("a"))
    }

    @Test("no image makes the machine leave its memory") func hostileImages() throws {
        let sources = [
            "a > 100 && role in ['a', 'bc', 'def'] || items.exists(x, x.cost > 10)",
            "role.matches('a+') || any.b.c == 'x' || a + 1 in [1, 2]",
            "wide[role] - 1 > a ? role : 'x'",
        ]
        var random = SplitMix(seed: DifferentialTests.seed)
        var accepted = 0
        let record = CELValue.map(CELMap([("cost", .int(11))]))
        for run in 0..<DifferentialTests.runs / 2 {
            var program = try CELCompiler.compile(sources[run % sources.count], in: environment)
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let place = Int.random(in: 0..<program.graph.count, using: &random)
                let bit = UInt64.random(in: 0..<64, using: &random)
                program.graph[place] =
                    Bool.random(using: &random) ? program.graph[place] ^ (1 << bit) : UInt64.random(in: 0..<64, using: &random)
            }
            guard let prepared = try? CELPrepared(program, slotCount: environment.slots.count) else { continue }
            accepted += 1
            _ = prepared.value(
                CELActivation(slots: [.int(5), .string("key"), .list([record, record]), .map(CELMap([("key", .int(9))])), record]))
        }
        #expect(accepted > 0)
    }
}
