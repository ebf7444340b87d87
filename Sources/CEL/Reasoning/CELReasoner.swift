/// Turns expressions into formulas.
public struct CELReasoner: Sendable {
    /// A condition that was read.
    public struct Reading: Sendable {
        public var formula: CELFormula
        /// What `&&` joins at the top, with its places in the source (UTF-8 offsets).
        public var conjuncts: [Part]
    }

    public struct Part: Sendable {
        public var formula: CELFormula
        public var range: Range<Int>
    }

    /// What an input stands for that is computed from others.
    struct Definition: Sendable {
        var key: String
        /// Nil for what is no condition.
        var formula: CELFormula?
        var constant: CELValue?
    }

    /// Larger conditions, once what they are made of has been put in, are not reasoned about.
    private static let mostParts = 2_000
    private static let mostLevels = 100
    static let longestKey = 10_000

    let knowledge: CELKnowledge
    private(set) var definitions: [String: Definition] = [:]
    /// Inputs that are computed in a way too large to reason about.
    private(set) var unknown: Set<String> = []

    public init(knowledge: CELKnowledge) { self.knowledge = knowledge }

    /// Forgets what inputs are computed from.
    public mutating func forgetDefinitions() {
        definitions = [:]
        unknown = []
    }

    /// Makes known that the input `path` has the value of `expression`, or is an error where that is one; nil where nothing is known of it.
    public mutating func define(_ path: String, as expression: CELExpression?) {
        definitions[path] = nil
        guard let expression else {
            unknown.insert(path)
            return
        }
        var builder = FormulaBuilder(expression: expression, reasoner: self)
        let root = expression.expression.tree.root
        let formula = expression.resultType == .bool ? builder.formula(root) : nil
        guard let key = builder.key(root), !builder.isUnknown, formula.map(Self.isSmall) ?? true else {
            unknown.insert(path)
            return
        }
        unknown.remove(path)
        definitions[path] = Definition(key: key, formula: formula, constant: expression.folded[root])
    }

    /// What the condition asks. Nil where it is no condition, or too large.
    public func reading(of expression: CELExpression) -> Reading? {
        guard expression.resultType == .bool else { return nil }
        var builder = FormulaBuilder(expression: expression, reasoner: self)
        var parts: [Part] = []
        for id in builder.conjuncts(expression.expression.tree.root) {
            parts.append(Part(formula: builder.formula(id), range: expression.expression.tree[id].range))
        }
        let formula = builder.joined(parts.map(\.formula))
        guard !builder.isUnknown, Self.isSmall(formula) else { return nil }
        return Reading(formula: formula, conjuncts: parts)
    }

    private static func isSmall(_ formula: CELFormula) -> Bool {
        let size = formula.size
        return size.depth <= mostLevels && size.count <= mostParts
    }
}
