/// Reads the logic of one expression.
struct FormulaBuilder {
    let expression: CELExpression
    let reasoner: CELReasoner
    /// Whether it reads an input of which it is not known what it stands for.
    var isUnknown = false
    /// Of the variables in whose scope a key is being written: how many there were around each. Names and numbers do not matter to what an
    /// expression means.
    var levels: [Int: Int] = [:]

    init(expression: CELExpression, reasoner: CELReasoner) {
        self.expression = expression
        self.reasoner = reasoner
    }

    private var tree: SyntaxTree { expression.expression.tree }

    // MARK: Logic

    /// The parts that `&&` joins.
    func conjuncts(_ id: NodeID) -> [NodeID] {
        var found: [NodeID] = []
        var open = [id]
        while let next = open.popLast() {
            if case .and(let left, let right) = tree[next].kind { open += [right, left] } else { found.append(next) }
        }
        return found
    }

    func joined(_ parts: [CELFormula]) -> CELFormula {
        let flat = parts.flatMap(\.conjuncts)
        return flat.count == 1 ? flat[0] : .all(flat)
    }

    mutating func formula(_ id: NodeID) -> CELFormula {
        if let value = expression.folded[id] { return .constant(CELOutcomes(value)) }
        if case .present = expression.expression.references[id] { return .isTrue }
        switch tree[id].kind {
        case .and: return joined(conjuncts(id).map { formula($0) })
        case .or(let left, let right):
            let parts = [formula(left), formula(right)].flatMap { part -> [CELFormula] in
                if case .any(let parts) = part { parts } else { [part] }
            }
            return .any(parts)
        case .conditional(let condition, let first, let second):
            return .conditional(formula(condition), formula(first), formula(second))
        default: break
        }
        if let (function, operands) = expression.call(id) {
            if function == .not { return .not(formula(operands[0])) }
            if let found = comparisonWithTruth(function, operands) { return found }
        }
        if case .slot(let slot) = expression.expression.references[id], isValue(id), let path = expression.path(ofSlot: slot),
            let formula = reasoner.definitions[path]?.formula
        {
            return formula
        }
        if let outcomes = constantOutcomes(id) { return .constant(outcomes) }
        return .atom(atom(id))
    }

    /// `p == true` is `p`.
    private mutating func comparisonWithTruth(_ function: CELFunction, _ operands: [NodeID]) -> CELFormula? {
        guard function == .equal || function == .notEqual, operands.count == 2 else { return nil }
        for (one, other) in [(operands[0], operands[1]), (operands[1], operands[0])] {
            guard case .bool(let truth)? = expression.folded[other], expression.expression.types[one] == .bool else { continue }
            return truth == (function == .equal) ? formula(one) : .not(formula(one))
        }
        return nil
    }

    /// Whether the node reads a slot's value, and not whether there is one.
    func isValue(_ id: NodeID) -> Bool {
        switch tree[id].kind {
        case .name, .select(_, _, false): true
        default: false
        }
    }

    // MARK: Predicates

    private mutating func atom(_ id: NodeID) -> CELAtom {
        let own = key(id) ?? unknownKey()
        if let found = table(id, own) { return found }
        if case .has = tree[id].kind, case .slot(let slot) = expression.expression.references[id], let term = term(ofSlot: slot) {
            return CELAtom(key: own, term: term, test: .present)
        }
        if let (function, operands) = expression.call(id), operands.count == 2 {
            for (isFirst, one, other) in [(false, operands[0], operands[1]), (true, operands[1], operands[0])] {
                guard let constant = constant(other), let term = term(one),
                    TermValues.covers(term.domain, function, constant, isConstantFirst: isFirst)
                else { continue }
                return CELAtom(key: own, term: term, test: .compare(function, constant, isConstantFirst: isFirst))
            }
        }
        if isValue(id), let term = term(id), case .bool = term.domain { return CELAtom(key: own, term: term, test: .isTrue) }
        return CELAtom(key: own, term: CELAtom.Term(key: own, domain: .opaque, mayFail: true), test: .isTrue)
    }

