import GovernanceModel
import JSON
import Postgres
import Synchronization

/// What the database says of itself.
public struct Revision: Sendable, Equatable {
    /// Grows by one with every transaction that writes declared state.
    public var epoch: Int64
    /// Hexadecimal id of the commit that the tables were made equal to.
    public var commit: String
    public var contentDigest: String
    public var bundleDigest: String
    public var documentCount: Int
    /// Users who had the role that somebody must have.
    public var administratorCount: Int
    /// RFC 3339.
    public var appliedAt: String

    /// Whether this is the revision that applying `desired` leaves behind.
    public func names(_ desired: DesiredState) -> Bool {
        commit == desired.commit && contentDigest == desired.digest.description && bundleDigest == desired.bundleDigest
    }
}

/// What a run of the reconciler did.
public struct SyncResult: Sendable {
    public enum Outcome: String, Sendable {
        /// The database held what the commit says.
        case unchanged
        /// A new commit was applied.
        case applied
        /// The commit was in force already, and what had changed by other hands was corrected.
        case corrected
        /// The same, but the organisation chose to be told only.
        case reported
    }

    public var outcome: Outcome
    /// What was done, or would be if it were not only reported.
    public var plan: SyncPlan
    /// Of a correction: what differs still, because its kind is only reported or somebody keeps changing it back.
    public var left = SyncPlan()
    /// The objects among those that somebody keeps changing back, as `Kind/name`.
    public var fights: [String] = []
    public var revision: Revision?
    /// What other hands had changed before a commit was applied.
    public var overtaken = SyncPlan()
    /// Whether all rows were looked at, and not only those that a commit touches.
    public var hasComparedAll = true

    /// Nothing was to be done.
    public static func unchanged(_ revision: Revision) -> SyncResult {
        SyncResult(outcome: .unchanged, plan: SyncPlan(), revision: revision)
    }
}

/// Makes the database hold what a commit says. Every public call is one transaction: it happens whole or not at all.
///
/// Not for use by two threads at once; two reconcilers on one database are kept apart by an advisory lock and the epoch.
public final class Reconciler {
    /// Ends from another thread whatever statement runs, so that a reconciler that waits for somebody's lock can be stopped.
    public let interrupter = Interrupter()

    private let configuration: PostgresConfiguration
    private var connection: PostgresConnection? {
        didSet { interrupter.set(connection) }
    }

    public init(_ configuration: PostgresConfiguration) {
        var configuration = configuration
        configuration.applicationName = "charter reconciler"
        // PgBouncer may give every transaction another connection, and this one to others.
        configuration.transactionStatementTimeout = configuration.statementTimeout
        configuration.statementTimeout = nil
        self.configuration = configuration
    }

    /// - Parameter namespace: whose schemas and roles these are.
    public convenience init(_ configuration: PostgresConfiguration, namespace: GovernanceNamespace) {
        self.init(configuration.with(namespace))
    }

    /// Brings the schema up to date.
    public func migrate() throws(ReconcilerError) {
        try run { connection in try Migrator.migrate(connection) }
    }

    /// The revision in the database; `nil` if none was ever applied.
    public func revision() throws(ReconcilerError) -> Revision? {
        try run { connection in try connection.transaction(readOnly: true) { try Self.readRevision(connection) } }
    }

    /// How the database differs from `desired`, under the role that can only read.
    public func plan(_ desired: DesiredState) throws(ReconcilerError) -> (plan: SyncPlan, revision: Revision?) {
        let (plan, revision, _) = try examine(desired)
        return (plan, revision)
    }

    private func examine(_ desired: DesiredState) throws(ReconcilerError) -> (plan: SyncPlan, revision: Revision?, hasTouches: Bool) {
        try run { connection in
            try connection.transaction(isolation: .repeatableRead, readOnly: true) {
                try connection.script("SET LOCAL ROLE charter_planner")
                let touches = try Touches(connection)
                var plan = try Planner(connection: connection, desired: desired).plan()
                touches.attribute(&plan)
                return (plan, try Self.readRevision(connection), !touches.isEmpty)
            }
        }
    }

