import GovernanceModel
import JSON
import PolicyEngine

/// Compares a decision with what is expected of it, and tells of what differs alone.
struct ExpectationCheck {
    private(set) var differences: [PolicyTestRun.Difference] = []

    init(_ expected: PolicyTest.Expectation, _ decision: Decision) {
        if expected.isAllowed != decision.isAllowed {
            differ("decision", expected: Self.word(expected.isAllowed), found: Self.word(decision.isAllowed))
        }
        including("code", expected.code.map { [$0] } ?? [], decision.reasons.map(\.code.rawValue))
        including("policies", expected.policies, decision.reasons.compactMap(\.policy))
        exactly("reasons", expected.reasons, decision.reasons.map(Self.name))
        exactly("warnings", expected.warnings, decision.warnings.map(Self.name))
        exactly("records", expected.records, decision.records.map(Self.name))
        exactly("exemptions", expected.exemptions, decision.exemptions)
        obligations(expected.obligations, Self.values(decision.obligations))
    }

    private mutating func differ(_ what: String, expected: String, found: String) {
        differences.append(PolicyTestRun.Difference(what: what, expected: expected, found: found))
    }

    private static func word(_ isAllowed: Bool) -> String { isAllowed ? "allow" : "deny" }

    /// `policy/rule`, or the code of what no policy says.
    private static func name(_ reason: Decision.Reason) -> String {
        guard let policy = reason.policy, let rule = reason.rule else { return reason.code.rawValue }
        return "\(policy)/\(rule)"
    }

    // MARK: Lists

    private mutating func including(_ what: String, _ wanted: [String], _ found: [String]) {
        let missing = wanted.filter { !found.contains($0) }
        if !missing.isEmpty { differ(what, expected: Self.list(missing, none: ""), found: Self.list(Set(found).sorted(), none: "none")) }
    }

    private mutating func exactly(_ what: String, _ wanted: [String]?, _ found: [String]) {
        guard let wanted else { return }
        let (missing, others) = (Set(wanted).subtracting(found), Set(found).subtracting(wanted))
        if missing.isEmpty, others.isEmpty { return }
        differ(
            what, expected: Self.list(missing.sorted(), none: wanted.isEmpty ? "none" : "no other"),
            found: Self.list(others.sorted(), none: found.isEmpty ? "none" : "not there"))
    }

    private static func list(_ items: [String], none: String) -> String { items.isEmpty ? none : items.joined(separator: ", ") }

    // MARK: Obligations

    private mutating func obligations(_ expected: PolicyTest.ExpectedObligations, _ found: [String: JSONValue]) {
        switch expected {
        case .including(let kinds): including("obligations", kinds, PolicyTest.ExpectedObligations.kinds.filter { found[$0] != nil })
        case .exactly(let wanted):
            for kind in PolicyTest.ExpectedObligations.kinds {
                let what = "obligations.\(kind)"
                switch (wanted.first { $0.kind == kind }, found[kind]) {
                case (nil, nil): break
                case (nil, let found?): differ(what, expected: "none", found: Self.text(found))
                case (let wanted?, nil): differ(what, expected: wanted.value.map(Self.text) ?? "any", found: "none")
                case (let wanted?, let found?): if let value = wanted.value { compare(what, value, found) }
                }
            }
        }
    }

    private mutating func compare(_ what: String, _ wanted: JSONValue, _ found: JSONValue) {
        switch (wanted, found) {
        case (.object(let wanted), .object(let found)):
            let names = Set(wanted.members.map(\.name) + found.members.map(\.name)).sorted()
            for name in names where wanted[name] != found[name] {
                differ("\(what).\(name)", expected: wanted[name].map(Self.text) ?? "none", found: found[name].map(Self.text) ?? "none")
            }
        // Names alone: in whatever way what they stand for is taken out.
        case (.array(let wanted), .object(let found)): exactly(what, wanted.compactMap(\.stringValue), found.members.map(\.name))
        case (.array(let wanted), .array(let found)): exactly(what, wanted.compactMap(\.stringValue), found.compactMap(\.stringValue))
        default: if wanted != found { differ(what, expected: Self.text(wanted), found: Self.text(found)) }
        }
    }

    private static func text(_ value: JSONValue) -> String {
        switch value {
        case .string(let text): text
        case .array(let items): items.map(text).joined(separator: ", ")
        default: JSONWriter.text(value)
        }
    }

    /// What there is, in the form in which tests expect it.
    private static func values(_ obligations: Obligations) -> [String: JSONValue] {
        var values: [String: JSONValue] = [:]
        if !obligations.redact.isEmpty {
            values["redact"] = .object(JSONObject(obligations.redact.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
        }
        if !obligations.limits.isEmpty {
            values["limit"] = .object(JSONObject(obligations.limits.sorted { $0.key < $1.key }.map { ($0.key, .int($0.value)) }))
        }
        if !obligations.approvers.isEmpty { values["requireApproval"] = JSONValue(obligations.approvers.sorted()) }
        if let route = obligations.route { values["route"] = .string(route.model) }
        return values
    }
}
