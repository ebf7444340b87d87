import CEL
import Diagnostics
import GovernanceModel

/// Finds conditions that decide nothing, ask for what cannot be, or cost too much.
struct ConditionChecker {
    /// What a condition is for: what it means that it holds, or never does.
    enum Use {
        case rule(String)
        case permission
        case invariant
    }

    let knowledge: RequestKnowledge
    private let mostSteps: Int
    private(set) var reasoner: CELReasoner
    private(set) var diagnostics: [Diagnostic] = []
    /// Variables that ask for what cannot be. What follows from that need not be told as well.
    private var doubtful: Set<String> = []

    init(_ organization: Organization?) {
        knowledge = RequestKnowledge(organization)
        mostSteps = organization?.conditionSizes.steps ?? .max
        reasoner = CELReasoner(knowledge: knowledge.reasoning)
    }

    mutating func takeDiagnostics() -> [Diagnostic] {
        defer { diagnostics = [] }
        return diagnostics
    }

    // MARK: Any expression

    /// Checks what holds for every expression, whatever it is for.
    ///
    /// - Returns: whether all that it asks for can be.
    @discardableResult
    mutating func check(_ expression: CELExpression, _ source: Located<String>) -> Bool {
        cost(expression, source)
        var isPossible = true
        for mention in expression.mentions {
            guard let values = knowledge.values[mention.path], !values.texts.contains(where: { $0.utf8.elementsEqual(mention.text.utf8) })
            else {
                continue
            }
            isPossible = false
            diagnostics.append(
                Self.impossible(
                    mention, at: ConditionCompiler.span(of: mention.range, in: source), known: values.texts, declaration: values.declaration
                ))
        }
        return isPossible
    }

    static func impossible(
        _ mention: CELMention, at span: SourceSpan, known: [String], declaration: SourceSpan? = nil, reason: String = ""
    ) -> Diagnostic {
        let most = 12
        let list = known.prefix(most).map { "`\($0)`" }.joined(separator: ", ") + (known.count > most ? " …" : "")
        let related = declaration.map { [Diagnostic.Related(span: $0, message: "its values are declared here")] } ?? []
        return Diagnostic(
            .impossibleValue, "`\(mention.path)` \(mention.isElement ? "never holds" : "is never") `\(mention.text)`\(reason)", at: span,
            related: related, help: Suggestion.help(for: mention.text, among: known) ?? (known.isEmpty ? nil : "one of \(list)"))
    }

    private mutating func cost(_ expression: CELExpression, _ source: Located<String>) {
        let cost = expression.cost(bounds: knowledge.bounds)
        guard cost.steps > mostSteps else { return }
        let message =
            cost.isBounded
            ? "this may take \(Self.grouped(cost.steps)) steps, \(Self.grouped(mostSteps)) are allowed"
            : "nothing bounds the steps that this may take, \(Self.grouped(mostSteps)) are allowed"
        let part = ConditionCompiler.span(of: cost.costliest, in: source)
        let whole = ConditionCompiler.span(of: 0..<source.value.utf8.count, in: source)
        let related = part == whole || part == source.span ? [] : [Diagnostic.Related(span: part, message: "most of it goes to this")]
        diagnostics.append(
            Diagnostic(
                .costlyCondition, message, at: source.span, related: related,
                help: "a loop in a loop costs most; the sizes that are assumed stand in the Organization's `conditions`"))
    }

    private static func grouped(_ number: Int) -> String {
        var digits = Array(String(number))
        var place = digits.count - 3
        while place > 0 {
            digits.insert(",", at: place)
            place -= 3
        }
        return String(digits)
    }

    // MARK: Variables

    mutating func beginPolicy() {
        reasoner.forgetDefinitions()
        doubtful = []
    }

    mutating func variable(_ name: String, _ expression: CELExpression?, _ source: Located<String>) {
        let path = "variables.\(name)"
        reasoner.define(path, as: expression)
        guard let expression else { return }
        if !check(expression, source) || readsDoubtful(expression) { doubtful.insert(path) }
    }

    private func readsDoubtful(_ expression: CELExpression) -> Bool {
        !doubtful.isEmpty && !doubtful.isDisjoint(with: expression.inputs)
    }

    // MARK: Conditions

    /// - Returns: what the condition asks, where it can be reasoned about and nothing is wrong with it: of one that has to be mended other findings
    ///   would be wrong as soon as it is.
    mutating func condition(_ expression: CELExpression, _ source: Located<String>, _ use: Use) -> CELFormula? {
        let isPossible = check(expression, source)
        guard isPossible, !readsDoubtful(expression), let reading = reasoner.reading(of: expression) else { return nil }
        let outcomes = reading.formula.outcomes
        if outcomes.isSuperset(of: [.isTrue, .isFalse]) { return reading.formula }
        if !outcomes.contains(.isTrue) {
            never(outcomes, reading, source, use)
            return nil
        }
        guard let (message, help) = Self.always(outcomes, use) else { return reading.formula }
        diagnostics.append(Diagnostic(.constantCondition, message, at: source.span, help: help))
        return nil
    }

