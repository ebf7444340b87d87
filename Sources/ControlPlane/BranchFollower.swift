import Diagnostics
import EnforcementServer
import Foundation
import Git
import GovernanceModel
import PolicyBundle
import PolicyEngine
import Reconciler

/// Follows a branch: compiles its new commits and puts them in force. Knows nothing of a database, so that none can hold it up.
///
/// Not for use by two threads at once.
final class BranchFollower {
    /// What became of a commit.
    enum Outcome: Sendable {
        case inForce(CompiledCommit, digest: String)
        case refused(CompiledCommit)
        /// The commit takes too much away: it waits until it is approved.
        case withheld(CompiledCommit, RefusedPlan)
        /// It is not signed by whom it must be, or does not continue what was applied.
        case untrusted(GitObjectID, TrustRefusal)
    }

    private let source: GitSource
    private let state: StateDirectory?
    private let server: EnforcementServer
    private let wanted: WantedState
    private let compiler: CommitCompiler
    private let report: @Sendable (String) -> Void

    private var repository: GitRepository?
    private var head: GitSource.Head?
    /// The commit that was looked at last.
    private var seen: GitObjectID?
    /// The newest commit of what is followed.
    private var newest: GitObjectID?
    /// What was applied last before this run, which its first commit is weighed against.
    private var earlier: (applied: TrustGate.Applied, desired: DesiredState?)?
    private let trust: TrustGate
    private var trusted: TrustGate.Applied?
    /// What was ordered and cannot be put in force.
    private var unfit: String?
    /// A commit that is not trusted, and why.
    private var untrusted: TrustRefusal?
    /// A commit that takes too much away, and the protections that were known when that was found.
    private var withheld: (commit: GitObjectID, protected: Set<[String]>?)?

    init(
        source: GitSource, state: StateDirectory?, server: EnforcementServer, wanted: WantedState, trust: TrustGate = TrustGate(),
        report: @escaping @Sendable (String) -> Void
    ) {
        self.source = source
        compiler = CommitCompiler(folder: source.folder)
        self.state = state
        self.server = server
        self.wanted = wanted
        self.trust = trust
        self.report = report
    }

    /// What is followed: settled at the first look and kept, whatever is checked out later.
    var reference: SourceReference? { head.map { $0.isBranch ? .branch($0.name) : source.reference } }

    /// Brings the mirror of a remote repository up to date.
    func refresh(isStopping: () -> Bool) throws(ControlError) {
        if source.isRemote { server.metrics.sourceFetches.increment() }
        do throws(MirrorFetch.Failure) {
            try source.refresh(isStopping: isStopping)
        } catch {
            if !isStopping() { sourceFailed(error.reason, error.error.message, needsHelp: error.needsHelp) }
            throw error.error
        }
    }

    private func sourceFailed(_ reason: String, _ message: String, needsHelp: Bool) {
        server.metrics.sourceFailures.labels(reason).increment()
        server.status.update {
            $0.sourceState = .failing(reason: reason, message: message, needsHelp: needsHelp)
            $0.isWorking = false
        }
    }

    /// Looks at the branch; compiles and puts in force what is new.
    /// - Returns: `nil` if there is nothing new, or nothing may be put in force now.
    func look() throws(ControlError) -> Outcome? {
        do throws(GitError) {
            let (repository, head) = try settled()
            let newest = try repository.resolve(head.reference)
            self.newest = newest
            server.status.update { facts in
                facts.seen = newest.description
                if facts.source == nil {
                    facts.source = .init(description: source.description, reference: head.reference, path: source.folder)
                }
            }
            let outcome = try consider(newest, repository)
            // Not before the commit was read: what cannot be read would seem to be mended at each look.
            server.status.update { $0.sourceState = .ready }
            return outcome
        } catch {
            // The handle may hold on to what is gone; the next look opens the repository anew.
            repository = nil
            sourceFailed(error.statusReason, error.message, needsHelp: error.needsHelp)
            throw ControlError(error)
        }
    }

    /// Puts in force what operators have ordered, or else the newest commit.
    private func consider(_ newest: GitObjectID, _ repository: GitRepository) throws(GitError) -> Outcome? {
        if wanted.directives.suspension != nil { return nil }
        if let pin = wanted.directives.pin?.commit { return try hold(pin, repository) }
        if let approved = wanted.approved {
            // Told once, whatever comes of it. The branch may have gone on since: its head is looked at again, and weighed against this one.
            wanted.forgetApproved()
            // The head is looked at right after.
            wanted.followerWake.signal()
            return try follow(approved: approved, repository)
        }
        return try follow(newest, repository)
    }

