/// Tells whether two nodes of an expression always have the same value, by what they consist of.
struct SubexpressionEquality {
    let expression: CheckedExpression
    let folded: [CELValue?]
    /// Variables that both nodes declare in the same place.
    private var pairs: [(left: Int, right: Int)] = []
    /// Hashes can be made to collide. What is not compared is not shared, and that is all.
    private var work: Int

    init(expression: CheckedExpression, folded: [CELValue?]) {
        self.expression = expression
        self.folded = folded
        work = 1_000 + expression.tree.nodes.count * 64
    }

    var isExhausted: Bool { work <= 0 }

    mutating func areEqual(_ left: NodeID, _ right: NodeID) -> Bool {
        work -= 1
        guard !isExhausted else { return false }
        if let one = folded[left], let other = folded[right] { return Self.isIdentical(one, other, &work) }
        guard folded[left] == nil, folded[right] == nil else { return false }
        switch (expression.references[left], expression.references[right]) {
        case (.slot(let one), .slot(let other)): return one == other && use(of: left) == use(of: right)
        case (.local(let one), .local(let other)): return areEqual(variable: one, other)
        case (.present, .present): return true
        case (.unbound(let one), .unbound(let other)), (.noOverload(let one), .noOverload(let other)): return one == other
        case (.function(let one), .function(let other)), (.variadic(let one), .variadic(let other)),
            (.namespaced(let one), .namespaced(let other)):
            guard one == other else { return false }
        case (.constant(let one), .constant(let other)): guard Self.isIdentical(one, other, &work) else { return false }
        case (.none, .none): break
        default: return false
        }
        return areEqual(parts: left, right)
    }

    /// Whether a slot's value is asked for, or an optional of it, or whether there is one.
    private func use(of id: NodeID) -> Int {
        switch expression.tree[id].kind {
        case .has: 1
        case .select(_, _, let isOptional): isOptional ? 2 : 0
        default: 0
        }
    }

    /// A variable that is declared outside has to be the very same.
    private func areEqual(variable left: Int, _ right: Int) -> Bool {
        for pair in pairs.reversed() where pair.left == left || pair.right == right { return pair == (left, right) }
        return left == right
    }

    private mutating func areEqual(parts left: NodeID, _ right: NodeID) -> Bool {
        switch (expression.tree[left].kind, expression.tree[right].kind) {
        case (.select(let one, let field, let isOptional), .select(let other, let otherField, let isOtherOptional)):
            return isOptional == isOtherOptional && sameText(field, otherField) && areEqual(one, other)
        case (.has(let one, let field), .has(let other, let otherField)): return sameText(field, otherField) && areEqual(one, other)
        case (.index(let one, let key, let isOptional), .index(let other, let otherKey, let isOtherOptional)):
            return isOptional == isOtherOptional && areEqual([one, key], [other, otherKey])
        case (.and(let one, let two), .and(let other, let another)), (.or(let one, let two), .or(let other, let another)):
            return areEqual([one, two], [other, another])
        case (.conditional(let one, let two, let three), .conditional(let other, let another, let last)):
            return areEqual([one, two, three], [other, another, last])
        case (.call(_, let target, let arguments, _), .call(_, let otherTarget, let otherArguments, _)):
            // What looks like a receiver is part of the name, unless the function has one.
            guard case .function = expression.references[left] else { return areEqual(arguments, otherArguments) }
            return areEqual((target.map { [$0] } ?? []) + arguments, (otherTarget.map { [$0] } ?? []) + otherArguments)
        case (.list(let one), .list(let other)):
            return one.map(\.isOptional) == other.map(\.isOptional) && areEqual(one.map(\.value), other.map(\.value))
        case (.map(let one), .map(let other)):
            return one.map(\.isOptional) == other.map(\.isOptional) && areEqual(one.map(\.key), other.map(\.key))
                && areEqual(one.map(\.value), other.map(\.value))
        case (.message(_, _, let one), .message(_, _, let other)):
            return one.map(\.isOptional) == other.map(\.isOptional) && one.map(\.name) == other.map(\.name)
                && areEqual(one.map(\.value), other.map(\.value))
        case (.comprehension(let one), .comprehension(let other)):
            guard one.macro == other.macro, (one.filter == nil) == (other.filter == nil), areEqual(one.range, other.range) else {
                return false
            }
            let filters = (one.filter.map { [$0] } ?? [], other.filter.map { [$0] } ?? [])
            return areEqual(filters.0 + [one.body], filters.1 + [other.body], declaredBy: left, right)
        case (.bind(_, let one, let body), .bind(_, let other, let otherBody)):
            return areEqual(one, other) && areEqual([body], [otherBody], declaredBy: left, right)
        case (.optionalMap(let one, _, let body, let isFlat), .optionalMap(let other, _, let otherBody, let isOtherFlat)):
            return isFlat == isOtherFlat && areEqual(one, other) && areEqual([body], [otherBody], declaredBy: left, right)
        default: return false
        }
    }

    private mutating func areEqual(_ left: [NodeID], _ right: [NodeID]) -> Bool {
        guard left.count == right.count else { return false }
        for (one, other) in zip(left, right) where !areEqual(one, other) { return false }
        return true
    }

    /// The parts of two nodes that see the variables which these declare.
    private mutating func areEqual(_ left: [NodeID], _ right: [NodeID], declaredBy one: NodeID, _ other: NodeID) -> Bool {
        let (locals, otherLocals) = (expression.locals[one] ?? [], expression.locals[other] ?? [])
        guard locals.count == otherLocals.count else { return false }
        for (local, otherLocal) in zip(locals, otherLocals) { pairs.append((local, otherLocal)) }
        defer { pairs.removeLast(locals.count) }
        return areEqual(left, right)
    }

    /// Whether two constants cannot be told apart by any expression: neither `0.0` and `-0.0` nor maps in another order are the same.
    private static func isIdentical(_ left: CELValue, _ right: CELValue, _ work: inout Int) -> Bool {
        work -= 1
        switch (left, right) {
        case (.double(let left), .double(let right)): return left.bitPattern == right.bitPattern
        case (.list(let left), .list(let right)): return areIdentical(left, right, &work)
        case (.map(let left), .map(let right)):
            return areIdentical(left.keys, right.keys, &work) && areIdentical(left.values, right.values, &work)
        case (.null, .null), (.bool, .bool), (.int, .int), (.uint, .uint), (.string, .string), (.bytes, .bytes), (.timestamp, .timestamp),
            (.duration, .duration), (.type, .type):
            return left == right
        default: return false
        }
    }

    private static func areIdentical(_ left: [CELValue], _ right: [CELValue], _ work: inout Int) -> Bool {
        guard left.count == right.count, work > 0 else { return false }
        for (one, other) in zip(left, right) where !isIdentical(one, other, &work) { return false }
        return true
    }
}
