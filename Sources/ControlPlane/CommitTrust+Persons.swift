import Git

/// The rule of two persons: nobody brings in, by their signature, what they have written.
extension CommitTrust {
    /// Looks at the commits of the branch itself, the oldest first: what each brings in is itself, or for a merge all that it reaches and
    /// the branch before it does not.
    ///
    /// - Parameters:
    ///   - range: the commits that are looked at, whose signatures are good.
    ///   - isFirst: no commit was ever applied: `range` is `new` alone.
    func checkPersons(
        _ new: GitObjectID, _ range: [GitObjectID: Checked], isFirst: Bool, in repository: GitRepository
    ) throws(TrustRefusal) {
        let range = isFirst ? try withMerged(new, range, repository) : range
        var branch: [GitObjectID] = []
        var next: GitObjectID? = new
        while let id = next, let commit = range[id] {
            branch.append(id)
            next = commit.parents.first
            if isFirst { break }
        }
        var known: Set<GitObjectID> = []
        for id in branch.reversed() {
            guard let commit = range[id] else { continue }
            let merged = reachable(from: commit.parents.dropFirst(), in: range, beyond: &known)
            known.insert(id)
            // A merge of nothing new may itself be anything: it counts as what it is, a commit of its author's.
            let brought = merged.isEmpty ? [id] : merged
            for author in brought { try check(author, in: range, broughtBy: id, isMerge: !merged.isEmpty) }
        }
    }

    /// For a first commit, which may be a merge: the authors of what it merges, whose signatures nobody asks for.
    private func withMerged(
        _ new: GitObjectID, _ range: [GitObjectID: Checked], _ repository: GitRepository
    ) throws(TrustRefusal) -> [GitObjectID: Checked] {
        guard let merge = range[new], merge.parents.count > 1 else { return range }
        var result = range
        let merged = try gitTrust(new) { () throws(GitError) in
            try repository.incoming(new, after: merge.parents[0], limit: limit).commits
        }
        for commit in merged where commit.id != new {
            let author = try gitTrust(commit.id) { () throws(GitError) in try repository.commit(commit.id).authorEmail }
            result[commit.id] = Checked(parents: commit.parents, author: author, signers: [])
        }
        return result
    }

    private func reachable(
        from starts: some Sequence<GitObjectID>, in range: [GitObjectID: Checked], beyond known: inout Set<GitObjectID>
    ) -> [GitObjectID] {
        var found: [GitObjectID] = []
        var pending = Array(starts)
        while let id = pending.popLast() {
            guard let commit = range[id], known.insert(id).inserted else { continue }
            found.append(id)
            pending += commit.parents
        }
        return found
    }

    private func check(
        _ id: GitObjectID, in range: [GitObjectID: Checked], broughtBy bringer: GitObjectID, isMerge: Bool
    ) throws(TrustRefusal) {
        guard let commit = range[id], let bringers = range[bringer]?.signers, let signer = bringers.first else { return }
        let what = isMerge ? "commit \(id.short), which \(bringer.short) merges," : "commit \(id.short)"
        guard bringers.contains(where: \.hasAddresses) else {
            throw TrustRefusal(
                .personUnknown, bringer,
                "it is not known which commits are those of \(signer.title), who signed \(bringer.short); list their e-mail addresses")
        }
        // Longer ones are no addresses (RFC 5321), and match no pattern.
        guard (1...254).contains(commit.author.utf8.count) else {
            throw TrustRefusal(.personUnknown, id, "\(what) names no e-mail address of its author, so that it cannot be told who wrote it")
        }
        let hasWritten = bringers.contains { $0.hasAddress(commit.author) }
        // An author is whoever a commit says; a key is harder to borrow.
        let hasSigned = isMerge && bringers.contains { bringer in commit.signers.contains { bringer.isSamePerson(as: $0) } }
        if hasWritten || hasSigned {
            throw TrustRefusal(
                .samePerson, bringer,
                "\(what) was \(hasWritten ? "written" : "signed") by \(signer.title), who also brings it in; "
                    + "let somebody else merge it and sign the merge")
        }
    }
}
