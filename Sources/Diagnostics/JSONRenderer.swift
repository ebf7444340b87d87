import JSON

extension Diagnostic {
    /// `{code, severity, message, file, line, column, endLine, endColumn, help?, related?}`, as every `--format json` prints it.
    public var json: JSONValue {
        var object = JSONObject([
            ("code", .string(code.rawValue)), ("severity", .string(severity.name)), ("message", .string(message)),
        ])
        for (name, value) in span.jsonMembers { object[name] = value }
        if let help { object["help"] = .string(help) }
        if !related.isEmpty {
            object["related"] = .array(
                related.map { .object(JSONObject([("message", .string($0.message))] + $0.span.jsonMembers)) })
        }
        return .object(object)
    }
}

extension SourceSpan {
    var jsonMembers: [(String, JSONValue)] {
        [
            ("file", .string(path)), ("line", .int(Int64(line))), ("column", .int(Int64(column))), ("endLine", .int(Int64(endLine))),
            ("endColumn", .int(Int64(endColumn))),
        ]
    }
}
