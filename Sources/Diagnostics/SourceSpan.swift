/// A place in a source file: where a value was written.
///
/// Lines and columns count from 1; columns count Unicode scalars, as editors and SARIF do. The end is exclusive.
public struct SourceSpan: Hashable, Sendable {
    /// Path relative to the root of the repository, with `/` between its parts.
    public var path: String
    public var line: Int
    public var column: Int
    public var endLine: Int
    public var endColumn: Int

    public init(path: String, line: Int, column: Int, endLine: Int, endColumn: Int) {
        self.path = path
        self.line = line
        self.column = column
        self.endLine = endLine
        self.endColumn = endColumn
    }

    /// The start of a file: for findings about the file as a whole.
    public init(startOf path: String) {
        self.init(path: path, line: 1, column: 1, endLine: 1, endColumn: 1)
    }

    /// `path:line:column`, which editors and terminals turn into a link.
    public var location: String { "\(path):\(line):\(column)" }
}

extension SourceSpan: Comparable {
    public static func < (a: SourceSpan, b: SourceSpan) -> Bool {
        (a.path, a.line, a.column, a.endLine, a.endColumn) < (b.path, b.line, b.column, b.endLine, b.endColumn)
    }
}
