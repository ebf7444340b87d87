import CommitSignatures
import Git
import GovernanceModel
import Signing

/// Says whether a commit may be put in force: whether all that leads to it from the one applied last is signed by whom it must be.
///
/// The settings are those of the commit applied last, for all that has come since: no commit can relax them for itself, or for one that is
/// pushed together with it.
public struct CommitTrust: Sendable {
    public let settings: TrustSettings
    /// Seconds since 1970. New commits are judged by now: the time that a commit claims is whatever its maker wrote.
    public let now: Int64
    /// The most commits that are looked at at once.
    var limit = 100_000
    /// What checks OpenPGP signatures.
    var gpgv = "gpgv"

    static let namespace = "git"

    public init(settings: TrustSettings, now: Int64) {
        self.settings = settings
        self.now = now
    }

    /// Why `new` may not take the place of `applied`; `nil` if it may.
    ///
    /// - Parameters:
    ///   - applied: the commit applied last; `nil` if there was none ever. Then `new` alone is looked at, and the settings are its own.
    ///   - organization: of the commit applied last, or of `new` if there was none.
    public static func refusal(
        of new: GitObjectID, after applied: GitObjectID?, in repository: GitRepository, organization: Organization,
        operator operatorTrust: OperatorTrust?, now: Int64
    ) -> TrustRefusal? {
        let trust = CommitTrust(settings: TrustSettings(organization, operator: operatorTrust), now: now)
        return trust.refusal(of: new, after: applied, in: repository)
    }

    /// Why `new` may not take the place of `applied`; `nil` if it may.
    public func refusal(of new: GitObjectID, after applied: GitObjectID?, in repository: GitRepository) -> TrustRefusal? {
        if new == applied { return nil }
        do throws(TrustRefusal) {
            let incoming = try incoming(new, applied, repository)
            guard settings.requiresSignatures else { return nil }
            var range: [GitObjectID: Checked] = [:]
            for commit in incoming {
                let signed = try gitTrust(commit.id) { () throws(GitError) in try repository.signedCommit(commit.id) }
                range[commit.id] = Checked(
                    parents: commit.parents, author: signed.commit.authorEmail, signers: try signers(of: signed))
            }
            if settings.requiresTwoPersons { try checkPersons(new, range, isFirst: applied == nil, in: repository) }
            return nil
        } catch {
            return error
        }
    }

    /// A commit whose signature is good, or was not asked for.
    struct Checked {
        var parents: [GitObjectID]
        var author: String
        /// The entries of the key that has signed it.
        var signers: [TrustedSigner]
    }

    /// The commits to look at, parents before children.
    private func incoming(
        _ new: GitObjectID, _ applied: GitObjectID?, _ repository: GitRepository
    ) throws(TrustRefusal) -> [GitIncoming.Commit] {
        guard let applied else {
            let commit = try gitTrust(new) { () throws(GitError) in try repository.commit(new) }
            return [GitIncoming.Commit(id: new, parents: commit.parents)]
        }
        if settings.requiresSignatures {
            let incoming = try gitTrust(new) { () throws(GitError) in try repository.incoming(new, after: applied, limit: limit) }
            guard incoming.continuesOld || settings.allowsRewinds else { throw rewritten(new, applied) }
            return incoming.commits
        }
        if settings.allowsRewinds { return [] }
        guard try gitTrust(new, { () throws(GitError) in try repository.isAncestor(applied, of: new) }) else {
            throw rewritten(new, applied)
        }
        return []
    }

    private func rewritten(_ new: GitObjectID, _ applied: GitObjectID) -> TrustRefusal {
        TrustRefusal(
            .historyRewritten, new,
            "the branch was rewritten: it is at \(new.short) and no longer holds commit \(applied.short), which was applied last; "
                + "push a branch that continues it, or before a rewind a commit with `rewinds: allow` under `reconcile`")
    }
}

/// The result of `body`, or its failure as a refusal of `commit`.
func gitTrust<Value>(_ commit: GitObjectID, _ body: () throws(GitError) -> Value) throws(TrustRefusal) -> Value {
    do throws(GitError) { return try body() } catch { throw TrustRefusal(error, at: commit) }
}
