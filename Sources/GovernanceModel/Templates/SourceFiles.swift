import Diagnostics
import YAML

/// The file that a tree was read from; of one that was put together from two files, both of them.
///
/// The lines of both are numbered in one row, as compilers do: a place says by its line which of the files it is in.
struct SourceFiles: Sendable {
    let path: String
    /// The file whose first line has the number `otherLines + 1`.
    let otherPath: String?

    /// INVARIANT: no file has so many lines, as it has no more than 8 MiB.
    static let otherLines: Int32 = 1 << 24

    init(path: String, otherPath: String? = nil) {
        self.path = path
        self.otherPath = otherPath
    }

    func span(_ range: YAMLRange) -> SourceSpan { placed(SourceSpan(path: path, range)) }

    /// A finding whose places have been numbered in this way.
    func placed(_ diagnostic: Diagnostic) -> Diagnostic {
        var diagnostic = diagnostic
        diagnostic.span = placed(diagnostic.span)
        for number in diagnostic.related.indices { diagnostic.related[number].span = placed(diagnostic.related[number].span) }
        return diagnostic
    }

    private func placed(_ span: SourceSpan) -> SourceSpan {
        guard let otherPath, span.line > Self.otherLines else { return span }
        let lines = Int(Self.otherLines)
        return SourceSpan(
            path: otherPath, line: span.line - lines, column: span.column, endLine: span.endLine - lines, endColumn: span.endColumn)
    }
}

extension SpecNode {
    /// The node as the parser made it.
    ///
    /// - Parameter shift: is added to all lines.
    func yaml(shift: Int32 = 0) -> YAMLNode {
        let head = head
        func range(_ range: YAMLRange) -> YAMLRange {
            YAMLRange(line: range.line + shift, column: range.column, endLine: range.endLine + shift, endColumn: range.endColumn)
        }
        let content: YAMLNode.Content
        switch head.shape {
        case .scalar(let isPlain): content = .scalar(tree.text(head.content), isPlain: isPlain)
        case .sequence: content = .sequence(items.map { $0.yaml(shift: shift) })
        case .mapping:
            content = .mapping(
                rangedEntries.map { YAMLNode.Entry(key: $0.key, keyRange: range($0.range), value: $0.value.yaml(shift: shift)) })
        }
        var node = YAMLNode(content: content, range: range(head.range))
        node.textIndentation = head.textIndentation
        return node
    }

    private var rangedEntries: [(key: String, range: YAMLRange, value: SpecNode)] {
        let head = head
        guard head.shape == .mapping else { return [] }
        var position = head.content.lowerBound
        return (0..<head.count).map { _ in
            let key = tree.key(&position)
            defer { position = tree.end(of: position) }
            return (tree.text(key.text), key.range, SpecNode(tree, at: position))
        }
    }
}