    /// What `sync` would do, under the role that can only read, and why it would refuse.
    ///
    /// A database without the tables has nothing: all of the commit would be created.
    public func rehearse(_ desired: DesiredState) throws(ReconcilerError) -> (plan: SyncPlan, revision: Revision?, refusal: RefusedPlan?) {
        do throws(ReconcilerError) {
            return try run { connection in
                try connection.transaction(isolation: .repeatableRead, readOnly: true) {
                    try connection.script("SET LOCAL ROLE charter_planner")
                    let held = try Self.readRevision(connection)
                    let plan = try Planner(connection: connection, desired: desired).plan()
                    let isWeighed = held.map { !$0.names(desired) } ?? (plan.losses.heldObjects > 0)
                    return (plan, held, isWeighed ? try Self.refusal(of: plan, held, desired, nil, connection) : nil)
                }
            }
        } catch {
            guard error.isMissingSchema else { throw error }
            return (SyncPlan(creating: desired), nil, nil)
        }
    }

    /// Finds drift and leaves it, writing nothing; `nil` if the database was made equal to something else.
    public func inspect(_ desired: DesiredState) throws(ReconcilerError) -> SyncResult? {
        let (plan, revision) = try plan(desired)
        guard let revision, revision.names(desired) else { return nil }
        return SyncResult(outcome: plan.isEmpty ? .unchanged : .reported, plan: plan, left: plan, revision: revision)
    }

    /// Makes the database equal to `desired`.
    ///
    /// - Parameters:
    ///   - driftMode: what is done if the commit is in force already and something differs nevertheless.
    ///   - approval: leave to take away more than a commit may.
    ///   - pin: written down together with what is applied: an earlier commit is held until it is released.
    ///   - epoch: what the caller has decided by; if the database has gone on since, nothing is done.
    ///   - previous: what the database was left equal to. If its revision says so too, and its triggers have seen no other hands, a new commit
    ///     is planned from the two states, and of the database only the rows are read in which they differ.
    ///   - bundle: written down together with the revision, if it is the one that `desired` names, so that servers can have it.
    public func sync(
        _ desired: DesiredState, driftMode: DriftPolicy, approval: DeletionApproval? = nil, pin: PinOrder? = nil,
        from epoch: Int64? = nil, after previous: DesiredState? = nil, bundle: BundleContent? = nil
    ) throws(ReconcilerError) -> SyncResult {
        if desired.documentCount == 0 { throw .emptyState }
        let held = try revision()
        if let epoch, held?.epoch ?? 0 != epoch { throw .fenced(expected: epoch, found: held?.epoch ?? 0) }
        guard let held, held.names(desired) else {
            return try apply(desired, expecting: held, after: previous, driftMode, approval, pin, bundle)
        }
        // A look without the lock first: nothing to do is the usual case, and must not stand in anyone's way.
        let look = try examine(desired)
        if look.revision == held {
            if look.plan.isEmpty {
                if look.hasTouches { try settleTouches(desired) }
                return SyncResult(outcome: .unchanged, plan: look.plan, revision: held)
            }
            if look.plan.differences.allSatisfy({ !driftMode.corrects($0, of: look.plan) }) {
                return SyncResult(outcome: .reported, plan: look.plan, left: look.plan, revision: held)
            }
        }
        return try apply(desired, expecting: held, after: nil, driftMode, approval, pin, bundle)
    }

    /// Forgets who has changed what is as it should be again.
    private func settleTouches(_ desired: DesiredState) throws(ReconcilerError) {
        try run { connection in
            try connection.transaction {
                try connection.script("SET LOCAL ROLE charter_reconciler")
                try Self.lock(connection)
                let touches = try Touches(connection)
                if try Planner(connection: connection, desired: desired).plan().isEmpty {
                    try touches.settle(leaving: SyncPlan(), connection)
                }
            }
        }
    }

