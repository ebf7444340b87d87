import EnforcementServer
import Foundation
import Git
import GovernanceModel
import JSON
import PolicyBundle
import Reconciler
import Waiting

/// `charter reconcile` and `charter drift`: a repository and a database, without a server.
public final class ReconcileRunner {
    /// Ends `watch`; safe to use from any thread.
    public final class Stop: Sendable {
        private let flag = StopFlag()
        private let wake = WakeUp()

        public init() {}

        var isSet: Bool { flag.isSet }

        public func stop() {
            flag.set()
            wake.signal()
        }

        func wait(seconds: Double) { wake.wait(.seconds(seconds)) }
    }

    /// What one run did.
    public struct Run {
        public var compiled: CompiledCommit
        /// `nil` if the commit has errors.
        public var result: SyncResult?

        public var json: JSONValue {
            [
                "commit": .string(compiled.commit.id.description), "outcome": .string(result?.outcome.rawValue ?? "refused"),
                "epoch": .int(result?.revision?.epoch ?? 0), "changes": result?.plan.json ?? [],
                "diagnostics": .array(compiled.diagnostics.map(\.json)),
            ]
        }
    }

    let stopping: Stop
    let source: GitSource
    let database: Database
    let compiler: CommitCompiler
    private let operatorTrust: OperatorTrust?
    private let report: (String) -> Void

    /// - Parameters:
    ///   - folder: the folder of the tree that holds the documents; empty for the whole tree.
    ///   - namespace: whose schemas and roles of the database are meant.
    ///   - readsOnly: change nothing: neither make a private database nor bring its schema up to date.
    ///   - stopping: ends `watch`, and a fetch that hangs.
    public init(
        repository: String, reference: SourceReference = .branch(nil), folder: String = "", database: String?,
        namespace: GovernanceNamespace = .standard, state: String, readsOnly: Bool, operatorTrust: OperatorTrust? = nil, stopping: Stop,
        report: @escaping (String) -> Void
    ) throws(ControlError) {
        source = GitSource(repository, reference: reference, folder: folder, mirror: state + "/mirror.git")
        compiler = CommitCompiler(folder: folder)
        self.stopping = stopping
        self.operatorTrust = operatorTrust
        self.report = report
        if database == nil || source.isRemote {
            if readsOnly, !FileManager.default.fileExists(atPath: state + "/version") {
                throw ControlError(
                    .input, "there is no state folder `\(state)`; run `charter up` or `charter reconcile` first, or name a database")
            }
            try StateDirectory.prepare(state)
        }
        self.database = try Database.open(
            database, directory: state + "/postgres", namespace: namespace, takesOver: false, progress: report)
        if readsOnly { return }
        do throws(ReconcilerError) {
            try self.database.reconciler.migrate()
        } catch {
            self.database.close(progress: report)
            throw ControlError(error)
        }
    }

    public func close() { database.close(progress: report) }

    /// Brings the newest commit of the branch, or the one that is pinned, into the database.
    ///
    /// - Parameters:
    ///   - approval: leave to take away more than a commit may.
    ///   - rewind: a commit that may take the place of one that it does not continue.
    public func once(approval: DeletionApproval? = nil, allowingRewind rewind: GitObjectID? = nil) throws -> Run {
        if let order = try ordersOrNone().directives.suspension {
            throw ControlError(.input, "suspended by \(order.operator) since \(order.since); `charter resume` ends that")
        }
        let (compiled, revision) = try wanted(allowingRewind: rewind)
        return try apply(compiled, approval, revision)
    }

    /// What `once` would do; nothing is written.
    ///
    /// - Returns: the plan, unless the commit has errors, and why it would be refused.
    public func rehearse() throws -> (compiled: CompiledCommit, plan: SyncPlan?, refusal: RefusedPlan?) {
        let (compiled, _) = try wanted(allowingRewind: nil)
        guard let (desired, _) = try Self.desired(compiled) else { return (compiled, nil, nil) }
        let (plan, _, refusal) = try database.reconciler.rehearse(desired)
        return (compiled, plan, refusal)
    }

    /// The commit that the database should hold: the pinned one, or the newest, if it is trusted.
    private func wanted(allowingRewind rewind: GitObjectID?) throws -> (compiled: CompiledCommit, revision: Revision?) {
        try source.refresh { [stopping] in stopping.isSet }
        let repository = try source.open()
        let (directives, revision) = try ordersOrNone()
        if let pinned = directives.pin?.commit {
            return (try compile(repository, try repository.resolve(pinned)), revision)
        }
        let newest = try source.newestCommit(repository)
        if let rewind, rewind != newest {
            throw ControlError(.input, "the branch is at \(newest), not at the commit that may rewind it")
        }
        let gate = TrustGate(operatorTrust: operatorTrust, acceptedRewind: rewind)
        if let revision {
            let held = (try? repository.resolve(revision.commit)).flatMap { try? compile(repository, $0) }
            let applied = TrustGate.Applied(commit: revision.commit, organization: held?.snapshot.governance.organization)
            if let refusal = gate.refusal(of: newest, after: applied, in: repository) { throw ControlError(refusal) }
        }
        let compiled = try compile(repository, newest)
        if revision == nil,
            let refusal = gate.refusal(ofFirst: newest, organization: compiled.snapshot.governance.organization, in: repository)
        {
            throw ControlError(refusal)
        }
        return (compiled, revision)
    }

