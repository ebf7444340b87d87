import ArgumentParser
import ControlPlane
import Reconciler

struct RollbackCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback", abstract: "Go back to an earlier commit, and hold it until it is released.",
        discussion: """
            The database is made to hold the commit, and the commit is pinned: a running `charter up` puts it in force at once and follows the \
            branch no further, whatever is committed. `--release` ends that; the branch's newest commit is then weighed as any other.

            What a rollback takes away is weighed too: past the organisation's limits it names the plan to approve. Protected documents and \
            the last administrator stay. The commit must lie on what is followed: name it as `charter up` was told (--branch, --tag, --path).
            """)

    @Argument(help: "The commit, as a branch, a tag or an id names it.")
    var revision: String?

    @Option(name: .long, help: "The repository.")
    var repository = "."

    @Option(name: .long, help: "Why; shown wherever the pin is.")
    var reason = ""

    @Flag(name: .long, help: "Let the branch be followed again.")
    var release = false

    @Option(name: .long, help: "How many documents, memberships and role grants may go, all together; with --plan.")
    var allowDeletions: Int?

    @Option(name: .long, help: "The plan that was refused and is approved.")
    var plan: String?

    @OptionGroup var source: SourceOptions
    @OptionGroup var database: DatabaseOptions
    @OptionGroup var output: FormatOption

    func validate() throws {
        if release == (revision != nil) { throw ValidationError("name the commit to go back to, or --release") }
        if (allowDeletions == nil) != (plan == nil) { throw ValidationError("--allow-deletions and --plan go together") }
        if let allowDeletions, allowDeletions < 0 { throw ValidationError("--allow-deletions must not be negative") }
    }

    func run() throws {
        try Terminal.run {
            try database.reading(repository, reference: source.reference, folder: source.folder.checked) { runner in
                guard let revision else {
                    guard try runner.releasePin() else { throw ControlError(.input, "no commit is pinned") }
                    Terminal.out("released: the branch is followed again")
                    return
                }
                let approval = allowDeletions.flatMap { count in
                    plan.map { DeletionApproval(deletions: count, planDigest: $0.lowercased()) }
                }
                let run = try runner.rollBack(to: revision, reason: reason, operator: Operator.name, approval: approval)
                switch output.format {
                case .json: Terminal.out(run.json)
                case .human:
                    let plan = run.result?.plan
                    Terminal.out(
                        "pinned: commit \(run.compiled.commit.id.description.prefix(12)) (\(run.compiled.commit.summary.printable)), "
                            + "\(plan?.summary ?? ""), until `charter rollback --release`")
                    if let plan, !plan.isEmpty { Terminal.out(plan.text(showsFields: false)) }
                }
            }
        }
    }
}
