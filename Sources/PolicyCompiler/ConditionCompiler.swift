import CEL
import Diagnostics
import GovernanceModel
import PolicyBundle

/// Compiles CEL conditions and turns what CEL says about them into diagnostics at the right place of the file.
struct ConditionCompiler {
    /// The environment without a policy's own variables.
    let base: CELEnvironment
    private let variables: [CELEnvironment.Variable]
    private var diagnostics: [Diagnostic] = []

    private let isSyntaxOnly: Bool
    /// What conditions that can be compiled are checked for.
    var checker: ConditionChecker

    /// - Parameter organization: declares attributes; without it only syntax is checked, and nothing is compiled.
    init(organization: Organization?) {
        func fields(_ attributes: [Organization.Attribute]) -> [CELRecordType.Field] {
            attributes.map { CELRecordType.Field(name: $0.name.value, type: ConditionVariables.type(named: $0.type) ?? .dyn) }
        }
        variables = ConditionVariables.all(
            subjectAttributes: fields(organization?.subjectAttributes ?? []),
            contextAttributes: fields(organization?.contextAttributes ?? []), resourceProperties: Self.resourceProperties(organization))
        isSyntaxOnly = organization == nil
        checker = ConditionChecker(organization)
        base = CELEnvironment(variables: variables)
    }

    /// The properties of models and of all declared types of resource; `nil` where a request may bring others, or nothing is declared.
    ///
    /// A condition does not know the type of its resource, so a name that two types declare differently is `dyn`. The value is what the
    /// type of the request's resource says.
    private static func resourceProperties(_ organization: Organization?) -> [CELRecordType.Field]? {
        guard let types = organization?.resourceTypes, !types.isEmpty, !types.contains(where: \.isOpen) else { return nil }
        var known = ConditionVariables.modelProperties
        for property in types.flatMap(\.properties) {
            let type = ConditionVariables.type(named: property.type) ?? .dyn
            known[property.name.value] = known[property.name.value].map { $0 == type ? type : .dyn } ?? type
        }
        return known.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { CELRecordType.Field(name: $0.key, type: $0.value) }
    }

    /// The environment in which `variables.name` can be read too. Its slots come last, so that those of the request stay where they are.
    func environment(with fields: [CELRecordType.Field]) -> CELEnvironment {
        if fields.isEmpty { return base }
        let record = CELType.record(CELRecordType(name: "variables", fields: fields))
        return CELEnvironment(variables: variables + [.init("variables", record)])
    }

    /// An expression and what came of it.
    struct Compiled {
        var expression: CELExpression
        var program: CELProgram
    }

    mutating func compile(_ source: Located<String>, in environment: CELEnvironment, expecting type: CELType?) -> Compiled? {
        do throws(CELIssues) {
            let expression = try CELExpression(source.value, in: environment, expecting: type)
            return Compiled(expression: expression, program: try CELCompiler.compile(expression))
        } catch {
            diagnostics += error.issues.map { Self.diagnostic($0, source) }.filter { !isSyntaxOnly || $0.code != .conditionType }
            return nil
        }
    }

    /// What was found since it was asked last.
    mutating func takeDiagnostics() -> [Diagnostic] {
        defer { diagnostics = [] }
        return diagnostics + checker.takeDiagnostics()
    }

    private static func diagnostic(_ issue: CELIssue, _ source: Located<String>) -> Diagnostic {
        let code: DiagnosticCode
        switch issue.kind {
        case .syntax: code = .conditionSyntax
        case .limit: code = .conditionLimit
        default: code = .conditionType
        }
        return Diagnostic(code, issue.message, at: span(of: issue.range, in: source), help: issue.help)
    }

    /// The place of `range` (UTF-8 offsets into the expression) in the file. A scalar that was folded or escaped is named as a whole,
    /// since its text and its source differ.
    static func span(of range: Range<Int>, in source: Located<String>) -> SourceSpan {
        let whole = source.span
        if let insertions = source.insertions {
            var written = Located(insertions.written, at: whole)
            written.textIndentation = source.textIndentation
            return span(of: insertions.written(range), in: written)
        }
        if let indentation = source.textIndentation { return span(of: range, in: source, indentedBy: indentation) }
        let scalars = source.value.unicodeScalars.count
        guard whole.line == whole.endLine else { return whole }
        let written = whole.endColumn - whole.column
        let quote: Int
        switch written {
        case scalars: quote = 0
        case scalars + 2: quote = 1
        default: return whole
        }
        func column(_ offset: Int) -> Int {
            let prefix = source.value.utf8.prefix(max(0, offset))
            return whole.column + quote + String(decoding: prefix, as: UTF8.self).unicodeScalars.count
        }
        let start = column(range.lowerBound)
        return SourceSpan(
            path: whole.path, line: whole.line, column: start, endLine: whole.line, endColumn: max(start + 1, column(range.upperBound)))
    }

    /// The place of `range` in a literal block: each line of its text is a line of the file.
    private static func span(of range: Range<Int>, in source: Located<String>, indentedBy indentation: Int) -> SourceSpan {
        // What is wrong at the end of the text is shown behind its last character, not on the line after it.
        let text = Array(source.value.utf8)
        let length = text.lastIndex { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: " ") }.map { $0 + 1 } ?? 0
        func place(_ offset: Int) -> (line: Int, column: Int) {
            let before = text[..<min(max(0, offset), length)]
            let start = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
            let line = source.span.line + 1 + before.count { $0 == UInt8(ascii: "\n") }
            return (line, indentation + 1 + String(decoding: before[start...], as: UTF8.self).unicodeScalars.count)
        }
        let (start, end) = (place(range.lowerBound), place(range.upperBound))
        return SourceSpan(
            path: source.span.path, line: start.line, column: start.column, endLine: end.line,
            endColumn: end.line == start.line ? max(start.column + 1, end.column) : end.column)
    }
}