    private func constant(_ id: NodeID) -> CELValue? {
        if let value = expression.folded[id] { return value }
        guard case .slot(let slot) = expression.expression.references[id], isValue(id), let path = expression.path(ofSlot: slot) else {
            return nil
        }
        return reasoner.definitions[path]?.constant
    }

    /// What the value of a node is to predicates.
    private mutating func term(_ id: NodeID) -> CELAtom.Term? {
        if case .slot(let slot) = expression.expression.references[id], isValue(id),
            expression.path(ofSlot: slot).flatMap({ reasoner.definitions[$0] }) == nil
        {
            return term(ofSlot: slot)
        }
        guard let domain = Self.domain(expression.expression.types[id]), let key = key(id) else { return nil }
        return CELAtom.Term(key: key, domain: domain, mayFail: true)
    }

    private func term(ofSlot slot: Int) -> CELAtom.Term? {
        guard let path = expression.path(ofSlot: slot), reasoner.definitions[path] == nil else { return nil }
        let known = reasoner.knowledge.slots[path] ?? CELKnowledge.Slot(isNumber: false)
        var domain = Self.domain(expression.environment.slots[slot].type) ?? .other
        switch domain {
        case .text: if let texts = known.texts { domain = .texts(texts) }
        case .list: domain = .list(of: known.texts)
        case .double: domain = .double(mayBeNaN: !known.isNumber)
        default: break
        }
        return CELAtom.Term(key: "slot \(path)", domain: domain, mayFail: !known.isAlwaysPresent, least: known.least)
    }

    private static func domain(_ type: CELType) -> CELAtom.Domain? {
        switch type {
        case .string: .text
        case .int: .int
        case .double: .double(mayBeNaN: true)
        case .bool: .bool
        case .timestamp: .timestamp
        case .list(.string): .list(of: nil)
        case .dyn: .dynamic
        default: nil
        }
    }

    /// What a predicate comes to that reads no input, and is an error: of other constants the value is known already.
    private func constantOutcomes(_ id: NodeID) -> CELOutcomes? {
        var slots: Set<Int> = []
        guard reads(id, &slots), slots.isEmpty else { return nil }
        return outcomes(id, slots: [])
    }

    private func outcomes(_ id: NodeID, slots: [CELValue?]) -> CELOutcomes {
        var oracle = CELOracle(expression: expression.expression, slots: slots, meter: Meter(budget: CELMachine.defaultBudget))
        let value = oracle.value(id)
        return oracle.meter.isExhausted ? .any : CELOutcomes(value)
    }

    /// A predicate that reads a single input of few values: what it comes to is found by trying them.
    private func table(_ id: NodeID, _ key: String) -> CELAtom? {
        var slots: Set<Int> = []
        guard reads(id, &slots), slots.count == 1, let slot = slots.first, let term = term(ofSlot: slot),
            case .texts(let texts) = term.domain
        else { return nil }
        var values = [CELValue?](repeating: nil, count: expression.environment.slots.count)
        let outcomes = (texts.map { CELValue.string($0) } + [nil]).map { value in
            values[slot] = value
            return self.outcomes(id, slots: values)
        }
        return CELAtom(key: key, term: term, test: .table(outcomes))
    }

    /// The slots that are read below a node; false where it would take long to tell, or to try.
    private func reads(_ id: NodeID, _ slots: inout Set<Int>) -> Bool {
        if expression.folded[id] != nil { return true }
        switch expression.expression.references[id] {
        case .slot(let slot):
            slots.insert(slot)
            return slots.count < 2
        case .local: return true
        default: break
        }
        if case .comprehension = tree[id].kind { return false }
        if let (function, _) = expression.call(id), !function.isPure { return false }
        for child in tree.children(of: id) where !reads(child, &slots) { return false }
        return true
    }
}
