extension CELOracle {
    mutating func comprehension(_ id: NodeID, _ parts: SyntaxTree.Comprehension) -> CELValue {
        let range = value(parts.range)
        var elements: [[CELValue]] = []
        switch range {
        case .list(let list):
            for (index, element) in list.enumerated() { elements.append(parts.second == nil ? [element] : [.int(Int64(index)), element]) }
        case .map(let map): for (key, value) in map { elements.append(parts.second == nil ? [key] : [key, value]) }
        default: return .noOverload("comprehension", range)
        }
        switch parts.macro {
        case .all: return quantify(id, parts, elements, start: true, combine: Logic.and)
        case .exists: return quantify(id, parts, elements, start: false, combine: Logic.or)
        case .existsOne: return existsOne(id, parts, elements)
        case .map, .filter, .transformList: return gather(id, parts, elements)
        case .transformMap, .transformMapEntry: return transformMap(id, parts, elements)
        case .sortBy: return sortBy(id, parts, elements)
        }
    }

    private mutating func quantify(
        _ id: NodeID, _ parts: SyntaxTree.Comprehension, _ elements: [[CELValue]], start: Bool, combine: (CELValue, CELValue) -> CELValue
    ) -> CELValue {
        var result = CELValue.bool(start)
        for element in elements {
            guard meter.charge(1) else { return .budgetExceeded }
            result = combine(result, with(id, element) { $0.value(parts.body) })
            if case .bool(let value) = result, value != start { return result }
        }
        return result
    }

    private mutating func existsOne(_ id: NodeID, _ parts: SyntaxTree.Comprehension, _ elements: [[CELValue]]) -> CELValue {
        var count = 0
        for element in elements {
            guard meter.charge(1) else { return .budgetExceeded }
            let result = with(id, element) { $0.value(parts.body) }
            guard case .bool(let holds) = result else { return .noOverload("predicate", result) }
            count += holds ? 1 : 0
        }
        return .bool(count == 1)
    }

    /// Whether the element is left out, or the error that the filter gives.
    private mutating func isLeftOut(_ id: NodeID, _ filter: NodeID?, _ element: [CELValue]) -> (Bool, error: CELValue?) {
        guard let filter else { return (false, nil) }
        let result = with(id, element) { $0.value(filter) }
        guard case .bool(let holds) = result else { return (true, .noOverload("?:", result)) }
        return (!holds, nil)
    }

    private mutating func gather(_ id: NodeID, _ parts: SyntaxTree.Comprehension, _ elements: [[CELValue]]) -> CELValue {
        var list: [CELValue] = []
        for element in elements {
            guard meter.charge(1) else { return .budgetExceeded }
            let (isLeftOut, error) = isLeftOut(id, parts.macro == .filter ? parts.body : parts.filter, element)
            if let error { return error }
            if isLeftOut { continue }
            let next = parts.macro == .filter ? element[0] : with(id, element) { $0.value(parts.body) }
            if next.isError { return next }
            list.append(next)
        }
        return .list(list)
    }

    private mutating func transformMap(_ id: NodeID, _ parts: SyntaxTree.Comprehension, _ elements: [[CELValue]]) -> CELValue {
        var result = CELMap()
        for element in elements {
            guard meter.charge(1) else { return .budgetExceeded }
            let (isLeftOut, error) = isLeftOut(id, parts.filter, element)
            if let error { return error }
            if isLeftOut { continue }
            let next = with(id, element) { $0.value(parts.body) }
            if parts.macro == .transformMap {
                if let error = result.insert(element[0], next) { return error }
                continue
            }
            guard case .map(let entries) = next else { return .noOverload("transformMapEntry", next) }
            for (key, value) in entries { if let error = result.insert(key, value) { return error } }
        }
        return .map(result)
    }

    private mutating func sortBy(_ id: NodeID, _ parts: SyntaxTree.Comprehension, _ elements: [[CELValue]]) -> CELValue {
        var keys: [CELValue] = []
        for element in elements {
            guard meter.charge(1) else { return .budgetExceeded }
            let key = with(id, element) { $0.value(parts.body) }
            if key.isError { return key }
            keys.append(key)
        }
        return CELFunction.sortByKeys.apply([.list(elements.map { $0[0] }), .list(keys)], &meter)
    }
}
