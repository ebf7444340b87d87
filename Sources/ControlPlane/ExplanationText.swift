import JSON
import PolicyEngine

/// An explanation for people, and a decision together with one.
public enum ExplanationText {
    public static func text(_ explanation: Explanation) -> String {
        if explanation.policies.isEmpty { return "no policy matched" }
        var lines: [String] = []
        for policy in explanation.policies {
            lines.append("policy \(policy.name)")
            for variable in policy.variables {
                lines.append("  variable  \(variable.expression)")
                lines += predicates(variable.predicates)
            }
            for rule in policy.rules {
                lines.append("  rule \(rule.name): \(word(rule.outcome))  \(rule.source)")
                if let condition = rule.condition { lines.append("    \(condition)") }
                lines += predicates(rule.predicates)
            }
        }
        return lines.map(\.printable).joined(separator: "\n")
    }

    private static func predicates(_ predicates: [DecisionTrace.Predicate]) -> [String] {
        let width = predicates.map(\.text.count).max() ?? 0
        return predicates.map { predicate in
            let padding = String(repeating: " ", count: width - predicate.text.count)
            return "      \(predicate.text)\(padding)  \(predicate.values.joined(separator: ", "))"
        }
    }

    private static func word(_ outcome: Explanation.Rule.Outcome) -> String {
        switch outcome {
        case .held: "holds"
        case .failed: "does not hold"
        case .erred: "cannot be evaluated, which counts as if it held"
        case .notTried: "was not tried"
        }
    }

    /// The decision's JSON, with the explanation in it as `explanation`.
    public static func json(_ decision: Decision, _ explanation: Explanation?) -> JSONValue {
        guard let explanation, case .object(var object) = decision.json else { return decision.json }
        object["explanation"] = explanation.json
        return .object(object)
    }
}
