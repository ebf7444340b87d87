/// The names and paths that Charter takes from a tree or puts into one.
enum GitPath {
    /// Why a name cannot be a file's or a folder's, or `nil` if it can.
    static func refusal(ofName name: String) -> String? {
        if name.isEmpty { return "an empty name" }
        if name == "." || name == ".." { return "the name `\(name)` leads out of the folder" }
        if name.utf8.contains(UInt8(ascii: "/")) { return "a name with a slash in it" }
        if name.utf8.contains(0) { return "a name with a NUL in it" }
        if name.utf8.count == 4, name.lowercased() == ".git" { return "the name `\(name)` belongs to git itself" }
        return nil
    }

    static func join(_ folder: String, _ name: String) -> String {
        folder.isEmpty ? name : "\(folder)/\(name)"
    }

    /// The names in a relative path; leading and trailing slashes are an error except for the trailing one of a folder.
    static func components(_ path: String, limits: GitTreeLimits, isFolder: Bool) throws(GitError) -> [String] {
        var names = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        if isFolder, names.last == "" { names.removeLast() }
        for name in names {
            if let reason = refusal(ofName: name) { throw .unsafeTree(path, reason) }
        }
        if path.utf8.count > limits.pathBytes { throw .unsafeTree(path, "the path is longer than \(limits.pathBytes) bytes") }
        if names.count > limits.depth { throw .unsafeTree(path, "more than \(limits.depth) folders deep") }
        return names
    }

    /// Git's order within a tree: bytewise, a folder's name taken to end in a slash.
    static func precedes<Bytes: Sequence<UInt8>>(_ left: Bytes, _ leftIsFolder: Bool, _ right: Bytes, _ rightIsFolder: Bool) -> Bool {
        var leftBytes = left.makeIterator()
        var rightBytes = right.makeIterator()
        while true {
            let leftByte = leftBytes.next()
            let rightByte = rightBytes.next()
            if let leftByte, leftByte == rightByte { continue }
            let leftKey = leftByte ?? (leftIsFolder ? UInt8(ascii: "/") : 0)
            let rightKey = rightByte ?? (rightIsFolder ? UInt8(ascii: "/") : 0)
            return leftKey < rightKey
        }
    }
}
