import Foundation
import Testing

@testable import CEL

/// The machine against the oracle on random expressions. `CEL_FUZZ_RUNS` and `CEL_FUZZ_SEED` set how many and which.
@Suite("differential")
struct DifferentialTests {
    static let runs = ProcessInfo.processInfo.environment["CEL_FUZZ_RUNS"].flatMap { Int($0) } ?? 10_000
    static let seed = ProcessInfo.processInfo.environment["CEL_FUZZ_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0 ..< .max)

    /// What the expressions are like.
    enum Kind: String, CaseIterable { case checked, unchecked, predicates, small }

    @Test("machine, graph and oracle agree", arguments: Kind.allCases) func agree(kind: Kind) {
        let isChecked = kind != .unchecked
        print("differential seed \(Self.seed), \(Self.runs) runs, \(kind.rawValue)")
        var compiled = 0
        var errors = 0
        var decided = 0
        var ordered = 0
        var (tables, told) = (0, 0)
        for run in 0..<Self.runs {
            var generator = ExpressionGenerator(seed: Self.seed &+ UInt64(run) &* 7_919, mistakes: isChecked ? 1 : 10)
            let source =
                switch kind {
                case .checked, .unchecked: generator.expression()
                case .predicates: generator.predicate()
                case .small: generator.smallCondition()
                }
            let inputs = [generator.slots(), generator.largeSlots()]
            guard let subject = Subject(source, isChecked: isChecked) else { continue }
            compiled += 1
            let results = inputs.map { subject.evaluate($0) }
            let name = "seed \(Self.seed) run \(run): `\(source)`"
            for result in results {
                if result.machine.isError { errors += 1 }
                if result.isDecided { decided += 1 }
                if result.hasTable { tables += 1 }
                if result.table != nil { told += 1 }
                if !result.agrees {
                    Issue.record(
                        "\(name): machine \(result.machine), graph \(result.graph), table \(result.table.map { "\($0)" } ?? "none"), oracle \(result.oracle)"
                    )
                }
                if let excess = CostOrder.excess(result) { Issue.record("\(name): \(excess)") }
            }
            if CostOrder.isClear(results[0].oracleSteps, results[1].oracleSteps) { ordered += 1 }
            if let reversal = CostOrder.reversal(results[0], results[1]) { Issue.record("\(name): \(reversal)") }
        }
        print(
            "differential \(kind.rawValue): \(compiled) of \(Self.runs) compiled; of two evaluations each, \(errors) gave errors, "
                + "\(decided) were decided by the graph; \(tables) had a decision table, \(told) were decided by it; \(ordered) had clearly different costs"
        )
        #expect(compiled > Self.runs / 10)
        if kind == .small {
            #expect(told > Self.runs / 4)
        } else {
            #expect(ordered > 0)
        }
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
