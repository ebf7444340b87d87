/// A compiled expression: plain data that can be stored, and run by `CELMachine` once `CELVerifier` has passed it.
public struct CELProgram: Sendable {
    /// Fixed-width instructions; see `Operation` for the set.
    public var words: [UInt32]
    /// What instructions refer to by number. Never errors.
    public var constants: [CELValue]
    /// At most 256.
    public var registerCount: Int
    /// What the checker deduced; `dyn` for an unchecked expression.
    public var resultType: CELType
    /// The slots that evaluating may read, sorted.
    public var slotsRead: [Int]
    /// The part that runs without allocation, as `GraphImage` lays it out; empty when there is none.
    public var graph: [UInt64]
    /// For each instruction of the graph the place in the source (UTF-8 offsets) of the predicate that it decides, empty where there is none;
    /// known to its compiler alone, not stored in an image.
    public var graphSpans: [Range<Int>] = []
    /// What must hold for a condition not to be false; known to its compiler alone, not stored.
    public var requirements: [CELRequirement] = []

    public init(
        words: [UInt32], constants: [CELValue], registerCount: Int, resultType: CELType, slotsRead: [Int], graph: [UInt64] = []
    ) {
        self.words = words
        self.constants = constants
        self.registerCount = registerCount
        self.resultType = resultType
        self.slotsRead = slotsRead
        self.graph = graph
    }
}
