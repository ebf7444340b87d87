import CEL
import PolicyBundle

/// Which rule of one bundle is which of another: by the names of policy and rule, wherever they stand.
struct RuleAlignment {
    /// By row of the base's rules; nil for a rule that the head does not have.
    let headRows: [Int?]
    let baseRows: [Int?]
    /// By row of the base's rules: whether the same happens where both take effect.
    let isAlike: [Bool]
    let baseNames: [RuleName]
    let headNames: [RuleName]

    init(_ base: PolicyBundle, _ head: PolicyBundle) {
        let (baseNames, headNames) = (RuleName.all(base), RuleName.all(head))
        let heads = Dictionary(headNames.enumerated().map { ($1.key, $0) }, uniquingKeysWith: { first, _ in first })
        var baseRows = [Int?](repeating: nil, count: headNames.count)
        var isAlike: [Bool] = []
        headRows = baseNames.enumerated().map { row, name in
            guard let other = heads[name.key] else {
                isAlike.append(false)
                return nil
            }
            baseRows[other] = row
            isAlike.append(Self.isAlike((base, row, name), (head, other, headNames[other])))
            return other
        }
        (self.baseNames, self.headNames) = (baseNames, headNames)
        (self.baseRows, self.isAlike) = (baseRows, isAlike)
    }

    private typealias Rule = (bundle: PolicyBundle, row: Int, name: RuleName)

    private static func isAlike(_ one: Rule, _ other: Rule) -> Bool {
        func numbers(_ rule: Rule) -> [UInt32] {
            [
                rule.bundle.word(.poli, rule.name.policyRow, PolicyColumn.enforcement),
                rule.bundle.word(.rule, rule.row, RuleColumn.effect),
            ]
        }
        func obligation(_ rule: Rule) -> CELValue { rule.bundle.value(rule.bundle.index(.rule, rule.row, RuleColumn.obligation)) }
        return numbers(one) == numbers(other) && obligation(one) == obligation(other)
    }
}

/// What a rule of a bundle is called.
struct RuleName {
    struct Key: Hashable {
        var policy: String
        var rule: String
    }

    var key: Key
    var policyRow: Int
    /// `path:line`.
    var source: String

    /// By row of `rule`.
    static func all(_ bundle: PolicyBundle) -> [RuleName] {
        var names: [RuleName?] = Array(repeating: nil, count: bundle.count(.rule))
        for policy in 0..<bundle.count(.poli) {
            let name = bundle.string(.poli, policy, PolicyColumn.name)
            for row in bundle.records(.poli, policy, PolicyColumn.rules) {
                let place = bundle.source(bundle.index(.rule, row, RuleColumn.source))
                names[row] = RuleName(
                    key: Key(policy: name, rule: bundle.string(.rule, row, RuleColumn.name)), policyRow: policy,
                    source: "\(place.path):\(place.line)")
            }
        }
        // Every rule is one of some policy's.
        return names.map { $0 ?? RuleName(key: Key(policy: "", rule: ""), policyRow: 0, source: "") }
    }
}
