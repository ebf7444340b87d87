/// Bounds on what is accepted, so that no expression can cost more than a fixed amount of memory, time or stack.
public enum CELLimits {
    /// UTF-8 bytes of source.
    public static let sourceBytes = 100_000
    /// Levels of nesting, counted in the syntax tree. Low enough for the checker to fit in a 512 KiB stack.
    public static let depth = 64
    /// Elements of one list or map literal, and arguments of one call.
    public static let literalElements = 10_000
    /// Issues reported for one expression.
    public static let issues = 20
    /// UTF-8 bytes of a regular expression.
    public static let patternBytes = 4_096
    /// Bytes that one compiled regular expression may take.
    public static let patternMemory = 1 << 20
}
