/// Renders diagnostics for a workflow of GitHub Actions: commands that become annotations, and a summary in Markdown.
public struct GitHubRenderer: Sendable {
    /// Of each severity so many annotations of a step are shown; the rest stands in the summary.
    public static let annotationLimit = 10
    /// Bytes of a step's summary that are taken.
    static let summaryLimit = 1 << 20

    public init() {}

    /// The workflow commands, the worst first, one a line.
    public func annotations(_ diagnostics: [Diagnostic]) -> String {
        var counts: [Severity: Int] = [:]
        var text = ""
        for diagnostic in diagnostics.worstFirst() {
            counts[diagnostic.severity, default: 0] += 1
            if counts[diagnostic.severity, default: 0] <= Self.annotationLimit { text += Self.annotation(diagnostic) + "\n" }
        }
        return text
    }

    private static func annotation(_ diagnostic: Diagnostic) -> String {
        let span = diagnostic.span
        var properties = "file=\(property(span.path))"
        if span != SourceSpan(startOf: span.path) {
            properties += ",line=\(span.line),endLine=\(span.endLine)"
            // Columns mean something within one line; the last one is included there.
            if span.line == span.endLine { properties += ",col=\(span.column),endColumn=\(max(span.column, span.endColumn - 1))" }
        }
        let command =
            switch diagnostic.severity {
            case .error: "error"
            case .warning: "warning"
            case .note: "notice"
            }
        let title = property("\(diagnostic.code.rawValue): \(diagnostic.code.title)")
        let message = diagnostic.message + (diagnostic.help.map { "\nhelp: \($0)" } ?? "")
        return "::\(command) \(properties),title=\(title)::\(data(message))"
    }

    /// The text of a command: `%`, CR and LF are escaped.
    private static func data(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "%": escaped += "%25"
            case "\r": escaped += "%0D"
            case "\n": escaped += "%0A"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// The value of a command's property: `:` and `,` are escaped too.
    private static func property(_ text: String) -> String {
        var escaped = ""
        for scalar in data(text).unicodeScalars {
            switch scalar {
            case ":": escaped += "%3A"
            case ",": escaped += "%2C"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// All findings as Markdown, for the file that `GITHUB_STEP_SUMMARY` names.
    ///
    /// - Parameter verdict: the first line.
    public func summary(_ diagnostics: [Diagnostic], verdict: String) -> String {
        var text = "### \(Self.markdown(verdict))\n\n"
        if diagnostics.isEmpty { return text }
        text += "| | code | place | finding |\n|---|---|---|---|\n"
        let sorted = diagnostics.worstFirst()
        for (number, diagnostic) in sorted.enumerated() {
            let help = diagnostic.help.map { "<br>help: \(Self.markdown($0))" } ?? ""
            let row =
                "| \(diagnostic.severity.name) | \(diagnostic.code.rawValue) | \(Self.markdown(diagnostic.span.location)) | \(Self.markdown(diagnostic.message))\(help) |\n"
            if text.utf8.count + row.utf8.count > Self.summaryLimit - 200 {
                return text + "\n\(sorted.count - number) more are not shown.\n"
            }
            text += row
        }
        return text
    }

    /// Text that Markdown shows as it is, in a cell of a table.
    private static func markdown(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "&": escaped += "&amp;"
            case "\n", "\r": escaped += " "
            // Backticks mark code in our messages, and are meant to.
            case "\\", "|", "*", "_", "[", "]", "#", "~", "@": escaped += "\\" + String(scalar)
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
