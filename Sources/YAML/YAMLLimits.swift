/// What a YAML text may ask of its reader.
public struct YAMLLimits: Sendable {
    /// Collections inside each other. libyaml's work grows with the square of the nesting, so this is small.
    public var depth = 64
    /// Nodes of one text, aliases counted once.
    public var nodes = 1_000_000
    /// Nodes that all aliases of one text may stand for together.
    public var aliasExpansion = 10_000
    /// Bytes of one scalar.
    public var scalarBytes = 1 << 20

    public init() {}
}

/// Why a YAML text was refused.
public struct YAMLError: Error, Sendable {
    public enum Kind: Sendable {
        case syntax
        case notUTF8
        case depth
        case nodes
        case aliasExpansion
        case duplicateKey
        case unsupportedTag
        case unknownAlias
        case keyNotScalar
    }

    public var kind: Kind
    /// Lower-case, one line.
    public var message: String
    public var range: YAMLRange
    /// A second place, e.g. the first of two equal keys, or where an unfinished collection begins.
    public var related: (range: YAMLRange, message: String)?
}