    private func follow(_ commit: GitObjectID, _ repository: GitRepository) throws(GitError) -> Outcome? {
        if commit == seen {
            guard isWorthAnotherLook(commit) else { return nil }
        } else if seen == nil, earlier == nil {
            earlier = lastGood(repository)
        }
        let wasWithheld = withheld?.commit == commit
        let (wasUntrusted, wasSeen) = (untrusted, commit == seen)
        if let applied, let refusal = trust.refusal(of: commit, after: applied, in: repository) {
            return distrust(commit, refusal, isNews: !wasSeen || wasUntrusted != refusal)
        }
        let compiled = try compile(commit, repository)
        // Not before it could be read: the next look reads it again.
        (untrusted, seen) = (nil, commit)
        if applied == nil,
            let refusal = trust.refusal(ofFirst: commit, organization: compiled.snapshot.governance.organization, in: repository)
        {
            return distrust(commit, refusal, isNews: !wasSeen || wasUntrusted != refusal)
        }
        let outcome = activate(compiled, isApproved: false, replacing: applied?.commit)
        if case .inForce = outcome { trusted = .init(compiled) }
        // That it is withheld still is nothing to tell again.
        if case .withheld = outcome, wasWithheld { return nil }
        return outcome
    }

    /// Whether a commit that was not put in force may be by now, although nothing was pushed.
    private func isWorthAnotherLook(_ commit: GitObjectID) -> Bool {
        if let untrusted { return untrusted.isPassing }
        guard let withheld, withheld.commit == commit else { return false }
        return withheld.protected != wanted.protected
    }

    /// The last commit that was found to be trusted, or that the database held before this run; `nil` if there never was one. What is only
    /// restored, or pinned, takes its place no more than what is refused.
    private var applied: TrustGate.Applied? { trusted ?? earlier?.applied }

    private func distrust(_ commit: GitObjectID, _ refusal: TrustRefusal, isNews: Bool) -> Outcome? {
        (untrusted, seen) = (refusal, commit)
        guard isNews else { return nil }
        refuse(refusal.reason.rawValue, commit, [refusal.message])
        return .untrusted(commit, refusal)
    }

    /// The pinned commit, which the database was made to hold when it was pinned.
    private func hold(_ pin: String, _ repository: GitRepository) throws(GitError) -> Outcome? {
        // What is released is looked at anew.
        (seen, untrusted, withheld) = (nil, nil, nil)
        if wanted.current?.desired.commit == pin {
            server.status.update { $0.refusal = nil }
            return nil
        }
        return try put(pin, repository)
    }

    /// What the database was made to hold by another's decision: the limits are no matter any more, signatures are.
    private func follow(approved commit: String, _ repository: GitRepository) throws(GitError) -> Outcome? {
        let id = try repository.resolve(commit)
        var gate = trust
        gate.acceptedRewind = id
        if let applied, let refusal = gate.refusal(of: id, after: applied, in: repository) {
            return distrust(id, refusal, isNews: untrusted != refusal)
        }
        untrusted = nil
        let outcome = try put(commit, repository)
        if case .inForce(let compiled, _)? = outcome { trusted = .init(compiled) }
        return outcome
    }

    /// Puts in force what was ordered by name.
    /// - Returns: `nil` if that is known to have errors.
    private func put(_ commit: String, _ repository: GitRepository) throws(GitError) -> Outcome? {
        if unfit == commit { return nil }
        let compiled = try compile(try repository.resolve(commit), repository)
        let outcome = activate(compiled, isApproved: true, replacing: nil)
        if case .refused = outcome { unfit = commit } else { unfit = nil }
        seen = compiled.commit.id
        return outcome
    }

    private func compile(_ id: GitObjectID, _ repository: GitRepository) throws(GitError) -> CompiledCommit {
        server.status.update { $0.isWorking = true }
        let compiled = try compiler.compile(repository, commit: id, now: WallClock.now() / 1_000_000_000)
        // It could be read: that is known before it is in force.
        server.status.update { $0.sourceState = .ready }
        return compiled
    }

    /// The repository, opened again if it had to be let go, and what is followed, settled once.
    private func settled() throws(GitError) -> (GitRepository, GitSource.Head) {
        let repository: GitRepository
        if let open = self.repository { repository = open } else { repository = try source.open() }
        self.repository = repository
        if let head { return (repository, head) }
        let head = try source.settleHead(repository)
        self.head = head
        return (repository, head)
    }

    private func activate(_ compiled: CompiledCommit, isApproved: Bool, replacing: String?) -> Outcome {
        guard let bytes = compiled.bundle else {
            let errors = compiled.diagnostics.filter { $0.severity == .error }
            refuse("CommitInvalid", compiled.commit.id, errors.map { "\($0.span.location): \($0.code.rawValue) \($0.message)" })
            return .refused(compiled)
        }
        do throws(BundleError) {
            let engine = try PolicyEngine(try PolicyBundle(bytes: bytes))
            let desired = compiled.desiredState(bundleDigest: engine.digest)
            if !isApproved, let plan = refusal(desired) {
                withheld = (compiled.commit.id, wanted.protected)
                refuse("CommitWithheld", compiled.commit.id, plan.reasons)
                return .withheld(compiled, plan)
            }
            put(engine, compiled, desired, replacing: replacing)
            keep(bytes)
            return .inForce(compiled, digest: engine.digest)
        } catch {
            refuse("CommitInvalid", compiled.commit.id, ["the bundle made from this commit is not accepted: \(error)"])
            return .refused(compiled)
        }
    }

