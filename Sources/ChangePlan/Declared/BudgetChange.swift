import GovernanceModel

/// A budget whose limit, scope or period differs, or that is new or gone.
public struct BudgetChange: Sendable, Equatable {
    public var name: String
    /// `team:research`, `organization`.
    public var scope: String
    public var period: String
    /// In 10⁻⁹ of the currency; nil for a budget that was not there with this scope and period.
    public var before: Int64?
    /// nil for a budget that is not there any more with this scope and period.
    public var after: Int64?

    /// All budgets of one period, put together.
    public struct Sum: Sendable, Equatable {
        public var period: String
        public var before: Int64
        public var after: Int64
    }

    private struct Place: Hashable {
        var name: String
        var scope: String
        var period: String
    }

    /// By name. One that was given another scope or period is one that is gone and one that is new.
    static func all(_ base: Governance, _ head: Governance) -> [BudgetChange] {
        let (before, after) = (limits(base), limits(head))
        let places = Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }
        return places.sorted { ($0.name, $0.scope, $0.period) < ($1.name, $1.scope, $1.period) }.map {
            BudgetChange(name: $0.name, scope: $0.scope, period: $0.period, before: before[$0], after: after[$0])
        }
    }

    /// Of the periods in which some budget differs.
    static func sums(_ changes: [BudgetChange], _ base: Governance, _ head: Governance) -> [Sum] {
        func total(_ limits: [Place: Int64], _ period: String) -> Int64 {
            limits.filter { $0.key.period == period }.values.reduce(0) { sum, limit in
                let (next, overflow) = sum.addingReportingOverflow(limit)
                return overflow ? .max : next
            }
        }
        let (before, after) = (limits(base), limits(head))
        return Set(changes.map(\.period)).sorted().map {
            Sum(period: $0, before: total(before, $0), after: total(after, $0))
        }
    }

    private static func limits(_ governance: Governance) -> [Place: Int64] {
        var limits: [Place: Int64] = [:]
        for document in governance.all(.budget) {
            guard let limit = document.spec.nanoUnits("limit") else { continue }
            limits[
                Place(name: document.plainName, scope: scope(document.spec["scope"]), period: document.spec.requiredString("period").value)
            ] = limit.value
        }
        return limits
    }

    private static func scope(_ node: SpecNode?) -> String {
        if node?["organization"] != nil { return "organization" }
        for field in ["team", "user", "serviceAccount", "model", "tag"] {
            if let name = node?[field]?.text { return "\(field):\(name)" }
        }
        return ""
    }
}
