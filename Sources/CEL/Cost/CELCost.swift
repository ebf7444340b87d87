/// Bounds on the sizes of inputs, for the estimate of what an evaluation costs at worst.
public struct CELSizeBounds: Hashable, Sendable {
    /// Bytes of a text.
    public var textBytes: Int
    /// Elements of a list, entries of a map.
    public var elements: Int
    /// How deep values of unknown type nest.
    public var depth: Int
    /// Bounds for single slots, by their path (`request.items`), in place of these.
    public var slots: [String: CELSizeBounds]

    public init(textBytes: Int = 256, elements: Int = 100, depth: Int = 2, slots: [String: CELSizeBounds] = [:]) {
        self.textBytes = textBytes
        self.elements = elements
        self.depth = depth
        self.slots = slots
    }
}

/// What an evaluation costs at worst.
public struct CELCostEstimate: Hashable, Sendable {
    /// Steps of the budget. `Int.max` when nothing bounds them.
    public var steps: Int
    /// What most of it goes to: the smallest part, or the outermost loop, that costs more than half of the whole (UTF-8 offsets into the source).
    public var costliest: Range<Int>

    public var isBounded: Bool { steps < .max }
}

extension CELCompiler {
    /// Steps that evaluating the expression takes at most, on inputs within the bounds.
    ///
    /// - Throws: Everything that compiling it would find wrong.
    public static func estimateCost(
        _ source: String, in env: CELEnvironment, bounds: CELSizeBounds = CELSizeBounds()
    ) throws(CELIssues) -> CELCostEstimate {
        try CELExpression(source, in: env).cost(bounds: bounds)
    }
}

extension CELExpression {
    /// Steps that evaluating takes at most, on inputs within the bounds.
    public func cost(bounds: CELSizeBounds = CELSizeBounds()) -> CELCostEstimate {
        var estimator = CostEstimator(expression: expression, environment: environment, bounds: bounds)
        let steps = estimator.total()
        var part = expression.tree.root
        // A loop is told of as a whole: what makes its body costly is that it is repeated.
        while !isLoop(part), let next = expression.tree.children(of: part).max(by: { estimator.costs[$0] < estimator.costs[$1] }),
            estimator.costs[next] > steps / 2
        {
            part = next
        }
        return CELCostEstimate(steps: steps, costliest: expression.tree[part].range)
    }

    private func isLoop(_ id: NodeID) -> Bool {
        if case .comprehension = expression.tree[id].kind { return true }
        return false
    }
}
