import ArgumentParser
import ControlPlane
import Foundation
import JSON
import Reconciler

struct ReconcileCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reconcile", abstract: "Make the database hold what a commit says.",
        discussion: "With --watch it follows the branch and looks for drift until it is stopped.")

    @Argument(help: "The repository.")
    var path = "."

    @Option(name: .long, help: "The branch to follow; the repository's own by default.")
    var branch: String?

    @Flag(name: .long, help: "Once, and end (the default).")
    var once = false

    @Flag(name: .long, help: "Again and again, until stopped.")
    var watch = false

    @Option(name: .long, help: "With --watch: seconds between two looks at the branch.")
    var pollInterval = 1.0

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var output: FormatOption

    func validate() throws {
        if once, watch { throw ValidationError("--once and --watch exclude each other") }
        try PollInterval.validate(pollInterval)
    }

    func run() throws {
        try Terminal.run {
            let stopping = ReconcileRunner.Stop()
            let signals = StopSignals { stopping.stop() }
            try withExtendedLifetime(signals) {
                let runner = try ReconcileRunner(
                    repository: path, branch: branch, database: database.url, state: database.absoluteState, readsOnly: false,
                    stopping: stopping
                ) { Terminal.err($0) }
                defer { runner.close() }
                if watch {
                    try runner.watch(every: pollInterval) { try show($0) }
                } else {
                    try show(try runner.once())
                }
            }
        }
    }

    private func show(_ run: ReconcileRunner.Run) throws {
        Terminal.findings(run.compiled.diagnostics, sources: run.compiled.snapshot.sources, to: 2)
        guard let result = run.result else {
            throw ControlError(.input, "commit \(run.compiled.commit.id) has errors; the database was left as it is")
        }
        switch output.format {
        case .human:
            Terminal.out(
                "\(result.outcome.rawValue): commit \(run.compiled.commit.id.description.prefix(12)), \(result.plan.summary), epoch \(result.revision?.epoch ?? 0)"
            )
            if !result.plan.differences.isEmpty { Terminal.out(result.plan.text(showsFields: result.outcome != .applied)) }
        case .json: Terminal.out(run.json)
        }
    }
}
