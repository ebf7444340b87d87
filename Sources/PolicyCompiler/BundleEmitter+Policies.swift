import CEL
import GovernanceModel
import Patterns
import PolicyBundle

extension BundleEmitter {
    mutating func policy(_ document: Document, _ policy: Policy) {
        let compiled = conditions.policy(document.plainName)
        // A variable may read those before it.
        let variables = writer.list(
            compiled.variables.enumerated().map { number, program in
                let source = policy.variables[number].expression.value
                return writer.program(program, slotCount: environment.slots.count + number, source: source)
            })
        let first = writer.count(.rule)
        for (number, rule) in policy.rules.enumerated() { self.rule(rule, number, compiled) }
        let ruleCount = writer.count(.rule) - first
        let controls = writer.list(strings: policy.controls.map(\.value))
        var record: [PolicyColumn: UInt32] = [
            .name: writer.string(document.plainName), .typeName: writer.string(policy.type), .enforcement: Self.number(policy.enforcement),
            .severity: writer.string(policy.severity), .variables: variables.offset, .variableCount: variables.count, .rules: first,
            .ruleCount: ruleCount, .controls: controls.offset, .controlCount: controls.count, .source: source(document.span),
        ]
        let (match, exceptions) = (MatchDimensions(policy.match, names), MatchDimensions(policy.exceptions, names))
        record[.given] = dimensions(match, first: .actions, &record)
        record[.notGiven] = dimensions(exceptions, first: .notActions, &record)
        let row = writer.append(.poli, record)
        index.add(
            MatchIndexBuilder.Policy(
                row: row, rules: first, ruleCount: ruleCount, match: match, exceptions: exceptions,
                requirements: requirements(compiled.conditions), enforcement: Self.number(policy.enforcement),
                hasVariables: variables.count > 0))
    }

    /// For slots of the request, the values of which one is needed for some rule to apply.
    private func requirements(_ conditions: [CELProgram?]) -> [Int: [String]] {
        var common: [Int: Set<[UInt8]>]?
        for condition in conditions {
            // A rule without a condition always applies.
            guard let condition else { return [:] }
            var own: [Int: Set<[UInt8]>] = [:]
            for requirement in condition.requirements where requirement.slot < environment.slots.count {
                own[requirement.slot] = Set(requirement.values.map { Array($0.utf8) })
            }
            common = common?.filter { own[$0.key] != nil }.merging(own) { $0.union($1) }.filter { common?[$0.key] != nil } ?? own
        }
        return (common ?? [:]).mapValues { values in
            values.sorted { $0.lexicographicallyPrecedes($1) }.map { String(decoding: $0, as: UTF8.self) }
        }
    }

    private mutating func rule(_ rule: Policy.Rule, _ number: Int, _ compiled: CompiledConditions.PolicyConditions) {
        let condition = compiled.conditions[number].map {
            writer.program($0, slotCount: compiled.slotCount, source: rule.when?.value ?? "")
        }
        let message = compiled.messages[number].map {
            writer.program($0, slotCount: compiled.slotCount, source: rule.message?.value ?? "")
        }
        let row = writer.append(
            .rule,
            [
                RuleColumn.name: writer.string(rule.name.value), .effect: UInt32(Policy.effects.firstIndex(of: rule.effect.value) ?? 0),
                .condition: condition ?? BundleFormat.none, .memo: BundleFormat.none, .message: message ?? BundleFormat.none,
                .obligation: writer.value(Self.obligation(rule)), .source: source(rule.name.span),
            ])
        if let condition, let program = compiled.conditions[number], program.slotsRead.allSatisfy({ $0 < environment.slots.count }) {
            rulesOfCondition[condition, default: []].append(row)
        }
    }

    /// Numbers the conditions that several rules share.
    mutating func memos() -> UInt32 {
        var count: UInt32 = 0
        for (_, rules) in rulesOfCondition.sorted(by: { $0.key < $1.key }) where rules.count > 1 {
            for rule in rules { writer.set(.rule, rule, RuleColumn.memo, count) }
            count += 1
        }
        return count
    }

