import Diagnostics

/// For people: a line for each file, and below it what was not tried.
public struct CoverageRenderer: Sendable {
    /// Whether to colour with ANSI escape sequences.
    public var color: Bool

    public init(color: Bool) { self.color = color }

    public func text(_ report: CoverageReport) -> String {
        let width = report.files.reduce(0) { max($0, $1.path.count) }
        var text = "\(report.summary)\n"
        for file in report.files {
            let mark = file.isComplete ? paint("✓", "32") : paint("•", "33")
            text += "  \(mark) \(padded(file.path, width))  \(Self.sums(file))\n"
            text += rows(Self.gaps(file))
        }
        return text
    }

    private static func sums(_ file: CoverageReport.File) -> String {
        let isRole = file.rules.first?.kind == .permission
        let rules = "\(isRole ? "permissions" : "rules") \(file.ruleSum.hit)/\(file.ruleSum.total)"
        return rules + (file.branchSum.total > 0 ? "  branches \(file.branchSum.hit)/\(file.branchSum.total)" : "")
    }

    /// Something that was not tried, or only one way.
    private struct Gap {
        var span: SourceSpan
        var what: String
        var text: String
    }

    private static func gaps(_ file: CoverageReport.File) -> [Gap] {
        let rules = file.rules.filter { !$0.isHit }.map { Gap(span: $0.span, what: word($0), text: $0.name) }
        // Of a rule that was never tried, that is all there is to say.
        let predicates = file.predicates.filter { $0.hitCount < 2 && $0.isTried }.map {
            Gap(span: $0.span, what: word($0), text: $0.text)
        }
        return (rules + predicates).sorted { $0.span < $1.span }
    }

    private static func word(_ rule: CoverageReport.Rule) -> String {
        if rule.triedCount == 0 { return "never tried" }
        return rule.errorCount == rule.triedCount ? "never evaluated without an error" : "never held"
    }

    private static func word(_ predicate: CoverageReport.Predicate) -> String {
        switch (predicate.trueCount, predicate.falseCount, predicate.errorCount) {
        case (0, 0, 0): "never evaluated"
        case (0, 0, _): "never evaluated without an error"
        case (0, _, _): "never true"
        default: "never false"
        }
    }

    private func rows(_ gaps: [Gap]) -> String {
        let places = gaps.reduce(0) { max($0, $1.span.location.count) }
        let words = gaps.reduce(0) { max($0, $1.what.count) }
        return gaps.reduce("") { text, gap in
            // An expression may have several lines.
            let line = gap.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            return text + "      \(padded(gap.span.location, places))  \(paint(padded(gap.what, words), "33"))  \(line.printable)\n"
        }
    }

    private func padded(_ text: String, _ width: Int) -> String {
        text.printable + String(repeating: " ", count: max(0, width - text.count))
    }

    private func paint(_ text: String, _ tint: String) -> String { color ? "\u{1b}[\(tint)m\(text)\u{1b}[0m" : text }
}
