import ArgumentParser
import ControlPlane
import DecisionBenchmark
import Foundation
import JSON

struct BenchImpactCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "impact", abstract: "Measure the replay of a decision log against two versions of an organisation.",
        discussion:
            "Makes an organisation, a change of it and a log of its decisions from the seed; replays the log in a process of its own.")

    @Option(name: .long, help: "Records of the log; about 2 kB each.")
    var records = 1_000_000

    @Option(name: .long, help: "Policies of the organisation.")
    var policies = 1_000

    @Option(name: .long, help: "Users of the organisation.")
    var users = 10_000

    @Option(name: .long, help: "Teams of the organisation.")
    var teams = 1_000

    @Option(name: .long, help: "How many threads decide; as many as there are cores by default.")
    var threads = ProcessInfo.processInfo.activeProcessorCount

    @Option(name: .long, help: "Where the numbers begin from which all of it is made.")
    var seed: UInt64 = 1

    @Option(name: .long, help: "Keep the bundles and the log in this folder.")
    var keep: String?

    @Flag(name: .long, help: "Print JSON.")
    var json = false

    @Option(name: .long, help: .hidden)
    var measure: String?

    func validate() throws {
        if !(1...100_000_000).contains(records) { throw ValidationError("--records must be from 1 to 100000000") }
        if !(1...100_000).contains(policies) { throw ValidationError("--policies must be from 1 to 100000") }
        if !(1...1_000_000).contains(users) { throw ValidationError("--users must be from 1 to 1000000") }
        if !(0...1_000_000).contains(teams) { throw ValidationError("--teams must be from 0 to 1000000") }
        if !(1...256).contains(threads) { throw ValidationError("--threads must be from 1 to 256") }
    }

    func run() throws {
        try Terminal.run {
            let report = try measure.map { try measured($0) } ?? made()
            if json { Terminal.out(report.json) } else { Terminal.out(report.text) }
        }
    }

    private var parameters: JSONObject {
        [
            "records": .int(Int64(records)), "policies": .int(Int64(policies)), "users": .int(Int64(users)), "teams": .int(Int64(teams)),
            "threads": .int(Int64(threads)), "seed": .int(Int64(bitPattern: seed)),
        ]
    }

    private func measured(_ folder: String) throws -> BenchmarkReport {
        var metrics = try ImpactBenchmark.measure(ImpactBenchmark.Made(in: folder), threads: threads)
        metrics.append(("peak_bytes", Double(ProcessMemory.mostResidentBytes)))
        return BenchmarkReport(bench: "impact", metrics: metrics, parameters: parameters)
    }

    private func made() throws -> BenchmarkReport {
        let world = BenchmarkWorld(policies: policies, users: users, teams: teams, requests: records, seed: seed)
        let folder =
            keep ?? FileManager.default.temporaryDirectory.appendingPathComponent("charter-bench-\(UUID().uuidString.prefix(8))").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { if keep == nil { try? FileManager.default.removeItem(atPath: folder) } }
        try ImpactBenchmark(world).make(ImpactBenchmark.Made(in: folder)) { Terminal.err("… \($0)") }
        Terminal.err("… replaying")
        let metrics = try OwnProcess.metrics(["bench", "impact", "--measure", folder, "--threads", "\(threads)", "--json"])
        return BenchmarkReport(bench: "impact", metrics: metrics, parameters: parameters)
    }
}
