import ArgumentParser
import ChangePlan
import ControlPlane
import Diagnostics
import Foundation
import JSON

struct PlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Show what a change means: who gains or loses what, which policies get stricter, what budgets come to.",
        discussion: """
            Both versions are compiled, and requests of all subjects decided by both, in this process: no database and no credential is needed. \
            Each effect comes with a request that shows it (--verbose, or --format json).

            markdown is for one comment on a pull request: counts first, details folded, never longer than a comment may be.

            Exit codes: 0 done · 1 a version has errors, or the change is destructive and --fail-on destructive is given · 2 the versions \
            differ, where --detailed-exitcode asked.
            """)

    @OptionGroup var compared: ComparedOptions

    @Option(name: .long, help: "The time at which requests are decided, e.g. 2026-01-31T12:00:00Z; now by default.")
    var now: String?

    @Option(name: .long, help: "How the plan is printed: human, json, or markdown for a comment on a pull request.")
    var format = Format.human

    @Option(name: .long, help: "Fail if the change is destructive: a document is removed, or somebody can no longer do what they could.")
    var failOn: FailOn?

    @Flag(name: .long, help: "Exit with 2 if the versions differ.")
    var detailedExitcode = false

    @Flag(name: .long, help: "Show everything, with a request for each effect.")
    var verbose = false

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case human, json, markdown
    }

    enum FailOn: String, ExpressibleByArgument, CaseIterable {
        case destructive
    }

    func run() throws {
        try Terminal.run {
            let time = try RequestTime.nanoseconds(now)
            let versions = try compared.versions(now: time / 1_000_000_000)
            let plan = try versions.plan(now: time)
            switch format {
            case .human: Terminal.print(PlanTextRenderer(color: Terminal.mayColor(1), isVerbose: verbose).text(plan))
            case .json: Terminal.out(plan.json)
            case .markdown: Terminal.print(PlanMarkdownRenderer().text(plan))
            }
            if failOn == .destructive, plan.isDestructive {
                Terminal.say("the change is destructive: it removes documents, or access that somebody has")
                throw ExitCode(ExitStatus.input.rawValue)
            }
            if detailedExitcode, !plan.isEmpty { throw ExitCode(ExitStatus.changes.rawValue) }
        }
    }
}
