import ArgumentParser
import ControlPlane
import Diagnostics
import Foundation
import GovernanceModel
import Patterns
import PolicyBundle
import PolicyEngine
import PolicyTesting

struct TestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test", abstract: "Run the PolicyTest documents of a folder, or of a commit.",
        discussion: """
            Each case is a request and the decision that it must get. The documents are compiled, and the requests decided, in this process: no \
            database and no server is needed.

            Exit codes: 0 all passed · 1 a case failed, the documents have errors, the filter matches nothing, or too little is covered.
            """)

    @OptionGroup var documents: DocumentsOptions

    @Option(name: .long, help: "Only cases whose `test/case` this matches; `*` stands for any text.")
    var filter: String?

    @Option(name: .long, help: "The time of tests that name none, e.g. 2026-01-31T12:00:00Z; now by default.")
    var now: String?

    @OptionGroup var coverageOptions: CoverageOptions

    @Option(name: .long, help: "How the result is printed: human, json or junit.")
    var format = Format.human

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case human, json, junit
    }

    func run() throws {
        try Terminal.run {
            let time = try RequestTime.nanoseconds(now)
            let (snapshot, diagnostics, bundle) = try compile(now: time / 1_000_000_000)
            guard let bundle else {
                Terminal.findings(diagnostics.filter { $0.severity == .error }, sources: snapshot.sources, to: 2)
                throw ControlError(.input, "the documents have errors, nothing was tested (\(diagnostics.counts))")
            }
            let engine = try PolicyEngine(try PolicyBundle(bytes: bundle))
            let coverage = coverageOptions.isAsked ? try PolicyCoverage(snapshot.governance, engine) : nil
            let run = PolicyTestRun(snapshot.governance, engine, now: time, coverage: coverage) { test, name in
                filter.map { Glob.matches("\(test)/\(name)", $0) } ?? true
            }
            if let filter, run.caseCount == 0 { throw ControlError(.input, "no case matches `\(filter)`") }
            let report = coverage?.report
            tell(run, report)
            if let report {
                // Paths of a commit begin at the root of its repository.
                try coverageOptions.write(report, root: documents.ref == nil && documents.path != "." ? documents.path : "")
                try coverageOptions.check(report)
            }
            if run.failureCount > 0 { throw ExitCode(ExitStatus.input.rawValue) }
        }
    }

    private func tell(_ run: PolicyTestRun, _ report: CoverageReport?) {
        let isWritten = coverageOptions.coverageOutput != nil
        switch format {
        case .human:
            Terminal.print(PolicyTestRenderer(color: Terminal.mayColor(1)).text(run))
            guard let report else { return }
            Terminal.print("\n" + (isWritten ? report.summary + "\n" : CoverageRenderer(color: Terminal.mayColor(1)).text(report)))
        case .json: Terminal.out(PolicyTestRenderer.json(run, report))
        case .junit:
            Terminal.print(PolicyTestRenderer.junit(run))
            // XML alone goes to standard output.
            guard let report else { return }
            Terminal.err(isWritten ? report.summary : CoverageRenderer(color: Terminal.mayColor(2)).text(report))
        }
    }

    private func compile(now: Int64) throws -> (RepositorySnapshot, [Diagnostic], [UInt8]?) {
        if let compiled = try documents.compiledCommit(now: now) { return (compiled.snapshot, compiled.diagnostics, compiled.bundle) }
        let compiled = try CommitCompiler().compile(directory: documents.path, now: now)
        return (compiled.snapshot, compiled.diagnostics, compiled.bundle)
    }
}
