import Testing

@testable import CEL

/// An expression made ready for each evaluator.
struct Subject {
    /// What each evaluator made of the same inputs.
    struct Result {
        var machine: CELValue
        var graph: CELValue
        var oracle: CELValue
        var machineSteps: Int
        var oracleSteps: Int
        /// Whether the graph did without the general machine.
        var isDecided: Bool
        /// Whether the steps of the oracle were enough for the graph.
        var isGraphWithinOracle: Bool

        var agrees: Bool { Self.same(machine, oracle) && Self.same(graph, oracle) }

        private static func same(_ left: CELValue, _ right: CELValue) -> Bool {
            if case .error(let left) = left, case .error(let right) = right { return left.kind == right.kind }
            return left == right
        }
    }

    static let budget = 10_000_000

    private let expression: CheckedExpression
    private let folded: [CELValue?]
    private let prepared: CELPrepared

    /// Nil when the expression does not compile. That the verifier rejects what the compiler made is an issue.
    init?(_ source: String, isChecked: Bool) {
        let environment = ExpressionGenerator.environment
        do throws(CELIssues) {
            let program =
                isChecked ? try CELCompiler.compile(source, in: environment) : try CELCompiler.compileUnchecked(source, in: environment)
            expression = try Checker.check(try Parser.parse(source), in: environment, isStrict: isChecked)
            folded = ConstantFolding.values(expression)
            guard let prepared = try? CELPrepared(program, slotCount: environment.slots.count) else {
                Issue.record("`\(source)` is rejected by the verifier")
                return nil
            }
            self.prepared = prepared
        } catch {
            return nil
        }
    }

    func evaluate(_ slots: [CELValue?]) -> Result {
        let (machine, machineSteps) = CELMachine.evaluateCounting(prepared.program, slots: slots, budget: Self.budget)
        let (oracle, oracleSteps) = CELOracle.evaluateCounting(expression, folded: folded, slots: slots, budget: Self.budget)
        let activation = CELActivation(slots: slots)
        let isDecided = prepared.evaluateGraph(activation, budget: Self.budget).isDecided
        let isWithin = prepared.evaluateGraph(activation, budget: oracleSteps).0 != .error(.budget)
        return Result(
            machine: machine, graph: prepared.value(activation, budget: Self.budget), oracle: oracle, machineSteps: machineSteps,
            oracleSteps: oracleSteps, isDecided: isDecided, isGraphWithinOracle: isWithin)
    }
}
