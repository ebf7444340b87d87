import Diagnostics
import YAML

/// Checks one document against its kind's schema.
struct StructureChecker {
    let path: String
    private(set) var diagnostics: [Diagnostic] = []
    /// The way to what is being checked.
    private var way: [Step] = []
    /// Where values stand of which only the types are known.
    var unknownValues: Set<YAMLRange> = []

    /// From a value to one in it.
    enum Step {
        case field(String)
        case item(Int)
    }

    init(path: String) { self.path = path }

    /// What is being checked, as documents spell it: `spec.rules[0].when`. Put together only for a message.
    var place: String {
        way.reduce(into: "") { text, step in
            switch step {
            case .field(let name): text += text.isEmpty ? name : ".\(name)"
            case .item(let number): text += "[\(number)]"
            }
        }
    }

    /// Checks something below what is being checked.
    mutating func at(_ step: Step, _ check: (inout Self) -> Void) {
        enter(step)
        check(&self)
        leave()
    }

    /// Goes down to something below what is being checked; `leave` goes back.
    mutating func enter(_ step: Step) { way.append(step) }
    mutating func leave() { way.removeLast() }

    /// What was found so far, which is forgotten.
    mutating func takeDiagnostics() -> [Diagnostic] {
        defer { diagnostics = [] }
        return diagnostics
    }

    mutating func restore(_ diagnostics: [Diagnostic]) { self.diagnostics = diagnostics }

    // MARK: Objects

    mutating func object(_ node: YAMLNode, schema: ObjectSchema) {
        guard case .mapping(let entries) = node.content else {
            return report(.wrongType, "`\(place)` must be a mapping, found \(Self.describe(node))", node.range)
        }
        if entries.contains(where: { schema.field($0.key) == nil }) { unknown(entries, known: schema.fields.map(\.name), in: "`\(place)`") }
        for field in schema.fields {
            guard let entry = entries.first(where: { $0.key == field.name }) else {
                if field.isRequired {
                    report(
                        .missingField, "the field `\(place).\(field.name)` is missing", Self.start(node.range),
                        help: "add `\(field.name)`: \(field.doc)")
                }
                continue
            }
            at(.field(field.name)) { $0.value(entry.value, field.type) }
        }
        check(schema.rule, entries, node)
    }

    private mutating func check(_ rule: ObjectSchema.Rule?, _ entries: [YAMLNode.Entry], _ node: YAMLNode) {
        switch rule {
        case nil: break
        case .alternatives(let alternatives): check(alternatives, entries, node)
        case .exactlyOne(let names): exactlyOne(names, entries, node)
        case .atLeastOne(let names):
            if !entries.contains(where: { names.contains($0.key) }) {
                report(.missingField, "`\(place)` needs at least one of \(Self.names(names))", Self.start(node.range))
            }
        }
    }

    private mutating func exactlyOne(_ names: [String], _ entries: [YAMLNode.Entry], _ node: YAMLNode) {
        let given = entries.filter { names.contains($0.key) }
        if given.isEmpty {
            report(
                .missingField, "`\(place)` needs \(names.count > 1 ? "one of " : "")\(Self.names(names))", Self.start(node.range))
        } else if given.count > 1 {
            report(
                .invalidValue, "`\(place)` takes only one of \(Self.names(names))", given[1].keyRange,
                related: [.init(span: SourceSpan(path: path, given[0].keyRange), message: "already given here")])
        }
    }

    private mutating func check(_ alternatives: [ObjectSchema.Alternative], _ entries: [YAMLNode.Entry], _ node: YAMLNode) {
        exactlyOne(alternatives.map(\.field), entries, node)
        for alternative in alternatives {
            guard let own = entries.first(where: { $0.key == alternative.field }) else { continue }
            for name in alternative.needs where !entries.contains(where: { $0.key == name }) {
                report(
                    .missingField, "the field `\(place).\(name)` is missing", Self.start(node.range),
                    help: "`\(own.key)` needs `\(name)` beside it")
            }
            for other in entries where alternative.excludes.contains(other.key) {
                report(
                    .invalidValue, "`\(place).\(other.key)` has no meaning beside `\(own.key)`", other.keyRange,
                    related: [.init(span: SourceSpan(path: path, own.keyRange), message: "given here")], help: "remove one of the two")
            }
        }
    }

    mutating func unknown(_ entries: [YAMLNode.Entry], known: [String], in place: String) {
        for entry in entries where !known.contains(entry.key) {
            let suggestion = suggestion(for: entry.key, among: known)
            let general = entry.key == "<<" ? "merge keys are not supported: write the fields out" : "known fields: \(Self.names(known))"
            report(
                .unknownField, "the field `\(entry.key)` does not exist in \(place)", entry.keyRange, help: suggestion ?? general)
        }
    }

