import Testing

@testable import CEL

@Suite("cost")
struct CostTests {
    private static let bounds = CELSizeBounds(textBytes: 16, elements: 40, depth: 2)

    @Test("no evaluation within the bounds takes more steps than the estimate") func isUpperBound() throws {
        var bounded = 0
        for run in 0..<DifferentialTests.runs {
            var generator = ExpressionGenerator(seed: DifferentialTests.seed &+ UInt64(run) &* 104_729, mistakes: 0)
            let source = run % 2 == 0 ? generator.expression() : generator.predicate()
            let slots = generator.slots()
            guard let program = try? CELCompiler.compile(source, in: ExpressionGenerator.environment) else { continue }
            let estimate = try CELCompiler.estimateCost(source, in: ExpressionGenerator.environment, bounds: Self.bounds)
            if estimate.isBounded { bounded += 1 }
            let steps = CELMachine.evaluateCounting(program, slots: slots).steps
            #expect(steps <= estimate.steps, "seed \(DifferentialTests.seed) run \(run): `\(source)`")
        }
        #expect(bounded > DifferentialTests.runs / 4)
    }

    @Test("loops multiply, bounds of single slots count") func loops() throws {
        let environment = CELEnvironment(variables: [.init("items", .list(.int))])
        func steps(_ source: String, _ elements: Int) throws -> Int {
            let bounds = CELSizeBounds(slots: ["items": CELSizeBounds(elements: elements)])
            return try CELCompiler.estimateCost(source, in: environment, bounds: bounds).steps
        }
        let one = try steps("items.all(x, x > 1)", 10)
        #expect(try steps("items.all(x, x > 1)", 100) > one * 5)
        #expect(try steps("items.all(x, items.all(y, x > y))", 100) > steps("items.all(x, x > 1)", 100) * 50)
        #expect(try !CELCompiler.estimateCost("lists.range(items[0]).size()", in: environment).isBounded)
    }

    @Test(
        "what most of the cost goes to is told",
        arguments: [
            ("n > 1 && items.all(x, items.all(y, x > y))", "items.all(x, items.all(y, x > y))"),
            ("items.all(x, x > 1)", "items.all(x, x > 1)"),
            ("n > 1 || text.matches('a')", "text.matches('a')"), ("n > 1", "n > 1"),
        ]) func costliest(_ source: String, _ expected: String) throws
    {
        let environment = CELEnvironment(variables: [.init("items", .list(.int)), .init("n", .int), .init("text", .string)])
        let estimate = try CELExpression(source, in: environment).cost()
        #expect(String(decoding: Array(source.utf8)[estimate.costliest], as: UTF8.self) == expected)
    }
}
