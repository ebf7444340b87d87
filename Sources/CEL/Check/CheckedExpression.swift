/// What a name or a call was found to mean.
enum Reference: Sendable {
    /// Nothing to find: literals, operators of the syntax.
    case none
    /// A closed record, spread over slots from this one on. Only its fields have values.
    case place(Int)
    case slot(Int)
    /// A variable of a comprehension or a binding, by a number of its own.
    case local(Int)
    case constant(CELValue)
    case function(CELFunction)
    /// A function whose name has a namespace, which looks like a receiver in the syntax.
    case namespaced(CELFunction)
    /// A function of the namespace that takes any number of arguments, here given as a list.
    case variadic(CELFunction)
    /// A presence test of something that is always there.
    case present
    /// Evaluates to an error, as what it names does not exist (cel-spec langdef: Gradual Type Checking).
    case unbound(String)
    /// Evaluates to an error, as the function of this name never takes as many operands.
    case noOverload(String)
}

/// A parsed expression with its names resolved and its types deduced.
struct CheckedExpression {
    var tree: SyntaxTree
    /// By node.
    var references: [Reference]
    /// By node, variables not yet replaced.
    var types: [CELType]
    /// By node of a comprehension, binding or optional map: the numbers of the variables it declares.
    var locals: [NodeID: [Int]]
    var resultType: CELType
}