    /// Plans again under the lock, so that what is written follows from what is held, and writes rows and revision together.
    private func apply(
        _ desired: DesiredState, expecting revision: Revision?, after previous: DesiredState?, _ policy: DriftPolicy,
        _ approval: DeletionApproval?, _ pin: PinOrder?, _ bundle: BundleContent?
    ) throws(ReconcilerError) -> SyncResult {
        let clock = ContinuousClock()
        let start = clock.now
        return try run { connection in
            try connection.transaction {
                // Before the role is taken on that may not.
                if let pin { try Self.write(pin, connection) }
                try connection.script("SET LOCAL ROLE charter_reconciler")
                try Self.lock(connection)
                try Self.obeyDirectives(desired, connection)
                let held = try Self.readRevision(connection)
                if held?.epoch != revision?.epoch {
                    throw ReconcilerError.fenced(expected: revision?.epoch ?? 0, found: held?.epoch ?? 0)
                }
                let touches = try Touches(connection)
                let found = try Self.plan(desired, held, after: previous, touches, connection)
                var plan = found.plan
                let isCorrection = held.map { $0.names(desired) } ?? false
                var (left, fights) = (SyncPlan(), [String]())
                if isCorrection {
                    (plan, left, fights) = try Self.choose(plan, policy, connection)
                    if plan.isEmpty, !left.isEmpty {
                        return SyncResult(outcome: .reported, plan: left, left: left, fights: fights, revision: held)
                    }
                }
                // Before the first revision nothing is held; a correction takes away what no commit has declared.
                let isWeighed = !isCorrection && (held != nil || plan.losses.heldObjects > 0)
                let used = isWeighed ? try Self.guardAgainstLoss(plan, held, desired, approval, connection) : nil
                try Applier(connection: connection, desired: desired).apply(plan)
                try touches.settle(leaving: left, connection)
                var result = SyncResult(
                    outcome: isCorrection ? .corrected : .applied, plan: plan, left: left, fights: fights,
                    revision: try Self.writeRevision(desired, protects: !isCorrection, connection), overtaken: found.overtaken,
                    hasComparedAll: found.hasComparedAll)
                if let bundle, let revision = result.revision, revision.bundleDigest == bundle.digest {
                    try Self.write(bundle, revision, connection)
                }
                try Self.writeHistory(
                    result, previous: held, approval: used, nanoseconds: (clock.now - start).nanoseconds, connection)
                if isCorrection, policy.correctsUnnoticed {
                    (result.plan, result.overtaken) = plan.split { plan.touches[$0.id] == nil }
                }
                return result
            }
        }
    }

    /// The plan for a commit, and what other hands have changed of the state before it.
    private static func plan(
        _ desired: DesiredState, _ held: Revision?, after previous: DesiredState?, _ touches: Touches, _ connection: PostgresConnection
    ) throws -> (plan: SyncPlan, overtaken: SyncPlan, hasComparedAll: Bool) {
        let planner = Planner(connection: connection, desired: desired)
        let before = previous.flatMap { held?.commit == $0.commit && $0.commit != desired.commit ? $0 : nil }
        if let before, held?.names(before) == true, touches.isEmpty, let known = try planner.plan(from: before) {
            return (known.plan, known.overtaken, false)
        }
        var plan = try planner.plan()
        touches.attribute(&plan)
        var overtaken = SyncPlan()
        if let before {
            overtaken = try Planner(connection: connection, desired: before).plan()
            touches.attribute(&overtaken)
        }
        return (plan, overtaken, true)
    }

    /// Leaves out of a correction what is only reported, and what somebody keeps changing back.
    private static func choose(
        _ plan: SyncPlan, _ policy: DriftPolicy, _ connection: PostgresConnection
    ) throws(PostgresError) -> (plan: SyncPlan, left: SyncPlan, fights: [String]) {
        if plan.isEmpty { return (plan, SyncPlan(), []) }
        let fights = try DriftFights(policy, connection)
        let fought = plan.differences.filter { policy.corrects($0.kind) && fights.concern($0) }.map(\.id)
        let (done, left) = plan.split { !policy.corrects($0, of: plan) || fought.contains($0.id) }
        return (done, left, fought)
    }

    private static func writeRevision(
        _ desired: DesiredState, protects: Bool, _ connection: PostgresConnection
    ) throws(PostgresError) -> Revision? {
        _ = try connection.query(
            SQLTemplates.fill(PackageResources.write_revision_sql, [:]),
            [
                .text(desired.commit), .text(desired.digest.description), .text(desired.bundleDigest),
                .int(Int64(desired.documentCount)), .int(Int64(desired.administratorCount)),
            ])
        if protects, !desired.protected.isEmpty {
            try connection.execute(
                SQLTemplates.fill(PackageResources.add_protections_sql, [:]),
                [
                    .textArray(desired.protected.map(\.kind.rawValue)), .textArray(desired.protected.map(\.name)), .text(desired.commit),
                ])
        }
        return try readRevision(connection)
    }

    /// Takes the lock that everybody takes who writes, until the transaction ends.
    ///
    /// It is lent: of a reconciler that falls silent within its transaction (its machine was suspended, its network cut without a word) the
    /// server ends the transaction, so that others can go on. Should it wake up again, its connection is gone and the epoch is another.
    static func lock(_ connection: PostgresConnection) throws(PostgresError) {
        try connection.script(SQLTemplates.fill(PackageResources.lock_lease_sql, [:]))
        _ = try connection.query(SQLTemplates.fill(PackageResources.lock_sql, [:]))
    }

