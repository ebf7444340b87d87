import ControlPlane
import Diagnostics

/// Shows what happens in `charter up`.
enum UpReport {
    /// A commit may have as many findings as lines, and the next one is not to wait until all of them are written.
    private static let mostFindings = 200

    static func show(_ event: Supervisor.Event, _ log: OperatorLog) {
        switch event {
        case .step(let text): log.step(text)
        case .info(let text): log.info(text)
        case .warning(let text): log.warning(text)
        case .findings(let diagnostics, let sources, let isRefused):
            let shown = isRefused ? diagnostics : diagnostics.filter { $0.severity > .note }
            log.findings(Array(shown.prefix(mostFindings)), sources: sources)
            if shown.count > mostFindings {
                log.info("\(shown.count - mostFindings) more finding(s): `charter validate` shows them")
            }
            let notes = diagnostics.count { $0.code == .notEnforcedYet }
            if !isRefused, notes > 0 { log.info("\(notes) note(s) about what is not enforced yet: `charter validate` shows them") }
        case .up(let summary):
            log.log.flush()
            Terminal.out(text(summary))
        }
    }

    private static func text(_ summary: Supervisor.Summary) -> String {
        var lines = [
            "", "Charter is up at \(summary.url)", "",
            "  repository  \(summary.repository), \(summary.reference)",
            "  commit      \(summary.commit)",
            "  bundle      sha256:\(summary.digest)",
            "  documents   \(summary.documents)",
            "  database    \(summary.database)",
            "  applied     \(summary.applied)",
        ]
        if let refused = summary.refusedCommit { lines.append("  refused     commit \(refused) has errors; see above") }
        if !summary.commands.isEmpty { lines += ["", "Try:"] }
        for example in summary.commands { lines += ["", "  # \(example.what)", "  \(example.command)"] }
        lines += ["", "Ctrl-C stops everything."]
        return lines.joined(separator: "\n")
    }
}
