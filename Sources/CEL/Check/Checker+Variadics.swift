extension Checker {
    /// Functions that take numbers, as many as there are, or one list of them.
    static let variadic: [String: CELFunction] = [
        "math.greatest": .greatest, "math.least": .least, "math.bitAnd": .bitAnd, "math.bitOr": .bitOr, "math.bitXor": .bitXor,
    ]

    mutating func variadicCall(
        _ id: NodeID, _ name: String, _ function: CELFunction, _ arguments: [NodeID], _ types: [CELType]
    ) -> CELType {
        guard let first = arguments.first else {
            references[id] = .unbound(name)
            report(.noOverload, "`\(name)` needs at least one argument", id)
            return .dyn
        }
        references[id] = arguments.count == 1 ? .namespaced(function) : .variadic(function)
        guard isStrict else { return .dyn }
        if arguments.count == 1, case .list(let element) = solver.resolve(types[0], final: true) {
            if case .list(let elements) = tree[first].kind, elements.isEmpty {
                report(.noOverload, "`\(name)` needs at least one number", first)
            }
            return number([element], [first], name)
        }
        return number(types.map { solver.resolve($0, final: true) }, arguments, name)
    }

    /// The type of what is made of numbers of these types.
    private mutating func number(_ types: [CELType], _ nodes: [NodeID], _ name: String) -> CELType {
        let allowed: Set<CELType> = name.hasPrefix("math.bit") ? [.int, .uint, .dyn] : [.int, .uint, .double, .dyn]
        for (type, node) in zip(types, nodes) where !allowed.contains(unwrapped(type)) {
            report(.noOverload, "`\(name)` takes numbers, found \(type)", node)
        }
        let known = Set(types.map(unwrapped)).subtracting([.dyn])
        if known.count > 1, name.hasPrefix("math.bit"), let node = nodes.first {
            report(.noOverload, "`\(name)` takes numbers of one type, found int and uint", node)
        }
        return types.contains(.dyn) || known.count != 1 ? .dyn : known.first ?? .dyn
    }

    private func unwrapped(_ type: CELType) -> CELType {
        if case .wrapper(let wrapped) = type { return wrapped }
        return type
    }
}
