import JSON

/// A plan in numbers.
struct PlanSummary {
    var added = 0
    var changed = 0
    var removed = 0
    /// Subjects who can do something that they could not, and those who cannot any more.
    var gaining: Set<AccessEffect.Subject> = []
    var losing: Set<AccessEffect.Subject> = []
    var stricter = 0
    var looser = 0
    var granted = 0
    var revoked = 0
    var covered = 0
    var uncovered = 0

    init(_ plan: ChangePlan) {
        for document in plan.documents {
            switch document.action {
            case .added: added += 1
            case .changed: changed += 1
            case .removed: removed += 1
            }
        }
        for effect in plan.access {
            if effect.changes.contains(where: { $0.gained != nil }) { gaining.formUnion(effect.subjects) }
            if effect.changes.contains(where: { $0.lost != nil }) { losing.formUnion(effect.subjects) }
        }
        stricter = plan.policies.count { $0.stricter != nil }
        looser = plan.policies.count { $0.looser != nil }
        granted = plan.exemptions.count { $0.before == nil }
        revoked = plan.exemptions.count { $0.after == nil }
        covered = plan.controls.count(where: \.isCovered)
        uncovered = plan.controls.count(where: \.isUncovered)
    }

    static func count(_ number: Int, _ one: String, _ many: String? = nil) -> String {
        "\(number) \(number == 1 ? one : many ?? one + "s")"
    }

    /// `2 documents added, 1 changed`.
    var documents: String {
        let parts = [(added, "added"), (changed, "changed"), (removed, "removed")].filter { $0.0 > 0 }
        if parts.isEmpty { return "no document differs" }
        return parts.enumerated().map { number, part in
            number == 0 ? "\(Self.count(part.0, "document")) \(part.1)" : "\(part.0) \(part.1)"
        }.joined(separator: ", ")
    }

    /// What the change means, a line each.
    func effects(_ plan: ChangePlan) -> [String] {
        var lines: [String] = []
        func join(_ parts: [(Int, String)]) -> String? {
            let given = parts.filter { $0.0 > 0 }.map(\.1)
            return given.isEmpty ? nil : given.joined(separator: ", ")
        }
        if let text = join([
            (gaining.count, "\(Self.count(gaining.count, "subject gains", "subjects gain")) access"),
            (losing.count, "\(Self.count(losing.count, "subject loses", "subjects lose")) access"),
        ]) {
            lines.append(text)
        }
        if let text = join([
            (stricter, "\(Self.count(stricter, "policy", "policies")) stricter"),
            (looser, "\(Self.count(looser, "policy", "policies")) looser"),
        ]) {
            lines.append(text)
        }
        for sum in plan.budgetSums {
            lines.append("budgets a \(sum.period): \(Money.change(sum.before, sum.after, plan.currency))")
        }
        if let text = join([
            (granted, "\(Self.count(granted, "exemption")) granted"), (revoked, "\(Self.count(revoked, "exemption")) revoked"),
        ]) {
            lines.append(text)
        }
        if let text = join([
            (covered, "\(Self.count(covered, "control")) gained a policy"),
            (uncovered, "\(Self.count(uncovered, "control")) lost its last policy"),
        ]) {
            lines.append(text)
        }
        return lines
    }
}

/// Amounts in 10⁻⁹ of the currency, for people.
enum Money {
    static func text(_ amount: Int64?, _ currency: String) -> String {
        guard let amount else { return "none" }
        return amount == .max ? "more than can be counted" : "\(Decimal.text(nanoUnits: amount)) \(currency)"
    }

    /// `100 USD → 250 USD (+150)`.
    static func change(_ before: Int64?, _ after: Int64?, _ currency: String) -> String {
        let (difference, overflow) = (after ?? 0).subtractingReportingOverflow(before ?? 0)
        let sign = difference > 0 ? "+" : ""
        let by = overflow || difference == 0 ? "" : " (\(sign)\(Decimal.text(nanoUnits: difference)))"
        return "\(text(before, currency)) → \(text(after, currency))\(by)"
    }
}
