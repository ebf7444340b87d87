/// Turns source text into a program: parsed, checked, folded, emitted.
public enum CELCompiler {
    /// Compiles a checked expression.
    ///
    /// - Parameter expecting: The type that the result must be assignable to; nil allows any.
    /// - Throws: Everything found wrong, up to `CELLimits.issues`.
    public static func compile(_ source: String, in env: CELEnvironment, expecting: CELType? = nil) throws(CELIssues) -> CELProgram {
        let tree = try Parser.parse(source)
        return try CodeEmitter.emit(try Checker.check(tree, in: env, expecting: expecting), slotCount: env.slots.count)
    }

    /// Compiles an expression without checking types: names that do not resolve and operands that do not fit are errors when evaluated.
    public static func compileUnchecked(_ source: String, in env: CELEnvironment, expandingMacros: Bool = true) throws(CELIssues)
        -> CELProgram
    {
        let tree = try Parser.parse(source, options: ParserOptions(expandsMacros: expandingMacros))
        return try CodeEmitter.emit(try Checker.check(tree, in: env, isStrict: false), slotCount: env.slots.count)
    }

    /// The type that the checker deduces, without compiling.
    public static func deduceType(_ source: String, in env: CELEnvironment) throws(CELIssues) -> CELType {
        try Checker.check(try Parser.parse(source), in: env).resultType
    }
}