    /// What was ordered, and what is held: neither in a database without the tables.
    private func ordersOrNone() throws(ReconcilerError) -> (directives: Directives, revision: Revision?) {
        do throws(ReconcilerError) {
            return try database.reconciler.orders()
        } catch {
            guard error.isMissingSchema else { throw error }
            return (Directives(), nil)
        }
    }

    private func compile(_ repository: GitRepository, _ id: GitObjectID) throws(GitError) -> CompiledCommit {
        try compiler.compile(repository, commit: id, now: WallClock.now() / 1_000_000_000)
    }

    private func apply(_ compiled: CompiledCommit, _ approval: DeletionApproval?, _ revision: Revision?) throws -> Run {
        guard let (desired, mode) = try Self.desired(compiled) else { return Run(compiled: compiled, result: nil) }
        let bundle = Self.content(compiled, desired)
        let result = try database.reconciler.sync(
            desired, driftMode: mode, approval: approval, from: revision?.epoch ?? 0, bundle: bundle)
        if let bundle, result.outcome == .unchanged || result.outcome == .reported { try database.reconciler.supply(bundle) }
        return Run(compiled: compiled, result: result)
    }

    static func content(_ compiled: CompiledCommit, _ desired: DesiredState) -> BundleContent? {
        compiled.bundle.map { bytes in BundleContent(digest: desired.bundleDigest, size: bytes.count) { Array(bytes[$0]) } }
    }

    /// Runs until stopped; failures are told and tried again.
    public func watch(every seconds: Double, _ show: (Run) throws -> Void) throws {
        var shown: (commit: GitObjectID, outcome: String, differences: [SyncPlan.Difference])?
        var complaint: String?
        while !stopping.isSet {
            do {
                let run = try once()
                let outcome = run.result?.outcome.rawValue ?? "refused"
                let differences = run.result?.plan.differences ?? []
                let isNews =
                    shown.map {
                        $0.commit != run.compiled.commit.id || $0.outcome != outcome || $0.differences != differences
                            || outcome == "corrected"
                    } ?? true
                // Before it is shown: showing a refused commit throws, and it is to be shown once.
                shown = (run.compiled.commit.id, outcome, differences)
                if isNews { try show(run) }
                complaint = nil
            } catch {
                if stopping.isSet { return }
                let message = ControlError(wrapping: error).message
                if message != complaint { report(message) }
                complaint = message
            }
            stopping.wait(seconds: seconds)
        }
    }

    /// What was done to declared state, the newest first.
    public func history(before epoch: Int64?, limit: Int) throws -> [HistoryEntry] {
        try database.reconciler.history(before: epoch ?? .max, limit: limit)
    }

    /// The documents that no commit may delete.
    public func protections() throws -> [Protection] { try database.reconciler.protections() }

    /// Lets a document be deleted again.
    public func removeProtection(_ kind: Kind, _ name: String) throws {
        guard try database.reconciler.removeProtection(kind, name) else {
            throw ControlError(.input, "\(kind.rawValue) `\(name)` is not protected; `charter protections list` shows what is")
        }
    }

    /// How the database differs from the commit that was applied to it, or from `reference`.
    public func drift(from reference: String?) throws -> (plan: SyncPlan, revision: Revision, commit: String) {
        try source.refresh { [stopping] in stopping.isSet }
        let repository = try source.open()
        let revision: Revision?
        do throws(ReconcilerError) {
            revision = try database.reconciler.revision()
        } catch {
            // Nothing of Charter's is there: not a failure, an answer.
            guard error.isMissingSchema else { throw error }
            revision = nil
        }
        guard let revision else {
            throw ControlError(.input, "no commit was ever applied to this database; run `charter reconcile` first")
        }
        let name = reference ?? revision.commit
        let id: GitObjectID
        do throws(GitError) {
            id = try repository.resolve(name)
        } catch {
            throw ControlError(.input, "the commit `\(name)` that the database holds is not in this repository: \(error)")
        }
        let compiled = try compiler.compile(repository, commit: id, now: Int64(Date().timeIntervalSince1970))
        guard let (desired, _) = try Self.desired(compiled) else { throw ControlError(.input, "commit \(id) has errors") }
        return (try database.reconciler.plan(desired).plan, revision, id.description)
    }

    static func desired(_ compiled: CompiledCommit) throws -> (DesiredState, DriftPolicy)? {
        guard let bytes = compiled.bundle else { return nil }
        let digest = try PolicyBundle(bytes: bytes).digest.description
        return (compiled.desiredState(bundleDigest: digest), DriftPolicy(compiled.snapshot.governance.organization))
    }
}
