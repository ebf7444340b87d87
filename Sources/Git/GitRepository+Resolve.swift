internal import CLibGit2

extension GitRepository {
    /// The commit that a name stands for: `HEAD`, a branch, a tag (peeled), `refs/…`, a full id or at least 4 digits of one, each
    /// optionally followed by `~n` or `^n`.
    ///
    /// A branch and a tag of one name on different commits are `.ambiguous`, not resolved by precedence: whoever may push tags must not
    /// choose what `main` means.
    ///
    /// - Throws: `.emptyRepository` before the first commit, `.notFound`, `.ambiguous`.
    public func resolve(_ reference: String) throws(GitError) -> GitObjectID {
        try LibGit2.checkText(reference, "the reference")
        guard let suffixStart = reference.firstIndex(where: { $0 == "~" || $0 == "^" }) else { return try resolveName(reference) }
        guard let steps = Self.steps(reference[suffixStart...]) else { throw notFound(reference) }
        var id = try resolveName(String(reference[..<suffixStart]))
        for step in steps {
            switch step {
            case .firstParents(let count):
                for _ in 0..<count {
                    guard let parent = try commit(id).parents.first else { throw notFound(reference) }
                    id = parent
                }
            case .parent(let number):
                let parents = try commit(id).parents
                if number == 0 { continue }
                guard number <= parents.count else { throw notFound(reference) }
                id = parents[number - 1]
            }
        }
        return try commit(id).id
    }

    private enum Step {
        case firstParents(Int)
        case parent(Int)
    }

    /// The meaning of `~n^m…`; `nil` if it has none.
    private static func steps(_ suffix: Substring) -> [Step]? {
        var steps: [Step] = []
        var rest = suffix
        while let sign = rest.popFirst() {
            let digits = rest.prefix(while: { $0.isASCII && $0.isNumber })
            rest = rest.dropFirst(digits.count)
            guard let number = digits.isEmpty ? 1 : Int(digits) else { return nil }
            switch sign {
            case "~": steps.append(.firstParents(number))
            case "^": steps.append(.parent(number))
            default: return nil
            }
        }
        return steps
    }

    private func resolveName(_ name: String) throws(GitError) -> GitObjectID {
        if name == "HEAD" { return try resolveHead() }
        if let id = GitObjectID(hex: name) {
            if try header(of: id) == nil { throw notFound(name) }
            return try peel(id, name)
        }
        if let id = try resolveAmongReferences(name) { return id }
        if let id = try resolveShortID(name) { return id }
        if try hasNoCommits() { throw GitError(.emptyRepository, "`\(path)` has no commits yet; commit something first") }
        throw notFound(name)
    }

    private func resolveHead() throws(GitError) -> GitObjectID {
        var found: OpaquePointer?
        let code = git_repository_head(&found, handle)
        if code == LibGit2Code.unbornBranch {
            let branch = try headBranch() ?? "HEAD"
            throw GitError(
                .emptyRepository, "HEAD of `\(path)` is the branch `\(branch)`, which has no commits; commit something, or name a branch")
        }
        try LibGit2.check(code, "reading HEAD of `\(path)`")
        defer { git_reference_free(found) }
        return try peel(reference: found, "HEAD")
    }

    private func resolveAmongReferences(_ name: String) throws(GitError) -> GitObjectID? {
        let candidates =
            name.hasPrefix("refs/") ? [name] : ["refs/heads/\(name)", "refs/tags/\(name)", "refs/remotes/\(name)", "refs/\(name)"]
        var matches: [(reference: String, id: GitObjectID)] = []
        for candidate in candidates {
            var found: OpaquePointer?
            let code = git_reference_lookup(&found, handle, candidate)
            if code == LibGit2Code.notFound || code == LibGit2Code.invalidName { continue }
            try LibGit2.check(code, "reading the reference `\(candidate)`")
            defer { git_reference_free(found) }
            matches.append((candidate, try peel(reference: found, candidate)))
        }
        guard let first = matches.first else { return nil }
        guard matches.allSatisfy({ $0.id == first.id }) else {
            let choices = matches.map { "`\($0.reference)`" }.joined(separator: " and ")
            throw GitError(.ambiguous(name), "`\(name)` could be \(choices), which differ; write the one you mean in full")
        }
        return first.id
    }

    private func resolveShortID(_ name: String) throws(GitError) -> GitObjectID? {
        let digits = name.utf8.count
        guard (4..<40).contains(digits), name.utf8.allSatisfy({ GitObjectID.value(ofHexDigit: $0) != nil }) else { return nil }
        guard let prefix = GitObjectID(hex: name + String(repeating: "0", count: 40 - digits)) else { return nil }
        var full = git_oid()
        var oid = prefix.oid
        let code = git_odb_exists_prefix(&full, database, &oid, digits)
        if code == LibGit2Code.notFound { return nil }
        if code == LibGit2Code.ambiguous { throw GitError(.ambiguous(name), "several objects begin with `\(name)`; write more digits") }
        try LibGit2.check(code, "looking for an object that begins with `\(name)`")
        return try peel(GitObjectID(full), name)
    }

    private func peel(reference: OpaquePointer?, _ name: String) throws(GitError) -> GitObjectID {
        var target: OpaquePointer?
        let code = git_reference_resolve(&target, reference)
        if code == LibGit2Code.notFound { throw notFound(name) }
        try LibGit2.check(code, "following the reference `\(name)`")
        defer { git_reference_free(target) }
        guard let oid = git_reference_target(target) else { throw notFound(name) }
        return try peel(GitObjectID(oid.pointee), name)
    }

    /// The commit that an object is or, as a tag, points to. Something names it, so it has to be there.
    private func peel(_ start: GitObjectID, _ name: String) throws(GitError) -> GitObjectID {
        var id = start
        // Nobody tags tags of tags; a chain longer than this is an attack on time.
        for _ in 0..<16 {
            guard let (_, type) = try header(of: id) else { throw .damaged(id, "(`\(name)`) is missing") }
            switch type {
            case GIT_OBJECT_COMMIT: return try commit(id).id
            case GIT_OBJECT_TAG: id = try target(ofTag: id)
            default: throw GitError(.notFound(name), "`\(name)` does not name a commit")
            }
        }
        throw GitError(.notFound(name), "`\(name)` is a tag of tags without end")
    }

    /// Whether there is no reference at all and `HEAD` names a branch to come.
    private func hasNoCommits() throws(GitError) -> Bool {
        guard git_repository_head_unborn(handle) == 1 else { return false }
        var iterator: OpaquePointer?
        try LibGit2.check(git_reference_iterator_new(&iterator, handle), "listing the references of `\(path)`")
        defer { git_reference_iterator_free(iterator) }
        var name: UnsafePointer<CChar>?
        let code = git_reference_next_name(&name, iterator)
        if code == LibGit2Code.iterationOver { return true }
        try LibGit2.check(code, "listing the references of `\(path)`")
        return false
    }

    private func notFound(_ name: String) -> GitError {
        let hint = isShallow ? "; the clone is shallow, so `git fetch --unshallow` may bring it" : "; name a branch, a tag or a commit id"
        return GitError(.notFound(name), "there is no commit `\(name)` in `\(path)`\(hint)")
    }
}
