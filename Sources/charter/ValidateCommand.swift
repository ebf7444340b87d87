import ArgumentParser
import ControlPlane
import Diagnostics
import Foundation
import Git
import GovernanceModel

struct ValidateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate", abstract: "Check the documents of a folder, or of a commit; show every error at once.",
        discussion: """
            `charter explain CODE` tells more about a finding, with an example.

            sarif is SARIF 2.1.0, for code scanning; junit is JUnit XML, a test case for each file; github prints annotations for GitHub \
            Actions, the worst first, and adds all findings to the step's summary.
            """)

    @Argument(help: "The folder with the documents, as they lie on disk.")
    var path = "."

    @Option(name: .long, help: "Check this commit of the repository instead of the files on disk.")
    var ref: String?

    @OptionGroup var folder: FolderOptions

    @Option(name: .long, help: "How the result is printed: human, json, sarif, junit or github.")
    var format = Format.human

    @Option(name: .long, help: "What makes the check fail: error, or a warning too.")
    var failOn = FailOn.error

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case human, json, sarif, junit, github
    }

    enum FailOn: String, ExpressibleByArgument, CaseIterable {
        case error, warning

        var severity: Severity { self == .error ? .error : .warning }
    }

    func validate() throws {
        if folder.folder != nil, ref == nil { throw ValidationError("--path goes with --ref; without it name the folder itself") }
    }

    func run() throws {
        try Terminal.run {
            let start = ContinuousClock.now
            let now = Int64(Date().timeIntervalSince1970)
            let report: FindingsReport
            if let ref {
                let repository = try GitRepository(opening: path)
                let compiled = try CommitCompiler(folder: folder.checked).compile(repository, commit: try repository.resolve(ref), now: now)
                report = self.report(compiled.snapshot, compiled.diagnostics, prefix: "", since: start)
            } else {
                let (snapshot, diagnostics) = try CommitCompiler().check(directory: path, now: now)
                // People and our own JSON see paths from the folder that was named; other tools look for them in the repository.
                let isOwn = format == .human || format == .json
                report = self.report(snapshot, diagnostics, prefix: isOwn ? "" : FindingsReport.prefix(of: path), since: start)
            }
            if let other = FindingsReport.Format(rawValue: format.rawValue) {
                Terminal.print(report.text(other, version: Charter.configuration.version))
            } else {
                let findings = report.human(color: Terminal.mayColor(1))
                Terminal.print(findings.isEmpty ? "" : findings + "\n")
                Terminal.out(report.verdict)
            }
            if format == .github, let summary = ProcessInfo.processInfo.environment["GITHUB_STEP_SUMMARY"], !summary.isEmpty {
                try report.appendSummary(to: summary)
            }
            if report.isFailed { throw ExitCode(ExitStatus.input.rawValue) }
        }
    }

    private func report(
        _ snapshot: RepositorySnapshot, _ diagnostics: [Diagnostic], prefix: String, since start: ContinuousClock.Instant
    ) -> FindingsReport {
        let parts = (ContinuousClock.now - start).components
        let seconds = Double(parts.seconds) + Double(parts.attoseconds) / 1e18
        return FindingsReport(snapshot, diagnostics, prefix: prefix, failsOn: failOn.severity, seconds: seconds)
    }
}
