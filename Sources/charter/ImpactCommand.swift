import ArgumentParser
import ControlPlane
import DecisionReplay
import Diagnostics
import Foundation

struct ImpactCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "impact", abstract: "Replay recorded decisions against two commits: what would the change have done?",
        discussion: """
            Each record of a decision log is decided by both commits, at the time at which it was decided first: which answers change, for whom, \
            because of what, and what that would have cost. No database and no server is needed.

            The log has a decision on each line, as `--decision-log` of `charter up` and `charter serve` writes it; events of OPA's decision log \
            are read too. It may be folded by gzip.

            Exit codes: 0 replayed, and no limit is passed · 1 a limit is passed, a commit has errors, or nothing could be replayed.
            """)

    @OptionGroup var compared: ComparedOptions

    @Option(name: .long, help: "The log: a file, `-` for standard input.")
    var decisions: String

    @Option(name: .long, help: "Fail if more decisions than this are denied by the change alone: a number, or a share such as 0.5%.")
    var maxNewDenials: String?

    @Option(name: .long, help: "Fail if more lines than this cannot be replayed: a number, or a share.")
    var maxUnreadable: String?

    @Option(name: .long, help: "How many causes, subjects, teams and rules are listed.")
    var top = 10

    @Option(name: .long, help: "How many threads decide; as many as there are cores by default.")
    var threads = ProcessInfo.processInfo.activeProcessorCount

    @Option(name: .long, help: "How the result is printed: human, json, or markdown for a comment on a pull request.")
    var format = Format.human

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case human, json, markdown
    }

    func validate() throws {
        if !(1...256).contains(threads) { throw ValidationError("--threads must be from 1 to 256") }
        if !(1...10_000).contains(top) { throw ValidationError("--top must be from 1 to 10000") }
        _ = try limits
    }

    private var limits: ImpactLimits {
        get throws {
            ImpactLimits(
                newDenials: try Self.limit(maxNewDenials, "--max-new-denials"),
                unreadable: try Self.limit(maxUnreadable, "--max-unreadable"))
        }
    }

    private static func limit(_ text: String?, _ option: String) throws -> RecordLimit? {
        guard let text else { return nil }
        guard let limit = RecordLimit(text) else { throw ValidationError("\(option) must be a number such as 20, or a share such as 0.5%") }
        return limit
    }

    func run() throws {
        try Terminal.run {
            let versions = try compared.versions(now: Int64(Date().timeIntervalSince1970))
            let (base, head) = try versions.engines()
            let report = try replay(DecisionReplay(base: base, head: head))
            let failures = try limits.failures(of: report)
            switch format {
            case .human: Terminal.print(ImpactRenderer(color: Terminal.mayColor(1), most: top).text(report, failures: failures))
            case .json: Terminal.out(report.json(most: top, failures: failures))
            case .markdown: Terminal.print(report.markdown(most: top, failures: failures))
            }
            if !failures.isEmpty { throw ExitCode(ExitStatus.input.rawValue) }
        }
    }

    private func replay(_ replay: DecisionReplay) throws -> ImpactReport {
        let line = ProgressLine()
        defer { line.end() }
        do throws(ReplayError) {
            return try replay.run(decisions, threads: threads) { progress in line.tell { progress.text } }
        } catch {
            throw ControlError(.input, error.description)
        }
    }
}
