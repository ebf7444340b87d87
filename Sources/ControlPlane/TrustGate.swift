import EnforcementServer
import Git
import GovernanceModel

/// Lets a commit pass that may follow the one applied last.
struct TrustGate: Sendable {
    /// The commit applied last, as far as it is known.
    struct Applied: Sendable {
        var commit: String
        /// `nil` if the repository does not have it, or it cannot be read.
        var organization: Organization?
    }

    /// What the operator trusts, whatever any commit says.
    var operatorTrust: OperatorTrust?
    /// A commit that the operator has named: it may take the place of one that it does not continue.
    var acceptedRewind: GitObjectID?

    /// Why a commit may not follow the one applied last; `nil` if it may.
    func refusal(of new: GitObjectID, after applied: Applied, in repository: GitRepository) -> TrustRefusal? {
        guard let id = GitObjectID(hex: applied.commit), let organization = applied.organization else {
            if new == acceptedRewind { return nil }
            return TrustRefusal(
                .historyIncomplete, new,
                "commit \(applied.commit.prefix(12)), which was applied last, cannot be read from this repository, so that what has come since is "
                    + "not known; push it again, or name \(new) with `charter reconcile --allow-rewind`")
        }
        return refusal(of: new, after: id, organization, repository)
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
