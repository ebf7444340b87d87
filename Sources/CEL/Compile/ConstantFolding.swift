/// Evaluates what does not depend on any input.
enum ConstantFolding {
    /// Steps that folding one call may take; what needs more is left to the evaluation.
    private static let budget = 10_000

    /// The value of each node that has a constant one. One pass suffices, as children lie before their parents.
    static func values(_ expression: CheckedExpression) -> [CELValue?] {
        var values: [CELValue?] = Array(repeating: nil, count: expression.tree.nodes.count)
        for id in expression.tree.nodes.indices { values[id] = value(id, expression, values) }
        return values
    }

    private static func value(_ id: NodeID, _ expression: CheckedExpression, _ values: [CELValue?]) -> CELValue? {
        switch expression.tree[id].kind {
        case .literal(let value): return value
        case .name, .select:
            if case .constant(let value) = expression.references[id] { return value }
            return nil
        case .list(let elements):
            var list: [CELValue] = []
            for element in elements {
                guard !element.isOptional, let value = values[element.value] else { return nil }
                list.append(value)
            }
            return .list(list)
        case .map(let entries):
            var result = CELMap()
            for entry in entries {
                guard !entry.isOptional, let key = values[entry.key], let value = values[entry.value], result.insert(key, value) == nil
                else {
                    return nil
                }
            }
            return .map(result)
        case .call(_, let target, let arguments, _): return call(expression.references[id], target, arguments, values)
        default: return nil
        }
    }

    private static func call(_ reference: Reference, _ target: NodeID?, _ arguments: [NodeID], _ values: [CELValue?]) -> CELValue? {
        let function: CELFunction
        var operands: [CELValue] = []
        switch reference {
        case .function(let found):
            function = found
            if let target {
                guard let value = values[target] else { return nil }
                operands.append(value)
            }
        case .namespaced(let found): function = found
        default: return nil
        }
        for argument in arguments {
            guard let value = values[argument] else { return nil }
            operands.append(value)
        }
        guard function.isPure, operands.count == function.arity else { return nil }
        var meter = Meter(budget: budget)
        let result = function.apply(operands, &meter)
        // An error stays where it is: whether it is ever reached is for the evaluation to tell.
        return result.isError || meter.isExhausted || !isStorable(result) ? nil : result
    }

    /// Whether the value may be a constant of a program, which holds plain data only.
    private static func isStorable(_ value: CELValue) -> Bool {
        switch value {
        case .optional, .address, .network, .pattern, .error: false
        case .list(let list): list.allSatisfy(isStorable)
        case .map(let map): map.values.allSatisfy(isStorable)
        case .string(let text): text.utf8.count <= CELLimits.sourceBytes
        default: true
        }
    }
}
