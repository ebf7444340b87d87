/// What each part of an expression came to, in one evaluation.
public struct CELExplanation: Sendable {
    /// A subexpression. Parts come before what they are made of, in source order.
    public struct Part: Sendable {
        /// UTF-8 offsets into the source.
        public var range: Range<Int>
        public var text: String
        /// How many parts it is within.
        public var depth: Int
        /// Nil when it was not evaluated; the last value when it was several times, as in a loop.
        public var value: CELValue?
        public var evaluations: Int
    }

    public var result: CELValue
    public var parts: [Part]
    /// Steps of the budget that the evaluation took.
    public var steps: Int
}

extension CELOracle {
    /// Evaluates a checked expression and records the value of every subexpression.
    public static func explain(
        _ source: String, in env: CELEnvironment, slots: [CELValue?], budget: Int = CELMachine.defaultBudget
    ) throws(CELIssues) -> CELExplanation {
        let expression = try Checker.check(try Parser.parse(source), in: env)
        var oracle = CELOracle(expression: expression, slots: slots, meter: Meter(budget: budget))
        oracle.record = Record()
        let value = oracle.value(expression.tree.root)
        let steps = oracle.meter.isExhausted ? budget : budget - oracle.meter.remaining
        var parts: [CELExplanation.Part] = []
        oracle.describe(expression.tree.root, Array(source.utf8), depth: 0, into: &parts)
        return CELExplanation(result: oracle.meter.isExhausted ? .budgetExceeded : value, parts: parts, steps: steps)
    }

    /// Values by node.
    struct Record {
        var values: [NodeID: CELValue] = [:]
        var counts: [NodeID: Int] = [:]
    }

    private func describe(_ id: NodeID, _ source: [UInt8], depth: Int, into parts: inout [CELExplanation.Part]) {
        let range = expression.tree[id].range
        let text = String(decoding: source[range.clamped(to: source.indices)], as: UTF8.self)
        parts.append(
            CELExplanation.Part(
                range: range, text: text, depth: depth, value: record?.values[id], evaluations: record?.counts[id] ?? 0))
        // A name with dots is one thing when it stands for a slot, a type or a constant.
        switch expression.references[id] {
        case .slot, .constant, .present, .place: if case .message = expression.tree[id].kind { break } else { return }
        default: break
        }
        var children = expression.tree.children(of: id)
        if case .namespaced = expression.references[id] { children.removeFirst(children.count - arguments(of: id).count) }
        if case .variadic = expression.references[id] { children.removeFirst(children.count - arguments(of: id).count) }
        for child in children { describe(child, source, depth: depth + 1, into: &parts) }
    }

    private func arguments(of id: NodeID) -> [NodeID] {
        if case .call(_, _, let arguments, _) = expression.tree[id].kind { return arguments }
        return []
    }
}

extension SyntaxTree {
    /// The nodes directly below, in source order.
    func children(of id: NodeID) -> [NodeID] {
        switch nodes[id].kind {
        case .literal, .name, .invalid: []
        case .select(let operand, _, _), .has(let operand, _): [operand]
        case .index(let left, let right, _), .and(let left, let right), .or(let left, let right): [left, right]
        case .conditional(let condition, let first, let second): [condition, first, second]
        case .call(_, let target, let arguments, _): (target.map { [$0] } ?? []) + arguments
        case .list(let elements): elements.map(\.value)
        case .map(let entries): entries.flatMap { [$0.key, $0.value] }
        case .message(_, _, let fields): fields.map(\.value)
        case .comprehension(let parts): [parts.range] + (parts.filter.map { [$0] } ?? []) + [parts.body]
        case .bind(_, let value, let body): [value, body]
        case .optionalMap(let operand, _, let body, _): [operand, body]
        }
    }
}
