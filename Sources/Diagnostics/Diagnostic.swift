/// How much a finding matters.
public enum Severity: Int, Sendable, Comparable, CaseIterable {
    /// Something worth knowing; never changes an exit code.
    case note
    case warning
    /// The commit cannot be compiled.
    case error

    public var name: String {
        switch self {
        case .note: "note"
        case .warning: "warning"
        case .error: "error"
        }
    }

    public static func < (a: Severity, b: Severity) -> Bool { a.rawValue < b.rawValue }
}

/// One finding about the documents of a repository.
public struct Diagnostic: Error, Hashable, Sendable {
    /// A second place that explains the first, e.g. "first defined here".
    public struct Related: Hashable, Sendable {
        public var span: SourceSpan
        public var message: String

        public init(span: SourceSpan, message: String) {
            self.span = span
            self.message = SourceLine.printable(SecretScanner.mask(message))
        }
    }

    public var code: DiagnosticCode
    public var severity: Severity
    /// What is wrong: lower-case, one line, user input in backticks. Credentials and control characters in it, and in
    /// the other texts, are masked on creation, so that no renderer can forget to.
    public var message: String
    public var span: SourceSpan
    public var related: [Related]
    /// What to do about it.
    public var help: String?

    public init(
        _ code: DiagnosticCode, _ message: String, at span: SourceSpan, related: [Related] = [], help: String? = nil,
        severity: Severity? = nil
    ) {
        self.code = code
        self.severity = severity ?? code.severity
        self.message = SourceLine.printable(SecretScanner.mask(message))
        self.span = span
        self.related = related
        self.help = help.map { SourceLine.printable(SecretScanner.mask($0)) }
    }
}

extension Array where Element == Diagnostic {
    public var hasErrors: Bool { contains { $0.severity == .error } }

    public func count(of severity: Severity) -> Int {
        reduce(0) { $0 + ($1.severity == severity ? 1 : 0) }
    }

    /// `1 error, 0 warnings, 2 notes`
    public var counts: String {
        Severity.allCases.reversed().map { severity in
            let count = count(of: severity)
            return "\(count) \(severity.name)\(count == 1 ? "" : "s")"
        }.joined(separator: ", ")
    }

    /// In reading order: by file, then by place, so that two runs over the same commit print the same text.
    public func inReadingOrder() -> [Diagnostic] {
        sorted { a, b in
            if a.span != b.span { return a.span < b.span }
            if a.code != b.code { return a.code.rawValue < b.code.rawValue }
            return a.message < b.message
        }
    }

    /// Errors before warnings before notes, each in reading order: for a reader who may not get to see all.
    public func worstFirst() -> [Diagnostic] {
        let sorted = inReadingOrder()
        return Severity.allCases.reversed().flatMap { severity in sorted.filter { $0.severity == severity } }
    }
}
