import Diagnostics

/// How much of what policies and roles say was tried: which rules took effect, and which ways the predicates of conditions went.
public struct CoverageReport: Sendable {
    /// A rule of a policy, or a permission of a role that has a condition.
    public struct Rule: Sendable {
        public enum Kind: String, Sendable { case rule, permission }

        public var kind: Kind
        /// `policy/rule`, or `role permission 2`.
        public var name: String
        public var span: SourceSpan
        /// How often its condition held, did not, or could not be evaluated.
        public var heldCount = 0
        public var failedCount = 0
        public var errorCount = 0

        public var triedCount: Int { heldCount + failedCount + errorCount }
        public var isHit: Bool { heldCount > 0 }
    }

    /// A part of a condition or of a variable that is true or false: two branches.
    public struct Predicate: Sendable {
        /// The rule's name, or `policy variables.name`.
        public var owner: String
        public var span: SourceSpan
        public var text: String
        /// Whether the rule, or the policy of the variable, was tried at all.
        public var isTried: Bool
        public var trueCount: Int
        public var falseCount: Int
        public var errorCount: Int

        public var evaluationCount: Int { trueCount + falseCount + errorCount }
        public var hitCount: Int { (trueCount > 0 ? 1 : 0) + (falseCount > 0 ? 1 : 0) }
    }

    public struct File: Sendable {
        public var path: String
        /// In the order of the file, like the predicates.
        public var rules: [Rule]
        public var predicates: [Predicate]

        public var ruleSum: Sum { Sum(hit: rules.count(where: \.isHit), total: rules.count) }
        public var branchSum: Sum { Sum(hit: predicates.reduce(0) { $0 + $1.hitCount }, total: predicates.count * 2) }
        public var isComplete: Bool { ruleSum.isComplete && branchSum.isComplete }
    }

    /// So many of so many.
    public struct Sum: Sendable, Equatable {
        public var hit: Int
        public var total: Int

        public init(hit: Int, total: Int) {
            self.hit = hit
            self.total = total
        }

        public var isComplete: Bool { hit == total }

        public static func + (a: Sum, b: Sum) -> Sum { Sum(hit: a.hit + b.hit, total: a.total + b.total) }

        /// In percent with one digit after the point, never rounded up to what is not reached; all of nothing is everything.
        public var percent: String {
            let tenths = total == 0 ? 1000 : hit * 1000 / total
            return "\(tenths / 10).\(tenths % 10)"
        }

        public func isBelow(percent: Double) -> Bool { Double(hit) * 100 < percent * Double(total) }
    }

    /// By path.
    public private(set) var files: [File]

    public init(_ rules: [Rule], _ predicates: [Predicate]) {
        let rules = Dictionary(grouping: rules, by: \.span.path)
        let predicates = Dictionary(grouping: predicates, by: \.span.path)
        files = Set(rules.keys).union(predicates.keys).sorted().map { path in
            File(
                path: path, rules: (rules[path] ?? []).sorted { ($0.span, $0.name) < ($1.span, $1.name) },
                predicates: (predicates[path] ?? []).sorted { ($0.span, $0.owner) < ($1.span, $1.owner) })
        }
    }

    public var ruleSum: Sum { files.reduce(Sum(hit: 0, total: 0)) { $0 + $1.ruleSum } }
    public var branchSum: Sum { files.reduce(Sum(hit: 0, total: 0)) { $0 + $1.branchSum } }
    /// Rules and branches together.
    public var sum: Sum { ruleSum + branchSum }

    /// `83.3 % covered: 12 of 14 rules, 38 of 46 branches`
    public var summary: String {
        "\(sum.percent) % covered: \(ruleSum.hit) of \(ruleSum.total) rules, \(branchSum.hit) of \(branchSum.total) branches"
    }
}
