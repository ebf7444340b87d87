import BundleFollowing
import EnforcementServer

/// Puts in force what a subscription lets through, and says how it stands: conditions, metrics, and a line where something has become another.
final class BundleArrivals: Sendable {
    private let server: EnforcementServer
    private let emit: @Sendable (ReplicaServer.Event) -> Void
    /// Called after another bundle was put in force, or was refused.
    private let changed: @Sendable () -> Void
    private let complaint = LastText()

    init(_ server: EnforcementServer, changed: @escaping @Sendable () -> Void, emit: @escaping @Sendable (ReplicaServer.Event) -> Void) {
        self.server = server
        self.changed = changed
        self.emit = emit
    }

    func take(_ event: BundleSubscription.Event) {
        switch event {
        case .activated(let bundle):
            server.store.activate(bundle.engine, at: WallClock.now(), provision: BundleProvision(bundle))
            server.metrics.activations.increment()
            count("activated")
            note(bundle)
            let from = bundle.isRestored ? "kept from \(bundle.source)" : "from \(bundle.source)"
            emit(.info("commit \(bundle.engine.commit.prefix(12)) is in force, bundle sha256:\(bundle.engine.digest.prefix(12)) \(from)"))
            settle()
            changed()
        case .confirmed(let bundle):
            count("confirmed")
            server.store.note(BundleProvision(bundle), of: bundle.engine)
            note(bundle)
            settle()
        case .unchanged:
            count("unchanged")
            server.status.update { if !$0.sourceState.isReady { $0.sourceState = .ready } }
        case .refused(let refusal):
            count("refused")
            server.arrivals.refusals.labels(refusal.reason.rawValue).increment()
            server.status.update { facts in
                // It was read, unless the keys are at fault.
                if refusal.reason != .signerRemoved { facts.sourceState = .ready }
                facts.refusal = .init(
                    reason: refusal.reason.rawValue, commit: refusal.commit ?? "", time: TimeText.rfc3339(WallClock.now()),
                    errorCount: 1, errors: [refusal.message])
            }
            complain(
                "\(refusal.reason.rawValue): \(refusal.message)"
                    + (server.store.current == nil ? "" : "; the last good bundle stays in force"))
            changed()
        case .unreachable(let failure):
            count("unreachable")
            server.metrics.sourceFailures.labels(failure.reason).increment()
            server.status.update {
                $0.sourceState = .failing(reason: failure.reason, message: failure.message, needsHelp: failure.needsHelp)
            }
            complain("\(failure.reason): \(failure.message)")
        case .notRestored(let refusal):
            server.arrivals.refusals.labels(refusal.reason.rawValue).increment()
            emit(.warning("what was kept is not restored: \(refusal.reason.rawValue): \(refusal.message)"))
        case .notKept(let failure): complain("the bundle could not be kept for a restart: \(failure)")
        }
    }

    private func count(_ outcome: String) { server.arrivals.looks.labels(outcome).increment() }

    private func note(_ bundle: ActiveBundle) {
        server.status.update { facts in
            facts.organization = bundle.organization
            facts.inForce = (bundle.engine.commit, bundle.engine.digest)
            facts.refusal = nil
            if !bundle.isRestored {
                facts.seen = bundle.engine.commit
                facts.sourceState = .ready
            }
        }
    }

    private func complain(_ text: String) {
        if complaint.set(text) { emit(.warning(text)) }
    }

    private func settle() {
        if complaint.set(nil) { emit(.info("the bundle source: working again")) }
    }
}

extension ServiceFacts.SourceState {
    fileprivate var isReady: Bool {
        if case .ready = self { true } else { false }
    }
}

extension BundleProvision {
    init(_ bundle: ActiveBundle) {
        self.init(
            source: bundle.source, arrivedAt: bundle.arrivedAt, epoch: bundle.epoch, signature: bundle.signature, signer: bundle.signer,
            isRestored: bundle.isRestored)
    }
}
