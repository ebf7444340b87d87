internal import CLibGit2

extension GitRepository {
    /// Makes an empty bare repository, folders included.
    public static func createBare(at path: String) throws(GitError) {
        try LibGit2.start()
        try LibGit2.checkText(path, "the path of a repository")
        var made: OpaquePointer?
        try LibGit2.check(git_repository_init(&made, path, 1), "making a repository at `\(path)`")
        git_repository_free(made)
    }

    /// Writes a commit that changes `parent` (or an empty tree) and returns its id. No work tree and no index is touched.
    ///
    /// - Parameters:
    ///   - changes: the new bytes of each path, `nil` to delete it. A file keeps its executable bit; a folder left empty goes.
    ///   - time: seconds since 1970, in UTC.
    ///   - reference: the branch to move to the new commit, in full or without `refs/heads/`; `nil` leaves the commit unreferenced.
    /// - Throws: `.notFound` for a deleted path that is not there, `.unsafeTree` for a path that is refused or collides with a file or
    ///   folder, `.referenceMoved` if `reference` is not at `parent`: read it again and start over.
    public func writeCommit(
        onto parent: GitObjectID?, changes: [(path: String, bytes: [UInt8]?)], message: String,
        authorName: String, authorEmail: String, time: Int64, updating reference: String? = nil
    ) throws(GitError) -> GitObjectID {
        for (text, what) in [(message, "the message"), (authorName, "the author's name"), (authorEmail, "the author's address")] {
            try LibGit2.checkText(text, what)
        }
        let edits = try GitTreeEdits(changes, limits: limits)
        let base: GitObjectID?
        if let parent { base = try commit(parent).tree } else { base = nil }
        let tree: GitObjectID
        if let written = try write(edits.root, onto: base, at: "") { tree = written } else { tree = try emptyTree() }
        return try writeCommit(
            tree, onto: parent, message: message, authorName: authorName, authorEmail: authorEmail, time: time, updating: reference)
    }

    private func writeCommit(
        _ tree: GitObjectID, onto parent: GitObjectID?, message: String, authorName: String, authorEmail: String, time: Int64,
        updating reference: String?
    ) throws(GitError) -> GitObjectID {
        var signature: UnsafeMutablePointer<git_signature>?
        try LibGit2.check(git_signature_new(&signature, authorName, authorEmail, time, 0), "writing the author `\(authorName)`")
        defer { git_signature_free(signature) }
        var treeObject: OpaquePointer?
        var treeOID = tree.oid
        try LibGit2.check(git_tree_lookup(&treeObject, handle, &treeOID), "reading the new tree")
        defer { git_tree_free(treeObject) }
        var parentObject: OpaquePointer?
        if var oid = parent?.oid { try LibGit2.check(git_commit_lookup(&parentObject, handle, &oid), "reading the parent commit") }
        defer { git_commit_free(parentObject) }
        let name: String?
        if let reference { name = try Self.fullName(ofBranch: reference) } else { name = nil }
        var parents: [OpaquePointer?] = parentObject == nil ? [] : [parentObject]
        var id = git_oid()
        let code = git_commit_create(
            &id, handle, name, signature, signature, "UTF-8", message, treeObject, parents.count, &parents)
        if let name, code == LibGit2Code.modified || code == LibGit2Code.locked {
            throw GitError(.referenceMoved(name), "`\(name)` is no longer where this change began; read it again and repeat the change")
        }
        try LibGit2.check(code, "writing the commit")
        return GitObjectID(id)
    }

    private static func fullName(ofBranch name: String) throws(GitError) -> String {
        try LibGit2.checkText(name, "the reference")
        return name == "HEAD" || name.hasPrefix("refs/") ? name : "refs/heads/\(name)"
    }

    /// Writes a folder with its edits; `nil` if nothing is left in it.
    private func write(_ node: GitTreeEdits.Node, onto base: GitObjectID?, at folder: String) throws(GitError) -> GitObjectID? {
        var existing: [String: GitTreeEntry] = [:]
        var source: OpaquePointer?
        defer { git_tree_free(source) }
        if let base {
            for entry in try tree(base, at: folder) { existing[entry.name] = entry }
            var oid = base.oid
            try LibGit2.check(git_tree_lookup(&source, handle, &oid), "reading the folder `\(folder)`")
        }
        var found: OpaquePointer?
        try LibGit2.check(git_treebuilder_new(&found, handle, source), "editing the folder `\(folder)`")
        guard let builder = found else { throw GitError(.other, "editing the folder `\(folder)` returned nothing") }
        defer { git_treebuilder_free(builder) }
        for (name, child) in node.children.sorted(by: { $0.key < $1.key }) {
            let path = GitPath.join(folder, name)
            let before = existing[name]
            if case .delete = child.edit {
                guard let before, !before.isFolder else { throw GitError(.notFound(path), "there is no file `\(path)` to delete") }
            }
            // A file may make way for a folder only if the same change deletes it, and a folder for a file only if it is left empty.
            var subtree = before?.isFolder == true ? before?.id : nil
            if !child.children.isEmpty {
                if let before, !before.isFolder, child.edit == nil { throw .unsafeTree(path, "a file is where a folder is needed") }
                subtree = try write(child, onto: subtree, at: path)
            }
            if case .write(let bytes) = child.edit {
                if subtree != nil { throw .unsafeTree(path, "a folder is where a file is to be written") }
                let isExecutable = before?.kind == .file(isExecutable: true)
                try insert(try writeBlob(bytes, path), isExecutable ? GIT_FILEMODE_BLOB_EXECUTABLE : GIT_FILEMODE_BLOB, name, builder, path)
            } else if let subtree {
                try insert(subtree, GIT_FILEMODE_TREE, name, builder, path)
            } else if before != nil {
                try LibGit2.check(git_treebuilder_remove(builder, name), "deleting `\(path)`")
            }
        }
        if git_treebuilder_entrycount(builder) == 0 { return nil }
        var id = git_oid()
        try LibGit2.check(git_treebuilder_write(&id, builder), "writing the folder `\(folder)`")
        return GitObjectID(id)
    }

    private func insert(
        _ id: GitObjectID, _ mode: git_filemode_t, _ name: String, _ builder: OpaquePointer, _ path: String
    ) throws(GitError) {
        var oid = id.oid
        try LibGit2.check(git_treebuilder_insert(nil, builder, name, &oid, mode), "writing `\(path)`")
    }

    private func writeBlob(_ bytes: [UInt8], _ path: String) throws(GitError) -> GitObjectID {
        var id = git_oid()
        let code = bytes.withUnsafeBytes { git_blob_create_from_buffer(&id, handle, $0.baseAddress, $0.count) }
        try LibGit2.check(code, "writing the content of `\(path)`")
        return GitObjectID(id)
    }

    private func emptyTree() throws(GitError) -> GitObjectID {
        var builder: OpaquePointer?
        try LibGit2.check(git_treebuilder_new(&builder, handle, nil), "making an empty tree")
        defer { git_treebuilder_free(builder) }
        var id = git_oid()
        try LibGit2.check(git_treebuilder_write(&id, builder), "writing an empty tree")
        return GitObjectID(id)
    }
}
