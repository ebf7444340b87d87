import JSON

/// A plan for people, in a terminal.
public struct PlanTextRenderer {
    private let color: Bool
    private let isVerbose: Bool
    /// So many of each are shown, unless it is to be verbose.
    private static let most = 20

    public init(color: Bool, isVerbose: Bool = false) {
        self.color = color
        self.isVerbose = isVerbose
    }

    public func text(_ plan: ChangePlan) -> String {
        let summary = PlanSummary(plan)
        var lines = ["\(bold("Plan")) \(plan.base) → \(plan.head)", ""]
        if plan.isEmpty { return (lines + ["  no changes", ""]).joined(separator: "\n") }
        lines += ([summary.documents] + summary.effects(plan)).map { "  " + $0 }
        lines += section("Access", plan.access.map { access($0, plan.models) })
        lines += section("Policies", plan.policies.map(policy))
        lines += section("Budgets", plan.budgets.map { budget($0, plan.currency) })
        lines += section("Exemptions", plan.exemptions.map(exemption))
        lines += section("Controls", plan.controls.map(control))
        lines += section("Documents", plan.documents.map(document))
        if plan.sampledCount > 0 { lines += ["", "  " + Self.sampled(plan)] }
        return lines.joined(separator: "\n") + "\n"
    }

    static func sampled(_ plan: ChangePlan) -> String {
        "\(plan.sampledCount) of \(plan.comparedCount) comparisons turn on more values than could all be tried: a difference there may be missing"
    }

    private func section(_ title: String, _ items: [[String]]) -> [String] {
        if items.isEmpty { return [] }
        let shown = isVerbose ? items.count : min(items.count, Self.most)
        var lines = ["", bold(title)] + items.prefix(shown).flatMap { $0.map { "  " + $0 } }
        if shown < items.count { lines.append("  … and \(items.count - shown) more; --verbose shows all") }
        return lines
    }

    private func access(_ effect: AccessEffect, _ models: [String]) -> [String] {
        let most = isVerbose ? Int.max - 1 : 6
        let names = effect.subjects.map { "\($0.type):\($0.name)" }
        var lines: [String] = []
        for (number, sentence) in AccessSentence.all(effect).enumerated() {
            let who = number > 0 ? "  they" : names.count == 1 ? names[0] : "\(names.count) subjects"
            let what = sentence.shortActions.joined(separator: ", ")
            let resources = ShortList.text(isVerbose ? sentence.resources : sentence.shortResources(of: models), most: most)
            lines.append(paint("\(sentence.verdict.sign) \(who) \(sentence.phrase) \(what) on \(resources)", sentence.verdict.sign))
            if isVerbose, let witness = sentence.witness { lines.append("      for example \(witness.request)") }
        }
        if names.count > 1 { lines.append("      \(ShortList.text(names, most: most))") }
        lines.append("      because of \(ShortList.text(effect.causes, most: most))")
        return lines
    }

    private func policy(_ shift: PolicyShift) -> [String] {
        var lines = ["~ Policy/\(shift.policy): \(shift.verdict)"]
        if isVerbose {
            if let witness = shift.stricter { lines.append("      stricter for \(witness.request)") }
            if let witness = shift.looser { lines.append("      looser for \(witness.request)") }
        }
        return lines
    }

    private func budget(_ change: BudgetChange, _ currency: String) -> [String] {
        let sign = change.before == nil ? "+" : change.after == nil ? "-" : "~"
        return [
            paint(
                "\(sign) Budget/\(change.name), \(change.scope) a \(change.period): \(Money.change(change.before, change.after, currency))",
                sign)
        ]
    }

    private func exemption(_ change: ExemptionChange) -> [String] {
        guard let terms = change.after ?? change.before else { return [] }
        let sign = change.before == nil ? "+" : change.after == nil ? "-" : "~"
        let verb = change.before == nil ? "is exempt" : change.after == nil ? "is no longer exempt" : "is exempt on other terms"
        return [
            paint(
                "\(sign) Exemption/\(change.name): \(terms.subject) \(verb) from \(ShortList.text(terms.policies, most: 6)) until \(terms.expires)",
                sign), "      approved by \(terms.approver): \(terms.reason)",
        ]
    }

    private func control(_ change: ControlChange) -> [String] {
        func policies(_ names: [String]?) -> String {
            guard let names else { return "not there" }
            return names.isEmpty ? "no policy" : names.joined(separator: ", ")
        }
        let sign = change.isCovered ? "+" : change.isUncovered ? "-" : "~"
        return [paint("\(sign) \(change.control): \(policies(change.before)) → \(policies(change.after))", sign)]
    }

    private func document(_ change: DocumentChange) -> [String] {
        let sign = change.action == .added ? "+" : change.action == .removed ? "-" : "~"
        let most = isVerbose ? Int.max - 1 : 8
        var lines = [paint("\(sign) \(change.id)", sign) + "  \(change.source)"]
        lines += change.fields.prefix(most).map { "      \($0.path): \(Self.value($0.before)) → \(Self.value($0.after))" }
        if change.fields.count > most { lines.append("      … and \(change.fields.count - most) more fields") }
        return lines
    }

    static func value(_ value: JSONValue?) -> String {
        guard let value else { return "nothing" }
        let text = JSONWriter.text(value)
        return text.count > 100 ? text.prefix(100) + "…" : text
    }

    private func bold(_ text: String) -> String { color ? "\u{1B}[1m\(text)\u{1B}[0m" : text }

    private func paint(_ text: String, _ sign: String) -> String {
        guard color else { return text }
        let code = sign == "+" ? 32 : sign == "-" ? 31 : 33
        return "\u{1B}[\(code)m\(text)\u{1B}[0m"
    }
}
