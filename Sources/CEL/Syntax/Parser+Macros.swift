extension Parser {
    /// The expansion of a macro (cel-spec langdef: Macros), or nil when this is an ordinary call.
    mutating func macro(_ name: String, target: NodeID?, _ arguments: [NodeID], _ start: Int) -> NodeID? {
        guard let target else { return global(name, arguments, start) }
        if case .name("cel", _) = tree[target].kind, let expanded = binding(name, arguments, start) { return expanded }
        switch (name, arguments.count) {
        case ("all", 2), ("exists", 2), ("exists_one", 2), ("existsOne", 2), ("map", 2), ("filter", 2):
            return comprehension(Self.macros[name], target, arguments[0], nil, filter: nil, arguments[1], start)
        case ("map", 3):
            return comprehension(.map, target, arguments[0], nil, filter: arguments[1], arguments[2], start)
        case ("all", 3), ("exists", 3), ("exists_one", 3), ("existsOne", 3), ("transformList", 3), ("transformMap", 3),
            ("transformMapEntry", 3):
            return comprehension(Self.macros[name], target, arguments[0], arguments[1], filter: nil, arguments[2], start)
        case ("transformList", 4), ("transformMap", 4), ("transformMapEntry", 4):
            return comprehension(Self.macros[name], target, arguments[0], arguments[1], filter: arguments[2], arguments[3], start)
        case ("sortBy", 2):
            return comprehension(.sortBy, target, arguments[0], nil, filter: nil, arguments[1], start)
        case ("optMap", 2), ("optFlatMap", 2):
            guard let variable = variable(arguments[0]) else { return add(.invalid, from: start) }
            let kind = SyntaxTree.Kind.optionalMap(target, variable: variable, body: arguments[1], isFlat: name == "optFlatMap")
            return add(kind, from: start, children: [target, arguments[1]])
        default: return nil
        }
    }

    private static let macros: [String: SyntaxTree.Macro] = [
        "all": .all, "exists": .exists, "exists_one": .existsOne, "existsOne": .existsOne, "map": .map, "filter": .filter,
        "transformList": .transformList, "transformMap": .transformMap, "transformMapEntry": .transformMapEntry,
    ]

    private mutating func global(_ name: String, _ arguments: [NodeID], _ start: Int) -> NodeID? {
        guard name == "has", arguments.count == 1 else { return nil }
        guard case .select(let operand, let field, false) = tree[arguments[0]].kind else {
            report(.syntax, "`has` needs a field selection", tree[arguments[0]].range, help: "has(e.f)")
            return add(.invalid, from: start)
        }
        return add(.has(operand, field: field), from: start, children: [operand])
    }

    private mutating func comprehension(
        _ macro: SyntaxTree.Macro?, _ range: NodeID, _ first: NodeID, _ second: NodeID?, filter: NodeID?, _ body: NodeID, _ start: Int
    ) -> NodeID? {
        guard let macro else { return nil }
        guard let name = variable(first) else { return add(.invalid, from: start) }
        var secondName: String?
        if let second {
            guard let other = variable(second) else { return add(.invalid, from: start) }
            guard other != name else {
                report(.syntax, "the two variables need different names", tree[second].range)
                return add(.invalid, from: start)
            }
            secondName = other
        }
        let parts = SyntaxTree.Comprehension(macro: macro, range: range, variable: name, second: secondName, filter: filter, body: body)
        return add(.comprehension(parts), from: start, children: [range, body] + (filter.map { [$0] } ?? []))
    }

    /// The name that a macro's argument declares.
    private mutating func variable(_ id: NodeID) -> String? {
        if case .name(let name, false) = tree[id].kind { return name }
        if case .invalid = tree[id].kind { return nil }
        report(.syntax, "expected a variable's name", tree[id].range)
        return nil
    }

    // MARK: cel.bind, cel.block

    private mutating func binding(_ name: String, _ arguments: [NodeID], _ start: Int) -> NodeID? {
        switch (name, arguments.count) {
        case ("bind", 3):
            guard let variable = variable(arguments[0]) else { return add(.invalid, from: start) }
            return add(.bind(variable, value: arguments[1], body: arguments[2]), from: start, children: [arguments[1], arguments[2]])
        case ("block", 2): return block(arguments[0], arguments[1], start)
        case ("index", 1):
            guard case .literal(.int(let index)) = tree[arguments[0]].kind, index >= 0 else { return nil }
            return add(.name("@index\(index)", isAbsolute: false), from: start)
        case ("iterVar", 2), ("accuVar", 2):
            guard case .literal(.int(let depth)) = tree[arguments[0]].kind, case .literal(.int(let unique)) = tree[arguments[1]].kind,
                depth >= 0, unique >= 0
            else { return nil }
            return add(.name("@\(name):\(depth):\(unique)", isAbsolute: false), from: start)
        default: return nil
        }
    }

    /// `cel.block([a, b], c)` binds `cel.index(0)` and so on, each seeing those before it.
    private mutating func block(_ values: NodeID, _ body: NodeID, _ start: Int) -> NodeID? {
        guard case .list(let elements) = tree[values].kind, elements.allSatisfy({ !$0.isOptional }) else {
            report(.syntax, "`cel.block` needs a list of expressions", tree[values].range)
            return add(.invalid, from: start)
        }
        var result = body
        for (position, element) in elements.enumerated().reversed() {
            result = add(.bind("@index\(position)", value: element.value, body: result), from: start, children: [element.value, result])
        }
        return result
    }
}
