internal import CLibGit2
internal import Glibc

/// How much of a tree is read before it is refused.
struct GitTreeLimits {
    var depth = 64
    var entries = 1_000_000
    /// Bytes of one path; Linux's own limit.
    var pathBytes = 4096
    /// Bytes of one tree object.
    var treeBytes = 128 << 20
}

/// One entry of one tree object, its name checked.
struct GitTreeEntry: Equatable {
    enum Kind: Equatable {
        case file(isExecutable: Bool)
        case folder
        case symbolicLink
        case submodule
    }

    let name: String
    let kind: Kind
    let id: GitObjectID

    var isFolder: Bool { kind == .folder }

    /// Why Charter does not follow it, or `nil` for a file or a folder.
    var refusal: String? {
        switch kind {
        case .file, .folder: nil
        case .symbolicLink: "a symbolic link; put the file itself there"
        case .submodule: "a submodule; put the files themselves there"
        }
    }
}

extension GitRepository {
    /// The entries of the tree `id` in git's order, which is the bytewise order of the paths below it.
    ///
    /// The names are safe to join into paths and are unique under Swift's string equality. Symbolic links and submodules are listed:
    /// whether they are refused is the caller's business.
    func tree(_ id: GitObjectID, at folder: String) throws(GitError) -> [GitTreeEntry] {
        let name = folder.isEmpty ? "the root folder" : folder
        return try withObject(id, GIT_OBJECT_TREE, path: name, limit: limits.treeBytes) { (bytes) throws(GitError) in
            try GitTreeParser(bytes: bytes, id: id, folder: folder).entries()
        }
    }
}

/// Reads a tree object's bytes: `mode SP name NUL id`, over and over.
private struct GitTreeParser {
    let bytes: UnsafeRawBufferPointer
    let id: GitObjectID
    let folder: String

    func entries() throws(GitError) -> [GitTreeEntry] {
        var result: [GitTreeEntry] = []
        // Swift's string equality also unites the Unicode spellings of one name, which would be one document to everything downstream.
        var names: Set<String> = []
        var position = 0
        var previous: (name: Range<Int>, isFolder: Bool)?
        while position < bytes.count {
            let kind = try mode(&position)
            guard let end = endOfName(from: position), end + 20 < bytes.count else { throw malformed() }
            let range = position..<end
            let name = try checkedName(range)
            guard let kind = kind.kind else {
                throw .unsafeTree(GitPath.join(folder, name), "unknown file mode \(String(kind.mode, radix: 8))")
            }
            guard names.insert(name).inserted else { throw .unsafeTree(GitPath.join(folder, name), "the folder holds this name twice") }
            let entry = GitTreeEntry(name: name, kind: kind, id: GitObjectID(raw: bytes, at: end + 1))
            if let previous, !precedes(previous, (range, entry.isFolder)) {
                throw .unsafeTree(GitPath.join(folder, name), "the folder's entries are not in git's order")
            }
            previous = (range, entry.isFolder)
            result.append(entry)
            position = end + 21
        }
        return result
    }

    private func mode(_ position: inout Int) throws(GitError) -> (mode: UInt32, kind: GitTreeEntry.Kind?) {
        var mode: UInt32 = 0
        let start = position
        while position < bytes.count, bytes[position] != UInt8(ascii: " ") {
            let byte = bytes[position]
            guard (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(byte), position - start < 7 else { throw malformed() }
            mode = mode << 3 | UInt32(byte - UInt8(ascii: "0"))
            position += 1
        }
        guard position > start, position < bytes.count else { throw malformed() }
        position += 1
        switch mode & 0o170000 {
        case 0o100000: return (mode, .file(isExecutable: mode & 0o100 != 0))
        case 0o040000: return (mode, .folder)
        case 0o120000: return (mode, .symbolicLink)
        case 0o160000: return (mode, .submodule)
        default: return (mode, nil)
        }
    }

    private func checkedName(_ range: Range<Int>) throws(GitError) -> String {
        guard let name = String(validating: UnsafeRawBufferPointer(rebasing: bytes[range]), as: UTF8.self) else {
            let readable = String(decoding: bytes[range], as: UTF8.self)
            throw .unsafeTree(GitPath.join(folder, readable), "the name is not valid UTF-8")
        }
        if let reason = GitPath.refusal(ofName: name) { throw .unsafeTree(GitPath.join(folder, name), reason) }
        return name
    }

    /// The position of the NUL that ends a name.
    private func endOfName(from position: Int) -> Int? {
        guard position < bytes.count, let base = bytes.baseAddress else { return nil }
        guard let found = memchr(base + position, 0, bytes.count - position) else { return nil }
        return UnsafeRawPointer(found) - base
    }

    /// Git's order: a folder's name sorts as if it ended in a slash. INVARIANT: the ranges are not empty and lie in `bytes`.
    private func precedes(_ left: (name: Range<Int>, isFolder: Bool), _ right: (name: Range<Int>, isFolder: Bool)) -> Bool {
        guard let base = bytes.baseAddress else { return false }
        let common = min(left.name.count, right.name.count)
        let order = memcmp(base + left.name.lowerBound, base + right.name.lowerBound, common)
        if order != 0 { return order < 0 }
        func next(_ side: (name: Range<Int>, isFolder: Bool)) -> UInt8 {
            side.name.count > common ? bytes[side.name.lowerBound + common] : side.isFolder ? UInt8(ascii: "/") : 0
        }
        return next(left) < next(right)
    }

    private func malformed() -> GitError { .damaged(id, "is not a well-formed tree") }
}
