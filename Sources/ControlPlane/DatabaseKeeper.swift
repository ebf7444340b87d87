import EnforcementServer
import Git
import GovernanceModel
import PolicyBundle
import Reconciler

/// Keeps the database equal to the commit in force and finds drift from it.
///
/// Not for use by two threads at once.
final class DatabaseKeeper {
    /// What a look at the database found.
    struct Check: Sendable {
        var result: SyncResult
        /// Whether it is worth telling: not the drift that was reported at the last look already.
        var isNews: Bool
        /// What had been changed by other hands before a new commit was applied.
        var overtaken: SyncPlan?
    }

    private let server: EnforcementServer
    private let wanted: WantedState
    private let reconciler: Reconciler
    private let source: GitSource?
    private var failingSince: String?
    /// What the database was last made, or found, equal to.
    private var settled: DesiredState?

    /// - Parameter source: the repository and the branch that is followed, to tell whether the database has gone ahead of what is in force.
    init(reconciler: Reconciler, server: EnforcementServer, wanted: WantedState, source: GitSource? = nil) {
        self.source = source
        self.reconciler = reconciler
        self.server = server
        self.wanted = wanted
        server.status.set(database: .pending)
    }

    /// Nanoseconds between two checks for drift, as the organisation chose.
    var interval: Int64 { wanted.current?.driftInterval ?? 5_000_000_000 }

    /// Finds out what the database was left equal to by an earlier run, so that a change made while nobody watched is seen as drift and not
    /// taken for a part of the next commit.
    func recall(from repository: GitRepository) {
        guard let wanted = wanted.current?.desired, let revision = try? reconciler.revision(), revision.commit != wanted.commit,
            let id = try? repository.resolve(revision.commit),
            let compiled = try? CommitCompiler().compile(repository, commit: id, now: WallClock.now() / 1_000_000_000),
            let bytes = compiled.bundle, let bundle = try? PolicyBundle(bytes: bytes)
        else { return }
        settled = compiled.desiredState(bundleDigest: bundle.digest.description)
    }

    /// Makes the database equal to the commit in force, or finds drift from it.
    /// - Returns: `nil` before the first good commit.
    func check() throws(ControlError) -> Check? {
        guard let wanted = wanted.current else { return nil }
        do throws(ReconcilerError) {
            let revision = try readWhatIsHeld()
            if let revision, isAhead(revision.commit, of: wanted.desired.commit) {
                // Somebody has carried out by name what is withheld here: the branch's follower is told to put it in force.
                self.wanted.approve(revision.commit)
                return nil
            }
            let overtaken = try overtakenDrift(wanted.desired)
            let result = try syncMigrating(wanted, from: revision?.epoch)
            failingSince = nil
            if result.outcome != .reported { settled = wanted.desired }
            server.metrics.reconciles.labels(result.outcome.rawValue).increment()
            if let revision = result.revision {
                server.status.set(database: .synced(commit: revision.commit, epoch: revision.epoch, time: revision.appliedAt))
            }
            return Check(result: result, isNews: record(result, wanted.desired), overtaken: overtaken)
        } catch {
            let since = failingSince ?? Self.now()
            failingSince = since
            server.metrics.reconciles.labels("failed").increment()
            server.status.set(database: .failing(message: error.description, since: since))
            throw ControlError(error)
        }
    }

    /// The revision, and what is protected; nil where the schema is not there.
    private func readWhatIsHeld() throws(ReconcilerError) -> Revision? {
        do throws(ReconcilerError) {
            wanted.protected = Set(try reconciler.protections().map { [$0.kind, $0.name] })
            return try reconciler.revision()
        } catch {
            guard error.isMissingSchema else { throw error }
            return nil
        }
    }

    /// Whether a commit of the branch comes after the one that is in force here.
    private func isAhead(_ commit: String, of inForce: String) -> Bool {
        guard commit != inForce, let source, let repository = try? source.open(), let head = try? source.settleHead(repository),
            let newest = try? repository.resolve(head.reference), let held = try? repository.resolve(commit),
            let own = try? repository.resolve(inForce), (try? repository.isAncestor(own, of: held)) == true
        else { return false }
        return held == newest || (try? repository.isAncestor(held, of: newest)) == true
    }

    /// A new commit makes the database equal to itself, whatever stood there. What other hands had changed before is told all the same.
    private func overtakenDrift(_ desired: DesiredState) throws(ReconcilerError) -> SyncPlan? {
        guard let settled, settled.commit != desired.commit else { return nil }
        let (plan, revision) = try reconciler.plan(settled)
        guard revision?.commit == settled.commit, !plan.isEmpty else { return nil }
        record(plan, "overtaken", settled)
        return plan
    }

    /// A schema that was dropped by hand is made again.
    private func syncMigrating(_ wanted: WantedState.Wanted, from epoch: Int64?) throws(ReconcilerError) -> SyncResult {
        do throws(ReconcilerError) {
            return try reconciler.sync(wanted.desired, driftMode: wanted.driftMode, from: epoch)
        } catch {
            guard error.isMissingSchema else { throw error }
            try reconciler.migrate()
            return try reconciler.sync(wanted.desired, driftMode: wanted.driftMode)
        }
    }

    /// - Returns: whether the result says something new.
    private func record(_ result: SyncResult, _ desired: DesiredState) -> Bool {
        switch result.outcome {
        case .corrected, .reported:
            // A revision alone that was written again has nothing to tell.
            if result.plan.isEmpty { break }
            return record(result.plan, result.outcome.rawValue, desired)
        case .applied, .unchanged: break
        }
        server.status.checked(at: Self.now(), found: nil)
        return result.outcome == .applied
    }

    @discardableResult
    private func record(_ plan: SyncPlan, _ outcome: String, _ desired: DesiredState) -> Bool {
        let time = Self.now()
        let isNews = server.status.checked(at: time, found: .init(time: time, commit: desired.commit, outcome: outcome, objects: plan.json))
        if isNews {
            for difference in plan.differences { server.metrics.driftedObjects.labels(difference.kind.rawValue).increment() }
        }
        return isNews
    }

    private static func now() -> String { TimeText.rfc3339(WallClock.now()) }
}
