import JSON
import PolicyEngine

/// A decision for people.
public enum DecisionText {
    public static func text(_ decision: Decision) -> String {
        var lines = [decision.isAllowed ? "allowed" : "denied"]
        func add(_ title: String, _ reasons: [Decision.Reason]) {
            for reason in reasons {
                lines.append("  \(title): \(reason.message)")
                var details = [reason.code.rawValue]
                if let policy = reason.policy { details.append("policy \(policy), rule \(reason.rule ?? "")") }
                if !reason.controls.isEmpty { details.append(reason.controls.joined(separator: ", ")) }
                if let source = reason.source { details.append(source) }
                lines.append("    \(details.joined(separator: " · "))")
            }
        }
        add("because", decision.reasons)
        add("warning", decision.warnings)
        add("recorded", decision.records)
        for error in decision.errors { lines.append("  error: \(error.message) (\(error.source))") }
        if !decision.exemptions.isEmpty { lines.append("  exempt by: \(decision.exemptions.joined(separator: ", "))") }
        if !decision.obligations.isEmpty { lines.append("  obligations: \(JSONWriter.text(decision.obligations.json))") }
        if let cost = decision.estimatedCost { lines.append("  estimated cost: \(Decimal.text(nanoUnits: cost))") }
        lines.append("  bundle sha256:\(decision.bundleDigest.prefix(12)) of commit \(decision.commit.prefix(12))")
        return lines.map(\.printable).joined(separator: "\n")
    }
    /// The answer and its first reason, in one line.
    public static func line(_ decision: Decision) -> String {
        guard let reason = decision.reasons.first else { return decision.isAllowed ? "allowed" : "denied" }
        return "\(decision.isAllowed ? "allowed" : "denied"): \(reason.message)".printable
    }
}
