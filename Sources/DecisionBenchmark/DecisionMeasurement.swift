import CAllocationCount
import CCycleCounter
import Foundation
import PolicyBundle
import PolicyEngine
import Synchronization

/// Measures one bundle with one set of requests, in a process that has done nothing else before.
public struct DecisionMeasurement {
    private let bundlePath: String
    private let requests: [[UInt8]]
    private let now: Int64
    /// One figure; its name ends in its unit.
    public typealias Metric = (name: String, value: Double)

    /// - Parameters:
    ///   - requests: JSON texts.
    ///   - now: nanoseconds since 1970, the time of every request.
    public init(bundlePath: String, requests: [[UInt8]], now: Int64) {
        self.bundlePath = bundlePath
        self.requests = requests
        self.now = now
    }

    public func run(rounds: Int = 20) throws -> [Metric] {
        var metrics: [Metric] = []
        let before = try Self.residentBytes()
        let engine = try PolicyEngine(try PolicyBundle.open(path: bundlePath))
        for request in requests.prefix(1_000) { _ = try engine.decide(request, now: now, id: "bench").isAllowed }
        let resident = try Self.residentBytes()
        metrics.append(("bundle_bytes", Double(engine.bundle.size)))
        metrics.append(("resident_bytes", Double(resident)))
        metrics.append(("resident_before_bytes", Double(before)))
        metrics += try latencies(engine, rounds)
        metrics += try allocations(engine)
        metrics += throughput(engine)
        metrics.append(("load_verified_ms", try loadTime { try PolicyBundle.open(path: bundlePath) }))
        metrics.append(("load_ms", try loadTime { try PolicyBundle.map(trustedPath: bundlePath) }))
        return metrics
    }

    // MARK: Time

    /// Each request once a round: decoded, then decided, then written, each timed alone.
    private func latencies(_ engine: PolicyEngine, _ rounds: Int) throws -> [Metric] {
        let unit = Self.nanosecondsPerCycle()
        let empty = Self.emptyCycles()
        let session = DecisionSession(engine)
        var decisions: [Double] = []
        var whole: [Double] = []
        decisions.reserveCapacity(rounds * requests.count)
        whole.reserveCapacity(rounds * requests.count)
        var allowed = 0
        var hits = 0
        for round in 0...rounds {
            for request in requests {
                let (deciding, all) = try request.withUnsafeBytes { bytes in
                    let start = cycle_counter_read()
                    try session.decode(bytes, now: now)
                    let decoded = cycle_counter_read()
                    session.decide()
                    let decided = cycle_counter_read()
                    _ = session.json(id: "01a20a3c-5c08-70ad-8e9c-fd0b8a362548")
                    let end = cycle_counter_read()
                    return (Double(decided - decoded) - empty, Double(end - start) - empty * 3)
                }
                // The first round brings everything into the caches.
                if round == 0 { continue }
                decisions.append(max(0, deciding) * unit)
                whole.append(max(0, all) * unit)
                if round == 1 {
                    allowed += session.isAllowed ? 1 : 0
                    hits += session.ruleCount
                }
            }
        }
        decisions.sort()
        whole.sort()
        func at(_ values: [Double], _ share: Double) -> Double { values[min(values.count - 1, Int(Double(values.count) * share))] }
        return [
            ("p50_ns", at(decisions, 0.5)), ("p99_ns", at(decisions, 0.99)), ("p999_ns", at(decisions, 0.999)),
            ("json_p50_ns", at(whole, 0.5)), ("json_p99_ns", at(whole, 0.99)),
            ("allowed_share", Double(allowed) / Double(requests.count)), ("rules_applied_mean", Double(hits) / Double(requests.count)),
            ("policies_matched_mean", try matched(engine)),
        ]
    }

    private func matched(_ engine: PolicyEngine) throws -> Double {
        let session = DecisionSession(engine)
        var count = 0
        for request in requests {
            try request.withUnsafeBytes { bytes in
                try session.decode(bytes, now: now)
                count += session.matchingPolicyCount()
            }
        }
        return Double(count) / Double(requests.count)
    }

