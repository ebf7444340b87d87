import CEL
import Diagnostics
import GovernanceModel
import PolicyBundle
import PolicyCompiler
import PolicyEngine

/// Records what decisions try of the policies and roles of a repository.
///
/// That a policy or permission was tried, and what came of a rule, is what the engine's own trace tells. The predicates of conditions are evaluated
/// once more, by the plain evaluator on the same inputs: it can tell of every condition, and of each by itself where the bundle holds equal ones once.
public final class PolicyCoverage {
    private struct Condition {
        let expression: ConditionSources.Expression
        var counter: CELPredicateCounter

        init(_ expression: ConditionSources.Expression) throws(CELIssues) {
            self.expression = expression
            counter = try CELPredicateCounter(expression.source.value, in: expression.environment)
        }

        func predicates(of owner: String, isTried: Bool) -> [CoverageReport.Predicate] {
            counter.predicates.map { predicate in
                CoverageReport.Predicate(
                    owner: owner, span: expression.span(of: predicate.range), text: predicate.text, isTried: isTried,
                    trueCount: predicate.trueCount, falseCount: predicate.falseCount, errorCount: predicate.errorCount)
            }
        }
    }

    private struct Rule {
        /// In the bundle.
        var row: Int
        var counts: CoverageReport.Rule
        var condition: Condition?

        mutating func note(_ bits: DecisionTrace.RuleBits, _ slots: [CELValue?]) {
            if bits.isEmpty { return }
            if bits.contains(.held) { counts.heldCount += 1 }
            if bits.contains(.failed) { counts.failedCount += 1 }
            if bits.contains(.erred) { counts.errorCount += 1 }
            condition?.counter.evaluate(slots: slots)
        }
    }

    private struct Policy {
        var row: Int
        var variables: [(owner: String, condition: Condition)]
        var rules: [Rule]
    }

    /// Of one decision at a time.
    let trace: DecisionTrace
    private var policies: [Policy]
    private var permissions: [Rule]

    /// - Parameters:
    ///   - governance: that `engine`'s bundle was compiled from.
    public init(_ governance: Governance, _ engine: PolicyEngine) throws(CELIssues) {
        trace = DecisionTrace(engine)
        let bundle = engine.bundle
        let sources = ConditionSources(governance)
        let policyRows = Self.rows(bundle, .poli, PolicyColumn.name)
        policies = []
        for policy in sources.policies {
            guard let row = policyRows[policy.name] else { continue }
            var variables: [(owner: String, condition: Condition)] = []
            for (name, expression) in policy.variables {
                variables.append(("\(policy.name) variables.\(name.value)", try Condition(expression)))
            }
            var rules: [Rule] = []
            for (row, rule) in zip(bundle.records(.poli, row, PolicyColumn.rules), policy.rules) {
                let counts = CoverageReport.Rule(kind: .rule, name: "\(policy.name)/\(rule.name.value)", span: rule.name.span)
                rules.append(Rule(row: row, counts: counts, condition: try Self.condition(rule.condition)))
            }
            policies.append(Policy(row: row, variables: variables, rules: rules))
        }
        let roleRows = Self.rows(bundle, .role, RoleColumn.name)
        permissions = []
        for role in sources.roles {
            guard let row = roleRows[role.name] else { continue }
            let rows = zip(bundle.records(.role, row, RoleColumn.permissions), role.permissions)
            for (number, (row, permission)) in rows.enumerated() where permission.condition != nil {
                let name = "\(role.name) permission \(number + 1)"
                let counts = CoverageReport.Rule(kind: .permission, name: name, span: permission.span)
                permissions.append(Rule(row: row, counts: counts, condition: try Self.condition(permission.condition)))
            }
        }
    }

    private static func rows<Column: BundleColumn>(_ bundle: PolicyBundle, _ section: BundleSection, _ name: Column) -> [String: Int] {
        Dictionary((0..<bundle.count(section)).map { (bundle.string(section, $0, name), $0) }) { first, _ in first }
    }

    private static func condition(_ expression: ConditionSources.Expression?) throws(CELIssues) -> Condition? {
        guard let expression else { return nil }
        return try Condition(expression)
    }

    /// Takes up what the session's last decision tried. The session traces to `trace`.
    func record(_ session: DecisionSession) {
        let inputs = session.inputs()
        for number in permissions.indices { permissions[number].note(trace[permission: permissions[number].row], inputs) }
        for number in policies.indices where trace.isEvaluated(policy: policies[number].row) {
            var slots = inputs
            for variable in policies[number].variables.indices {
                slots.append(policies[number].variables[variable].condition.counter.evaluate(slots: slots))
            }
            for rule in policies[number].rules.indices { policies[number].rules[rule].note(trace[policies[number].rules[rule].row], slots) }
        }
        trace.reset()
    }

    /// What was recorded until now.
    public var report: CoverageReport {
        let rules = policies.flatMap(\.rules) + permissions
        let variables = policies.flatMap { policy in
            let isTried = policy.rules.contains { $0.counts.triedCount > 0 }
            return policy.variables.flatMap { $0.condition.predicates(of: $0.owner, isTried: isTried) }
        }
        let predicates = rules.flatMap { rule in
            rule.condition?.predicates(of: rule.counts.name, isTried: rule.counts.triedCount > 0) ?? []
        }
        return CoverageReport(rules.map(\.counts), variables + predicates)
    }

    /// The predicates of all conditions, by whose they are.
    var predicates: [(owner: String, predicates: [CELPredicateCounter.Predicate])] {
        policies.flatMap(\.variables).map { ($0.owner, $0.condition.counter.predicates) }
            + (policies.flatMap(\.rules) + permissions).map { ($0.counts.name, $0.condition?.counter.predicates ?? []) }
    }
}
