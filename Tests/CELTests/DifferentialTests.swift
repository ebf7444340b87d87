import Foundation
import Testing

@testable import CEL

/// The machine against the oracle on random expressions. `CEL_FUZZ_RUNS` and `CEL_FUZZ_SEED` set how many and which.
@Suite("differential")
struct DifferentialTests {
    static let runs = ProcessInfo.processInfo.environment["CEL_FUZZ_RUNS"].flatMap { Int($0) } ?? 10_000
    static let seed = ProcessInfo.processInfo.environment["CEL_FUZZ_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0 ..< .max)

    /// What the expressions are like.
    enum Kind: String, CaseIterable { case checked, unchecked, predicates }

    @Test("machine, graph and oracle agree", arguments: Kind.allCases) func agree(kind: Kind) {
        let isChecked = kind != .unchecked
        print("differential seed \(Self.seed), \(Self.runs) runs, \(kind.rawValue)")
        var compiled = 0
        var errors = 0
        var decided = 0
        for run in 0..<Self.runs {
            var generator = ExpressionGenerator(seed: Self.seed &+ UInt64(run) &* 7_919, mistakes: isChecked ? 1 : 10)
            let source = kind == .predicates ? generator.predicate() : generator.expression()
            let slots = generator.slots()
            guard let (machine, graph, oracle, isDecided) = evaluate(source, slots, isChecked: isChecked) else { continue }
            compiled += 1
            if machine.isError { errors += 1 }
            if isDecided { decided += 1 }
            guard !same(machine, oracle) || !same(graph, oracle) else { continue }
            Issue.record("seed \(Self.seed) run \(run): `\(source)`: machine \(machine), graph \(graph), oracle \(oracle)")
        }
        print(
            "differential \(kind.rawValue): \(compiled) of \(Self.runs) compiled, \(errors) gave errors, \(decided) were decided by the graph"
        )
        #expect(compiled > Self.runs / 10)
    }

    private func evaluate(_ source: String, _ slots: [CELValue?], isChecked: Bool) -> (CELValue, CELValue, CELValue, Bool)? {
        let environment = ExpressionGenerator.environment
        let budget = 10_000_000
        do throws(CELIssues) {
            let program =
                isChecked ? try CELCompiler.compile(source, in: environment) : try CELCompiler.compileUnchecked(source, in: environment)
            var graph = CELValue.null
            var isDecided = false
            do throws(CELVerificationError) {
                let prepared = try CELPrepared(program, slotCount: environment.slots.count)
                let activation = CELActivation(slots: slots)
                isDecided = prepared.evaluateGraph(activation, budget: budget).isDecided
                graph = prepared.value(activation, budget: budget)
            } catch {
                Issue.record("seed \(Self.seed): `\(source)` is rejected by the verifier: \(error)")
            }
            let machine = CELMachine.evaluate(program, slots: slots, budget: budget)
            let oracle =
                isChecked
                ? try CELOracle.evaluate(source, in: environment, slots: slots, budget: budget)
                : try CELOracle.evaluateUnchecked(source, in: environment, slots: slots, budget: budget)
            return (machine, graph, oracle, isDecided)
        } catch {
            return nil
        }
    }

    private func same(_ left: CELValue, _ right: CELValue) -> Bool {
        if case .error(let left) = left, case .error(let right) = right { return left.kind == right.kind }
        return left == right
    }

    @Test("no text makes the compiler fail") func soup() {
        print("soup seed \(Self.seed)")
        var random = SplitMix(seed: Self.seed)
        let words = [
            "a", "1", "'s'", "(", ")", "[", "]", "{", "}", ".", ",", ":", "?", "+", "-", "!", "&&", "||", "==", "in", "has", "map", "x",
            "\"", "'''",
            "r'", "b\"", "\\", "0x", "1e", "9u", "`", "\u{0}", "é", "//", "\n", "cel.bind", "all", "optMap", "google.protobuf.Value", "for",
            "null",
        ]
        for _ in 0..<Self.runs {
            let source = (0..<Int.random(in: 1...30, using: &random)).map { _ in words.randomElement(using: &random) ?? "" }.joined(
                separator: Bool.random(using: &random) ? "" : " ")
            do throws(CELIssues) {
                let program = try CELCompiler.compileUnchecked(source, in: Fixture.environment)
                _ = CELMachine.evaluate(program, slots: Fixture.values)
            } catch {
                #expect(!error.issues.isEmpty)
                #expect(error.issues.allSatisfy { $0.range.lowerBound >= 0 && $0.range.upperBound <= source.utf8.count })
            }
        }
    }
}
