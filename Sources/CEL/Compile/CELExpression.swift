/// An expression that was read and found to be in order, for everything that is asked about it without reading it anew.
public struct CELExpression: Sendable {
    let expression: CheckedExpression
    let environment: CELEnvironment
    /// By node, what does not depend on any input.
    let folded: [CELValue?]

    /// What the checker deduced.
    public var resultType: CELType { expression.resultType }

    /// - Parameter expecting: The type that the result must be assignable to; nil allows any.
    /// - Throws: Everything found wrong, up to `CELLimits.issues`.
    public init(_ source: String, in env: CELEnvironment, expecting: CELType? = nil) throws(CELIssues) {
        expression = try Checker.check(try Parser.parse(source), in: env, expecting: expecting)
        environment = env
        folded = ConstantFolding.values(expression)
    }

    /// The path of a slot as conditions write it: `subject.attributes.region`.
    func path(ofSlot slot: Int) -> String? {
        environment.slots.indices.contains(slot) ? environment.slots[slot].path.joined(separator: ".") : nil
    }

    /// The operands of a call, its receiver first, and what it calls; nil for anything else.
    func call(_ id: NodeID) -> (function: CELFunction, operands: [NodeID])? {
        guard case .call(_, let target, let arguments, _) = expression.tree[id].kind else { return nil }
        switch expression.references[id] {
        case .function(let function): return (function, (target.map { [$0] } ?? []) + arguments)
        // What looks like a receiver is part of the name.
        case .namespaced(let function): return (function, arguments)
        default: return nil
        }
    }
}

extension CELCompiler {
    /// Compiles an expression that was read before.
    ///
    /// - Throws: What makes it larger than a program may be.
    public static func compile(_ expression: CELExpression) throws(CELIssues) -> CELProgram {
        try CodeEmitter.emit(expression.expression, folded: expression.folded, slotCount: expression.environment.slots.count)
    }
}
