import Diagnostics

extension ImpactReport {
    /// The report as a section of a comment on a pull request: its heading is of the third level, and lists are folded.
    ///
    /// What requests hold stands between marks of code, where neither links nor names of people mean anything.
    ///
    /// - Parameter most: how many of each list are shown.
    public func markdown(most: Int, failures: [String] = []) -> String {
        var text = "### Impact on recorded decisions\n\n"
        text += "\(Self.code(base.name)) → \(Self.code(head.name)), \(replayedCount.grouped) decisions replayed.\n\n"
        for failure in failures { text += "❌ **\(failure)**\n\n" }
        text += "| | decisions | share | estimated cost |\n|---|---:|---:|---:|\n"
        for (what, flips) in [("newly denied", newDenials), ("newly allowed", newPermissions)] {
            text += "| **\(what)** | \(flips.count.grouped) | \(flips.count.share(of: replayedCount)) | \(Self.cell(words(flips.cost))) |\n"
        }
        text += "| still allowed | \(stillAllowedCount.grouped) | \(stillAllowedCount.share(of: replayedCount)) | |\n"
        text += "| still denied | \(stillDeniedCount.grouped) | \(stillDeniedCount.share(of: replayedCount)) | |\n\n"
        text += "Estimated cost of what is allowed: \(Self.cell(spendingMove)).\n"
        if !differingWords.isEmpty { text += "\nWhere the answer stays: \(differingWords).\n" }
        text += flips("Newly denied", newDenials, most: most) + flips("Newly allowed", newPermissions, most: most)
        text += Self.folded("What changes beside the answer", shifts, most: most, ["part", "rule", "records"]) {
            [$0.part.rawValue, Self.code("\($0.policy)/\($0.rule)"), $0.counts]
        }
        return text + notes
    }

    private func flips(_ title: String, _ flips: Flips, most: Int) -> String {
        if flips.count == 0 { return "" }
        var text = Self.folded("\(title): why", flips.causes, most: most, ["cause", "", "where", "decisions"]) { cause in
            let (code, about) = cause.words
            return [code, Self.code(about), Self.code(cause.source ?? ""), cause.count.grouped]
        }
        text += Self.folded("\(title): whose", flips.subjects, most: most, ["subject", "decisions", "estimated cost"]) {
            [Self.code("\($0.type):\($0.name)"), $0.count.grouped, Self.cell(words($0.cost))]
        }
        text += Self.folded("\(title): teams", flips.teams, most: most, ["team", "subjects", "decisions", "estimated cost"]) {
            [Self.code($0.name), $0.subjects.grouped, $0.count.grouped, Self.cell(words($0.cost))]
        }
        return text
    }

    /// Lines that were left out, and a log that does not belong to the base.
    private var notes: String {
        var text = ""
        if unreadableCount > 0 {
            text += "\n⚠️ \(unreadableCount.grouped) of \(lineCount.grouped) lines not replayed: \(faultWords).\n"
            for fault in faults { text += "- line \(fault.line.grouped): \(Self.code(fault.detail))\n" }
        }
        if unlikeRecordedCount > 0 {
            text +=
                "\nℹ️ \(unlikeRecordedCount.grouped) answered otherwise when recorded: the log was not made by the base alone.\n"
        }
        return text
    }

    private static func folded<Item>(
        _ title: String, _ items: [Item], most: Int, _ columns: [String], row: (Item) -> [String]
    ) -> String {
        if items.isEmpty { return "" }
        var text = "\n<details><summary>\(title) (\(items.count.grouped))</summary>\n\n"
        text += "| \(columns.joined(separator: " | ")) |\n|\(columns.map { _ in "---|" }.joined())\n"
        for item in items.prefix(most) { text += "| \(row(item).joined(separator: " | ")) |\n" }
        if items.count > most { text += "\n… and \((items.count - most).grouped) more.\n" }
        return text + "\n</details>\n"
    }

    private static let longest = 120

    /// Text between marks of code, which it cannot end, in a cell of a table, which it cannot end either.
    private static func code(_ text: String) -> String {
        if text.isEmpty { return "" }
        let short = text.count > longest ? text.prefix(longest) + "…" : text[...]
        return "`" + cell(String(short)).replacing("`", with: "'") + "`"
    }

    private static func cell(_ text: String) -> String { text.printable.replacing("|", with: "\\|") }
}
