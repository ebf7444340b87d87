/// One thing wrong with an expression, found before it is run.
public struct CELIssue: Error, Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable {
        /// The text does not follow the grammar.
        case syntax
        /// A name that nothing declares.
        case undeclared
        /// A function or operator that does not take these types.
        case noOverload
        /// A type other than the one needed.
        case type
        /// A limit on size or nesting.
        case limit
        /// An invalid regular expression.
        case pattern
        /// A literal whose value is out of range or ill formed.
        case literal
    }

    public var kind: Kind
    public var message: String
    /// UTF-8 offsets into the source.
    public var range: Range<Int>
    /// What would mend it, where that is known.
    public var help: String?

    public init(kind: Kind, message: String, range: Range<Int>, help: String? = nil) {
        self.kind = kind
        self.message = message
        self.range = range
        self.help = help
    }
}

/// All that is wrong with an expression, in source order. Never empty when thrown.
public struct CELIssues: Error, Hashable, Sendable {
    public var issues: [CELIssue]

    public init(issues: [CELIssue]) { self.issues = issues }
}

extension CELIssues: CustomStringConvertible {
    public var description: String {
        issues.map { issue in issue.help.map { "\(issue.message) (\($0))" } ?? issue.message }.joined(separator: "; ")
    }
}