    /// The rule's `redact`, `limit`, `route` or `requireApproval` as a map, for the engine to merge.
    private static func obligation(_ rule: Policy.Rule) -> CELValue {
        guard let node = rule.node[rule.effect.value] else { return .null }
        func texts(_ name: String) -> CELValue {
            .list(node.strings(name).map { .string($0.value) }.sorted { $0.description < $1.description })
        }
        switch rule.effect.value {
        case "redact": return .map(CELMap([("detectors", texts("detectors")), ("mode", .string(node.string("mode")?.value ?? "mask"))]))
        case "requireApproval": return .map(CELMap([("roles", texts("roles"))]))
        case "route": return .map(CELMap([("model", .string(node.requiredString("model").value))]))
        case "limit":
            let names = ["maxInputTokens", "maxOutputTokens", "requestsPerMinute", "tokensPerMinute"]
            return .map(CELMap(names.compactMap { name in node.int(name).map { (name, CELValue.int($0.value)) } }))
        default: return .null
        }
    }

    private static func number(_ enforcement: Policy.Enforcement) -> UInt32 {
        switch enforcement {
        case .strict: 0
        case .warning: 1
        case .monitor: 2
        }
    }

    /// Writes the eight dimensions from the column `first` on; returns which of them are given.
    private mutating func dimensions(
        _ match: MatchDimensions, first: PolicyColumn, _ record: inout [PolicyColumn: UInt32]
    ) -> UInt32 {
        func globs(_ globs: [MatchDimensions.TypedGlob]) -> [String] { globs.flatMap { [$0.type, $0.glob] } }
        let lists: [(offset: UInt32, count: UInt32)?] = [
            match.actions.map { writer.list(strings: $0) }, match.subjects.map { writer.list(strings: globs($0)) },
            match.teams.map { writer.list($0) }, match.roles.map { writer.list($0) },
            match.resources.map { writer.list(strings: globs($0)) }, match.models.map { writer.list($0) },
            match.providers.map { writer.list($0) }, match.tags.map { writer.list(strings: $0) },
        ]
        var given: UInt32 = 0
        for (number, list) in lists.enumerated() {
            guard let list, let column = PolicyColumn(rawValue: first.rawValue + number * 2),
                let count = PolicyColumn(rawValue: column.rawValue + 1)
            else { continue }
            given |= 1 << UInt32(number)
            record[column] = list.offset
            record[count] = list.count
        }
        return given
    }

    mutating func exemption(_ document: Document, _ exemption: Exemption) {
        guard let subject = SubjectReference(exemption.subject.value) else { return }
        let kinds: [Kind] = [.user, .serviceAccount, .team, .role]
        let rows = exemption.policies.compactMap { policyIndex[$0.value] }.sorted()
        exempted.formUnion(rows)
        let policies = writer.list(rows)
        let expires = Self.halves(Timestamp.seconds(exemption.expires.value) ?? 0)
        let row = writer.append(
            .exem,
            [
                ExemptionColumn.name: writer.string(document.plainName), .subjectKind: UInt32(kinds.firstIndex(of: subject.kind) ?? 0),
                .subject: writer.string(subject.name), .policies: policies.offset, .policyCount: policies.count, .expiresLow: expires.low,
                .expiresHigh: expires.high, .reason: writer.string(document.spec.requiredString("reason").value),
                .source: source(document.span),
            ])
        switch subject.kind {
        case .team: if let team = names.teams[subject.name] { exemptionsOfTeam[team, default: []].append(row) }
        case .role: if let role = names.roles[subject.name] { exemptionsOfRole[role, default: []].append(row) }
        default:
            if let subject = subjectRow(subject.kind == .serviceAccount, subject.name) {
                exemptionsOfSubject[subject, default: []].append(row)
            }
        }
    }

    /// Writes the exemptions of teams and roles into their records.
    mutating func exemptionLists() {
        for (team, rows) in exemptionsOfTeam.sorted(by: { $0.key < $1.key }) {
            let list = writer.list(rows)
            writer.set(.team, team, TeamColumn.exemptions, list.offset)
            writer.set(.team, team, TeamColumn.exemptionCount, list.count)
        }
        for (role, rows) in exemptionsOfRole.sorted(by: { $0.key < $1.key }) {
            let list = writer.list(rows)
            writer.set(.role, role, RoleColumn.exemptions, list.offset)
            writer.set(.role, role, RoleColumn.exemptionCount, list.count)
        }
    }
}
