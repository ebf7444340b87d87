import EnforcementServer
import Git
import GovernanceModel

extension TrustGate.Applied {
    init(_ compiled: CompiledCommit) {
        self.init(commit: compiled.commit.id.description, organization: compiled.snapshot.governance.organization)
    }
}

/// Lets a commit pass that may follow the one applied last.
struct TrustGate: Sendable {
    /// The commit applied last, as far as it is known.
    struct Applied: Sendable {
        var commit: String
        /// `nil` if the repository does not have it, or it cannot be read.
        var organization: Organization?
    }

    /// The folder of the tree that holds the documents; empty for the whole tree.
    var folder = ""
    /// What the operator trusts, whatever any commit says.
    var operatorTrust: OperatorTrust?
    /// A commit that the operator has named: it may take the place of one that it does not continue.
    var acceptedRewind: GitObjectID?

    /// Why a commit may not follow the one applied last; `nil` if it may.
    func refusal(of new: GitObjectID, after applied: Applied, in repository: GitRepository) -> TrustRefusal? {
        guard let id = GitObjectID(hex: applied.commit), let organization = applied.organization else {
            // What it would have to continue is not known: it is looked at as the first one would be.
            if new == acceptedRewind { return refusal(ofFirst: new, organization: self.organization(of: new, repository), in: repository) }
            return TrustRefusal(
                .historyIncomplete, new,
                "commit \(applied.commit.prefix(12)), which was applied last, cannot be read from this repository, so that what has come since is "
                    + "not known; push it again, or name \(new) with `charter reconcile --allow-rewind`")
        }
        if let refusal = refusal(of: new, after: id, organization, repository) { return refusal }
        return new == acceptedRewind ? nil : refusal(ofRelaxing: new, id, organization, repository)
    }

    /// A branch that may go back may not go back to when others were trusted, or nobody had to be.
    private func refusal(
        ofRelaxing new: GitObjectID, _ applied: GitObjectID, _ organization: Organization, _ repository: GitRepository
    ) -> TrustRefusal? {
        guard organization.allowsRewinds, (try? repository.isAncestor(applied, of: new)) != true else { return nil }
        guard let other = self.organization(of: new, repository) else { return nil }
        let isSame =
            other.requiresSignatures == organization.requiresSignatures && other.requiresTwoPersons == organization.requiresTwoPersons
            && other.spec["trustedSigners"]?.json == organization.spec["trustedSigners"]?.json
        if isSame { return nil }
        return TrustRefusal(
            .historyRewritten, new,
            "the branch went back, and with it who is trusted would be another; name \(new) with `charter reconcile --allow-rewind` if that is meant"
        )
    }

    private func organization(of commit: GitObjectID, _ repository: GitRepository) -> Organization? {
        (try? CommitCompiler(folder: folder).compile(repository, commit: commit, now: WallClock.now() / 1_000_000_000))?
            .snapshot.governance.organization
    }

    /// Why a commit may not be the first one ever: by its own settings.
    func refusal(ofFirst new: GitObjectID, organization: Organization?, in repository: GitRepository) -> TrustRefusal? {
        // A commit without one is refused for that.
        guard let organization else { return nil }
        return refusal(of: new, after: nil, organization, repository)
    }

    private func refusal(
        of new: GitObjectID, after applied: GitObjectID?, _ organization: Organization, _ repository: GitRepository
    ) -> TrustRefusal? {
        var settings = TrustSettings(organization, operator: operatorTrust)
        if new == acceptedRewind { settings.allowsRewinds = true }
        return CommitTrust(settings: settings, now: WallClock.now() / 1_000_000_000).refusal(of: new, after: applied, in: repository)
    }
}
