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

    /// Figures of decisions, and of all from bytes to bytes.
    private func latencies(_ engine: PolicyEngine, _ rounds: Int) throws -> [Metric] {
        let clock = CycleClock()
        let prepared = try preparedLatencies(engine, rounds, clock, isTraced: false)
        let traced = try preparedLatencies(engine, rounds, clock, isTraced: true)
        let whole = try wholeLatencies(engine, rounds, clock)
        return [
            ("p50_ns", prepared.at(0.5)), ("p99_ns", prepared.at(0.99)), ("p999_ns", prepared.at(0.999)),
            ("explained_p50_ns", traced.at(0.5)),
            ("after_decoding_p50_ns", whole.deciding.at(0.5)), ("after_decoding_p99_ns", whole.deciding.at(0.99)),
            ("json_p50_ns", whole.all.at(0.5)), ("json_p99_ns", whole.all.at(0.99)),
            ("policies_matched_mean", try matched(engine)),
        ] + (try answers(engine))
    }

    /// All requests are decoded beforehand; then each is decided once a round, and timed alone.
    private func preparedLatencies(_ engine: PolicyEngine, _ rounds: Int, _ clock: CycleClock, isTraced: Bool) throws -> Samples {
        let session = DecisionSession(engine)
        session.trace = isTraced ? DecisionTrace(engine) : nil
        var snapshots: [RequestSnapshot] = []
        for request in requests {
            try request.withUnsafeBytes { bytes in
                try session.decode(bytes, now: now)
                snapshots.append(session.snapshot())
            }
        }
        var samples = Samples(capacity: rounds * requests.count)
        for round in 0...rounds {
            for snapshot in snapshots {
                session.restore(snapshot)
                let start = cycle_counter_read()
                session.decide()
                let end = cycle_counter_read()
                // The first round brings everything into the caches.
                if round > 0 { samples.append(clock.nanoseconds(end - start, readings: 1)) }
            }
        }
        samples.sort()
        return samples
    }

    /// Each request once a round: decoded, decided, and the decision written.
    private func wholeLatencies(
        _ engine: PolicyEngine, _ rounds: Int, _ clock: CycleClock
    ) throws -> (deciding: Samples, all: Samples) {
        let session = DecisionSession(engine)
        var deciding = Samples(capacity: rounds * requests.count)
        var all = Samples(capacity: rounds * requests.count)
        for round in 0...rounds {
            for request in requests {
                try request.withUnsafeBytes { bytes in
                    let start = cycle_counter_read()
                    try session.decode(bytes, now: now)
                    let decoded = cycle_counter_read()
                    session.decide()
                    let decided = cycle_counter_read()
                    _ = session.json(id: "01a20a3c-5c08-70ad-8e9c-fd0b8a362548")
                    let end = cycle_counter_read()
                    if round == 0 { return }
                    deciding.append(clock.nanoseconds(decided - decoded, readings: 1))
                    all.append(clock.nanoseconds(end - start, readings: 3))
                }
            }
        }
        deciding.sort()
        all.sort()
        return (deciding, all)
    }

    /// What the decisions are like.
    private func answers(_ engine: PolicyEngine) throws -> [Metric] {
        let session = DecisionSession(engine)
        var (allowed, rules) = (0, 0)
        for request in requests {
            try request.withUnsafeBytes { bytes in
                try session.decode(bytes, now: now)
                allowed += session.decide() ? 1 : 0
                rules += session.ruleCount
            }
        }
        let count = Double(requests.count)
        return [("allowed_share", Double(allowed) / count), ("rules_applied_mean", Double(rules) / count)]
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
