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
    private var failingSince: String?
    private var knowsProtections = false
    /// What the database was last made, or found, equal to.
    private var settled: DesiredState?

    init(reconciler: Reconciler, server: EnforcementServer, wanted: WantedState) {
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
            if try isApproved() { return nil }
            let overtaken = try overtakenDrift(wanted.desired)
            let result = try syncMigrating(wanted)
            failingSince = nil
            if result.outcome != .reported { settled = wanted.desired }
            if result.outcome == .applied || !knowsProtections { try readProtections() }
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

    /// Whether the commit that waits for approval is what the database holds: somebody has carried it out by name, and the branch's follower is
    /// told to put it in force.
    private func isApproved() throws(ReconcilerError) -> Bool {
        guard let withheld = wanted.withheld, try reconciler.revision()?.commit == withheld else { return false }
        wanted.approve(withheld)
        return true
    }

    private func readProtections() throws(ReconcilerError) {
        wanted.protected = Set(try reconciler.protections().map { [$0.kind, $0.name] })
        knowsProtections = true
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
    private func syncMigrating(_ wanted: WantedState.Wanted) throws(ReconcilerError) -> SyncResult {
        do throws(ReconcilerError) {
            return try reconciler.sync(wanted.desired, driftMode: wanted.driftMode)
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
