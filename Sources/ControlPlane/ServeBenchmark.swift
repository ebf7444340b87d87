import Foundation
import HTTPLoad
import JSON
import Postgres
import Reconciler

/// `charter bench serve`: what a decision costs over HTTP, with decisions logged to Postgres, beside a server that does nothing.
///
/// The server is a process of its own, as `charter serve` starts it; the load comes from this one, over loopback, on the same machine.
public struct ServeBenchmark {
    public struct Options: Sendable {
        public var connections = 64
        /// Of each round of load.
        public var seconds = 5.0
        public var rounds = 3
        /// Of full load before the memory is looked at for the last time.
        public var soakSeconds = 30.0
        public var swaps = 100

        public init() {}
    }

    private let folder: String
    private let options: Options
    private let requests: [[UInt8]]
    private let progress: (String) -> Void

    /// - Parameters:
    ///   - folder: with `bench.bundle`, `other.bundle` and `requests.jsonl`.
    public init(folder: String, options: Options, progress: @escaping (String) -> Void) throws {
        self.folder = folder
        self.options = options
        self.progress = progress
        let lines = try Data(contentsOf: URL(fileURLWithPath: folder + "/requests.jsonl")).split(separator: UInt8(ascii: "\n"))
        requests = lines.map { Array($0) }
    }

    public typealias Metric = (name: String, value: Double)

    public func measure() throws -> [Metric] {
        progress("starting a private Postgres")
        let cluster = try PrivateCluster.start(directory: folder + "/postgres")
        defer { try? cluster.stop() }
        let database = try cluster.configuration(database: "bench")
        let reconciler = Reconciler(database)
        try reconciler.migrate()
        reconciler.close()
        try FileManager.default.copyItem(atPath: folder + "/bench.bundle", toPath: folder + "/served.bundle")

        let url = "postgresql:///bench?host=\(cluster.socketDirectory)&user=charter"
        // The first start brings the program into the page cache; the second is measured.
        try start(url).stop()
        let server = try start(url)
        defer { server.stop() }
        let fixed = try ServedProcess(["bench", "serve", "--fixed", "2"])
        defer { fixed.stop() }
        var metrics: [Metric] = [("ready_ms", server.readyMilliseconds)]
        var failed = 0
        metrics += try decisions(server, fixed, &failed)
        metrics += try soak(server, &failed)
        metrics += try swaps(server, &failed)
        metrics += try accounts(server, database)
        server.stop()
        metrics += try batches(&failed)
        metrics.append(("failed_count", Double(failed)))
        return metrics
    }

    private func start(_ database: String) throws -> ServedProcess {
        try ServedProcess([
            "serve", folder + "/served.bundle", "--listen", "127.0.0.1:0", "--database", database, "--state", folder + "/state",
            "--poll-interval", "0.01", "--format", "json",
        ])
    }

    private func load(_ port: Int, _ path: String, _ bodies: [[UInt8]], connections: Int? = nil) -> LoadGenerator {
        LoadGenerator(
            port: port, connections: connections ?? options.connections, requests: bodies.map { LoadGenerator.post(path, $0) })
    }

    // MARK: Parts

    private func decisions(_ server: ServedProcess, _ fixed: ServedProcess, _ failed: inout Int) throws -> [Metric] {
        let (decide, nothing) = (load(server.port, "/v1/decisions", requests), load(fixed.port, "/", requests))
        progress("warming up")
        _ = try decide.run(seconds: 2)
        _ = try nothing.run(seconds: 1)
        var rounds: [[Double]] = []
        for round in 1...options.rounds {
            progress("round \(round) of \(options.rounds)")
            let plain = try nothing.run(seconds: options.seconds / 2)
            let before = try server.cost()
            let result = try decide.run(seconds: options.seconds)
            let cost = try server.cost().cpuSeconds - before.cpuSeconds
            failed += result.failures
            if let failure = result.firstFailure { progress("a request failed: \(failure)") }
            rounds.append([
                result.requestsPerSecond, plain.requestsPerSecond, cost / Double(max(1, result.requests)) * 1e6,
                result.microseconds(0.5), result.microseconds(0.99), result.requestsPerSecond / max(1, plain.requestsPerSecond),
            ])
        }
        let names = ["requests_per_s", "fixed_200_per_s", "cpu_us_per_request", "p50_us", "p99_us", "of_fixed_ratio"]
        return names.indices.map { column in (names[column], Self.median(rounds.map { $0[column] })) }
    }

