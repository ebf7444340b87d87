/// A text for each part of an expression: parts with equal texts have equal values in one evaluation, in other expressions too.
extension FormulaBuilder {
    /// Nil where the text would be very long.
    mutating func key(_ id: NodeID) -> String? {
        var text = ""
        write(id, &text)
        return isUnknown ? nil : text
    }

    /// Of a part of which nothing can be said. That makes the whole unknown.
    mutating func unknownKey() -> String {
        isUnknown = true
        return "unknown"
    }

    private mutating func write(_ id: NodeID, _ text: inout String) {
        if isUnknown { return }
        if text.utf8.count > CELReasoner.longestKey {
            isUnknown = true
            return
        }
        if let value = expression.folded[id] { return Self.write(value, &text) }
        let tree = expression.expression.tree
        switch expression.expression.references[id] {
        case .slot(let slot): return write(slot: slot, id, &text)
        case .local(let local):
            guard let level = levels[local] else {
                isUnknown = true
                return
            }
            text += "local \(level);"
            return
        case .constant(let value):
            guard case .message = tree[id].kind else { return Self.write(value, &text) }
        case .present:
            text += "present;"
            return
        // Nothing of this kind is left in an expression that has been checked.
        case .unbound, .noOverload, .place:
            isUnknown = true
            return
        case .function, .namespaced, .variadic, .none: break
        }
        composite(id, tree, &text)
    }

    private mutating func write(slot: Int, _ id: NodeID, _ text: inout String) {
        guard let path = expression.path(ofSlot: slot), !reasoner.unknown.contains(path) else {
            isUnknown = true
            return
        }
        switch expression.expression.tree[id].kind {
        case .has: text += "has "
        case .select(_, _, true): text += "optional "
        default: break
        }
        if let definition = reasoner.definitions[path] {
            text += definition.key
        } else {
            text += "slot \(path);"
        }
    }

    private mutating func composite(_ id: NodeID, _ tree: SyntaxTree, _ text: inout String) {
        var children = tree.children(of: id)
        let locals = expression.expression.locals[id] ?? []
        for local in locals { levels[local] = levels.count }
        defer { for local in locals { levels[local] = nil } }
        switch tree[id].kind {
        case .literal, .name, .invalid:
            isUnknown = true
            return
        case .select(_, let field, let isOptional): text += "select\(isOptional ? "?" : "") " + Self.quoted(field)
        case .has(_, let field): text += "has " + Self.quoted(field)
        case .index(_, _, let isOptional): text += "index\(isOptional ? "?" : "")"
        case .and: text += "and"
        case .or: text += "or"
        case .conditional: text += "if"
        case .call(_, _, let arguments, _):
            switch expression.expression.references[id] {
            case .function(let function): text += "call \(function.rawValue)"
            case .namespaced(let function):
                text += "call \(function.rawValue)"
                children = arguments
            case .variadic(let function):
                text += "variadic \(function.rawValue)"
                children = arguments
            default:
                isUnknown = true
                return
            }
        case .list(let elements): text += "list " + elements.map { $0.isOptional ? "?" : "." }.joined()
        case .map(let entries): text += "map " + entries.map { $0.isOptional ? "?" : "." }.joined()
        case .message(let name, _, let fields):
            text += "message " + Self.quoted(name) + fields.map { Self.quoted($0.name) + ($0.isOptional ? "?" : ".") }.joined()
        case .comprehension(let parts):
            text += "loop \(parts.macro) \(locals.count)\(parts.filter == nil ? "" : " filter")"
        case .bind: text += "bind"
        case .optionalMap(_, _, _, let isFlat): text += "optional map\(isFlat ? " flat" : "")"
        }
        text += "("
        for child in children { write(child, &text) }
        text += ")"
    }

    private static func write(_ value: CELValue, _ text: inout String) {
        switch value {
        case .string(let string): text += "string " + quoted(string)
        case .bytes(let bytes): text += "bytes \(bytes.map { String($0, radix: 16) }.joined(separator: ","));"
        case .double(let number): text += "double \(number.bitPattern);"
        case .timestamp(let time): text += "timestamp \(time.seconds).\(time.nanoseconds);"
        case .duration(let duration): text += "duration \(duration.nanoseconds);"
        case .list(let list):
            text += "list \(list.count)("
            for element in list { write(element, &text) }
            text += ")"
        case .map(let map):
            text += "map \(map.count)("
            for (key, value) in map {
                write(key, &text)
                write(value, &text)
            }
            text += ")"
        default: text += "\(value.typeName) " + quoted(value.description)
        }
    }

    /// With its length, so that nothing in it can be taken for what surrounds it.
    private static func quoted(_ text: String) -> String { "\(text.utf8.count):\(text);" }
}
