/// Renders diagnostics for people: code, message, source snippet with a caret, second spans, help.
public struct HumanRenderer: Sendable {
    /// Whether to colour with ANSI escape sequences.
    public var color: Bool
    /// The text of the files that spans point into, by path; a file that is not here is named without a snippet.
    public var sources: [String: [UInt8]]

    public init(color: Bool, sources: [String: [UInt8]] = [:]) {
        self.color = color
        self.sources = sources
    }

    /// All of `diagnostics` in reading order, a blank line between them.
    public func render(_ diagnostics: [Diagnostic]) -> String {
        var texts: [String: SourceText] = [:]
        return diagnostics.inReadingOrder().map { render($0, &texts) }.joined(separator: "\n")
    }

    public func render(_ diagnostic: Diagnostic) -> String {
        var texts: [String: SourceText] = [:]
        return render(diagnostic, &texts)
    }

    private func render(_ diagnostic: Diagnostic, _ texts: inout [String: SourceText]) -> String {
        let tint = Self.tint(of: diagnostic.severity)
        let title = paint("\(diagnostic.severity.name)[\(diagnostic.code.rawValue)]", tint)
        var text = title + paint(": \(SourceLine.printable(diagnostic.message))", "1") + "\n"
        text += snippet(diagnostic.span, label: nil, tint: tint, &texts)
        for related in diagnostic.related {
            text += snippet(related.span, label: SourceLine.printable(related.message), tint: "34", &texts)
        }
        if let help = diagnostic.help { text += "  \(paint("= help:", "36")) \(SourceLine.printable(help))\n" }
        return text
    }

    private func snippet(_ span: SourceSpan, label: String?, tint: String, _ texts: inout [String: SourceText]) -> String {
        let isWholeFile = span == SourceSpan(startOf: span.path)
        let place = "  \(paint("-->", "34")) \(SourceLine.printable(isWholeFile ? span.path : span.location))"
        guard let shown = line(of: span, &texts) else { return place + (label.map { ": " + $0 } ?? "") + "\n" }
        let number = String(span.line)
        let margin = String(repeating: " ", count: number.count)
        let bar = paint("|", "34")
        let carets = String(repeating: " ", count: shown.indent) + String(repeating: "^", count: shown.width)
        return """
            \(place)
              \(margin) \(bar)
              \(paint(number, "34")) \(bar) \(shown.text)
              \(margin) \(bar) \(paint(carets + (label.map { " " + $0 } ?? ""), tint))

            """
    }

    private func line(of span: SourceSpan, _ texts: inout [String: SourceText]) -> SourceLine? {
        guard span != SourceSpan(startOf: span.path), let bytes = sources[span.path] else { return nil }
        let text = texts[span.path] ?? SourceText(bytes)
        texts[span.path] = text
        guard let line = text.line(span.line) else { return nil }
        // A line that holds a credential is not shown at all: masking a part would still tell where it ends.
        if text.isSecret(span.line) { return .hidden }
        return SourceLine(line, around: span)
    }

    static func tint(of severity: Severity) -> String {
        switch severity {
        case .error: "1;31"
        case .warning: "1;33"
        case .note: "1;34"
        }
    }

    private func paint(_ text: String, _ code: String) -> String {
        color ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text
    }
}
