import Diagnostics
import JSON

/// Tables: a case for each row.
extension PolicyTestReader {
    /// What a cell of a column says.
    private enum Column {
        case name
        case now
        case request
        /// A part as a whole.
        case part(String)
        /// A member of a part, such as `context.region`.
        case member(String, ArraySlice<String>)
        case expectation(String)
    }

    mutating func readTable(_ node: SpecNode) {
        let table = node.requiredString("name")
        let columns = node.strings("columns").map { ($0, column($0)) }
        var common = TestRequest()
        if let given = node["request"] {
            guard let request = request(given) else { return }
            common = request
        }
        var expected = PolicyTest.Expectation()
        for (field, value) in node.map("expect") where field.value != "decision" { expectation(field.value, value, &expected) }
        let decision = node["expect"]?["decision"]?.text
        for row in node.list("rows") {
            let cells = row.items
            guard cells.count == columns.count else {
                let (found, needed) = (Self.count(cells.count, "cell"), Self.count(columns.count, "column"))
                report(
                    .invalidValue, "the row has \(found), and the table \(needed)", at: row.span,
                    help: "the columns: \(columns.map(\.0.value).joined(separator: ", ")); an empty cell is written `~`")
                continue
            }
            readRow(
                row, zip(columns, cells).map { (column: $0.0.1, name: $0.0.0.value, node: $0.1) }, in: table, common, expected, decision,
                node)
        }
    }

    private mutating func readRow(
        _ row: SpecNode, _ cells: [(column: Column?, name: String, node: SpecNode)], in table: Located<String>, _ common: TestRequest,
        _ expected: PolicyTest.Expectation, _ decision: String?, _ node: SpecNode
    ) {
        let before = diagnostics.count
        var (expected, decision, now) = (expected, decision, time(node))
        var (base, request) = (common.over(defaults), TestRequest())
        var (name, words): (String?, [String]) = (nil, [])
        var members: [(part: String, path: ArraySlice<String>, value: JSONValue)] = []
        for (column, title, cell) in cells where cell.json != .null {
            switch column {
            case nil: break
            case .name?: name = cell.text
            case .now?: now = time(ofCell: cell) ?? now
            case .expectation("decision")?: decision = word(cell, "decision", among: ["allow", "deny"])
            case .expectation(let field)?: expectation(field, cell, &expected)
            case .request?: if let named = self.request(cell) { base = named.over(base) }
            case .part("subject")?: request.subject = part(cell, "subject")
            case .part("action")?: request.action = action(cell)
            case .part("resource")?: request.resource = part(cell, "resource")
            case .part?: request.context = context(cell)
            case .member(let part, let path)?: members.append((part, path, cell.json))
            }
            switch column {
            case .part?, .request?: words.append(Self.word(cell))
            case .member(let part, let path)?:
                words.append((part == "context" ? path.joined(separator: ".") : title) + "=" + Self.word(cell))
            case .now?: words.append("at " + Self.word(cell))
            case .name?, .expectation?, nil: break
            }
        }
        // A mistake in a cell was told; nothing is to be said of what it leaves out.
        if diagnostics.count > before || cells.contains(where: { $0.column == nil }) { return }
        request = request.over(base)
        for (part, path, value) in members { request.set(part, path, value) }
        let title = table.value + ": " + (name ?? words.joined(separator: ", "))
        guard let decision else {
            return report(.missingField, "the row expects no `decision`", at: row.span, help: "add a column, or the table's `expect`")
        }
        expected.isAllowed = decision == "allow"
        add(request, Located(title, at: row.span), at: row.span, now: now, expected)
    }

    private mutating func column(_ name: Located<String>) -> Column? {
        let path = name.value.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        if path.count > 1, TestRequest.parts.contains(path[0]), !path.contains("") { return member(name, path) }
        switch name.value {
        case "name": return .name
        case "now": return .now
        case "request": return .request
        case "subject", "action", "resource", "context": return .part(name.value)
        default: break
        }
        if Self.expectations.contains(name.value) { return .expectation(name.value) }
        let known = ["name", "now", "request"] + TestRequest.parts + Self.expectations
        report(
            .invalidValue, "there is no column `\(name.value)`", at: name.span,
            help: Suggestion.help(for: name.value, among: known)
                ?? "one of \(Self.names(known)), or a member of a part, e.g. `context.region`")
        return nil
    }

    private static let members = [
        "subject": ["type", "id", "properties"], "action": ["name", "properties"], "resource": ["type", "id", "properties"],
    ]

    /// More parts than this no member of a request has; each is a level of nesting.
    private static let pathLimit = 16

    private mutating func member(_ name: Located<String>, _ path: [String]) -> Column? {
        if path.count > Self.pathLimit {
            report(.invalidValue, "the column has more than \(Self.pathLimit) parts", at: name.span)
            return nil
        }
        guard let known = Self.members[path[0]], !known.contains(path[1]) else { return .member(path[0], path[1...]) }
        report(
            .invalidValue, "a request's \(path[0]) has no `\(path[1])`", at: name.span,
            help: Suggestion.help(for: path[1], among: known) ?? "one of \(Self.names(known))")
        return nil
    }

    private mutating func time(ofCell cell: SpecNode) -> Int64? {
        let time = cell.text.flatMap { Timestamp.seconds($0) }
        if time == nil {
            report(
                .invalidTime, "`\(Self.word(cell))` is no date or time", at: cell.span,
                help: "write it as 2026-01-31 or 2026-01-31T12:00:00Z (RFC 3339)")
        }
        return time
    }

    /// A cell in the name of its case.
    private static func word(_ cell: SpecNode) -> String { cell.text ?? JSONWriter.text(cell.json) }

    private static func count(_ count: Int, _ what: String) -> String { "\(count) \(what)\(count == 1 ? "" : "s")" }
}
