import Diagnostics

/// A value and the place in a file where it was written.
public struct Located<Value: Sendable>: Sendable {
    public var value: Value
    public var span: SourceSpan
    /// For the text of a literal block (`|`): the spaces before each of its lines, which begin on the line after the span's first.
    public var textIndentation: Int?
    /// For a condition of a template: where values were put into it.
    public var insertions: Insertions?

    public init(_ value: Value, at span: SourceSpan) {
        self.value = value
        self.span = span
    }
}

extension Located: Equatable where Value: Equatable {}
extension Located: Hashable where Value: Hashable {}
