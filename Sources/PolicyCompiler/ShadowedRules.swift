import CEL
import Diagnostics
import GovernanceModel

/// Finds rules that never change a decision: whenever one takes effect, a strict `deny` of another rule denies the request as well.
///
/// Both are of strict policies, the other one's is about every request that this one's is about, no exemption is from the other policy alone, and
/// the one condition is proved to imply the other. Rules of one policy are compared with each other; of other policies those that have no
/// condition, or have a part of theirs in common.
struct ShadowedRules {
    private struct Rule {
        var policy: Int
        var number: Int
        var rule: Policy.Rule
        var formula: CELFormula
        /// What the condition, and each part that `&&` joins, is about.
        var terms: Set<String>
        var termsOfParts: [Set<String>]
        var isDeny: Bool

        init(policy: Int, number: Int, rule: Policy.Rule, formula: CELFormula) {
            self.policy = policy
            self.number = number
            self.rule = rule
            self.formula = formula
            termsOfParts = formula == .isTrue ? [] : formula.conjuncts.map(\.terms)
            terms = termsOfParts.reduce(into: []) { $0.formUnion($1) }
            isDeny = rule.effect.value == "deny"
        }

        /// False where it is quickly told that the other's condition does not follow.
        func mayImply(_ other: Rule) -> Bool { other.termsOfParts.allSatisfy { !$0.isDisjoint(with: terms) } }

        /// In the order of policies' names and of the file: of two rules that say the same the later one is told of.
        func comes(before other: Rule) -> Bool { (policy, number) < (other.policy, other.number) }
    }

    /// More rules that begin alike than these are not compared.
    private static let crowd = 64

    private let reach: PolicyReach
    private let exempted: Set<String>
    private var rules: [Rule] = []
    private var ofPolicy: [Int: [Int]] = [:]
    private var shadowers = Shadowers()

    /// - Parameter idle: policies that never apply, which neither shadow anything nor need be told of again.
    static func findings(
        _ governance: Governance, _ reach: PolicyReach, _ conditions: CompiledConditions, idle: Set<String>
    ) -> [Diagnostic] {
        var exempted: Set<String> = []
        for document in governance.all(.exemption) { exempted.formUnion(Exemption(spec: document.spec).policies.map(\.value)) }
        let checker = ShadowedRules(reach, conditions, exempted: exempted, idle: idle)
        return checker.rules.indices.compactMap { checker.finding($0) }
    }

    private init(_ reach: PolicyReach, _ conditions: CompiledConditions, exempted: Set<String>, idle: Set<String>) {
        self.reach = reach
        self.exempted = exempted
        for (place, matched) in reach.policies.enumerated()
        where matched.policy.enforcement == .strict && !idle.contains(matched.document.plainName) {
            let formulas = conditions.logic(ofPolicy: matched.document.plainName).rules
            for (number, rule) in matched.policy.rules.enumerated() where number < formulas.count {
                guard let formula = formulas[number] else { continue }
                ofPolicy[place, default: []].append(rules.count)
                rules.append(Rule(policy: place, number: number, rule: rule, formula: formula))
            }
        }
        for (index, rule) in rules.enumerated() where rule.isDeny {
            let matched = reach.policies[rule.policy]
            if exempted.contains(matched.document.plainName) { continue }
            if rule.formula == .isTrue {
                shadowers.add(unconditional: index, matched.match)
            } else {
                for part in rule.formula.conjuncts { shadowers.add(index, part) }
            }
        }
    }

    private func finding(_ index: Int) -> Diagnostic? {
        let rule = rules[index]
        let matched = reach.policies[rule.policy]
        let own = ofPolicy[rule.policy] ?? []
        var others = own.count <= Self.crowd ? own : []
        let found = shadowers.candidates(reach.names(matched), rule.formula.conjuncts, atMost: Self.crowd)
        others += found.filter { rules[$0].policy != rule.policy }
        for other in others where other != index {
            if let shadower = shadows(rule, rules[other]) { return report(rule, shadower) }
        }
        return nil
    }

    /// The other rule, if it denies whatever this one takes effect on.
    private func shadows(_ rule: Rule, _ other: Rule) -> Rule? {
        guard other.isDeny, rule.mayImply(other) else { return nil }
        let isSamePolicy = rule.policy == other.policy
        let (one, two) = (reach.policies[rule.policy], reach.policies[other.policy])
        guard isSamePolicy || reach.isCovered(one, by: two), rule.formula.implies(other.formula) else { return nil }
        // Of two that say the same, one remains.
        let isMutual =
            rule.isDeny && other.mayImply(rule) && other.formula.implies(rule.formula) && (isSamePolicy || reach.isCovered(two, by: one))
            && !exempted.contains(one.document.plainName)
        return isMutual && rule.comes(before: other) ? nil : other
    }

    private func report(_ rule: Rule, _ other: Rule) -> Diagnostic {
        let name = reach.policies[other.policy].document.plainName
        let place =
            rule.policy == other.policy ? "the rule `\(other.rule.name.value)`" : "`\(other.rule.name.value)` of the policy `\(name)`"
        // What it says still reaches the caller, who learns more of what is wrong.
        let isTold = rule.rule.message != nil && rule.rule.message?.value != other.rule.message?.value
        let found = Diagnostic(
            .shadowedRule, "the rule `\(rule.rule.name.value)` never changes a decision: \(place) denies whatever it applies to",
            at: rule.rule.name.span, related: [.init(span: other.rule.name.span, message: "this rule denies it in any case")],
            help: isTold ? "all that it does is to give its message too" : "remove it, or narrow the other one",
            severity: isTold ? .note : nil)
        return reach.policies[rule.policy].document.explained([found]).first ?? found
    }
}

/// Rules that may shadow others, found by what the others have.
private struct Shadowers {
    /// Without a condition, by a team, role, model or provider that their policy names; and those that name none.
    private var byTeam: [UInt32: [Int]] = [:]
    private var byRole: [UInt32: [Int]] = [:]
    private var byModel: [UInt32: [Int]] = [:]
    private var byProvider: [UInt32: [Int]] = [:]
    private var others: [Int] = []
    private var byPart: [CELFormula: [Int]] = [:]

    mutating func add(unconditional index: Int, _ match: MatchDimensions) {
        if let rows = match.teams {
            for row in rows { byTeam[row, default: []].append(index) }
        } else if let rows = match.roles {
            for row in rows { byRole[row, default: []].append(index) }
        } else if let rows = match.models {
            for row in rows { byModel[row, default: []].append(index) }
        } else if let rows = match.providers {
            for row in rows { byProvider[row, default: []].append(index) }
        } else {
            others.append(index)
        }
    }

    mutating func add(_ index: Int, _ part: CELFormula) { byPart[part, default: []].append(index) }

    func candidates(_ names: PolicyReach.Names, _ parts: [CELFormula], atMost most: Int) -> [Int] {
        var found = Array(others.prefix(most))
        func add(_ index: [UInt32: [Int]], _ rows: [UInt32]) { for row in rows { found += (index[row] ?? []).prefix(most) } }
        add(byTeam, names.teams)
        add(byRole, names.roles)
        add(byModel, names.models)
        add(byProvider, names.providers)
        for part in parts {
            guard let rules = byPart[part], rules.count <= most else { continue }
            found += rules
        }
        var seen: Set<Int> = []
        return found.filter { seen.insert($0).inserted }
    }
}
