/// What a case is run through.
public enum ConformanceEngine: String, CaseIterable, Sendable {
    /// The register machine.
    case machine
    /// The graph, with the register machine for what the graph leaves to it: what callers use.
    case graph
    /// The tree-walking evaluator.
    case oracle
}
