internal import CLibGit2

/// A commit's own data.
public struct GitCommit: Sendable, Hashable {
    public let id: GitObjectID
    /// The id of the root tree.
    public let tree: GitObjectID
    public let parents: [GitObjectID]
    public let authorName: String
    public let authorEmail: String
    /// When it was written, by the author's account, in seconds since 1970.
    public let authorTime: Int64
    public let committerName: String
    public let committerEmail: String
    /// When it was committed, in seconds since 1970.
    public let time: Int64
    /// The message's first paragraph on one line.
    public let summary: String
}

extension GitRepository {
    // No real commit or tag comes near it; a zip bomb does.
    static let commitSizeLimit = 16 << 20

    /// The commit `id`. A missing one is `.notFound`, or `.shallow` beyond the end of a shallow clone.
    public func commit(_ id: GitObjectID) throws(GitError) -> GitCommit {
        guard let commit = try commitIfPresent(id) else {
            if isShallow { throw .shallow(at: id) }
            throw GitError(.notFound(id.description), "there is no commit \(id) in `\(path)`; fetch it first")
        }
        return commit
    }

    /// The bytes of the blob `id`, whose hash has been verified.
    ///
    /// - Parameters:
    ///   - path: the file's path, for messages.
    ///   - limit: the most bytes to read; a bigger blob is `.tooLarge`, found out before it is read.
    public func blob(_ id: GitObjectID, path: String, limit: Int) throws(GitError) -> [UInt8] {
        try withObject(id, GIT_OBJECT_BLOB, path: path, limit: limit) { (bytes) throws(GitError) in Array(bytes) }
    }

    /// The commit, or `nil` if the repository has no such object. A damaged one is an error.
    func commitIfPresent(_ id: GitObjectID) throws(GitError) -> GitCommit? {
        guard let (size, type) = try header(of: id) else { return nil }
        guard type == GIT_OBJECT_COMMIT else { throw GitError(.notFound(id.description), "object \(id) is not a commit") }
        try verify(id, "commit \(id)", size: size)
        var found: OpaquePointer?
        var oid = id.oid
        let code = git_commit_lookup(&found, handle, &oid)
        guard code >= 0, let found else { throw readFailure(code, id) }
        defer { git_commit_free(found) }
        guard let tree = git_commit_tree_id(found), let author = git_commit_author(found), let committer = git_commit_committer(found)
        else {
            throw .damaged(id, "lacks a tree, an author or a committer")
        }
        var parents: [GitObjectID] = []
        for position in 0..<git_commit_parentcount(found) {
            guard let parent = git_commit_parent_id(found, position) else { throw .damaged(id, "lacks a parent") }
            parents.append(GitObjectID(parent.pointee))
        }
        return GitCommit(
            id: id, tree: GitObjectID(tree.pointee), parents: parents,
            authorName: Self.text(author.pointee.name), authorEmail: Self.text(author.pointee.email),
            authorTime: author.pointee.when.time,
            committerName: Self.text(committer.pointee.name), committerEmail: Self.text(committer.pointee.email),
            time: git_commit_time(found), summary: Self.text(git_commit_summary(found)))
    }

    /// Calls `body` with the verified content of an object that something in the repository names: a missing one is damage.
    func withObject<Result>(
        _ id: GitObjectID, _ expected: git_object_t, path: String, limit: Int,
        _ body: (UnsafeRawBufferPointer) throws(GitError) -> Result
    ) throws(GitError) -> Result {
        func check(_ type: git_object_t) throws(GitError) {
            guard type != expected else { return }
            throw .damaged(id, "(`\(path)`) is a \(Self.name(of: type)) where a \(Self.name(of: expected)) belongs")
        }
        if let loose = try looseObjects.read(id, path: path, limit: limit) {
            try check(loose.type)
            let result = loose.bytes.withUnsafeBytes { bytes in
                Swift.Result<Result, GitError> { () throws(GitError) in try body(bytes) }
            }
            return try result.get()
        }
        guard let (size, type) = try header(of: id) else { throw .damaged(id, "(`\(path)`) is missing") }
        try check(type)
        guard size <= limit else { throw .tooLarge(path, size: size, limit: limit) }
        var found: OpaquePointer?
        var oid = id.oid
        let code = git_odb_read(&found, database, &oid)
        guard code >= 0, let found else { throw readFailure(code, id) }
        defer { git_odb_object_free(found) }
        return try body(UnsafeRawBufferPointer(start: git_odb_object_data(found), count: git_odb_object_size(found)))
    }

    /// Size in bytes and type, without reading the content; `nil` if there is no such object.
    func header(of id: GitObjectID) throws(GitError) -> (size: Int, type: git_object_t)? {
        if let loose = try looseObjects.header(of: id) { return (loose.size, loose.type) }
        var size = 0
        var type = GIT_OBJECT_INVALID
        var oid = id.oid
        let code = git_odb_read_header(&size, &type, database, &oid)
        if code == LibGit2Code.notFound { return nil }
        guard code >= 0 else { throw readFailure(code, id) }
        return (size, type)
    }

    /// What a tag points to. The tag is known to be there.
    func target(ofTag id: GitObjectID) throws(GitError) -> GitObjectID {
        try verify(id, "tag \(id)", size: try header(of: id)?.size ?? 0)
        var found: OpaquePointer?
        var oid = id.oid
        let code = git_tag_lookup(&found, handle, &oid)
        guard code >= 0, let found else { throw readFailure(code, id) }
        defer { git_tag_free(found) }
        guard let target = git_tag_target_id(found) else { throw .damaged(id, "is a tag of nothing") }
        return GitObjectID(target.pointee)
    }

    /// Makes sure that libgit2 can be given a commit or tag to read.
    private func verify(_ id: GitObjectID, _ name: String, size: Int) throws(GitError) {
        guard size <= Self.commitSizeLimit else { throw .tooLarge(name, size: size, limit: Self.commitSizeLimit) }
        _ = try looseObjects.read(id, path: name, limit: Self.commitSizeLimit)
    }

    private func readFailure(_ code: Int32, _ id: GitObjectID) -> GitError {
        let (message, category) = LibGit2.lastFailure()
        // The operating system's refusals (permissions, descriptors) say nothing about the object.
        if category == Int32(GIT_ERROR_OS.rawValue) || category == Int32(GIT_ERROR_NOMEMORY.rawValue) {
            return GitError(.other, "reading object \(id): \(message)")
        }
        if code == LibGit2Code.notFound { return .damaged(id, "is missing") }
        return .damaged(id, "is damaged (\(message))")
    }

    private static func name(of type: git_object_t) -> String {
        git_object_type2string(type).map { String(cString: $0) } ?? "thing of unknown type"
    }

    private static func text(_ bytes: UnsafePointer<CChar>?) -> String {
        bytes.map { String(cString: $0) } ?? ""
    }
}
