import Diagnostics
import JSON

/// What must become of a request, field by field, as cases and the cells of tables say it.
extension PolicyTestReader {
    static let expectations = ["decision", "code", "policies", "reasons", "warnings", "records", "exemptions", "obligations"]

    /// Reads one field but `decision`. In a cell, one entry needs no list.
    mutating func expectation(_ field: String, _ node: SpecNode, _ expected: inout PolicyTest.Expectation) {
        switch field {
        case "code": expected.code = word(node, field, among: PolicyTest.reasonCodes)
        case "policies":
            expected.policies = texts(node, field)
            mention(node) { PolicyTest.Mention(policy: $0, rule: nil, exemption: nil, span: $1) }
        case "exemptions":
            expected.exemptions = texts(node, field)
            mention(node) { PolicyTest.Mention(policy: nil, rule: nil, exemption: $0, span: $1) }
        case "reasons": expected.reasons = rules(node, field)
        case "warnings": expected.warnings = rules(node, field)
        case "records": expected.records = rules(node, field)
        default: if let obligations = obligations(node) { expected.obligations = obligations }
        }
    }

    /// One of some words.
    mutating func word(_ node: SpecNode, _ field: String, among known: [String]) -> String? {
        guard let text = node.text else {
            report(.wrongType, "`\(field)` must be one of \(Self.names(known))", at: node.span)
            return nil
        }
        if known.contains(text) { return text }
        report(
            .invalidValue, "`\(text)` is not one of \(Self.names(known))", at: node.span, help: Suggestion.help(for: text, among: known))
        return nil
    }

    private mutating func texts(_ node: SpecNode, _ field: String) -> [String] {
        if let text = node.text { return [text] }
        if node.head.shape == .mapping || node.items.contains(where: { $0.text == nil }) {
            report(.wrongType, "`\(field)` must be a list of texts", at: node.span)
        }
        return node.texts
    }

    private mutating func mention(_ node: SpecNode, _ make: (String, SourceSpan) -> PolicyTest.Mention) {
        mentions += ([node.string].compactMap(\.self) + node.strings).map { make($0.value, $0.span) }
    }

    /// `policy/rule`, or a code.
    private mutating func rules(_ node: SpecNode, _ field: String) -> [String] {
        for text in [node.string].compactMap(\.self) + node.strings {
            let parts = text.value.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            if parts.count == 2 {
                mentions.append(PolicyTest.Mention(policy: parts[0], rule: parts[1], exemption: nil, span: text.span))
            } else if field != "reasons" || !PolicyTest.reasonCodes.contains(text.value) {
                let what = field == "reasons" ? "neither a rule nor a code" : "no rule"
                report(
                    .invalidValue, "`\(text.value)` is \(what)", at: text.span,
                    help: (field == "reasons" ? Suggestion.help(for: text.value, among: PolicyTest.reasonCodes) : nil)
                        ?? "write `policy/rule`")
            }
        }
        return texts(node, field)
    }

    // MARK: Obligations

    private mutating func obligations(_ node: SpecNode) -> PolicyTest.ExpectedObligations? {
        guard node.head.shape == .mapping else {
            for text in [node.string].compactMap(\.self) + node.strings { kind(text) }
            return .including(texts(node, "obligations"))
        }
        var exact: [(kind: String, value: JSONValue?)] = []
        for (name, value) in node.entries {
            kind(name)
            if value.json == .bool(true) {
                exact.append((name.value, nil))
            } else if let value = obligation(name.value, value) {
                exact.append((name.value, value))
            }
        }
        return .exactly(exact)
    }

    private mutating func kind(_ name: Located<String>) {
        let known = PolicyTest.ExpectedObligations.kinds
        if known.contains(name.value) { return }
        report(
            .invalidValue, "there is no obligation `\(name.value)`", at: name.span,
            help: Suggestion.help(for: name.value, among: known) ?? "one of \(Self.names(known))")
    }

    private mutating func obligation(_ kind: String, _ node: SpecNode) -> JSONValue? {
        let json = node.json
        switch kind {
        case "redact":
            if let name = json.stringValue { return [.string(name)] }
            if case .array(let items) = json, items.allSatisfy({ $0.stringValue != nil }) { return json }
            if case .object(let modes) = json, modes.members.allSatisfy({ ["mask", "hash", "remove"].contains($0.value.stringValue) }) {
                return json
            }
            report(
                .wrongType, "`redact` must be a list of detectors, or a mapping from detectors to `mask`, `hash` or `remove`", at: node.span
            )
        case "limit":
            if case .object(let limits) = json, limits.members.allSatisfy({ $0.value.intValue != nil }) { return json }
            report(.wrongType, "`limit` must be a mapping from limits to integers, e.g. `{maxOutputTokens: 1000}`", at: node.span)
        case "requireApproval":
            if let name = json.stringValue { return [.string(name)] }
            if case .array(let items) = json, items.allSatisfy({ $0.stringValue != nil }) { return json }
            report(.wrongType, "`requireApproval` must be a list of roles", at: node.span)
        case "route":
            if json.stringValue != nil { return json }
            report(.wrongType, "`route` must be the name of a model", at: node.span)
        // Was told already.
        default: break
        }
        return nil
    }
}
