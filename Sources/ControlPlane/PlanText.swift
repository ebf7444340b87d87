import Reconciler

extension SyncPlan {
    /// The differences for people: an object a line, its fields below it.
    public func text(limit: Int = 50, showsFields: Bool = true) -> String {
        var lines: [String] = []
        for difference in differences.prefix(limit) {
            let mark = difference.action == .create ? "+" : difference.action == .delete ? "-" : "~"
            let touch = touches[difference.id].map { touch in
                "  (\(touch.operation) by \(touch.setRole ?? touch.sessionRole), `\(touch.application)` from \(touch.client), \(touch.at))"
            }
            lines.append("  \(mark) \(difference.kind.rawValue)/\(difference.name)\(touch ?? "")")
            guard showsFields, difference.action == .update else { continue }
            for field in difference.fields {
                lines.append("      \(field.field): expected \(Self.quote(field.expected)), found \(Self.quote(field.actual))")
            }
        }
        if differences.count > limit { lines.append("  … and \(differences.count - limit) more") }
        return lines.joined(separator: "\n")
    }

    /// `3 created, 1 updated, 0 deleted`.
    public var summary: String { "\(count(.create)) created, \(count(.update)) updated, \(count(.delete)) deleted" }

    private static func quote(_ text: String?) -> String {
        guard let text else { return "nothing" }
        return "`\(text.count > 80 ? text.prefix(80) + "…" : text[...])`"
    }
}
