/// A text that an expression compares an input with.
public struct CELMention: Hashable, Sendable {
    /// The path of the input: `subject.roles`.
    public var path: String
    public var text: String
    /// Where the text stands in the source (UTF-8 offsets).
    public var range: Range<Int>
    /// Whether it is compared with the elements of the input, a list.
    public var isElement: Bool
}

extension CELExpression {
    /// The constants of type string in `input == text`, `input in [text]`, `text in input`, and the same of the elements of a list
    /// in `input.exists(x, x == text)`; in source order.
    public var mentions: [CELMention] {
        var found: [CELMention] = []
        let lists = loopVariables
        for id in expression.tree.nodes.indices {
            guard let (function, operands) = call(id), operands.count == 2 else { continue }
            switch function {
            case .equal, .notEqual:
                for (one, other) in [(operands[0], operands[1]), (operands[1], operands[0])] {
                    if let (path, isElement) = textInput(one, lists) { add(other, path, isElement, &found) }
                }
            case .isIn:
                if let (path, isElement) = textInput(operands[0], lists) {
                    guard case .list(let elements) = expression.tree[operands[1]].kind else { continue }
                    for element in elements { add(element.value, path, isElement, &found) }
                } else if let path = input(operands[1]), expression.types[operands[1]] == .list(.string) {
                    add(operands[0], path, true, &found)
                }
            default: break
            }
        }
        return found.sorted { $0.range.lowerBound < $1.range.lowerBound }
    }

    private func add(_ id: NodeID, _ path: String, _ isElement: Bool, _ found: inout [CELMention]) {
        guard case .literal(.string(let text)) = expression.tree[id].kind else { return }
        found.append(CELMention(path: path, text: text, range: expression.tree[id].range, isElement: isElement))
    }

    /// The input of type string that a node reads, or the list of which it is an element.
    private func textInput(_ id: NodeID, _ lists: [Int: String]) -> (path: String, isElement: Bool)? {
        if case .local(let local) = expression.references[id] { return lists[local].map { ($0, true) } }
        guard expression.types[id] == .string else { return nil }
        return input(id).map { ($0, false) }
    }

    private func input(_ id: NodeID) -> String? {
        guard case .slot(let slot) = expression.references[id] else { return nil }
        switch expression.tree[id].kind {
        case .name, .select(_, _, false): return path(ofSlot: slot)
        default: return nil
        }
    }

    /// The variables of loops over lists of texts, with the paths of the lists.
    private var loopVariables: [Int: String] {
        var found: [Int: String] = [:]
        for (id, locals) in expression.locals {
            guard case .comprehension(let parts) = expression.tree[id].kind, let path = input(parts.range),
                expression.types[parts.range] == .list(.string), let local = locals.last
            else { continue }
            found[local] = path
        }
        return found
    }
}

extension CELExpression {
    /// The paths of the inputs that evaluating may read or ask for.
    public var inputs: Set<String> {
        var slots: Set<Int> = []
        for reference in expression.references { if case .slot(let slot) = reference { slots.insert(slot) } }
        return Set(slots.compactMap { path(ofSlot: $0) })
    }
}
