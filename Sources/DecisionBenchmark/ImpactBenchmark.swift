import DecisionReplay
import Foundation
import JSON
import PolicyBundle
import PolicyEngine

/// `charter bench impact`: makes an organisation, a change of it, and a log of decisions of the one before the change; then replays the log.
public struct ImpactBenchmark {
    /// The files of a folder that is made for it.
    public struct Made {
        fileprivate let basePath: String
        fileprivate let headPath: String
        fileprivate let logPath: String

        public init(in folder: String) {
            (basePath, headPath, logPath) = (folder + "/base.bundle", folder + "/head.bundle", folder + "/decisions.jsonl")
        }
    }

    private let world: BenchmarkWorld

    /// - Parameter world: its requests are the records.
    public init(_ world: BenchmarkWorld) { self.world = world }

    /// Two more policies: one that denies some of what was allowed, and one that limits what stays allowed.
    private static let change = """
        apiVersion: charter/v1
        kind: Policy
        metadata: {name: premium-is-for-small-requests}
        spec:
          type: cost
          match: {actions: ["llm.*"], models: ["openai/*"]}
          rules:
            - {name: large, when: 'context.inputTokens > 10000 && "premium" in resource.tags', effect: deny}
        ---
        apiVersion: charter/v1
        kind: Policy
        metadata: {name: short-answers}
        spec:
          type: usage
          match: {actions: ["llm.*"], models: ["google/*"]}
          rules:
            - {name: four-thousand, effect: limit, limit: {maxOutputTokens: 4000}}

        """

    /// Writes both bundles and the log.
    public func make(_ made: Made, progress: (String) -> Void) throws {
        let benchmark = DecisionBenchmark(world)
        let base = try benchmark.compile(progress: progress).bundle
        try Data(base).write(to: URL(fileURLWithPath: made.basePath))
        let head = try benchmark.compile(and: [("change.yaml", Self.change)], progress: progress).bundle
        try Data(head).write(to: URL(fileURLWithPath: made.headPath))
        progress("deciding and writing \(world.requests) records")
        try writeLog(try PolicyEngine(try PolicyBundle(bytes: base)), to: made.logPath)
    }

    /// Lines as `--decision-log` writes them.
    private func writeLog(_ engine: PolicyEngine, to path: String) throws {
        try Data().write(to: URL(fileURLWithPath: path))
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        defer { try? file.close() }
        let session = DecisionSession(engine)
        var lines: [UInt8] = []
        for number in 0..<world.requests {
            let request = JSONWriter.bytes(world.request(number))
            let digits = String(number)
            let id = "01a20a3c-5c08-70ad-8e9c-" + String(repeating: "0", count: max(0, 12 - digits.count)) + digits
            lines +=
                "{\"time\":\"2026-09-21T14:13:20.000000000Z\",\"id\":\"\(id)\",\"stream\":\"01a20a3c-0000-7000-8000-000000000001\"".utf8
            lines += ",\"sequence\":\(number),\"path\":\"/v1/decisions\",\"caller\":\"anonymous\",\"nanoseconds\":1900,\"request\":".utf8
            lines += request
            lines += ",\"decision\":".utf8
            try request.withUnsafeBytes { bytes in
                try session.decode(bytes, now: DecisionBenchmark.now)
                session.decide()
                lines += session.json(id: id)
            }
            lines += "}\n".utf8
            if lines.count > 4 << 20 {
                try file.write(contentsOf: lines)
                lines.removeAll(keepingCapacity: true)
            }
        }
        try file.write(contentsOf: lines)
    }

    /// Replays the log once, in a process that has done nothing else before.
    public static func measure(_ made: Made, threads: Int) throws -> [DecisionMeasurement.Metric] {
        let clock = ContinuousClock()
        let start = clock.now
        let base = try PolicyEngine(try PolicyBundle.open(path: made.basePath))
        let head = try PolicyEngine(try PolicyBundle.open(path: made.headPath))
        let loaded = clock.now
        let report = try DecisionReplay(base: base, head: head).run(made.logPath, threads: threads)
        let end = clock.now
        func milliseconds(_ duration: Duration) -> Double {
            Double(duration.components.seconds) * 1e3 + Double(duration.components.attoseconds) / 1e15
        }
        let replay = milliseconds(end - loaded)
        let size = try FileManager.default.attributesOfItem(atPath: made.logPath)[.size] as? Int ?? 0
        guard report.unreadableCount == 0, report.unlikeRecordedCount == 0 else {
            throw DecisionBenchmark.Failure(description: "the log does not belong to the bundle: \(report.faults)")
        }
        return [
            ("records_count", Double(report.replayedCount)), ("log_bytes", Double(size)), ("load_ms", milliseconds(loaded - start)),
            ("replay_ms", replay), ("records_per_s", Double(report.replayedCount) / replay * 1e3),
            ("new_denials_count", Double(report.newDenials.count)),
            ("other_obligations_count", Double(report.differing[.obligations] ?? 0)),
        ]
    }
}
