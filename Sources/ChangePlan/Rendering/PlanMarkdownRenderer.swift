import JSON

/// A plan as the one comment on a pull request: counts and effects first, details folded, never longer than a comment may be.
public struct PlanMarkdownRenderer {
    /// GitHub refuses a comment of more than 65,535 characters; the rest is for what a job puts around it.
    public static let limit = 65_000
    /// By this the comment is found again, to be replaced and not repeated.
    public static let marker = "<!-- charter-plan -->"

    public init() {}

    public func text(_ plan: ChangePlan) -> String {
        let summary = PlanSummary(plan)
        var head = [Self.marker, "### Charter plan", "", "\(Self.code(plan.base)) → \(Self.code(plan.head))", ""]
        if plan.isEmpty { return (head + ["No changes.", ""]).joined(separator: "\n") }
        head += (["**\(summary.documents)**"] + summary.effects(plan)).map { "- " + Self.escape($0) }
        if plan.sampledCount > 0 { head += ["", "> " + PlanTextRenderer.sampled(plan)] }
        var text = head.joined(separator: "\n") + "\n"
        let sections: [(title: String, items: [String], isOpen: Bool)] = [
            ("Access", plan.access.map { access($0, plan.models) }, true), ("Policies", plan.policies.map(policy), false),
            ("Budgets", plan.budgets.map { budget($0, plan.currency) }, false), ("Exemptions", plan.exemptions.map(exemption), true),
            ("Controls", plan.controls.map(control), false), ("Documents", plan.documents.map(document), false),
        ]
        let given = sections.filter { !$0.items.isEmpty }
        for (number, section) in given.enumerated() {
            // Each section may fill its share of what is left, so that a long one does not keep the others out.
            let share = (Self.limit - text.utf16.count) / (given.count - number)
            text += Self.section(section.title, section.items, isOpen: section.isOpen, limit: share)
        }
        return text
    }

    /// - Parameter limit: in UTF-16 units, as comments are counted.
    private static func section(_ title: String, _ items: [String], isOpen: Bool, limit: Int) -> String {
        let head = "\n<details\(isOpen ? " open" : "")><summary>\(title) (\(items.count))</summary>\n\n"
        let tail = "\n</details>\n"
        var room = limit - head.utf16.count - tail.utf16.count - 80
        var text = head
        for (number, item) in items.enumerated() {
            room -= item.utf16.count + 1
            if room < 0 {
                text += "- … and \(items.count - number) more, left out as a comment may not be longer; `charter plan` shows all\n"
                break
            }
            text += item + "\n"
        }
        return text + tail
    }

    /// Text in which nothing is read as markup: what documents say comes from whoever opened the pull request.
    static func escape(_ text: String) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "\\", "`", "*", "_", "[", "]", "<", ">", "|", "#", "@", "~": escaped += "\\" + String(character)
            case "&": escaped += "&amp;"
            case "\n", "\r", "\r\n": escaped += " "
            default: escaped.append(character)
            }
        }
        // A pair of asterisks of our own is meant.
        return escaped.replacing("\\*\\*", with: "**")
    }

    /// Text as code, whatever it holds.
    static func code(_ text: String) -> String {
        let line = text.replacing("\n", with: " ").replacing("\r", with: " ").replacing("`", with: "ˋ")
        return "`\(line)`"
    }

    private func access(_ effect: AccessEffect, _ models: [String]) -> String {
        let names = effect.subjects.map { "\($0.type):\($0.name)" }
        let who = names.count == 1 ? Self.code(names[0]) : "**\(names.count) subjects**"
        var lines = AccessSentence.all(effect).enumerated().map { number, sentence in
            "- \(number > 0 ? "they" : who) \(sentence.phrase) \(sentence.shortActions.map(Self.code).joined(separator: ", ")) on "
                + ShortList.text(sentence.shortResources(of: models).map(Self.code), most: 8)
        }
        if names.count > 1 { lines.append("  - " + ShortList.text(names.map(Self.code), most: 12)) }
        lines.append("  - because of " + ShortList.text(effect.causes.map(Self.escape), most: 8))
        return lines.joined(separator: "\n")
    }

    private func policy(_ shift: PolicyShift) -> String {
        "- \(Self.code(shift.policy)): \(shift.verdict)"
    }

    private func budget(_ change: BudgetChange, _ currency: String) -> String {
        "- \(Self.code(change.name)), \(Self.escape(change.scope)) a \(change.period): \(Money.change(change.before, change.after, currency))"
    }

    private func exemption(_ change: ExemptionChange) -> String {
        guard let terms = change.after ?? change.before else { return "" }
        let verb = change.before == nil ? "granted" : change.after == nil ? "revoked" : "changed"
        return "- \(Self.code(change.name)) \(verb): \(Self.code(terms.subject)) from "
            + ShortList.text(terms.policies.map(Self.code), most: 8)
            + " until \(Self.escape(terms.expires)), approved by \(Self.code(terms.approver)): \(Self.escape(terms.reason))"
    }

    private func control(_ change: ControlChange) -> String {
        func policies(_ names: [String]?) -> String {
            guard let names else { return "not there" }
            return names.isEmpty ? "no policy" : names.map(Self.code).joined(separator: ", ")
        }
        return "- \(Self.code(change.control)): \(policies(change.before)) → \(policies(change.after))"
    }

    private func document(_ change: DocumentChange) -> String {
        var lines = ["- \(change.action.rawValue) \(Self.code(change.id)) in \(Self.code(change.source))"]
        lines += change.fields.prefix(12).map {
            "  - \(Self.code($0.path)): \(Self.code(PlanTextRenderer.value($0.before))) → \(Self.code(PlanTextRenderer.value($0.after)))"
        }
        if change.fields.count > 12 { lines.append("  - … and \(change.fields.count - 12) more fields") }
        return lines.joined(separator: "\n")
    }
}
