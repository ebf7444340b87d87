import CEL
import Diagnostics
import GovernanceModel
import JSON
import Patterns
import PolicyBundle

/// Checks what documents mean, each by itself and by what the organisation declares.
struct SemanticChecker: Sendable {
    let organization: Organization
    let now: Int64
    private(set) var diagnostics: [Diagnostic] = []
    private let subjectAttributes: [Organization.Attribute]
    /// For each of them, scalars that were found right: the same few values stand in most documents.
    private var accepted: [[SpecNode.Scalar: Bool]]
    private let resourceTypes: [String]
    private let knownActions: [String]

    init(organization: Organization, now: Int64) {
        self.organization = organization
        self.now = now
        subjectAttributes = organization.subjectAttributes
        accepted = subjectAttributes.map { _ in [:] }
        let types = organization.resourceTypes
        resourceTypes = Self.builtInTypes + types.map(\.name.value)
        knownActions = Model.actions + ServerResource.actions + types.flatMap { $0.actions.map(\.value) }
    }

    private static let builtInTypes = ["model", ServerResource.type]
    /// Kinds whose documents may become wrong by themselves.
    static let timedKinds: Set<Kind> = [.exemption]
    /// Kinds of which there may be very many documents.
    static let subjectKinds: [Kind] = [.user, .serviceAccount]
    static let otherKinds: [Kind] = [
        .role, .policy, .policyTemplate, .invariant, .exemption, .budget, .detector, .model, .complianceFramework, .policyTest,
    ]

    /// What is wrong with the organisation's own declarations.
    mutating func check() {
        declaredAttributes()
        var trust = TrustChecker(organization: organization, now: now)
        trust.check()
        diagnostics += trust.diagnostics
    }

    /// What is wrong with one document.
    mutating func check(_ document: Document) -> [Diagnostic] {
        let before = diagnostics
        diagnostics = []
        defer { diagnostics = before }
        switch document.kind {
        case .role:
            for permission in Role(spec: document.spec).permissions {
                types(permission.resources, resourceTypes, "resource")
                actions(permission.actions)
            }
        case .policy: policy(document, Policy(spec: document.spec))
        case .policyTemplate:
            if let specimen = document.specimen { policy(document, Policy(spec: specimen.spec)) }
            // What is not enforced is told of the policies that are made from it.
            diagnostics.removeAll { $0.code == .notEnforcedYet }
        case .invariant:
            types(document.spec["never"]?.strings("subjects") ?? [], Self.subjectTypes, "subject")
            types(document.spec["never"]?.strings("resources") ?? [], resourceTypes, "resource")
            actions(document.spec["never"]?.strings("actions") ?? [])
        case .exemption: exemption(document, Exemption(spec: document.spec))
        case .budget: budget(document, Budget(spec: document.spec))
        case .detector: detector(document)
        case .model: model(Model(spec: document.spec))
        case .complianceFramework: unique(ComplianceFramework(spec: document.spec).controls.map(\.id), "control", in: document)
        case .user, .serviceAccount: attributes(document.spec.map("attributes"))
        case .organization, .team, .provider, .alertRoute, .retentionPolicy: break
        case .policyTest: diagnostics = PolicyTestReader(document.spec).diagnostics
        }
        return document.explained(diagnostics)
    }

    // MARK: Attributes

