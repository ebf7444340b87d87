/// Something that must hold for a condition to be anything but false: a slot of type string has one of some values.
///
/// It says nothing where the slot is absent: the condition may then be an error.
public struct CELRequirement: Hashable, Sendable {
    public var slot: Int
    /// Sorted by their bytes, each once.
    public var values: [String]
}

/// Finds requirements: equalities with constants among what `&&` joins at the top of a condition.
enum Requirements {
    /// Longer lists narrow little down, and would take longer to sort than all the rest of compiling.
    private static let mostValues = 100

    /// Those of a checked condition, in the order of the slots; of several on one slot the one with the fewest values.
    static func of(_ expression: CheckedExpression, _ folded: [CELValue?]) -> [CELRequirement] {
        guard expression.resultType == .bool else { return [] }
        var found: [Int: [String]] = [:]
        var open = [expression.tree.root]
        while let id = open.popLast() {
            if case .and(let left, let right) = expression.tree[id].kind {
                open += [left, right]
                continue
            }
            guard let (slot, values) = equality(id, expression, folded) else { continue }
            if let known = found[slot], known.count <= values.count { continue }
            found[slot] = values
        }
        return found.sorted { $0.key < $1.key }.map { CELRequirement(slot: $0.key, values: $0.value) }
    }

    private static func equality(_ id: NodeID, _ expression: CheckedExpression, _ folded: [CELValue?]) -> (slot: Int, values: [String])? {
        guard case .call(_, let target, let arguments, _) = expression.tree[id].kind,
            case .function(let function) = expression.references[id]
        else { return nil }
        let operands = (target.map { [$0] } ?? []) + arguments
        guard operands.count == 2 else { return nil }
        switch function {
        case .equal:
            for (one, other) in [(operands[0], operands[1]), (operands[1], operands[0])] {
                if let slot = textSlot(one, expression), case .string(let value)? = folded[other] { return (slot, [value]) }
            }
            return nil
        case .isIn:
            guard let slot = textSlot(operands[0], expression), case .list(let members)? = folded[operands[1]],
                members.count <= mostValues
            else { return nil }
            var values: [[UInt8]: String] = [:]
            for member in members {
                // A member of another type equals no text.
                if case .string(let value) = member { values[Array(value.utf8)] = value }
            }
            return (slot, values.values.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
        default: return nil
        }
    }

    private static func textSlot(_ id: NodeID, _ expression: CheckedExpression) -> Int? {
        guard case .slot(let slot) = expression.references[id], expression.types[id] == .string else { return nil }
        switch expression.tree[id].kind {
        case .name, .select(_, _, false): return slot
        default: return nil
        }
    }
}
