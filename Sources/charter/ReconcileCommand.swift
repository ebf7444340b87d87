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

    @OptionGroup var source: SourceOptions

    @Flag(name: .long, help: "Once, and end (the default).")
    var once = false

    @Flag(name: .long, help: "Again and again, until stopped.")
    var watch = false

    @Flag(name: .long, help: "Show what would be done, and write nothing.")
    var dryRun = false

    @Flag(name: .long, help: "With --dry-run: exit with 2 if there is something to do.")
    var detailedExitcode = false

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
        if dryRun, watch || plan != nil || allowRewind != nil { throw ValidationError("--dry-run stands alone") }
        if detailedExitcode, !dryRun { throw ValidationError("--detailed-exitcode goes with --dry-run") }
        if plan != nil, watch { throw ValidationError("--plan approves one plan, once; run it beside what watches") }
    }

    func run() throws {
        try Terminal.run {
            let stopping = ReconcileRunner.Stop()
            let signals = StopSignals { stopping.stop() }
            try withExtendedLifetime(signals) {
                let runner = try ReconcileRunner(
                    repository: path, reference: source.reference, folder: try source.folder.checked, database: database.url,
                    namespace: database.namespace, state: database.absoluteState, readsOnly: dryRun,
                    operatorTrust: try signers.trust(), stopping: stopping
                ) { Terminal.err($0) }
                defer { runner.close() }
                if dryRun {
                    try rehearse(runner)
                } else if watch {
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

    private func rehearse(_ runner: ReconcileRunner) throws {
        let (compiled, plan, refusal) = try runner.rehearse()
        Terminal.findings(compiled.diagnostics, sources: compiled.snapshot.sources, to: 2)
        guard let plan else { throw ControlError(.input, "commit \(compiled.commit.id) has errors, and would be refused") }
        switch output.format {
        case .human:
            Terminal.out("commit \(compiled.commit.id.description.prefix(12)) would be applied: \(plan.summary)")
            if !plan.isEmpty { Terminal.out(plan.text()) }
        case .json:
            Terminal.out([
                "commit": .string(compiled.commit.id.description), "changes": plan.json,
                "refusal": refusal.map {
                    [
                        "reasons": JSONValue($0.reasons), "plan": .string($0.digest), "deletions": .int(Int64($0.deletions)),
                        "canBeApproved": .bool($0.canBeApproved),
                    ]
                } ?? .null,
            ])
        }
        if let refusal { throw ControlError(ReconcilerError.refused(refusal)) }
        if detailedExitcode, !plan.isEmpty { throw ExitCode(ExitStatus.changes.rawValue) }
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
