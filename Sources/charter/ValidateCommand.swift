import ArgumentParser
import ControlPlane
import Diagnostics
import Foundation
import GovernanceModel

struct ValidateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate", abstract: "Check the documents of a folder, or of a commit; show every error at once.",
        discussion: """
            `charter explain CODE` tells more about a finding, with an example.

            sarif is SARIF 2.1.0, for code scanning; junit is JUnit XML, a test case for each file; github prints annotations for GitHub \
            Actions, the worst first, and adds all findings to the step's summary.
            """)

    @OptionGroup var documents: DocumentsOptions

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

    func run() throws {
        try Terminal.run {
            let start = ContinuousClock.now
            let now = Int64(Date().timeIntervalSince1970)
            let report: FindingsReport
            if let compiled = try documents.compiledCommit(now: now) {
                report = self.report(compiled.snapshot, compiled.diagnostics, prefix: "", since: start)
            } else {
                let (snapshot, diagnostics) = try CommitCompiler().check(directory: documents.path, now: now)
                // People and our own JSON see paths from the folder that was named; other tools look for them in the repository.
                let isOwn = format == .human || format == .json
                report = self.report(snapshot, diagnostics, prefix: isOwn ? "" : FindingsReport.prefix(of: documents.path), since: start)
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
        let nanoseconds = parts.seconds * 1_000_000_000 + parts.attoseconds / 1_000_000_000
        return FindingsReport(snapshot, diagnostics, prefix: prefix, failsOn: failOn.severity, nanoseconds: nanoseconds)
    }
}