    private static func nanosecondsPerCycle() -> Double {
        let clock = ContinuousClock()
        let start = cycle_counter_read()
        let elapsed = clock.measure { while cycle_counter_read() - start < 100_000_000 {} }
        let cycles = Double(cycle_counter_read() - start)
        return (Double(elapsed.components.seconds) * 1e9 + Double(elapsed.components.attoseconds) / 1e9) / cycles
    }

    /// What reading the counter twice takes, which is in every figure.
    private static func emptyCycles() -> Double {
        var samples: [UInt64] = []
        for _ in 0..<10_001 {
            let start = cycle_counter_read()
            samples.append(cycle_counter_read() - start)
        }
        samples.sort()
        return Double(samples[samples.count / 2])
    }

    private func loadTime(_ open: () throws -> PolicyBundle) throws -> Double {
        var times: [Double] = []
        for _ in 0..<7 {
            let clock = ContinuousClock()
            let start = clock.now
            let engine = try PolicyEngine(try open())
            let (seconds, attoseconds) = (clock.now - start).components
            times.append(Double(seconds) * 1e3 + Double(attoseconds) / 1e15)
            withExtendedLifetime(engine) {}
        }
        times.sort()
        return times[times.count / 2]
    }

    // MARK: Allocations and memory

    private func allocations(_ engine: PolicyEngine) throws -> [Metric] {
        let session = DecisionSession(engine)
        var decoding = 0
        var deciding = 0
        for isCounted in [false, true] {
            for request in requests.prefix(1_000) {
                try request.withUnsafeBytes { bytes in
                    allocation_count_start()
                    try session.decode(bytes, now: now)
                    let decoded = allocation_count_stop()
                    allocation_count_start()
                    session.decide()
                    let decided = allocation_count_stop()
                    // The first time a session's memory grows to what the requests need.
                    if isCounted {
                        decoding += decoded
                        deciding += decided
                    }
                }
            }
        }
        let count = Double(min(1_000, requests.count))
        return [("allocations_per_decision", Double(deciding) / count), ("allocations_per_decode", Double(decoding) / count)]
    }

    /// Memory of this process that is in use (proc(5): statm, second field).
    private static func residentBytes() throws -> Int {
        let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
        let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    // MARK: Throughput

    /// Decode and decide, over and over: on one thread, on two at a time, and on one again.
    private func throughput(_ engine: PolicyEngine) -> [Metric] {
        let one = rate(engine, threads: 1)
        let two = rate(engine, threads: 2)
        let again = rate(engine, threads: 1)
        let single = max(one, again)
        return [("decisions_per_s", single), ("two_threads_decisions_per_s", two), ("two_threads_ratio", two / single)]
    }

    /// Decisions a second, all threads together.
    private func rate(_ engine: PolicyEngine, threads: Int) -> Double {
        let group = DispatchGroup()
        let total = Total()
        let clock = ContinuousClock()
        let deadline = clock.now + .milliseconds(1_500)
        for _ in 0..<threads {
            let thread = Thread { [requests, now] in
                let session = DecisionSession(engine)
                var count = 0
                let start = clock.now
                while clock.now < deadline {
                    for request in requests {
                        request.withUnsafeBytes { bytes in
                            do throws(RequestError) { try session.decode(bytes, now: now) } catch { return }
                            session.decide()
                        }
                    }
                    count += requests.count
                }
                let (seconds, attoseconds) = (clock.now - start).components
                total.add(Double(count) / (Double(seconds) + Double(attoseconds) / 1e18))
                group.leave()
            }
            group.enter()
            thread.start()
        }
        group.wait()
        return total.value
    }

    private final class Total: Sendable {
        private let sum = Mutex(0.0)
        func add(_ value: Double) { sum.withLock { $0 += value } }
        var value: Double { sum.withLock { $0 } }
    }
}
