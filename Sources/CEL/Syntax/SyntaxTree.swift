/// Where a node lies in its tree.
typealias NodeID = Int

/// A parsed expression, its macros expanded. Children always lie before their parents, so that a pass over `nodes` is a pass from the leaves up.
struct SyntaxTree {
    struct Node {
        var kind: Kind
        var range: Range<Int>
        /// The length of the longest path below, itself included.
        var depth: Int
    }

    struct Element {
        var value: NodeID
        /// `?x`: left out when the optional is empty.
        var isOptional: Bool
    }

    struct Entry {
        var key: NodeID
        var value: NodeID
        var isOptional: Bool
    }

    struct Field {
        var name: String
        var value: NodeID
        var isOptional: Bool
        var range: Range<Int>
    }

    /// What a comprehension makes of its range.
    enum Macro: Hashable {
        case all, exists, existsOne, map, filter, transformList, transformMap, transformMapEntry, sortBy
    }

    struct Comprehension {
        var macro: Macro
        var range: NodeID
        var variable: String
        /// The second of a two-variable comprehension.
        var second: String?
        var filter: NodeID?
        var body: NodeID
    }

    enum Kind {
        case literal(CELValue)
        case name(String, isAbsolute: Bool)
        case select(NodeID, field: String, isOptional: Bool)
        case has(NodeID, field: String)
        case index(NodeID, NodeID, isOptional: Bool)
        case and(NodeID, NodeID)
        case or(NodeID, NodeID)
        case conditional(NodeID, NodeID, NodeID)
        /// A function or, by its name between underscores, an operator.
        case call(String, target: NodeID?, arguments: [NodeID], isAbsolute: Bool)
        case list([Element])
        case map([Entry])
        case message(String, isAbsolute: Bool, fields: [Field])
        case comprehension(Comprehension)
        case bind(String, value: NodeID, body: NodeID)
        /// `target.optMap(variable, body)`, or `optFlatMap`.
        case optionalMap(NodeID, variable: String, body: NodeID, isFlat: Bool)
        /// Stands where an error was reported.
        case invalid
    }

    var nodes: [Node] = []
    var root: NodeID = 0

    subscript(id: NodeID) -> Node { nodes[id] }

    mutating func add(_ kind: Kind, _ range: Range<Int>, children: [NodeID] = []) -> NodeID {
        let depth = children.reduce(0) { max($0, nodes[$1].depth) } + 1
        nodes.append(Node(kind: kind, range: range, depth: depth))
        return nodes.count - 1
    }
}
