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

    public var isBounded: Bool { steps < .max }
}

extension CELCompiler {
    /// Steps that evaluating the expression takes at most, on inputs within the bounds.
    ///
    /// - Throws: Everything that compiling it would find wrong.
    public static func estimateCost(
        _ source: String, in env: CELEnvironment, bounds: CELSizeBounds = CELSizeBounds()
    ) throws(CELIssues) -> CELCostEstimate {
        let expression = try Checker.check(try Parser.parse(source), in: env)
        var estimator = CostEstimator(expression: expression, environment: env, bounds: bounds)
        return CELCostEstimate(steps: estimator.total())
    }
}
