/// The changes of one commit as a tree of names.
struct GitTreeEdits {
    enum Edit {
        case write([UInt8])
        case delete
    }

    /// A name may be both deleted as a file and given children, when a file becomes a folder.
    struct Node {
        var edit: Edit?
        var children: [String: Node] = [:]
    }

    private(set) var root = Node()

    init(_ changes: [(path: String, bytes: [UInt8]?)], limits: GitTreeLimits) throws(GitError) {
        for (path, bytes) in changes {
            let names = try GitPath.components(path, limits: limits, isFolder: false)
            let edit = bytes.map(Edit.write) ?? .delete
            guard Self.set(edit, at: names[...], in: &root) else { throw .unsafeTree(path, "the path is changed twice") }
        }
    }

    /// False if there is an edit at that place already.
    private static func set(_ edit: Edit, at names: ArraySlice<String>, in node: inout Node) -> Bool {
        guard let name = names.first else {
            guard node.edit == nil else { return false }
            node.edit = edit
            return true
        }
        return set(edit, at: names.dropFirst(), in: &node.children[name, default: Node()])
    }
}
