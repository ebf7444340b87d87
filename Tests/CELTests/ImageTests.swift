import Testing

@testable import CEL

@Suite("program images")
struct ImageTests {
    @Test("a program read back gives the same results") func roundTrip() throws {
        for run in 0..<DifferentialTests.runs / 4 {
            var generator = ExpressionGenerator(seed: DifferentialTests.seed &+ UInt64(run) &* 15_485_863, mistakes: 0)
            let source = run % 2 == 0 ? generator.expression() : generator.predicate()
            let slots = generator.slots()
            guard let program = try? CELCompiler.compile(source, in: ExpressionGenerator.environment) else { continue }
            let copy = try program.image.withUnsafeBufferPointer { image throws(CELVerificationError) in try CELProgram(image: image) }
            #expect(copy.words == program.words && copy.graph == program.graph && copy.slotsRead == program.slotsRead)
            let prepared = try CELPrepared(copy, slotCount: slots.count)
            let value = prepared.value(CELActivation(slots: slots))
            let original = CELMachine.evaluate(program, slots: slots)
            if value.isError { #expect(original.isError) } else { #expect(value == original, "`\(source)`") }
        }
    }

    @Test("no words make the reader fail otherwise than with its error") func hostile() throws {
        var random = SplitMix(seed: DifferentialTests.seed)
        let environment = ExpressionGenerator.environment
        let program = try CELCompiler.compile("s.matches('a+') ? {'a': [1, 2u, 1.5, b'x', t]} : {s: []}", in: environment)
        for _ in 0..<DifferentialTests.runs / 4 {
            var image = program.image
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                image[Int.random(in: 0..<image.count, using: &random)] ^= 1 << UInt64.random(in: 0..<64, using: &random)
            }
            image.removeLast(Int.random(in: 0...2, using: &random))
            let copy = image.withUnsafeBufferPointer { image in try? CELProgram(image: image) }
            guard let copy, let prepared = try? CELPrepared(copy, slotCount: environment.slots.count) else { continue }
            var generator = ExpressionGenerator(seed: 1, mistakes: 0)
            _ = prepared.value(CELActivation(slots: generator.slots()), budget: 10_000)
        }
    }
}
