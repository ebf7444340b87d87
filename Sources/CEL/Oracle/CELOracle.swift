/// Evaluates the syntax tree itself, the plain way: no folding, no registers, no instructions.
///
/// It is what the machine is compared with. It shares the functions of the library and nothing of how they are reached.
public struct CELOracle {
    /// Evaluates an expression as `CELCompiler.compile` and `CELMachine.evaluate` would.
    public static func evaluate(
        _ source: String, in env: CELEnvironment, slots: [CELValue?], budget: Int = CELMachine.defaultBudget
    ) throws(CELIssues) -> CELValue {
        evaluate(try Checker.check(try Parser.parse(source), in: env), slots: slots, budget: budget)
    }

    /// Evaluates an expression whose types are not checked.
    public static func evaluateUnchecked(
        _ source: String, in env: CELEnvironment, slots: [CELValue?], expandingMacros: Bool = true, budget: Int = CELMachine.defaultBudget
    ) throws(CELIssues) -> CELValue {
        let tree = try Parser.parse(source, options: ParserOptions(expandsMacros: expandingMacros))
        return evaluate(try Checker.check(tree, in: env, isStrict: false), slots: slots, budget: budget)
    }

    /// Parses and checks an expression, to be evaluated several times.
    public init(_ source: String, in env: CELEnvironment) throws(CELIssues) {
        self.init(expression: try Checker.check(try Parser.parse(source), in: env), slots: [], meter: Meter(budget: 0))
    }

    /// Evaluates the expression that this was made of.
    public func evaluate(slots: [CELValue?], budget: Int = CELMachine.defaultBudget) -> CELValue {
        Self.evaluate(expression, slots: slots, budget: budget)
    }

    init(expression: CheckedExpression, slots: [CELValue?], meter: Meter) {
        self.expression = expression
        self.slots = slots
        self.meter = meter
    }

    static func evaluate(_ expression: CheckedExpression, slots: [CELValue?], budget: Int = CELMachine.defaultBudget) -> CELValue {
        var oracle = CELOracle(expression: expression, slots: slots, meter: Meter(budget: budget))
        let value = oracle.value(expression.tree.root)
        return oracle.meter.isExhausted ? .budgetExceeded : value
    }

    /// Evaluates, and tells how many steps that took: one for each node and each turn of a loop, and what functions charge. What a compiled
    /// expression has folded is computed all the same, but only counts one.
    static func evaluateCounting(
        _ expression: CheckedExpression, folded: [CELValue?], slots: [CELValue?], budget: Int
    ) -> (value: CELValue, steps: Int) {
        var oracle = CELOracle(expression: expression, slots: slots, meter: Meter(budget: budget))
        oracle.folded = folded
        let value = oracle.value(expression.tree.root)
        return oracle.meter.isExhausted ? (.budgetExceeded, budget) : (value, budget - oracle.meter.remaining)
    }

    let expression: CheckedExpression
    let slots: [CELValue?]
    var meter: Meter
    var variables: [Int: CELValue] = [:]
    /// What every node came to, when that is asked for.
    var record: Record?
    /// How often every node came to what, when that is asked for.
    var tally: Tally?
    /// By node, what need not be charged for; empty when everything is.
    private var folded: [CELValue?] = []

    mutating func value(_ id: NodeID) -> CELValue {
        let before = meter
        let value = compute(id)
        if isFolded(id) {
            meter = before
            meter.charge(1)
        }
        if record != nil {
            record?.values[id] = value
            record?.counts[id, default: 0] += 1
        }
        tally?.note(id, value)
        return value
    }

    private func isFolded(_ id: NodeID) -> Bool { folded.indices.contains(id) && folded[id] != nil }

    private mutating func compute(_ id: NodeID) -> CELValue {
        guard meter.charge(1) else { return .budgetExceeded }
        if case .unbound(let name) = expression.references[id] { return .failure(.undeclared, "undeclared reference to `\(name)`") }
        if case .noOverload(let name) = expression.references[id] { return .failure(.noSuchOverload, "no such overload: \(name)") }
        switch expression.tree[id].kind {
        case .literal(let value): return value
        case .name(let name, _): return variable(id, name)
        case .select(let operand, let field, let isOptional): return select(id, operand, field, isOptional)
        case .has(let operand, let field): return has(id, operand, field)
        case .index(let operand, let key, let isOptional):
            let collection = value(operand)
            let key = value(key)
            return isOptional ? Access.optionalIndex(collection, key) : Access.index(collection, key)
        case .and(let left, let right):
            let first = value(left)
            return first == .bool(false) ? first : Logic.and(first, value(right))
        case .or(let left, let right):
            let first = value(left)
            return first == .bool(true) ? first : Logic.or(first, value(right))
        case .conditional(let condition, let first, let second):
            let test = value(condition)
            guard case .bool(let isTrue) = test else { return .noOverload("?:", test) }
            return value(isTrue ? first : second)
        case .call(_, let target, let arguments, _): return call(id, target, arguments)
        case .list(let elements): return list(elements)
        case .map(let entries): return map(entries)
        case .message(_, _, let fields): return message(id, fields)
        case .comprehension(let parts): return comprehension(id, parts)
        case .bind(_, let bound, let body):
            let bound = value(bound)
            return with(id, [bound]) { $0.value(body) }
        case .optionalMap(let target, _, let body, let isFlat): return optionalMap(id, target, body, isFlat)
        case .invalid: return .malformed
        }
    }

