import Diagnostics
import JSON

/// Requests and their parts: written out, or by the names of fixtures.
extension PolicyTestReader {
    mutating func readFixtures(_ node: SpecNode?) {
        guard let node else { return }
        for (name, value) in fixtures(node, "subjects") { part(value, "subject").map { fixtures.subjects.add(name, $0) } }
        for (name, value) in fixtures(node, "resources") { part(value, "resource").map { fixtures.resources.add(name, $0) } }
        for (name, value) in fixtures(node, "contexts") { context(value).map { fixtures.contexts.add(name, $0) } }
        for (name, value) in fixtures(node, "requests") { request(value).map { fixtures.requests.add(name, $0) } }
    }

    private mutating func fixtures(_ node: SpecNode, _ group: String) -> [(key: Located<String>, value: SpecNode)] {
        let entries = node.map(group)
        for (name, _) in entries where !Names.isValid(name.value) {
            report(.invalidName, "`\(name.value)` cannot be the name of a fixture", at: name.span, help: "a name is made of \(Names.rule)")
        }
        return entries
    }

    /// A request, or the name of one; nothing, and a finding, if it is neither.
    mutating func request(_ node: SpecNode) -> TestRequest? {
        if let name = node.string { return named(name, "request") { $0.fixtures.requests.use(name.value) } }
        guard node.head.shape == .mapping else { return wrong(node, "a request must be a mapping or the name of a fixture") }
        let known = ["from"] + TestRequest.parts
        for (name, _) in node.entries where !known.contains(name.value) {
            report(
                .unknownField, "a request has no `\(name.value)`", at: name.span,
                help: Suggestion.help(for: name.value, among: known) ?? "known fields: \(Self.names(known))")
        }
        let before = diagnostics.count
        var request = TestRequest()
        if let given = node["subject"] { request.subject = part(given, "subject") }
        if let given = node["action"] { request.action = action(given) }
        if let given = node["resource"] { request.resource = part(given, "resource") }
        if let given = node["context"] { request.context = context(given) }
        if let given = node["from"] {
            guard let name = given.string else { return wrong(given, "`from` must be the name of a request") }
            guard let base = named(name, "request", { $0.fixtures.requests.use(name.value) }) else { return nil }
            request = request.over(base)
        }
        // What is left out for a mistake in it must not be missed too.
        return diagnostics.count == before ? request : nil
    }

    /// A subject or a resource: a mapping, `type:id`, or the name of a fixture.
    mutating func part(_ node: SpecNode, _ what: String) -> JSONValue? {
        guard let text = node.string else {
            if node.head.shape == .mapping { return node.json }
            return wrong(node, "a \(what) must be a mapping, `type:id` or the name of a fixture")
        }
        if let colon = text.value.firstIndex(of: ":") {
            let (type, id) = (String(text.value[..<colon]), String(text.value[text.value.index(after: colon)...]))
            return ["type": .string(type), "id": .string(id)]
        }
        return named(text, what) { what == "subject" ? $0.fixtures.subjects.use(text.value) : $0.fixtures.resources.use(text.value) }
    }

    /// A mapping, or the action's name.
    mutating func action(_ node: SpecNode) -> JSONValue? {
        if let name = node.text { return ["name": .string(name)] }
        return node.head.shape == .mapping ? node.json : wrong(node, "an action must be a mapping or its name")
    }

    /// A mapping, the name of a fixture, or a list of these: later members take the place of earlier ones.
    mutating func context(_ node: SpecNode) -> JSONObject? {
        if let name = node.string { return named(name, "context") { $0.fixtures.contexts.use(name.value) } }
        if node.head.shape == .mapping { return node.json.objectValue }
        var merged = JSONObject()
        for item in node.items {
            guard let next = item.head.shape == .sequence ? wrong(item, "a context in a list cannot be a list") : context(item) else {
                return nil
            }
            merged = merged.merging(next)
        }
        return merged
    }

    private mutating func named<Piece>(_ name: Located<String>, _ what: String, _ find: (inout Self) -> Piece?) -> Piece? {
        if let piece = find(&self) { return piece }
        let known = fixtures.names(what + "s")
        let typed = what == "subject" || what == "resource" ? ", or write `type:id`" : ""
        let general = known.isEmpty ? "define it in `fixtures.\(what)s`\(typed)" : "there are \(Self.names(known))\(typed)"
        report(
            .unresolvedReference, "there is no \(what) `\(name.value)` among the fixtures", at: name.span,
            help: Suggestion.help(for: name.value, among: known) ?? general)
        return nil
    }

    private mutating func wrong<Piece>(_ node: SpecNode, _ message: String) -> Piece? {
        report(.wrongType, message, at: node.span)
        return nil
    }
}
