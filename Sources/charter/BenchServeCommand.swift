import ArgumentParser
import ControlPlane
import DecisionBenchmark
import Foundation
import JSON

struct BenchServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Measure decisions over HTTP, logged to Postgres, beside a server that does nothing.",
        discussion: """
            Makes an organisation, starts a private Postgres and a server of its own process, and sends requests of about one kilobyte over loopback. \
            The processor's time is the server's alone, logging included, as the kernel counts it.
            """)

    @Option(name: .long, help: "Policies of the organisation.")
    var policies = 10_000

    @Option(name: .long, help: "Users of the organisation.")
    var users = 10_000

    @Option(name: .long, help: "Teams of the organisation.")
    var teams = 1_000

    @Option(name: .long, help: "Connections that ask at once.")
    var connections = 64

    @Option(name: .long, help: "Seconds of each round.")
    var seconds = 5.0

    @Option(name: .long, help: "Rounds, of which the median is told.")
    var rounds = 3

    @Option(name: .long, help: "Seconds of full load before the memory is looked at.")
    var soakSeconds = 600.0

    @Option(name: .long, help: "How often the bundle is replaced under load.")
    var swaps = 1_000

    @Flag(name: .long, help: "Print JSON.")
    var json = false

    @Option(name: .long, help: .hidden)
    var fixed: Int?

    func validate() throws {
        if !(1...100_000).contains(policies) { throw ValidationError("--policies must be from 1 to 100000") }
        if !(1...1_000_000).contains(users) { throw ValidationError("--users must be from 1 to 1000000") }
        if !(1...1_000).contains(connections) { throw ValidationError("--connections must be from 1 to 1000") }
        if !(0.1...3_600).contains(seconds) { throw ValidationError("--seconds must be from 0.1 to 3600") }
        if !(1...100).contains(rounds) { throw ValidationError("--rounds must be from 1 to 100") }
        if !(0...86_400).contains(soakSeconds) { throw ValidationError("--soak-seconds must be from 0 to 86400") }
        if !(0...100_000).contains(swaps) { throw ValidationError("--swaps must be from 0 to 100000") }
    }

    func run() throws {
        try Terminal.run {
            if let fixed { return try FixedService.run(loops: fixed) { Terminal.out(["url": .string($0)]) } }
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent("charter-bench-\(UUID().uuidString.prefix(8))").path
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            // Postgres does not run as root, and has to get at its own folder inside this one.
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let parameters: JSONObject = [
                "policies": .int(Int64(policies)), "users": .int(Int64(users)), "teams": .int(Int64(teams)),
                "connections": .int(Int64(connections)), "seconds": .double(seconds), "rounds": .int(Int64(rounds)),
                "soakSeconds": .double(soakSeconds), "swaps": .int(Int64(swaps)),
            ]
            for (seed, name) in [(2, "other"), (1, "bench")] as [(UInt64, String)] {
                let world = BenchmarkWorld(policies: policies, users: users, teams: teams, requests: 2_000, seed: seed)
                let made = try DecisionBenchmark(world).make(in: folder, keepsDocuments: false) { Terminal.err("… \($0)") }
                try FileManager.default.moveItem(atPath: made.bundlePath, toPath: "\(folder)/\(name).bundle.made")
            }
            for name in ["bench", "other"] {
                try FileManager.default.moveItem(atPath: "\(folder)/\(name).bundle.made", toPath: "\(folder)/\(name).bundle")
            }
            var options = ServeBenchmark.Options()
            options.connections = connections
            options.seconds = seconds
            options.rounds = rounds
            options.soakSeconds = soakSeconds
            options.swaps = swaps
            let metrics = try ServeBenchmark(folder: folder, options: options) { Terminal.err("… \($0)") }.measure()
            let report = BenchmarkReport(bench: "serve", metrics: metrics, parameters: parameters)
            if json { Terminal.out(report.json) } else { Terminal.out(report.text) }
        }
    }
}