    /// Evaluates with the node's variables set.
    mutating func with(_ id: NodeID, _ values: [CELValue], _ body: (inout CELOracle) -> CELValue) -> CELValue {
        for (local, value) in zip(expression.locals[id] ?? [], values) { variables[local] = value }
        return body(&self)
    }

    private func variable(_ id: NodeID, _ name: String) -> CELValue {
        switch expression.references[id] {
        case .slot(let slot): (slot < slots.count ? slots[slot] : nil) ?? .noSuchKey(name)
        case .local(let local): variables[local] ?? .malformed
        case .constant(let value): value
        default: .malformed
        }
    }

    private mutating func select(_ id: NodeID, _ operand: NodeID, _ field: String, _ isOptional: Bool) -> CELValue {
        switch expression.references[id] {
        case .slot where isOptional:
            if case .slot(let slot) = expression.references[id], slot < slots.count { return .optional(slots[slot]) }
            return .optional(nil)
        case .slot, .constant: return variable(id, field)
        default:
            let operand = value(operand)
            return isOptional ? Access.optionalField(operand, field) : Access.field(operand, field)
        }
    }

    private mutating func has(_ id: NodeID, _ operand: NodeID, _ field: String) -> CELValue {
        switch expression.references[id] {
        case .slot(let slot): .bool(slot < slots.count && slots[slot] != nil)
        case .present: .bool(true)
        default: Access.has(value(operand), field)
        }
    }

    private mutating func call(_ id: NodeID, _ target: NodeID?, _ arguments: [NodeID]) -> CELValue {
        var operands: [CELValue] = []
        let function: CELFunction
        switch expression.references[id] {
        case .function(let found):
            function = found
            if let target { operands.append(value(target)) }
        case .namespaced(let found): function = found
        case .variadic(let found):
            let values = arguments.map { value($0) }
            return found.apply([values.first(where: \.isError) ?? .list(values)], &meter)
        default: return .malformed
        }
        for argument in arguments { operands.append(value(argument)) }
        // A folded pattern is compiled beforehand too.
        if function == .matches, operands.count == 2, let last = arguments.last, isFolded(last), case .string(let source) = operands[1] {
            do throws(CELError) { operands[1] = .pattern(try CELPattern(source)) } catch { operands[1] = .error(error) }
        }
        return function.apply(operands, &meter)
    }

    // Like the arguments of a call, all parts are evaluated, even if one is an error.

    private mutating func list(_ elements: [SyntaxTree.Element]) -> CELValue {
        let values = elements.map { value($0.value) }
        guard elements.contains(where: \.isOptional) else { return values.first(where: \.isError) ?? .list(values) }
        var list: [CELValue] = []
        for (element, value) in zip(elements, values) {
            var next: CELValue? = value
            if element.isOptional, let value = next { next = unwrapped(value, "optional element") }
            if let next, next.isError { return next }
            if let next { list.append(next) }
        }
        return .list(list)
    }

    private mutating func map(_ entries: [SyntaxTree.Entry]) -> CELValue {
        let parts = entries.map { (key: value($0.key), value: value($0.value)) }
        var result = CELMap()
        for (entry, (key, value)) in zip(entries, parts) {
            var next: CELValue? = value
            if entry.isOptional, let value = next { next = unwrapped(value, "optional entry") }
            if key.isError { return key }
            if let next, let error = result.insert(key, next) { return error }
        }
        return .map(result)
    }

    private func unwrapped(_ value: CELValue, _ what: String) -> CELValue? {
        if case .optional(let value) = value { return value }
        return .noOverload(what, value)
    }

    private mutating func message(_ id: NodeID, _ fields: [SyntaxTree.Field]) -> CELValue {
        guard case .constant(.type(let name)) = expression.references[id], let message = WellKnownTypes.messages[name] else {
            return .malformed
        }
        guard let constructor = message.constructor else {
            var result = message.empty
            for field in fields {
                guard let function = message.fields.first(where: { $0.name == field.name })?.function else { continue }
                result = function.apply([self.field(field, message.empty)], &meter)
            }
            return result
        }
        var parts = constructor.defaults
        for (position, declared) in message.fields.enumerated() {
            if let field = fields.last(where: { $0.name == declared.name }) { parts[position] = self.field(field, parts[position]) }
        }
        return constructor.function.apply(parts, &meter)
    }

    private mutating func field(_ field: SyntaxTree.Field, _ empty: CELValue) -> CELValue {
        let value = value(field.value)
        return field.isOptional ? CELFunction.orValue.apply([value, empty], &meter) : value
    }

    private mutating func optionalMap(_ id: NodeID, _ target: NodeID, _ body: NodeID, _ isFlat: Bool) -> CELValue {
        let target = value(target)
        guard case .optional(let wrapped) = target else { return .noOverload("optMap", target) }
        guard let wrapped else { return target }
        let result = with(id, [wrapped]) { $0.value(body) }
        return isFlat ? result : CELFunction.optionalOf.apply([result], &meter)
    }
}
