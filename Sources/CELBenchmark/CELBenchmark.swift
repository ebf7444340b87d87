import CAllocationCount
import CEL

/// Measures the expression language on one core: medians of batches.
public enum CELBenchmark {
    /// One figure. Its name ends in its unit: `compare_ns`, `compare_allocs`, `compare_compile_us`, `compare_oracle_ns`.
    public struct Figure: Sendable {
        public var name: String
        public var value: Double
    }

    /// - Parameter batches: How many batches each median is of.
    public static func run(batches: Int = 31) throws -> [Figure] {
        var figures: [Figure] = []
        for test in BenchmarkCase.all { figures += try measure(test, batches) }
        return figures
    }

    private static func measure(_ test: BenchmarkCase, _ batches: Int) throws -> [Figure] {
        let program = try CELCompiler.compile(test.source, in: test.environment)
        let prepared = try CELPrepared(program, slotCount: test.environment.slots.count)
        let activation = CELActivation(slots: test.slots)
        let runs = max(1, 2_000_000 / test.scale)
        let oracleRuns = test.scale > 1_000 ? 2 : 100
        let time = median(batches, runs: runs) { _ = prepared.evaluate(activation) }
        allocation_count_start()
        for _ in 0..<1_000 { _ = prepared.evaluate(activation) }
        let allocations = Double(allocation_count_stop()) / 1_000
        let oracle = try CELOracle(test.source, in: test.environment)
        return [
            Figure(name: "\(test.name)_ns", value: time),
            Figure(name: "\(test.name)_allocs", value: allocations),
            Figure(
                name: "\(test.name)_compile_us",
                value: median(batches, runs: 20) { _ = try? CELCompiler.compile(test.source, in: test.environment) } / 1_000),
            Figure(
                name: "\(test.name)_oracle_ns",
                value: median(min(batches, 11), runs: oracleRuns) { _ = oracle.evaluate(slots: test.slots) }),
        ]
    }

    /// The median over the batches of nanoseconds for one run.
    @inline(__always)
    private static func median(_ batches: Int, runs: Int, _ body: () -> Void) -> Double {
        let clock = ContinuousClock()
        var times: [Double] = []
        for _ in 0..<batches {
            let time = clock.measure { for _ in 0..<runs { body() } }
            let (seconds, attoseconds) = time.components
            times.append((Double(seconds) * 1e9 + Double(attoseconds) / 1e9) / Double(runs))
        }
        times.sort()
        return times[times.count / 2]
    }
}
