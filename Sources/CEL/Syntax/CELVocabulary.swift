/// The constants and names that stand in an expression: what somebody has to vary who looks for the values on which it turns.
public struct CELVocabulary: Sendable {
    public private(set) var strings: Set<String> = []
    public private(set) var integers: Set<Int64> = []
    public private(set) var doubles: Set<Double> = []
    /// Of variables, fields, functions and macros.
    public private(set) var names: Set<String> = []

    public init() {}

    /// Reads the words of an expression; of one that is none, those that it has.
    public init(of source: String) {
        for token in Lexer.tokens(of: Array(source.utf8)).tokens {
            switch token.kind {
            case .identifier(let name), .quotedIdentifier(let name): names.insert(name)
            case .int(let magnitude), .uint(let magnitude): integers.insert(Int64(clamping: magnitude))
            case .double(let number): doubles.insert(number)
            case .string(let text): strings.insert(text)
            case .bytes, .symbol, .invalid, .end: break
            }
        }
    }

    public mutating func formUnion(_ other: CELVocabulary) {
        strings.formUnion(other.strings)
        integers.formUnion(other.integers)
        doubles.formUnion(other.doubles)
        names.formUnion(other.names)
    }
}
