import CEL
import GovernanceModel
import Patterns
import PolicyBundle

extension BundleEmitter {
    mutating func policy(_ document: Document, _ policy: Policy) {
        let compiled = conditions.policies[document.name.value] ?? CompiledConditions.PolicyConditions()
        let variables = writer.list(compiled.variables.map { writer.program($0, slotCount: compiled.slotCount) })
        let first = writer.count(.rule)
        for (number, rule) in policy.rules.enumerated() { self.rule(rule, number, compiled) }
        let ruleCount = writer.count(.rule) - first
        let controls = writer.list(strings: policy.controls.map(\.value))
        var record: [PolicyColumn: UInt32] = [
            .name: writer.string(document.name.value), .typeName: writer.string(policy.type), .enforcement: Self.number(policy.enforcement),
            .severity: writer.string(policy.severity), .variables: variables.offset, .variableCount: variables.count, .rules: first,
            .ruleCount: ruleCount, .controls: controls.offset, .controlCount: controls.count, .source: source(document.span),
        ]
        record[.given] = dimensions(policy.match, first: .actions, &record)
        record[.notGiven] = dimensions(policy.exceptions, first: .notActions, &record)
        writer.append(.poli, record)
    }

    private mutating func rule(_ rule: Policy.Rule, _ number: Int, _ compiled: CompiledConditions.PolicyConditions) {
        let condition = compiled.conditions[number].map { writer.program($0, slotCount: compiled.slotCount) }
        let message = compiled.messages[number].map { writer.program($0, slotCount: compiled.slotCount) }
        writer.append(
            .rule,
            [
                RuleColumn.name: writer.string(rule.name.value), .effect: UInt32(Policy.effects.firstIndex(of: rule.effect.value) ?? 0),
                .condition: condition ?? BundleFormat.none, .message: message ?? BundleFormat.none,
                .obligation: writer.value(Self.obligation(rule)), .source: source(rule.name.span),
            ])
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

    /// Writes the eight dimensions from the column `first` on, names of documents already looked up; returns which of them are given.
    private mutating func dimensions(_ match: Policy.Match, first: PolicyColumn, _ record: inout [PolicyColumn: UInt32]) -> UInt32 {
        let teams = closures.teamIndex.mapValues { UInt32($0) }
        let roles = closures.roleIndex.mapValues { UInt32($0) }
        let lists: [(given: Bool, place: (offset: UInt32, count: UInt32))] = [
            (!match.actions.isEmpty, writer.list(strings: match.actions.map(\.value))),
            (!match.subjects.isEmpty, typedGlobs(match.subjects)),
            (!match.teams.isEmpty, writer.list(Self.expand(match.teams, teams))),
            (!match.roles.isEmpty, writer.list(Self.expand(match.roles, roles))),
            (!match.resources.isEmpty, typedGlobs(match.resources)),
            (!match.models.isEmpty, writer.list(Self.expand(match.models, modelIndex))),
            (!match.providers.isEmpty, writer.list(Self.expand(match.providers, providerIndex))),
            (!match.tags.isEmpty, writer.list(strings: match.tags.map(\.value))),
        ]
        var given: UInt32 = 0
        for (number, list) in lists.enumerated() where list.given {
            given |= 1 << UInt32(number)
            if let column = PolicyColumn(rawValue: first.rawValue + number * 2), let count = PolicyColumn(rawValue: column.rawValue + 1) {
                record[column] = list.place.offset
                record[count] = list.place.count
            }
        }
        return given
    }

    /// The documents that some of `globs` match, sorted.
    private static func expand(_ globs: [Located<String>], _ index: [String: UInt32]) -> [UInt32] {
        var found: Set<UInt32> = []
        for glob in globs {
            if let exact = index[glob.value] {
                found.insert(exact)
            } else if glob.value.contains("*") {
                for (name, number) in index where Glob.matches(name, glob.value) { found.insert(number) }
            }
        }
        return found.sorted()
    }

    mutating func exemption(_ document: Document, _ exemption: Exemption) {
        guard let subject = SubjectReference(exemption.subject.value) else { return }
        let kinds: [Kind] = [.user, .serviceAccount, .team, .role]
        let policies = writer.list(exemption.policies.compactMap { policyIndex[$0.value] }.sorted())
        let expires = Self.halves(Timestamp.seconds(exemption.expires.value) ?? 0)
        writer.append(
            .exem,
            [
                ExemptionColumn.name: writer.string(document.name.value), .subjectKind: UInt32(kinds.firstIndex(of: subject.kind) ?? 0),
                .subject: writer.string(subject.name), .policies: policies.offset, .policyCount: policies.count, .expiresLow: expires.low,
                .expiresHigh: expires.high, .reason: writer.string(document.spec.requiredString("reason").value),
                .source: source(document.span),
            ])
    }
}