    private mutating func declaredAttributes() {
        let builtin = ConditionVariables.contextFields.map(\.name) + ["findings"]
        for attribute in organization.contextAttributes where builtin.contains(attribute.name.value) {
            report(
                .duplicateEntry, "`\(attribute.name.value)` is a built-in member of the context", at: attribute.name.span, help: "remove it"
            )
        }
        for attribute in organization.subjectAttributes + organization.contextAttributes + organization.resourceTypes.flatMap(\.properties)
        {
            let name = attribute.name.value
            if !attribute.values.isEmpty, attribute.type != "string", attribute.type != "stringList" {
                report(
                    .invalidValue, "`values` has no meaning for `\(name)`, which is of type `\(attribute.type)`", at: attribute.name.span,
                    help: "remove it; only texts can be limited to some values")
            }
            let isIdentifier = name.utf8.first.map { !(0x30...0x39).contains($0) } ?? false
            if !isIdentifier
                || !name.utf8.allSatisfy({ ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7a) || (0x30...0x39).contains($0) || $0 == 0x5f })
            {
                report(
                    .invalidName, "`\(name)` cannot be used in conditions", at: attribute.name.span,
                    help: "letters, digits and `_`, not beginning with a digit")
            }
        }
        unique(organization.resourceTypes.map(\.name), "resource type", in: nil)
        for type in organization.resourceTypes where Self.builtInTypes.contains(type.name.value) {
            report(.duplicateEntry, "`\(type.name.value)` is a built-in resource type", at: type.name.span, help: "choose another name")
        }
    }

    private mutating func attributes(_ given: [(key: Located<String>, value: SpecNode)]) {
        for (key, value) in given {
            guard let number = subjectAttributes.firstIndex(where: { $0.name.value == key.value }) else {
                report(
                    .attributeType, "the attribute `\(key.value)` is not declared", at: key.span,
                    help: Suggestion.help(for: key.value, among: subjectAttributes.map(\.name.value))
                        ?? "declare it in the Organization's `subjectAttributes`")
                continue
            }
            let scalar = value.scalar
            if let scalar, accepted[number][scalar] != nil { continue }
            let attribute = subjectAttributes[number]
            let before = diagnostics.count
            if AttributeValue.value(value, type: attribute.type) == nil {
                report(
                    .attributeType, "the attribute `\(key.value)` must be of type `\(attribute.type)`", at: value.span,
                    related: attribute.name.span)
            } else if !attribute.values.isEmpty {
                let texts = attribute.type == "stringList" ? value.strings : [value.string].compactMap(\.self)
                // By bytes, as conditions compare.
                for text in texts where !attribute.values.contains(where: { $0.utf8.elementsEqual(text.value.utf8) }) {
                    notAllowed(text, attribute)
                }
            }
            if let scalar, diagnostics.count == before, accepted[number].count < AttributeValue.remembered {
                accepted[number][scalar] = true
            }
        }
    }

    private mutating func notAllowed(_ text: Located<String>, _ attribute: Organization.Attribute) {
        let holds = attribute.type == "stringList" ? "hold" : "be"
        report(
            .attributeType, "the attribute `\(attribute.name.value)` cannot \(holds) `\(text.value)`", at: text.span,
            related: attribute.name.span,
            help: Suggestion.help(for: text.value, among: attribute.values) ?? "one of \(attribute.values.joined(separator: ", "))")
    }

    // MARK: Types of subjects and resources

    static let subjectTypes = ["user", "service-account"]

    /// A type that does not exist would make a permission or a policy that never matches, which nobody would notice.
    private mutating func types(_ globs: [Located<String>], _ known: [String], _ what: String) {
        for glob in globs {
            guard let colon = glob.value.firstIndex(of: ":") else { continue }
            let type = String(glob.value[..<colon])
            if known.contains(where: { Glob.matches($0, type) }) { continue }
            report(
                .unresolvedReference, "there is no type of \(what) `\(type)`", at: glob.span,
                help: Suggestion.help(for: type, among: known) ?? "one of \(known.map { "`\($0)`" }.joined(separator: ", "))")
        }
    }

    /// Actions on models are not a closed list, so that one which nobody declares is a warning and no error.
    private mutating func actions(_ globs: [Located<String>]) {
        for glob in globs where !knownActions.contains(where: { Glob.matches($0, glob.value) }) {
            report(
                .unmatchedGlob, "`\(glob.value)` matches no action of a model or of a declared resource type", at: glob.span,
                help: Suggestion.help(for: glob.value, among: knownActions)
                    ?? "declare it in the `actions` of a resource type, or remove it")
        }
    }

    // MARK: Policies

    private static let payloads = ["redact", "requireApproval", "limit", "route"]

    private mutating func policy(_ document: Document, _ policy: Policy) {
        for match in [policy.match, policy.exceptions] {
            types(match.subjects, Self.subjectTypes, "subject")
            types(match.resources, resourceTypes, "resource")
            actions(match.actions)
        }
        unique(policy.rules.map(\.name), "rule", in: document)
        unique(policy.variables.map(\.name), "variable", in: document)
        for rule in policy.rules {
            let effect = rule.effect.value
            // Of a template, an effect that only policies give.
            if effect.isEmpty { continue }
            for payload in Self.payloads {
                let given = rule.node[payload]
                if effect == payload, given == nil {
                    report(.invalidRule, "a rule with effect `\(effect)` needs the field `\(payload)`", at: rule.effect.span)
                } else if effect != payload, let given {
                    report(
                        .invalidRule, "`\(payload)` has no meaning in a rule with effect `\(effect)`", at: given.span,
                        related: rule.effect.span, label: "the effect",
                        help: "make the effect `\(payload)`, or remove the field")
                }
            }
            if effect == "requireApproval" {
                report(
                    .notEnforcedYet, "nobody can give an approval yet: until then a strict policy denies what the rule applies to",
                    at: rule.effect.span)
            }
            if let limit = rule.node["limit"], limit["requestsPerMinute"] != nil || limit["tokensPerMinute"] != nil {
                report(
                    .notEnforcedYet, "rates are handed to the caller as obligations; nothing counts them yet", at: rule.name.span)
            }
        }
    }

    // MARK: Other kinds

    private mutating func exemption(_ document: Document, _ exemption: Exemption) {
        guard let expires = Timestamp.seconds(exemption.expires.value), expires <= now else { return }
        report(
            .expiredExemption, "the exemption `\(document.plainName)` has expired and has no effect", at: exemption.expires.span,
            help: "remove it, or have it approved again with a later date")
    }

    private mutating func budget(_ document: Document, _ budget: Budget) {
        let downgrade = document.spec["downgradeTo"]
        if budget.onExceed == "downgrade", downgrade == nil {
            report(
                .missingField, "a budget that downgrades needs `downgradeTo`",
                at: document.spec.string("onExceed")?.span ?? document.name.span,
                help: "name the cheaper model")
        } else if budget.onExceed != "downgrade", let downgrade {
            report(.invalidValue, "`downgradeTo` has no meaning unless `onExceed` is `downgrade`", at: downgrade.span)
        }
        if document.spec["scope"]?.bool("organization") == false, let scope = document.spec["scope"] {
            report(.invalidValue, "`organization: false` limits nothing", at: scope.span, help: "write `organization: true`")
        }
    }

    private mutating func detector(_ document: Document) {
        for pattern in document.spec.strings("patterns") {
            do throws(CELError) {
                _ = try CELPattern(pattern.value)
            } catch {
                report(.invalidPattern, error.message, at: pattern.span, help: "the syntax is RE2's: no look-around, no back-references")
            }
        }
    }

    private mutating func model(_ model: Model) {
        // By their times, not their texts: `2026-01-01` and `2026-01-01T00:00:00Z` are one moment.
        var first: [Int64: Located<String>] = [:]
        for from in model.prices.map(\.effectiveFrom) {
            guard let time = Timestamp.seconds(from.value), let other = first.updateValue(from, forKey: time) else { continue }
            report(
                .duplicateEntry, "the price from `\(from.value)` is defined twice", at: from.span, related: other.span, label: "first here",
                help: "remove one of the two")
        }
    }

    private mutating func unique(_ names: [Located<String>], _ what: String, in document: Document?, help: String = "rename one of the two")
    {
        var first: [String: SourceSpan] = [:]
        for name in names {
            guard let other = first.updateValue(name.span, forKey: name.value) else { continue }
            let place = document.map { " in `\($0.name.value)`" } ?? ""
            diagnostics.append(
                Diagnostic(
                    .duplicateEntry, "the \(what) `\(name.value)` is defined twice\(place)", at: name.span,
                    related: [.init(span: other, message: "first here")], help: help))
        }
    }

    private mutating func report(
        _ code: DiagnosticCode, _ message: String, at span: SourceSpan, related: SourceSpan? = nil, label: String = "declared here",
        help: String? = nil
    ) {
        let second = related.map { [Diagnostic.Related(span: $0, message: label)] } ?? []
        diagnostics.append(Diagnostic(code, message, at: span, related: second, help: help))
    }
}

/// Values of attributes, read by their declared types.
enum AttributeValue {
    /// So many different values of an attribute are worth remembering.
    static let remembered = 4_096

    /// `node` as a value of the declared `type`; `nil` if it is none.
    static func value(_ node: SpecNode, type: String) -> CELValue? {
        switch (type, node.json) {
        case ("string", .string(let text)): return .string(text)
        case ("bool", .bool(let flag)): return .bool(flag)
        case ("int", .int(let number)): return .int(number)
        case ("double", .int(let number)): return .double(Double(number))
        case ("double", .decimal(let text)): return Double(text).map { .double($0) }
        case ("timestamp", .string(let text)):
            return Timestamp.seconds(text).flatMap { CELTimestamp(seconds: $0) }.map { .timestamp($0) }
        case ("stringList", .array(let items)):
            let texts = items.compactMap(\.stringValue)
            return texts.count == items.count ? .list(texts.map { .string($0) }) : nil
        default: return nil
        }
    }
}
