extension Checker {
    /// Declares a variable for what follows, hiding others of its name.
    private mutating func declare(_ name: String, _ type: CELType) -> Int {
        localCount += 1
        scope.append(Local(name: name, id: localCount, type: type))
        return localCount
    }

    mutating func bind(_ id: NodeID, _ name: String, _ value: NodeID, _ body: NodeID) -> CELType {
        let type = self.value(value)
        locals[id] = [declare(name, type)]
        defer { scope.removeLast() }
        return self.value(body)
    }

    mutating func optionalMap(_ id: NodeID, _ target: NodeID, _ variable: String, _ body: NodeID, _ isFlat: Bool) -> CELType {
        let type = value(target)
        let inner = solver.fresh()
        expect(type, .optional(inner), target, "the target of `optMap`")
        locals[id] = [declare(variable, solver.shallow(type) == .dyn ? .dyn : inner)]
        defer { scope.removeLast() }
        let result = value(body)
        guard isFlat else { return .optional(result) }
        let flat = solver.fresh()
        expect(result, .optional(flat), body, "the result of `optFlatMap`")
        return isStrict ? .optional(flat) : .dyn
    }

    mutating func comprehension(_ id: NodeID, _ parts: SyntaxTree.Comprehension) -> CELType {
        let range = value(parts.range)
        let (key, element) = elements(of: range, parts.range)
        let count = scope.count
        if let second = parts.second {
            locals[id] = [declare(parts.variable, key ?? .int), declare(second, element)]
        } else {
            // One variable sees a map's keys.
            locals[id] = [declare(parts.variable, key ?? element)]
        }
        defer { scope.removeLast(scope.count - count) }
        if let filter = parts.filter { expect(value(filter), .bool, filter, "the filter of a comprehension") }
        let body = value(parts.body)
        return isStrict ? result(of: parts, body, key: key, element: element) : .dyn
    }

    /// The types that a range gives: a key for a map only, and an element.
    private mutating func elements(of range: CELType, _ node: NodeID) -> (key: CELType?, element: CELType) {
        switch solver.shallow(range) {
        case .list(let element): return (nil, element)
        case .map(let key, let value): return (key, value)
        case .record: return (.string, .dyn)
        case .dyn: return (.dyn, .dyn)
        case .variable: return (.dyn, .dyn)
        default:
            report(.type, "\(describe(range)) cannot be iterated over", node, help: "a list or a map can")
            return (.dyn, .dyn)
        }
    }

    private mutating func result(
        of parts: SyntaxTree.Comprehension, _ body: CELType, key: CELType?, element: CELType
    ) -> CELType {
        switch parts.macro {
        case .all, .exists, .existsOne:
            expect(body, .bool, parts.body, "the predicate of a comprehension")
            return .bool
        case .filter:
            expect(body, .bool, parts.body, "the predicate of `filter`")
            return .list(key ?? element)
        case .map, .transformList: return .list(body)
        case .sortBy: return .list(key ?? element)
        case .transformMap: return .map(key ?? .int, body)
        case .transformMapEntry:
            let newKey = solver.fresh()
            let newValue = solver.fresh()
            expect(body, .map(newKey, newValue), parts.body, "the entry of `transformMapEntry`")
            return solver.shallow(body) == .dyn ? .map(.dyn, .dyn) : .map(newKey, newValue)
        }
    }
}
