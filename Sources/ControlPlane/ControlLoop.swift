import Diagnostics
import EnforcementServer
import Foundation
import Git
import GovernanceModel
import PolicyBundle
import PolicyEngine
import Reconciler

/// Follows a branch: compiles new commits, puts them in force, brings them into the database, and looks for drift in between.
///
/// Everything happens on the thread that calls, one thing after the other.
public final class ControlLoop {
    /// What became of a commit.
    public enum CommitOutcome: Sendable {
        case inForce(CompiledCommit, digest: String)
        case refused(CompiledCommit)
    }

    private let source: GitSource
    private let state: StateDirectory?
    private let server: EnforcementServer
    private var reconciler: Reconciler?
    private let compiler = CommitCompiler()
    private let report: @Sendable (String) -> Void

    private var repository: GitRepository?
    private var seen: GitObjectID?
    private var desired: DesiredState?
    private var driftMode = Organization.DriftMode.correct
    private var failingSince: String?

    /// Nanoseconds between two checks for drift, as the organisation chose.
    public private(set) var driftInterval: Int64 = 5_000_000_000

    public init(
        source: GitSource, state: StateDirectory?, server: EnforcementServer, report: @escaping @Sendable (String) -> Void
    ) {
        self.source = source
        self.state = state
        self.server = server
        self.report = report
    }

    /// The database that is kept equal to the branch.
    public func attach(_ reconciler: Reconciler) {
        self.reconciler = reconciler
        server.status.set(database: .pending)
    }

    /// The branch that is followed, known after the first look.
    public private(set) var branch: String?

    /// Looks at the branch; compiles and puts in force what is new.
    /// - Returns: `nil` if there is nothing new.
    public func followBranch() throws(ControlError) -> CommitOutcome? {
        do {
            let repository = try self.repository ?? source.open()
            self.repository = repository
            let (branch, head) = try source.head(repository)
            self.branch = branch
            server.status.set(sourceError: nil)
            if head == seen { return nil }
            let compiled = try compiler.compile(repository, commit: head, now: WallClock.now() / 1_000_000_000)
            seen = head
            return try activate(compiled)
        } catch let error as GitError {
            // The handle may hold on to what is gone; the next look opens the repository anew.
            repository = nil
            server.status.set(sourceError: error.message)
            throw ControlError(error)
        } catch {
            throw ControlError(wrapping: error)
        }
    }

    private func activate(_ compiled: CompiledCommit) throws -> CommitOutcome {
        guard let bytes = compiled.bundle else {
            refuse(compiled)
            return .refused(compiled)
        }
        let engine = try PolicyEngine(try PolicyBundle(bytes: bytes))
        server.store.activate(engine, at: WallClock.now())
        server.metrics.activations.increment()
        server.status.set(refusal: nil)
        want(compiled, digest: engine.digest)
        do throws(ControlError) {
            try state?.store(bundle: bytes)
        } catch {
            // The bundle is in force all the same; only a restart with a broken branch would miss it.
            report("the bundle could not be kept for a restart: \(error)")
        }
        return .inForce(compiled, digest: engine.digest)
    }

    /// What the database is to hold from now on.
    private func want(_ compiled: CompiledCommit, digest: String) {
        desired = compiled.desiredState(bundleDigest: digest)
        if let organization = compiled.snapshot.governance.organization {
            driftMode = organization.driftMode
            driftInterval = organization.reconcileInterval
        }
    }

    private func refuse(_ compiled: CompiledCommit) {
        let errors = compiled.diagnostics.filter { $0.severity == .error }
        server.metrics.refusals.increment()
        server.status.set(
            refusal: .init(
                commit: compiled.commit.id.description, time: TimeText.rfc3339(WallClock.now()), errorCount: errors.count,
                errors: errors.prefix(20).map { SecretScanner.mask("\($0.span.location): \($0.code.rawValue) \($0.message)") }))
    }

    /// Puts the last good bundle of an earlier run in force, if there is one that this program can read and that comes from a commit of
    /// this repository: a state folder that served another repository must not decide for this one.
    public func restoreLastGoodBundle() -> PolicyEngine? {
        guard let state, let repository, FileManager.default.fileExists(atPath: state.bundle) else { return nil }
        do {
            let engine = try PolicyEngine(try PolicyBundle.open(path: state.bundle))
            let id = try repository.resolve(engine.commit)
            let compiled = try compiler.compile(repository, commit: id, now: WallClock.now() / 1_000_000_000)
            server.store.activate(engine, at: WallClock.now())
            want(compiled, digest: engine.digest)
            return engine
        } catch {
            report("the last good bundle cannot be used: \(error)")
            return nil
        }
    }

    /// What a look at the database found.
    public struct Check: Sendable {
        public var result: SyncResult
        /// Whether it is worth telling: not the drift that was reported at the last look already.
        public var isNews: Bool
    }

    /// Makes the database equal to the commit in force, or finds drift from it.
    /// - Returns: `nil` without a database or before the first commit.
    @discardableResult
    public func reconcile() throws(ControlError) -> Check? {
        guard let reconciler, let desired else { return nil }
        let now = { TimeText.rfc3339(WallClock.now()) }
        do throws(ReconcilerError) {
            let result = try reconciler.sync(desired, driftMode: driftMode)
            failingSince = nil
            server.metrics.reconciles.labels(result.outcome.rawValue).increment()
            if let revision = result.revision {
                server.status.set(database: .synced(commit: revision.commit, epoch: revision.epoch, time: revision.appliedAt))
            }
            return Check(result: result, isNews: record(result, desired, at: now()))
        } catch {
            let since = failingSince ?? now()
            failingSince = since
            server.metrics.reconciles.labels("failed").increment()
            server.status.set(database: .failing(message: error.description, since: since))
            throw ControlError(error)
        }
    }

    /// - Returns: whether the result says something new.
    private func record(_ result: SyncResult, _ desired: DesiredState, at time: String) -> Bool {
        guard result.outcome == .corrected || result.outcome == .reported else {
            server.status.checked(at: time, found: nil)
            return result.outcome == .applied
        }
        let isNews = server.status.checked(
            at: time, found: .init(time: time, commit: desired.commit, outcome: result.outcome.rawValue, objects: result.plan.json))
        if isNews {
            for difference in result.plan.differences { server.metrics.driftedObjects.labels(difference.kind.rawValue).increment() }
        }
        return isNews
    }
}
