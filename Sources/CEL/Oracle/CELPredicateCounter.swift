/// Counts which ways the predicates of a condition go over many evaluations, for the coverage of tests.
///
/// A predicate is what `&&`, `||`, `!`, `?:` and macros are made of: a comparison, a test of membership or presence, a call or a variable that gives
/// a bool, and a quantifier as a whole besides what it asks of each element. What reads no input goes one way for ever and is none.
///
/// It evaluates as the oracle does, so that it can tell of every expression, however it was compiled.
public struct CELPredicateCounter: Sendable {
    public struct Predicate: Sendable, Equatable {
        /// UTF-8 offsets into the source.
        public var range: Range<Int>
        public var text: String
        /// How many evaluations came to that, an error or what is no bool; in a loop there is one for each turn.
        public var trueCount = 0
        public var falseCount = 0
        public var errorCount = 0
    }

    /// In the order of the source.
    public private(set) var predicates: [Predicate]
    private let expression: CheckedExpression
    /// By predicate.
    private let nodes: [NodeID]

    public init(_ source: String, in env: CELEnvironment) throws(CELIssues) {
        expression = try Checker.check(try Parser.parse(source), in: env)
        var finder = PredicateFinder(expression: expression)
        finder.visit(expression.tree.root, isTest: expression.resultType == .bool)
        let tree = expression.tree
        nodes = finder.nodes.sorted {
            (tree[$0].range.lowerBound, -tree[$0].range.count) < (tree[$1].range.lowerBound, -tree[$1].range.count)
        }
        let text = Array(source.utf8)
        predicates = nodes.map { node in
            let range = tree[node].range.clamped(to: text.indices)
            return Predicate(range: range, text: String(decoding: text[range], as: UTF8.self))
        }
    }

    /// Evaluates the condition and counts.
    @discardableResult
    public mutating func evaluate(slots: [CELValue?], budget: Int = CELMachine.defaultBudget) -> CELValue {
        var oracle = CELOracle(expression: expression, slots: slots, meter: Meter(budget: budget))
        oracle.tally = CELOracle.Tally()
        let value = oracle.value(expression.tree.root)
        for (number, node) in nodes.enumerated() {
            guard let counts = oracle.tally?.counts[node] else { continue }
            predicates[number].trueCount += counts.yes
            predicates[number].falseCount += counts.no
            predicates[number].errorCount += counts.error
        }
        return oracle.meter.isExhausted ? .budgetExceeded : value
    }
}

extension CELOracle {
    /// How often each node came to what.
    struct Tally {
        private(set) var counts: [NodeID: (yes: Int, no: Int, error: Int)] = [:]

        mutating func note(_ node: NodeID, _ value: CELValue) {
            switch value {
            case .bool(true): counts[node, default: (0, 0, 0)].yes += 1
            case .bool(false): counts[node, default: (0, 0, 0)].no += 1
            // What is no bool is an error where one is needed.
            default: counts[node, default: (0, 0, 0)].error += 1
            }
        }
    }
}

/// Finds the nodes of an expression that are predicates.
private struct PredicateFinder {
    let expression: CheckedExpression
    var nodes: [NodeID] = []

    init(expression: CheckedExpression) { self.expression = expression }

    /// - Parameter isTest: whether it decides something, so that a variable is a predicate too.
    mutating func visit(_ id: NodeID, isTest: Bool) {
        switch expression.tree[id].kind {
        case .and(let left, let right), .or(let left, let right):
            visit(left, isTest: true)
            visit(right, isTest: true)
        case .conditional(let condition, let first, let second):
            visit(condition, isTest: true)
            visit(first, isTest: isTest)
            visit(second, isTest: isTest)
        case .bind(_, let value, let body):
            visit(value, isTest: false)
            visit(body, isTest: isTest)
        case .comprehension(let parts): comprehension(id, parts)
        case .call(_, let target, let arguments, _):
            let operands = (target.map { [$0] } ?? []) + arguments
            if case .function(.not) = expression.references[id] {
                for operand in operands { visit(operand, isTest: true) }
                return
            }
            if isTest || expression.types[id] == .bool { add(id) }
            for operand in operands { visit(operand, isTest: false) }
        case .has(let operand, _):
            if case .present = expression.references[id] { return }
            add(id)
            visit(operand, isTest: false)
        default:
            if isTest { add(id) }
            for child in expression.tree.children(of: id) { visit(child, isTest: false) }
        }
    }

    private mutating func comprehension(_ id: NodeID, _ parts: SyntaxTree.Comprehension) {
        visit(parts.range, isTest: false)
        if let filter = parts.filter { visit(filter, isTest: true) }
        switch parts.macro {
        case .all, .exists, .existsOne:
            add(id)
            visit(parts.body, isTest: true)
        case .filter: visit(parts.body, isTest: true)
        case .map, .transformList, .transformMap, .transformMapEntry, .sortBy: visit(parts.body, isTest: false)
        }
    }

    private mutating func add(_ id: NodeID) {
        if readsInput(id) { nodes.append(id) }
    }

    private func readsInput(_ id: NodeID) -> Bool {
        switch expression.references[id] {
        case .slot, .local: true
        default: expression.tree.children(of: id).contains { readsInput($0) }
        }
    }
}
