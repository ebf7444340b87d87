import ArgumentParser
import ControlPlane
import JSON

struct DriftCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drift", abstract: "Compare what the database holds with what its commit says; change nothing.")

    @Argument(help: "The repository.")
    var path = "."

    @Option(name: .long, help: "Compare with this commit instead of the one that was applied.")
    var ref: String?

    @Flag(name: .long, help: "Exit with 2 if there is drift.")
    var detailedExitcode = false

    @OptionGroup var folder: FolderOptions
    @OptionGroup var database: DatabaseOptions
    @OptionGroup var output: FormatOption

    func run() throws {
        try Terminal.run {
            let stopping = ReconcileRunner.Stop()
            let signals = StopSignals { stopping.stop() }
            defer { withExtendedLifetime(signals) {} }
            let (plan, revision, commit) = try database.reading(path, folder: folder.checked, stopping: stopping) {
                try $0.drift(from: ref)
            }
            switch output.format {
            case .human:
                if plan.isEmpty {
                    Terminal.out("no drift: the database holds commit \(commit.prefix(12))")
                } else {
                    Terminal.out(
                        "drift from commit \(commit.prefix(12)): \(plan.differences.count) object(s); `+` is missing in the database, `-` is there by other hands"
                    )
                    Terminal.out(plan.text(limit: 1000))
                }
            case .json:
                Terminal.out([
                    "drifted": .bool(!plan.isEmpty), "commit": .string(commit), "epoch": .int(revision.epoch), "objects": plan.json,
                ])
            }
            if !plan.isEmpty, detailedExitcode { throw ExitCode(ExitStatus.changes.rawValue) }
        }
    }
}
