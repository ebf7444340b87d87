import ArgumentParser
import ControlPlane
import JSON

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure.", subcommands: [BenchThreadCommand.self])
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