    /// A hint costs a walk over all names: past the first hundred nobody reads it.
    func suggestion(for word: String, among known: some Sequence<String>) -> String? {
        diagnostics.count < 100 ? Suggestion.help(for: word, among: known) : nil
    }

    // MARK: Texts

    /// Looks at every text of the document, keys included: for credentials, and for NUL, which Postgres stores nowhere.
    mutating func scanTexts(_ document: YAMLNode) {
        var fields: [String] = []
        scanTexts(
            document, below: &fields, isPublic: document["metadata"]?["annotations"]?[Self.notSecret]?.scalarText?.isEmpty == false)
    }

    /// The annotation by which a document says that nothing in it is a secret, and why.
    private static let notSecret = "charter.dev/not-secret"
    /// Fields whose values look random and are meant to be known, by what their names hold.
    private static let publicFields = [
        "identities", "publickey", "openpgp", "fingerprint", "digest", "checksum", "hash", "sha256", "certificate", "commit",
    ]

    /// - Parameters:
    ///   - fields: the names of the fields that it stands in, from the outside.
    ///   - isPublic: whether texts may look random.
    private mutating func scanTexts(_ node: YAMLNode, below fields: inout [String], isPublic: Bool) {
        switch node.content {
        case .scalar(let text, _): scan(text, node.range, below: fields, isPublic: isPublic)
        case .sequence(let items): for item in items { scanTexts(item, below: &fields, isPublic: isPublic) }
        case .mapping(let entries):
            for entry in entries {
                scan(entry.key, entry.keyRange, below: fields, isPublic: isPublic)
                fields.append(entry.key)
                scanTexts(entry.value, below: &fields, isPublic: isPublic)
                fields.removeLast()
            }
        }
    }

    private static func isPublic(_ field: String) -> Bool {
        let name = field.lowercased()
        return publicFields.contains { name.contains($0) }
    }

    private mutating func scan(_ text: String, _ range: YAMLRange, below fields: [String], isPublic: Bool) {
        if text.utf8.contains(0) { report(.invalidValue, "a NUL character cannot be stored", range, help: "remove the `\\0`") }
        if let found = SecretScanner.find(in: text) {
            return report(
                .secretInDocument, "\(found.name) must not stand in a document", range,
                help: "revoke it now, since it is in the history of the repository; keep credentials in the environment or a secret store")
        }
        // Hardly any text looks random: only of those it is asked where they stand.
        guard !isPublic, RandomText.find(in: text) != nil, !fields.contains(where: Self.isPublic) else { return }
        report(
            .likelySecret, "this text looks random, as credentials do", range,
            help: "if it is one, revoke it and keep it elsewhere; if not, tell why in the annotation `\(Self.notSecret)` of the document")
    }

    // MARK: Reporting

    mutating func report(
        _ code: DiagnosticCode, _ message: String, _ range: YAMLRange, related: [Diagnostic.Related] = [], help: String? = nil
    ) {
        diagnostics.append(Diagnostic(code, message, at: SourceSpan(path: path, range), related: related, help: help))
    }

    mutating func wrong(_ node: YAMLNode, _ expected: String, help: String? = nil) {
        report(.wrongType, "`\(place)` must be \(expected), found \(Self.describe(node))", node.range, help: help)
    }

    static func start(_ range: YAMLRange) -> YAMLRange {
        YAMLRange(line: range.line, column: range.column, endLine: range.line, endColumn: range.column + 1)
    }

    static func expectation(_ type: FieldType) -> String {
        switch type {
        case .reference(let kind): "the name of a \(kind.rawValue)"
        case .enumeration(let values): "one of \(names(values))"
        case .bool: "`true` or `false`"
        case .integer: "an integer"
        case .decimal: "a number"
        case .list: "a list"
        case .map, .object: "a mapping"
        case .any: "a value"
        case .string: "a string"
        }
    }

    static func describe(_ node: YAMLNode) -> String {
        switch node.content {
        case .sequence: return "a list"
        case .mapping: return "a mapping"
        case .scalar(let text, let isPlain):
            switch YAMLScalarType(text, isPlain: isPlain) {
            case .null: return "nothing"
            case .bool: return "the boolean `\(text)`"
            case .int, .float: return "the number `\(text)`"
            case .string: return "the text `\(excerpt(text, 40))`"
            }
        }
    }

    static func quote(_ node: YAMLNode) -> String {
        if case .scalar(let text, _) = node.content { return "`\(excerpt(text, 60))`" }
        return describe(node)
    }

    /// The beginning of `text`, masked before it is cut: half a credential would no longer be known for one.
    static func excerpt(_ text: String, _ limit: Int) -> String {
        let masked = SecretScanner.mask(text)
        return masked.count > limit ? masked.prefix(limit) + "…" : masked
    }

    static func names(_ names: [String]) -> String { names.map { "`\($0)`" }.joined(separator: ", ") }
}
