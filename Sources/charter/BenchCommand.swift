import ArgumentParser
import CELBenchmark
import ControlPlane
import JSON

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure.",
        subcommands: [
            BenchThreadCommand.self, BenchCelCommand.self, BenchCompileCommand.self, BenchDecisionsCommand.self,
            BenchReconcileCommand.self, BenchServeCommand.self, BenchImpactCommand.self,
        ])
}

struct BenchThreadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "thread", abstract: "Measure each stage from a git repository to enforced decisions.",
        discussion: "Works on a copy of the repository and in a private Postgres of its own; changes nothing of yours.")

    @Option(name: .long, help: "The repository.")
    var repository = "."

    @Option(name: .long, help: "Runs of which the median is taken.")
    var runs = 5

    @Flag(name: .long, help: "Print JSON.")
    var json = false

    func validate() throws {
        if !(1...1000).contains(runs) { throw ValidationError("--runs must be from 1 to 1000") }
    }

    func run() throws {
        try Terminal.run {
            let result = try ThreadBenchmark(repository: repository, runs: runs).run { Terminal.err("… \($0)") }
            if json { Terminal.out(result.json) } else { Terminal.out(result.text) }
        }
    }
}

struct BenchCelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cel", abstract: "Measure the evaluation and compilation of conditions, on one core.")

    @Option(name: .long, help: "Batches of which the median is taken.")
    var batches = 31

    @Flag(name: .long, help: "Print JSON.")
    var json = false

    func validate() throws {
        if !(1...1000).contains(batches) { throw ValidationError("--batches must be from 1 to 1000") }
    }

    func run() throws {
        try Terminal.run {
            let figures = try CELBenchmark.run(batches: batches)
            let report = BenchmarkReport(
                bench: "cel", metrics: figures.map { ($0.name, $0.value) }, parameters: ["batches": .int(Int64(batches))])
            if json { Terminal.out(report.json) } else { Terminal.out(report.text) }
        }
    }
}
