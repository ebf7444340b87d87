import CEL
import Diagnostics

/// The report for people at a terminal.
public struct ImpactRenderer: Sendable {
    /// Whether to colour with ANSI escape sequences.
    public var color: Bool
    /// How many of each list are shown.
    public var most: Int

    public init(color: Bool, most: Int) {
        self.color = color
        self.most = most
    }

    public func text(_ report: ImpactReport, failures: [String] = []) -> String {
        var text = "\(report.base.name) → \(report.head.name): \(report.replayedCount.grouped) decisions replayed"
        if let times = report.times { text += ", \(Self.day(times.lowerBound)) to \(Self.day(times.upperBound))" }
        text += "\n\n"
        // That nothing changes is not known of nothing.
        if report.replayedCount > 0 {
            text += flips(report.newDenials, report, "would be denied that were allowed", tint: "31")
            text += flips(report.newPermissions, report, "would be allowed that were denied", tint: "33")
            text += rest(report)
        }
        text += notes(report)
        for failure in failures { text += "\(paint("✗", "1;31")) \(failure)\n" }
        return text
    }

    private static func day(_ nanoseconds: Int64) -> String {
        String(CELTimestamp(nanosecondsSince1970: nanoseconds).text.prefix(19)) + "Z"
    }

    private func flips(_ flips: ImpactReport.Flips, _ report: ImpactReport, _ what: String, tint: String) -> String {
        if flips.count == 0 { return "\(paint("✓", "32")) none \(what)\n" }
        var text = "\(paint("● \(report.portion(flips.count))", tint)) \(what)\n"
        text += "  estimated cost  \(report.words(flips.cost).printable)\n"
        text += list(
            "because of", flips.causes, count: { $0.count },
            row: { cause in
                let (code, about) = cause.words
                return [code, about, cause.source.map { "(\($0))" } ?? ""]
            })
        text += list("whose", flips.subjects, count: { $0.count }, row: { ["\($0.type):\($0.name)", report.words($0.cost)] })
        text += list(
            "of which teams", flips.teams, count: { $0.count },
            row: { [$0.name, "\($0.subjects.grouped) of its subjects", report.words($0.cost)] })
        text += "  for example\n"
        for example in flips.examples {
            let causes = example.causes.map { [$0.words.code, $0.words.about].filter { !$0.isEmpty }.joined(separator: " ") }
            text +=
                "    line \(example.line.grouped)  \(example.subject) \(example.action) \(example.resource)  \(causes.joined(separator: ", "))"
                .printable + "\n"
        }
        return text + "\n"
    }

    private func rest(_ report: ImpactReport) -> String {
        var text = ""
        let differing = report.differingWords
        text += "\(report.stillAllowedCount.grouped) still allowed, \(report.stillDeniedCount.grouped) still denied"
        text += differing.isEmpty ? ", and nothing else differs\n" : "; of these \(differing)\n"
        text += list(
            "rules behind that", report.shifts, count: { $0.gained + $0.lost + $0.changed },
            row: { [$0.part.rawValue, "\($0.policy)/\($0.rule)", $0.counts] })
        return text + "estimated cost of what is allowed: \(report.spendingMove.printable)\n"
    }

    /// Lines that were left out, and a log that does not belong to the base.
    private func notes(_ report: ImpactReport) -> String {
        var text = ""
        if report.unreadableCount > 0 {
            text +=
                "\(paint("!", "33")) \(report.unreadableCount.grouped) of \(report.lineCount.grouped) lines not replayed: \(report.faultWords)\n"
            for fault in report.faults { text += "    line \(fault.line.grouped)  \(fault.detail.printable)\n" }
        }
        if report.unlikeRecordedCount > 0 {
            text +=
                "\(paint("•", "36")) \(report.unlikeRecordedCount.grouped) answered otherwise when recorded: the log was not made by the base alone\n"
        }
        return text
    }

    /// The first of a list, its columns aligned, and how many there are more.
    private func list<Item>(_ title: String, _ items: [Item], count: (Item) -> Int, row: (Item) -> [String]) -> String {
        if items.isEmpty { return "" }
        let rows = items.prefix(most).map { [count($0).grouped] + row($0).map(\.printable) }
        let widths = (0..<(rows.map(\.count).max() ?? 0)).map { column in
            rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
        }
        var text = "  \(title)\n"
        for row in rows {
            let cells = row.enumerated().map { column, cell in
                let space = String(repeating: " ", count: widths[column] - cell.count)
                return column == 0 ? space + cell : cell + space
            }
            var line = "    " + cells.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            text += line + "\n"
        }
        if items.count > rows.count { text += "    … and \((items.count - rows.count).grouped) more\n" }
        return text
    }

    private func paint(_ text: String, _ tint: String) -> String { color ? "\u{1b}[\(tint)m\(text)\u{1b}[0m" : text }
}
