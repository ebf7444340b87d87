/// Adds up what the nodes of an expression cost at worst, and how large their values may get.
struct CostEstimator {
    /// Words that no node's own instructions exceed, and no turn of a loop.
    private static let words = 12

    let expression: CheckedExpression
    let environment: CELEnvironment
    let bounds: CELSizeBounds
    private var locals: [Int: CostShape] = [:]
    private var steps = 0
    /// By node, what it costs with all that is below it, once.
    private(set) var costs: [Int]

    init(expression: CheckedExpression, environment: CELEnvironment, bounds: CELSizeBounds) {
        self.expression = expression
        self.environment = environment
        self.bounds = bounds
        costs = Array(repeating: 0, count: expression.tree.nodes.count)
    }

    mutating func total() -> Int {
        _ = shape(expression.tree.root)
        return steps +| Self.words
    }

    private mutating func charge(_ cost: Int) {
        steps = Int.saturating(steps, plus: cost)
    }

    /// The cost of what the body adds, without adding it.
    private mutating func apart(_ body: (inout CostEstimator) -> Void) -> Int {
        let before = steps
        steps = 0
        body(&self)
        defer { steps = before }
        return steps
    }

    private mutating func shape(_ id: NodeID) -> CostShape {
        let before = steps
        let shape = compute(id)
        costs[id] = max(costs[id], steps - before)
        return shape
    }

    private mutating func compute(_ id: NodeID) -> CostShape {
        charge(Self.words)
        switch expression.references[id] {
        case .slot(let slot):
            guard environment.slots.indices.contains(slot) else { return .scalar }
            if case .has = expression.tree[id].kind { return .scalar }
            let place = environment.slots[slot]
            return CostShape(place.type, bounds.slots[place.path.joined(separator: ".")] ?? bounds)
        case .local(let local): return locals[local] ?? .scalar
        case .constant(let value):
            if case .message(_, _, let fields) = expression.tree[id].kind { return message(fields) }
            return CostShape(value)
        case .unbound, .noOverload, .present: return .scalar
        default: break
        }
        return composite(id)
    }

    private mutating func composite(_ id: NodeID) -> CostShape {
        switch expression.tree[id].kind {
        case .literal(let value): return CostShape(value)
        case .select(let operand, _, _): return shape(operand).element
        case .has(let operand, _):
            _ = shape(operand)
            return .scalar
        case .index(let operand, let key, _):
            let collection = shape(operand)
            _ = shape(key)
            return collection.element
        case .and(let left, let right), .or(let left, let right):
            _ = shape(left)
            _ = shape(right)
            return .scalar
        case .conditional(let condition, let first, let second): return conditional(condition, first, second)
        case .call(_, let target, let arguments, _): return call(id, target, arguments)
        case .list(let elements):
            let parts = elements.reduce(CostShape.scalar) { $0.joined(shape($1.value)) }
            return .collection(elements.count, parts)
        case .map(let entries):
            let parts = entries.reduce(CostShape.scalar) { $0.joined(shape($1.key)).joined(shape($1.value)) }
            return .collection(entries.count *| 2, parts)
        case .message(_, _, let fields): return message(fields)
        case .comprehension(let parts): return comprehension(id, parts)
        case .bind(_, let bound, let body), .optionalMap(let bound, _, let body, _):
            let value = shape(bound)
            if let local = expression.locals[id]?.first { locals[local] = value }
            return shape(body)
        case .name, .invalid: return .scalar
        }
    }

    private mutating func conditional(_ condition: NodeID, _ first: NodeID, _ second: NodeID) -> CostShape {
        _ = shape(condition)
        var result = CostShape.scalar
        let one = apart { result = result.joined($0.shape(first)) }
        let other = apart { result = result.joined($0.shape(second)) }
        charge(max(one, other))
        return result
    }

    private mutating func message(_ fields: [SyntaxTree.Field]) -> CostShape {
        var weight = 1
        for field in fields {
            weight = Int.saturating(weight, plus: shape(field.value).weight)
        }
        charge((weight *| 16) +| 200)
        return .bag((weight *| 2) +| 64)
    }

    private mutating func comprehension(_ id: NodeID, _ parts: SyntaxTree.Comprehension) -> CostShape {
        let range = shape(parts.range)
        for local in expression.locals[id] ?? [] { locals[local] = range.element }
        var body = CostShape.scalar
        let turn = apart { estimator in
            if let filter = parts.filter { _ = estimator.shape(filter) }
            body = estimator.shape(parts.body)
        }
        charge(range.count *| (turn +| Self.words))
        switch parts.macro {
        case .all, .exists, .existsOne: return .scalar
        case .filter: return range
        case .map, .transformList: return .collection(range.count, body)
        case .transformMap: return .collection(range.count *| 2, body.joined(range.element))
        case .transformMapEntry:
            charge(range.count *| body.count)
            return .collection(range.count *| body.count, body.element)
        case .sortBy:
            charge(((range.weight +| (range.count *| body.weight)) *| (range.count +| 1)) *| 16)
            return range
        }
    }

    private mutating func call(_ id: NodeID, _ target: NodeID?, _ arguments: [NodeID]) -> CostShape {
        var operands: [CostShape] = []
        let function: CELFunction
        switch expression.references[id] {
        case .function(let found):
            function = found
            if let target { operands.append(shape(target)) }
        case .namespaced(let found), .variadic(let found): function = found
        default: return .scalar
        }
        for argument in arguments { operands.append(shape(argument)) }
        charge(Self.words *| arguments.count)
        charge(CostOfFunctions.steps(function, operands))
        return CostOfFunctions.result(function, operands, arguments.map { constant($0) })
    }

    private func constant(_ id: NodeID) -> CELValue? {
        if case .literal(let value) = expression.tree[id].kind { return value }
        return nil
    }
}
