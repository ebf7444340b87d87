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
    private let journal: EventJournal?
    private var failingSince: String?
    /// Since when the database holds a commit that the repository does not have.
    private var unknownSince: ContinuousClock.Instant?
    /// The commit under which this process has written its bundle's digest.
    private var signed: String?
    /// What the database was last made, or found, equal to.
    private var settled: DesiredState?
    /// How many commits were applied, one after the other, by looking only at the rows that they touch. What no trigger has seen of other hands'
    /// work may be left in the other rows: it is looked for right after.
    private var unseen = 0
    private var isRestDue = false
    /// The bundle that the database is known to have, and since when.
    private var supplied: (digest: String, at: ContinuousClock.Instant)?
    /// Commits that leave no pause do not put that off for ever.
    private static let mostUnseen = 16

    /// - Parameters:
    ///   - source: the repository and the branch that is followed, to tell whether the database has gone ahead of what is in force.
    ///   - journal: told what is done.
    init(reconciler: Reconciler, server: EnforcementServer, wanted: WantedState, source: GitSource? = nil, journal: EventJournal? = nil) {
        self.source = source
        self.journal = journal
        self.reconciler = reconciler
        self.server = server
        self.wanted = wanted
        server.status.update { $0.database = .pending }
    }

    /// Nanoseconds until the next check for drift: as the organisation chose, or none where a commit was applied without a look at all rows.
    var interval: Int64 { isRestDue ? 0 : wanted.current?.driftInterval ?? 5_000_000_000 }

    /// Finds out what the database was left equal to by an earlier run, so that a change made while nobody watched is seen as drift and not
    /// taken for a part of the next commit.
    func recall(from repository: GitRepository) {
        guard let wanted = wanted.current?.desired, let revision = try? reconciler.revision(), revision.commit != wanted.commit,
            let id = try? repository.resolve(revision.commit),
            let compiled = try? CommitCompiler(folder: source?.folder ?? "").compile(
                repository, commit: id, now: WallClock.now() / 1_000_000_000),
            let bytes = compiled.bundle, let bundle = try? PolicyBundle(bytes: bytes)
        else { return }
        settled = compiled.desiredState(bundleDigest: bundle.digest.description)
    }

    /// Makes the database equal to the commit in force, or finds drift from it.
    /// - Returns: `nil` where there is nothing to be done: before the first good commit, and while what operators have ordered is not in force.
    func check() throws(ControlError) -> Check? {
        do throws(ReconcilerError) {
            let check = try look()
            failingSince = nil
            return check
        } catch {
            // Somebody else was faster; the next look sees what he did.
            switch error {
            case .fenced, .overruled:
                wanted.keeperWake.signal()
                return nil
            default:
                fail(error)
                throw ControlError(error)
            }
        }
    }

    private func look() throws(ReconcilerError) -> Check? {
        // Once: whatever comes between, the rest is looked for at the next check there is.
        isRestDue = false
        let revision = try readWhatIsHeld()
        guard var wanted = wanted.current else { return nil }
        note(revision, isWorking: nil)
        let (pin, suspension) = (self.wanted.directives.pin, self.wanted.directives.suspension)
        if suspension != nil { return try lookOnly(wanted.desired, revision) }
        // The branch's follower is on its way to it.
        if let pin, pin.commit != wanted.desired.commit { return nil }
        if pin == nil, let revision {
            switch standing(of: revision.commit, to: wanted) {
            case .held: unknownSince = nil
            case .ahead:
                // Another Charter was faster, or somebody has carried out by name what is withheld here: the follower is told to put it in force.
                self.wanted.approve(revision.commit, whileInForce: wanted.desired.commit)
                return nil
            case .other:
                try wait(for: revision)
                return nil
            }
        }
        wanted = yielding(wanted, to: revision)
        let start = ContinuousClock.now
        let result = try syncMigrating(wanted, from: revision?.epoch)
        try supply(wanted, result)
        let took = Double((ContinuousClock.now - start).nanoseconds) / 1e9
        server.metrics.reconcileSeconds.labels(result.outcome.rawValue).observe(took)
        unseen = result.hasComparedAll ? 0 : unseen + 1
        isRestDue = !result.hasComparedAll
        // A new commit makes the database equal to itself, whatever stood there. What other hands had changed before is told all the same.
        let overtaken = result.overtaken
        if !overtaken.isEmpty {
            record(overtaken, "overtaken", settled ?? wanted.desired)
            journal?.overtaken(overtaken, settled ?? wanted.desired)
        }
        if result.outcome != .reported { settled = wanted.desired }
        if result.outcome == .applied { signed = wanted.desired.commit }
        server.metrics.reconciles.labels(result.outcome.rawValue).increment()
        note(result.revision, isWorking: false)
        return Check(result: result, isNews: record(result, wanted.desired), overtaken: overtaken.isEmpty ? nil : overtaken)
    }

    /// Two versions of Charter may make bundles of other bytes from one commit. Each writes its digest down once; that the other has done so after
    /// it is no reason to write again: they would do nothing else.
    private func yielding(_ wanted: WantedState.Wanted, to revision: Revision?) -> WantedState.Wanted {
        guard let revision, signed == wanted.desired.commit, revision.commit == signed,
            revision.contentDigest == wanted.desired.digest.description
        else { return wanted }
        var wanted = wanted
        wanted.desired.bundleDigest = revision.bundleDigest
        return wanted
    }

    /// Finds drift and leaves it, as nothing may be written.
    private func lookOnly(_ desired: DesiredState, _ revision: Revision?) throws(ReconcilerError) -> Check? {
        note(revision, isWorking: false)
        guard let result = try reconciler.inspect(desired) else { return nil }
        return Check(result: result, isNews: record(result, desired), overtaken: nil)
    }

    private func note(_ revision: Revision?, isWorking: Bool?) {
        server.status.update { facts in
            if let isWorking { facts.isWorking = isWorking }
            if let revision {
                facts.database = .synced(commit: revision.commit, epoch: revision.epoch, time: revision.appliedAt)
            }
        }
    }

    private func fail(_ error: ReconcilerError) {
        let since = failingSince ?? Self.now()
        failingSince = since
        server.metrics.reconciles.labels("failed").increment()
        server.metrics.failures.labels(error.statusReason).increment()
        server.status.update { facts in
            facts.isWorking = false
            facts.database = .failing(
                reason: error.statusReason, message: error.description, since: since, needsHelp: error.needsHelp)
        }
    }

    /// The revision, and what the follower must know; nil where the schema is not there.
    private func readWhatIsHeld() throws(ReconcilerError) -> Revision? {
        do throws(ReconcilerError) {
            let (directives, revision) = try reconciler.orders()
            obey(directives)
            wanted.protected = Set(try reconciler.protections().map { [$0.kind, $0.name] })
            return revision
        } catch {
            guard error.isMissingSchema else { throw error }
            return nil
        }
    }

    /// Passes on what operators have ordered.
    func obey(_ directives: Directives) {
        if directives != wanted.directives {
            server.status.update { facts in
                facts.pin = directives.pin.map(ServiceFacts.Order.init)
                facts.suspension = directives.suspension.map(ServiceFacts.Order.init)
            }
        }
        wanted.directives = directives
    }

    private enum Standing {
        /// What is in force here continues it, or may take its place.
        case held
        /// It is a commit of the branch that comes after, or the newest.
        case ahead
        /// It is another one, or the repository does not tell.
        case other
    }

    /// How what the database holds stands to what is in force here. Only what is known to come before it is overwritten: going back behind
    /// another Charter that has read the branch sooner would undo what was applied.
    private func standing(of commit: String, to wanted: WantedState.Wanted) -> Standing {
        guard commit != wanted.desired.commit, commit != wanted.replaces, let source else { return .held }
        guard let repository = try? source.open(), let held = try? repository.resolve(commit) else { return .other }
        let newest = (try? source.settleHead(repository)).flatMap { try? repository.resolve($0.reference) }
        if held == newest { return .ahead }
        guard let own = try? repository.resolve(wanted.desired.commit) else { return .other }
        if (try? repository.isAncestor(held, of: own)) == true { return .held }
        guard let newest, (try? repository.isAncestor(own, of: held)) == true, (try? repository.isAncestor(held, of: newest)) == true
        else { return .other }
        return .ahead
    }

    /// Seconds that a commit may be on its way to this repository's mirror, when another Charter has it already.
    private static let patience = 60.0

    private func wait(for revision: Revision) throws(ReconcilerError) {
        let since = unknownSince ?? .now
        unknownSince = since
        wanted.followerWake.signal()
        guard ContinuousClock.now - since > .seconds(Self.patience) else { return }
        throw .ahead(commit: revision.commit)
    }

    /// A schema that was dropped by hand is made again.
    private func syncMigrating(_ wanted: WantedState.Wanted, from epoch: Int64?) throws(ReconcilerError) -> SyncResult {
        do throws(ReconcilerError) {
            // What a commit overtakes is corrected in any mode.
            var policy = wanted.driftPolicy
            policy.correctsUnnoticed = unseen > 0
            return try reconciler.sync(
                wanted.desired, driftMode: policy, from: epoch,
                after: unseen < Self.mostUnseen ? settled : nil, bundle: BundleContent(wanted.bundle))
        } catch {
            guard error.isMissingSchema else { throw error }
            try reconciler.migrate()
            return try reconciler.sync(wanted.desired, driftMode: wanted.driftPolicy, bundle: BundleContent(wanted.bundle))
        }
    }

    /// Seconds between two looks at whether the bundle is still there.
    private static let supplyInterval = 60.0

    /// Writes the bundle down where it is missing: an older Charter has written none, or somebody has deleted it.
    private func supply(_ wanted: WantedState.Wanted, _ result: SyncResult) throws(ReconcilerError) {
        let digest = wanted.desired.bundleDigest
        if result.outcome == .unchanged || result.outcome == .reported {
            guard result.revision?.bundleDigest == digest, wanted.bundle.digest.description == digest else { return }
            if let supplied, supplied.digest == digest, ContinuousClock.now - supplied.at < .seconds(Self.supplyInterval) { return }
            try reconciler.supply(BundleContent(wanted.bundle))
        }
        supplied = (digest, .now)
    }

    /// - Returns: whether the result says something new.
    private func record(_ result: SyncResult, _ desired: DesiredState) -> Bool {
        server.status.update { $0.fights = result.fights }
        var isNews = result.outcome == .applied
        if result.outcome == .applied {
            journal?.applied(result, desired)
        } else if result.outcome == .corrected, !result.plan.isEmpty {
            isNews = record(result.plan, result.outcome.rawValue, desired)
            journal?.corrected(result.plan, desired)
        }
        // What is left says how it stands, so that it comes last.
        if !result.left.isEmpty {
            let isNewDrift = record(result.left, SyncResult.Outcome.reported.rawValue, desired)
            if isNewDrift { journal?.reported(result.left, desired) }
            isNews = isNewDrift || isNews
        } else if result.hasComparedAll, result.outcome != .corrected || result.plan.isEmpty {
            server.status.checked(at: Self.now(), found: nil)
        }
        return isNews
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

extension ServiceFacts.Order {
    init(_ directive: Directive) {
        self.init(commit: directive.commit, by: directive.operator, reason: directive.reason, since: directive.since)
    }
}
