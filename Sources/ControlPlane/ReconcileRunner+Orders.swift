import Foundation
import Git
import Reconciler

/// What operators order, and what they ask about.
extension ReconcileRunner {
    /// Makes the database hold an earlier commit, and pins it, in one transaction.
    ///
    /// - Parameter reference: what names the commit.
    public func rollBack(to reference: String, reason: String, operator: String, approval: DeletionApproval?) throws -> Run {
        let standing = try orders()
        if let order = standing.directives.suspension {
            throw ControlError(.input, "suspended by \(order.operator) since \(order.since); `charter resume` first")
        }
        var unreachable: MirrorFetch.Failure?
        do throws(MirrorFetch.Failure) {
            try source.refresh { [stopping] in stopping.isSet }
        } catch {
            // What was fetched before may have it: going back is for bad days.
            unreachable = error
        }
        let repository = try source.open()
        guard let id = try? repository.resolve(reference) else {
            if let unreachable { throw unreachable.error }
            throw ControlError(.input, "there is no commit `\(reference)` in this repository")
        }
        guard try repository.isAncestor(id, of: try source.newestCommit(repository)) else {
            throw ControlError(
                .input, "commit \(id.description.prefix(12)) does not lie on what is followed, so that no server could hold it")
        }
        let compiled = try compiler.compile(repository, commit: id, now: Int64(Date().timeIntervalSince1970))
        guard let (desired, policy) = try Self.desired(compiled) else {
            throw ControlError(.input, "commit \(compiled.commit.id.description.prefix(12)) has errors, and cannot be gone back to")
        }
        let held = standing.revision
        let order = PinOrder(commit: compiled.commit.id.description, reason: reason, operator: `operator`)
        if let held, held.names(desired) {
            try database.reconciler.pin(order, at: held.epoch)
            return Run(compiled: compiled, result: SyncResult.unchanged(held))
        }
        let result = try database.reconciler.sync(
            desired, driftMode: policy, approval: approval, pin: order, from: held?.epoch ?? 0,
            bundle: Self.content(compiled, desired))
        return Run(compiled: compiled, result: result)
    }

    /// - Returns: whether a commit was pinned.
    public func releasePin() throws -> Bool { try database.reconciler.releasePin() }

    public func suspend(reason: String, operator: String) throws {
        if let standing = try orders().directives.suspension {
            throw ControlError(.input, "it is suspended already, by \(standing.operator) since \(standing.since)")
        }
        try database.reconciler.suspend(reason: reason, operator: `operator`)
    }

    /// - Returns: whether it was suspended.
    public func resume(reason: String, operator: String) throws -> Bool {
        _ = try orders()
        return try database.reconciler.resume(reason: reason, operator: `operator`)
    }

    public func status() throws -> StatusReport {
        let (directives, revision) = try orders()
        return StatusReport(
            revision: revision, directives: directives, instances: try database.reconciler.instances().filter { !$0.hasEnded })
    }

    public func events(limit: Int, alertsOnly: Bool) throws -> [KeptEvent] {
        _ = try orders()
        return try database.reconciler.events(limit: limit, alertsOnly: alertsOnly)
    }

    /// What was ordered, and what is held. A database of an older Charter is an error that says what to do.
    private func orders() throws -> (directives: Directives, revision: Revision?) {
        do throws(ReconcilerError) {
            return try database.reconciler.orders()
        } catch {
            guard error.isMissingSchema else { throw error }
            throw ControlError(
                .input,
                "this database is not one that this version of Charter has made or migrated; run `charter reconcile` first")
        }
    }
}
