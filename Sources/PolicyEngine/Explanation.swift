import JSON
import PolicyBundle

/// What was tried on the way to a decision: every policy that matched, its rules, and the predicates of their conditions.
public struct Explanation: Sendable {
    public struct Rule: Sendable {
        public enum Outcome: String, Sendable {
            case held
            case failed
            /// The condition could not be evaluated, which counts as if it held.
            case erred
            case notTried = "not-tried"
        }

        public var name: String
        /// `path:line` of the rule.
        public var source: String
        /// The condition's text; nil for a rule without one.
        public var condition: String?
        public var outcome: Outcome
        /// None where the condition was evaluated by the general machine, which does not record them.
        public var predicates: [DecisionTrace.Predicate]
    }

    public struct Policy: Sendable {
        public var name: String
        public var variables: [Variable]
        public var rules: [Rule]
    }

    /// An expression that rules share.
    public struct Variable: Sendable {
        public var expression: String
        public var predicates: [DecisionTrace.Predicate]
    }

    /// In the bundle's order.
    public var policies: [Policy]

    /// Reads a trace of one decision.
    public init(_ trace: DecisionTrace) {
        let bundle = trace.bundle
        policies = (0..<bundle.count(.poli)).filter { trace.isEvaluated(policy: $0) }.map { policy in
            Policy(
                name: bundle.string(.poli, policy, PolicyColumn.name),
                variables: bundle.list(.poli, policy, PolicyColumn.variables).map { condition in
                    Variable(
                        expression: bundle.string(.prog, condition, ProgramColumn.text),
                        predicates: trace.predicates(ofCondition: condition))
                },
                rules: bundle.records(.poli, policy, PolicyColumn.rules).map { Self.rule($0, trace) })
        }
    }

    private static func rule(_ rule: Int, _ trace: DecisionTrace) -> Rule {
        let bundle = trace.bundle
        let bits = trace[rule]
        let place = bundle.source(bundle.index(.rule, rule, RuleColumn.source))
        let condition = bundle.word(.rule, rule, RuleColumn.condition)
        let hasCondition = condition != BundleFormat.none
        return Rule(
            name: bundle.string(.rule, rule, RuleColumn.name), source: "\(place.path):\(place.line)",
            condition: hasCondition ? bundle.string(.prog, Int(condition), ProgramColumn.text) : nil,
            outcome: bits.contains(.held) ? .held : bits.contains(.failed) ? .failed : bits.contains(.erred) ? .erred : .notTried,
            predicates: hasCondition ? trace.predicates(ofCondition: Int(condition)) : [])
    }

    public var json: JSONValue {
        .array(
            policies.map { policy in
                var object: JSONObject = ["policy": .string(policy.name)]
                let variables = policy.variables.map { variable -> JSONValue in
                    ["expression": .string(variable.expression), "predicates": .array(variable.predicates.map(\.json))]
                }
                if !variables.isEmpty { object["variables"] = .array(variables) }
                object["rules"] = .array(policy.rules.map(\.json))
                return .object(object)
            })
    }
}

extension Explanation.Rule {
    var json: JSONValue {
        var object: JSONObject = ["rule": .string(name), "outcome": .string(outcome.rawValue), "source": .string(source)]
        if let condition { object["condition"] = .string(condition) }
        if !predicates.isEmpty { object["predicates"] = .array(predicates.map(\.json)) }
        return .object(object)
    }
}

extension DecisionTrace.Predicate {
    /// What it was: one word, or several where it was evaluated more than once, as in a loop.
    public var values: [String] {
        let values = (wasTrue ? ["true"] : []) + (wasFalse ? ["false"] : []) + (wasError ? ["error"] : [])
        return values.isEmpty ? ["not evaluated"] : values
    }

    var json: JSONValue {
        [
            "text": .string(text), "start": .int(Int64(range.lowerBound)), "end": .int(Int64(range.upperBound)),
            "values": JSONValue(values),
        ]
    }
}
