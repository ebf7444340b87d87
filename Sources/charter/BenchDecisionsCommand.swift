import ArgumentParser
import ControlPlane
import DecisionBenchmark
import Foundation
import JSON

struct BenchDecisionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decisions", abstract: "Measure decisions from a bundle, one at a time and as many as can be.",
        discussion: "Makes an organisation and requests to it from the seed, or takes a bundle and requests that are there.")

    @Option(name: .long, help: "Policies of the organisation. About ten of them match a request, however many there are.")
    var policies = 10_000

    @Option(name: .long, help: "Users of the organisation.")
    var users = 10_000

    @Option(name: .long, help: "Teams of the organisation; at least one for 20 policies.")
    var teams = 1_000

    @Option(name: .long, help: "How many different requests; with `--bundle`, the file that they are in, one JSON object a line.")
    var requests = "2000"

    @Option(name: .long, help: "Where the numbers begin from which all of it is made.")
    var seed: UInt64 = 1

    @Option(name: .long, help: "Measure this bundle instead, with the requests of a file.")
    var bundle: String?

    @Option(name: .long, help: "Keep the bundle, the requests and the documents in this folder.")
    var keep: String?

    @Flag(name: .long, help: "Print JSON.")
    var json = false

    func validate() throws {
        if bundle == nil, !(Int(requests).map { (1...1_000_000).contains($0) } ?? false) {
            throw ValidationError("--requests must be from 1 to 1000000; a file of requests goes with --bundle")
        }
        if !(1...100_000).contains(policies) { throw ValidationError("--policies must be from 1 to 100000") }
        if !(1...5_000_000).contains(users) { throw ValidationError("--users must be from 1 to 5000000") }
        if !(0...1_000_000).contains(teams) { throw ValidationError("--teams must be from 0 to 1000000") }
    }

    func run() throws {
        try Terminal.run {
            let report: BenchmarkReport
            if let bundle {
                report = try DecisionBenchmarkRun.measure(bundle: bundle, requests: requests)
            } else {
                let world = BenchmarkWorld(policies: policies, users: users, teams: teams, requests: Int(requests) ?? 0, seed: seed)
                report = try DecisionBenchmarkRun.make(world, keep: keep) { Terminal.err("… \($0)") }
            }
            if json { Terminal.out(report.json) } else { Terminal.out(report.text) }
        }
    }
}

/// The benchmark as two processes.
enum DecisionBenchmarkRun {
    static func measure(bundle: String, requests: String) throws -> BenchmarkReport {
        guard let data = FileManager.default.contents(atPath: requests) else {
            throw ControlError(.input, "`\(requests)` cannot be read")
        }
        let lines = data.split(separator: UInt8(ascii: "\n")).map { Array($0) }
        if lines.isEmpty { throw ControlError(.input, "`\(requests)` holds no request") }
        let metrics = try DecisionMeasurement(bundlePath: bundle, requests: lines, now: DecisionBenchmark.now).run()
        return BenchmarkReport(bench: "decisions", metrics: metrics, parameters: ["requests": .int(Int64(lines.count))])
    }

    static func make(_ world: BenchmarkWorld, keep: String?, progress: (String) -> Void) throws -> BenchmarkReport {
        let folder =
            keep ?? FileManager.default.temporaryDirectory.appendingPathComponent("charter-bench-\(UUID().uuidString.prefix(8))").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { if keep == nil { try? FileManager.default.removeItem(atPath: folder) } }
        let made = try DecisionBenchmark(world).make(in: folder, keepsDocuments: keep != nil, progress: progress)
        progress("measuring")
        let metrics = try OwnProcess.metrics([
            "bench", "decisions", "--bundle", made.bundlePath, "--requests", made.requestsPath, "--json",
        ])
        return BenchmarkReport(
            bench: "decisions", metrics: metrics + made.metrics,
            parameters: [
                "policies": .int(Int64(world.policies)), "users": .int(Int64(world.users)), "teams": .int(Int64(world.teams)),
                "requests": .int(Int64(world.requests)), "seed": .int(Int64(bitPattern: world.seed)),
            ])
    }
}