    /// Without a log: no database takes that many rows.
    private func batches(_ failed: inout Int) throws -> [Metric] {
        progress("batches of 100")
        let server = try ServedProcess(["serve", folder + "/bench.bundle", "--listen", "127.0.0.1:0", "--format", "json"])
        defer { server.stop() }
        let size = 100
        let bodies = (0..<max(1, requests.count / size)).map { number -> [UInt8] in
            let chosen = (0..<size).map { requests[(number * size + $0) % requests.count] }
            return Array(#"{"requests":["#.utf8) + Array(chosen.joined(separator: [UInt8(ascii: ",")])) + Array("]}".utf8)
        }
        let generator = load(server.port, "/v1/decisions/batch", bodies, connections: 8)
        _ = try generator.run(seconds: 1)
        var rates: [Double] = []
        for _ in 0..<options.rounds {
            let result = try generator.run(seconds: options.seconds)
            failed += result.failures
            if let failure = result.firstFailure { progress("a batch failed: \(failure)") }
            rates.append(result.requestsPerSecond * Double(size))
        }
        return [("batch_decisions_per_s", Self.median(rates))]
    }

    /// Full load for long: what is in memory in the first tenth of it, and at its end.
    private func soak(_ server: ServedProcess, _ failed: inout Int) throws -> [Metric] {
        progress("\(Int(options.soakSeconds)) seconds of full load")
        var early = 0
        let generator = load(server.port, "/v1/decisions", requests)
        _ = try generator.run(seconds: options.soakSeconds / 10)
        early = try server.cost().residentBytes
        // In parts, so that the latencies of all of it need not be kept.
        var left = options.soakSeconds * 0.9
        while left > 0 {
            failed += try generator.run(seconds: min(30, left)).failures
            left -= 30
        }
        return [("resident_bytes", Double(try server.cost().residentBytes)), ("resident_early_bytes", Double(early))]
    }

    /// Seconds between two swaps: many more than anybody makes, and not so many that the machine does nothing but load bundles.
    private static let swapPause = 0.25

    /// The bundle is replaced again and again while decisions are made.
    private func swaps(_ server: ServedProcess, _ failed: inout Int) throws -> [Metric] {
        progress("\(options.swaps) bundle swaps under load")
        let generator = load(server.port, "/v1/decisions", requests)
        let still = try generator.run(seconds: options.seconds)
        let before = try server.activations()
        var (made, latencies, seconds) = (0, [UInt32](), 0.0)
        var next = 0.0
        while try server.activations() - before < options.swaps, seconds < 600 {
            let result = try generator.run(seconds: 1) { elapsed in
                guard seconds + elapsed >= next else { return }
                next = seconds + elapsed + Self.swapPause
                made += 1
                // The file before it is put in force by now, or passed over for this one.
                let source = made % 2 == 1 ? "/other.bundle" : "/bench.bundle"
                _ = try? FileManager.default.removeItem(atPath: folder + "/new.bundle")
                _ = try? FileManager.default.copyItem(atPath: folder + source, toPath: folder + "/new.bundle")
                rename(folder + "/new.bundle", folder + "/served.bundle")
            }
            failed += result.failures
            if let failure = result.firstFailure { progress("a request failed: \(failure)") }
            latencies += result.latencies
            seconds += result.seconds
        }
        var swapping = LoadGenerator.Result()
        swapping.latencies = latencies.sorted()
        return [
            ("swap_count", Double(try server.activations() - before)), ("swap_p99_us", swapping.microseconds(0.99)),
            ("no_swap_p99_us", still.microseconds(0.99)),
        ]
    }

    /// Every decision that was answered is in the database, or counted as lost.
    private func accounts(_ server: ServedProcess, _ database: PostgresConfiguration) throws -> [Metric] {
        progress("waiting for the last decisions to be written")
        let connection = try PostgresConnection(database)
        defer { connection.close() }
        let deadline = ContinuousClock.now + .seconds(120)
        var (answered, recorded, lost) = (0.0, 0.0, 0.0)
        repeat {
            Thread.sleep(forTimeInterval: 0.2)
            answered = try server.metric("charter_decisions_total")
            let row = try connection.query(
                "SELECT (SELECT count(*) FROM runtime.decisions) AS recorded, (SELECT coalesce(sum(lost), 0)::bigint FROM runtime.decision_streams) AS lost"
            ).first
            recorded = Double(try row?.int("recorded") ?? 0)
            lost = Double(try row?.int("lost") ?? 0)
        } while recorded + lost < answered && ContinuousClock.now < deadline
        return [("answered_count", answered), ("recorded_count", recorded), ("lost_count", lost)]
    }

    private static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        return sorted.isEmpty ? 0 : sorted[sorted.count / 2]
    }
}
