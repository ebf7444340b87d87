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
        /// Whether the graph has a decision table, and what it came to: 0 false, 1 true, 2 an error.
        var hasTable: Bool
        var table: UInt8?
        /// Whether the steps of the oracle were enough for the graph.
        var isGraphWithinOracle: Bool

        var agrees: Bool { isExhausted || (Self.same(machine, oracle) && Self.same(graph, oracle) && isTableRight) }

        private var isTableRight: Bool {
            switch table {
            case nil: true
            case 0: oracle == .bool(false)
            case 1: oracle == .bool(true)
            default: oracle.isError
            }
        }

        /// Whether one of them ran out of steps, of which another may take fewer.
        var isExhausted: Bool {
            [machine, graph, oracle].contains { if case .error(let error) = $0 { error.kind == .budget } else { false } }
        }

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
        let table = prepared.evaluateTable(activation)
        let isWithin = prepared.evaluateGraph(activation, budget: oracleSteps).0 != .error(.budget)
        let (outcome, isDecided) = prepared.evaluateGraph(activation, budget: Self.budget)
        // For the message of an error, `value` asks the general machine, which would hide that the graph alone found one.
        var graph = prepared.value(activation, budget: Self.budget)
        if isDecided, case .error(let kind) = outcome { graph = .failure(kind, "found by the graph") }
        return Result(
            machine: machine, graph: graph, oracle: oracle, machineSteps: machineSteps,
            oracleSteps: oracleSteps, isDecided: isDecided, hasTable: table.hasTable, table: table.outcome, isGraphWithinOracle: isWithin)
    }
}
