import ArgumentParser
import ControlPlane
import Foundation
import Git
import JSON
import Reconciler

struct ReconcileCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reconcile", abstract: "Make the database hold what a commit says.",
        discussion: """
            With --watch it follows the branch and looks for drift until it is stopped.

            A commit that deletes a protected document, takes the administrator's role from the last one, or deletes more than \
            `spec.reconcile.deletions` of the Organization allows is refused, and nothing is written. The message names the plan; \
            --allow-deletions and --plan together carry out that plan and no other.
            """)

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

    @Option(name: .long, help: "How many documents, memberships and role grants may go, all together; with --plan.")
    var allowDeletions: Int?

    @Option(name: .long, help: "The plan that was refused and is approved.")
    var plan: String?

    @Option(
        name: .long, help: "The whole id of the branch's newest commit: it may take the place of one that it does not continue.")
    var allowRewind: String?

    @OptionGroup var signers: SignerOptions
    @OptionGroup var database: DatabaseOptions
    @OptionGroup var output: FormatOption

    func validate() throws {
        if once, watch { throw ValidationError("--once and --watch exclude each other") }
        try PollInterval.validate(pollInterval)
        if (allowDeletions == nil) != (plan == nil) { throw ValidationError("--allow-deletions and --plan go together") }
        if let allowDeletions, allowDeletions < 0 { throw ValidationError("--allow-deletions must not be negative") }
        if let allowRewind, GitObjectID(hex: allowRewind) == nil {
            throw ValidationError("--allow-rewind must be the whole id of a commit")
        }
        if allowRewind != nil, watch { throw ValidationError("--allow-rewind accepts one commit, once; run it beside what watches") }
        if plan != nil, watch { throw ValidationError("--plan approves one plan, once; run it beside what watches") }
    }

    func run() throws {
        try Terminal.run {
            let stopping = ReconcileRunner.Stop()
            let signals = StopSignals { stopping.stop() }
            try withExtendedLifetime(signals) {
                let runner = try ReconcileRunner(
                    repository: path, branch: branch, database: database.url, state: database.absoluteState, readsOnly: false,
                    operatorTrust: try signers.trust(), stopping: stopping
                ) { Terminal.err($0) }
                defer { runner.close() }
                if watch {
                    try runner.watch(every: pollInterval) { try show($0) }
                } else {
                    let approval = allowDeletions.flatMap { count in
                        plan.map { DeletionApproval(deletions: count, planDigest: $0.lowercased()) }
                    }
                    try show(try runner.once(approval: approval, allowingRewind: allowRewind.flatMap { GitObjectID(hex: $0) }))
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