    /// Refuses a plan that takes away more than it may.
    ///
    /// - Returns: the approval, if it would have been refused without.
    private static func guardAgainstLoss(
        _ plan: SyncPlan, _ held: Revision?, _ desired: DesiredState, _ approval: DeletionApproval?, _ connection: PostgresConnection
    ) throws -> DeletionApproval? {
        guard let refused = try refusal(of: plan, held, desired, nil, connection) else { return nil }
        if let approval, try refusal(of: plan, held, desired, approval, connection) == nil { return approval }
        throw ReconcilerError.refused(refused)
    }

    private static func refusal(
        of plan: SyncPlan, _ held: Revision?, _ desired: DesiredState, _ approval: DeletionApproval?, _ connection: PostgresConnection
    ) throws -> RefusedPlan? {
        let text = try connection.query(SQLTemplates.fill(PackageResources.read_settings_sql, [:])).first?["settings"]
        let guardian = PruneGuard(settings: text.flatMap { try? JSONParser.parse(Array($0.utf8)) })
        let protected = Set(try readProtections(connection).map { [$0.kind, $0.name] })
        return guardian.refusal(
            of: plan, digest: { plan.digest(from: held, to: desired) }, held: held?.administratorCount ?? 0, desired: desired,
            protected: protected, approval: approval)
    }

    public func close() {
        connection?.close()
        connection = nil
    }

    static func readRevision(_ connection: PostgresConnection) throws(PostgresError) -> Revision? {
        guard let row = try connection.query(SQLTemplates.fill(PackageResources.read_revision_sql, [:])).first else { return nil }
        return Revision(
            epoch: Int64(try row.int("epoch") ?? 0), commit: try row.text("commit_id"), contentDigest: try row.text("content_digest"),
            bundleDigest: try row.text("bundle_digest"), documentCount: try row.int("document_count") ?? 0,
            administratorCount: try row.int("administrator_count") ?? 0,
            appliedAt: try row.text("applied_at"))
    }

    /// Runs `body`, which is one transaction, on the connection there is. If that turns out to be lost (the server was restarted since), it
    /// runs again on a new one: nothing took effect, unless the loss came with the commit.
    func run<Value>(_ body: (PostgresConnection) throws -> Value) throws(ReconcilerError) -> Value {
        if let connection, connection.isUsable {
            do throws(ReconcilerError) {
                return try run(body, on: connection)
            } catch {
                guard case .database(let cause) = error, Self.isUseless(after: cause), cause.kind != .commitUnknown else { throw error }
            }
        }
        close()
        let fresh: PostgresConnection
        do throws(PostgresError) {
            fresh = try PostgresConnection(configuration)
        } catch {
            throw .database(error)
        }
        connection = fresh
        return try run(body, on: fresh)
    }

    private func run<Value>(_ body: (PostgresConnection) throws -> Value, on connection: PostgresConnection) throws(ReconcilerError)
        -> Value
    {
        do {
            return try body(connection)
        } catch let error as ReconcilerError {
            throw error
        } catch let error as PostgresError {
            if Self.isUseless(after: error) { close() }
            throw .database(error)
        } catch {
            throw .unexpected("\(error)")
        }
    }

    /// Whether the connection on which `error` happened can be used no more. A server that crashed may look like one that broke the protocol:
    /// its last words arrive, and what was sent to it fails, before the end of the connection is read.
    private static func isUseless(after error: PostgresError) -> Bool { error.isConnectionLoss || error.kind == .protocolViolation }
}

/// Ends what a `Reconciler` waits for; safe to use from any thread.
public final class Interrupter: Sendable {
    private let state = Mutex<(canceller: PostgresCanceller, process: Int32)?>(nil)

    /// Asks the server to end the statement that runs now, if one does.
    public func interrupt() {
        // If the server cannot be asked any more, there is nothing left to wait for either.
        try? state.withLock({ $0?.canceller })?.stop()
    }

    /// The server's process that works for the reconciler; `nil` without a connection.
    public var serverProcess: Int32? { state.withLock { $0?.process } }

    func set(_ connection: PostgresConnection?) {
        let new = connection.map { ($0.canceller, $0.serverProcess) }
        state.withLock { $0 = new }
    }
}