    private static func always(_ outcomes: CELOutcomes, _ use: Use) -> (message: String, help: String)? {
        if outcomes == .isTrue { return ("the condition is always true", "leave out `when`, if that is meant") }
        // A permission is not given where its condition is an error: that is a condition too.
        guard case .rule(let name) = use else { return nil }
        return (
            "the condition is never false, so that the rule `\(name)` always takes effect",
            "where the condition cannot be evaluated, the rule takes effect too; leave out `when`, if that is meant"
        )
    }

    private mutating func never(_ outcomes: CELOutcomes, _ reading: CELReasoner.Reading, _ source: Located<String>, _ use: Use) {
        let (effect, help) = Self.consequence(outcomes, use)
        func part(_ part: CELReasoner.Part) -> (text: String, span: SourceSpan) {
            let range = Self.closed(part.range, source)
            return (Self.excerpt(range, source), ConditionCompiler.span(of: range, in: source))
        }
        let parts = reading.conjuncts
        if parts.count > 1, let single = parts.first(where: { !$0.formula.outcomes.contains(.isTrue) }) {
            let (text, span) = part(single)
            let cannot = single.formula.outcomes == .isError ? "can never be evaluated" : "is never true"
            diagnostics.append(Diagnostic(.constantCondition, "`\(text)` \(cannot): \(effect)", at: span, help: help))
            return
        }
        if parts.count > 1, let (one, other) = Self.contradiction(parts) {
            let (text, span) = part(other)
            let (first, place) = part(one)
            diagnostics.append(
                Diagnostic(
                    .contradictoryCondition, "`\(first)` and `\(text)` are never both true: \(effect)", at: span,
                    related: place == span ? [] : [.init(span: place, message: "contradicts this")], help: help))
            return
        }
        let cannot = outcomes == .isError ? "can never be evaluated" : "is never true"
        diagnostics.append(Diagnostic(.constantCondition, "the condition \(cannot): \(effect)", at: source.span, help: help))
    }

    /// The first two that exclude each other.
    private static func contradiction(_ parts: [CELReasoner.Part]) -> (CELReasoner.Part, CELReasoner.Part)? {
        // Of very many parts nobody would find two by looking either, but comparing all takes long.
        guard parts.count <= 50 else { return nil }
        for (number, other) in parts.enumerated() {
            for one in parts[..<number] where !CELFormula.all([one.formula, other.formula]).outcomes.contains(.isTrue) {
                return (one, other)
            }
        }
        return nil
    }

    /// What it means that a condition never holds.
    private static func consequence(_ outcomes: CELOutcomes, _ use: Use) -> (effect: String, help: String?) {
        switch use {
        case .permission: ("the permission is never given", nil)
        case .invariant: ("the invariant forbids nothing", nil)
        case .rule(let name):
            switch outcomes {
            case .isFalse: ("the rule `\(name)` has no effect", nil)
            case .isError: ("the rule `\(name)` always takes effect", "where a condition cannot be evaluated, its rule takes effect")
            default:
                (
                    "the rule `\(name)` takes effect only where it cannot be evaluated",
                    "to ask for what is absent, write `!has(…)`"
                )
            }
        }
    }

    /// With the brackets that end a part: `!(a)` ends at `a` to those who read its logic.
    private static func closed(_ range: Range<Int>, _ source: Located<String>) -> Range<Int> {
        let bytes = Array(source.value.utf8)
        var (open, end) = (0, range.clamped(to: bytes.indices).lowerBound)
        func count(_ byte: UInt8) {
            if byte == UInt8(ascii: "(") { open += 1 } else if byte == UInt8(ascii: ")") { open -= 1 }
        }
        while end < min(range.upperBound, bytes.count) {
            count(bytes[end])
            end += 1
        }
        var last = end
        while open > 0, end < bytes.count, bytes[end] == UInt8(ascii: ")") || bytes[end] <= 0x20 {
            count(bytes[end])
            end += 1
            if open == 0 { last = end }
        }
        return range.lowerBound..<last
    }

    /// A part of a condition on one line.
    private static func excerpt(_ range: Range<Int>, _ source: Located<String>) -> String {
        let bytes = Array(source.value.utf8)
        let text = String(decoding: bytes[range.clamped(to: bytes.indices)], as: UTF8.self)
        let line = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return line.count > 60 ? line.prefix(60) + "…" : line
    }
}