    /// Says what the first commit is to be weighed against: what the database holds.
    func weigh(against commit: String) {
        guard let (repository, _) = try? settled(), let id = try? repository.resolve(commit) else {
            earlier = (.init(commit: commit, organization: nil), nil)
            return
        }
        earlier = appliedState(repository, id)
    }

    /// Why the commit may not take the place of the one in force, or of the last one of an earlier run.
    private func refusal(_ desired: DesiredState) -> RefusedPlan? {
        guard let old = wanted.current?.desired ?? earlier?.desired, old.commit != desired.commit else { return nil }
        return desired.refusal(replacing: old, protected: wanted.protected)
    }

    /// What an earlier run had in force, if it is a commit of this repository.
    private func lastGood(_ repository: GitRepository) -> (applied: TrustGate.Applied, desired: DesiredState?)? {
        guard let commit = try? storedCommit(), let id = try? repository.resolve(commit) else { return nil }
        return appliedState(repository, id)
    }

    private func appliedState(_ repository: GitRepository, _ id: GitObjectID) -> (applied: TrustGate.Applied, desired: DesiredState?) {
        let compiled = try? compiler.compile(repository, commit: id, now: WallClock.now() / 1_000_000_000)
        let digest = compiled?.bundle.flatMap { try? PolicyBundle(bytes: $0).digest.description }
        return (
            .init(commit: id.description, organization: compiled?.snapshot.governance.organization),
            digest.flatMap { compiled?.desiredState(bundleDigest: $0) }
        )
    }

    /// The commit of the bundle that an earlier run has kept.
    private func storedCommit() throws(BundleError) -> String? {
        guard let state, FileManager.default.fileExists(atPath: state.bundle) else { return nil }
        return try PolicyBundle.open(path: state.bundle).meta(.commit)
    }

    private func put(_ engine: PolicyEngine, _ compiled: CompiledCommit, _ desired: DesiredState, replacing: String?) {
        withheld = nil
        server.metrics.activations.increment()
        serve(engine, compiled, desired, replacing: replacing)
        server.status.update { $0.refusal = nil }
    }

    private func serve(_ engine: PolicyEngine, _ compiled: CompiledCommit, _ desired: DesiredState, replacing: String?) {
        server.store.activate(engine, at: WallClock.now())
        wanted.set(compiled, desired, engine.bundle, replacing: replacing)
        server.status.update { facts in
            facts.organization = engine.bundle.meta(.organization)
            facts.inForce = (engine.commit, engine.digest)
        }
        wanted.keeperWake.signal()
    }

    /// Keeps the bundle for a restart with a broken branch. It is in force even if that fails.
    private func keep(_ bytes: [UInt8]) {
        do throws(ControlError) {
            try state?.store(bundle: bytes)
        } catch {
            report("the bundle could not be kept for a restart: \(error)")
        }
    }

    private func refuse(_ reason: String, _ commit: GitObjectID, _ errors: [String]) {
        server.metrics.refusals.labels(reason).increment()
        server.status.update { facts in
            facts.isWorking = false
            facts.refusal = .init(
                reason: reason, commit: commit.description, time: TimeText.rfc3339(WallClock.now()), errorCount: errors.count,
                errors: errors.prefix(20).map { SecretScanner.mask($0) })
        }
    }

    /// Puts in force what the database holds; where there is none, what an earlier run had in force, if it lies on the branch that is followed: a
    /// state folder that served another repository or another branch must not decide for this one. The commit is compiled again; the file only
    /// tells which it was.
    func restoreLastGood(held: String?) -> PolicyEngine? {
        // A look that failed has let the repository go.
        guard let newest, let (repository, _) = try? settled() else { return nil }
        do {
            guard let last = try held ?? storedCommit() else { return nil }
            let id = try repository.resolve(last)
            if held == nil, try !repository.isAncestor(id, of: newest) {
                report("the last good bundle is of commit \(last.prefix(12)), which does not lie on this branch")
                return nil
            }
            let compiled = try compiler.compile(repository, commit: id, now: WallClock.now() / 1_000_000_000)
            guard let bytes = compiled.bundle else {
                report("the last good commit \(id.description.prefix(12)) has errors for this version of Charter")
                return nil
            }
            let engine = try PolicyEngine(try PolicyBundle(bytes: bytes))
            serve(engine, compiled, compiled.desiredState(bundleDigest: engine.digest), replacing: nil)
            return engine
        } catch {
            report("the last good bundle cannot be used: \(ControlError(wrapping: error))")
            return nil
        }
    }
}
