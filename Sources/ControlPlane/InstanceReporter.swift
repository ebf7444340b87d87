import EnforcementServer
import Foundation
import Glibc
import GovernanceModel
import Reconciler

/// Says into the database that this Charter runs, with which bundle and how it stands, and sees who runs with another one.
///
/// Not for use by two threads at once.
final class InstanceReporter {
    /// Seconds that a server may take to put in force what was applied.
    private static let grace = 30.0

    /// Stays the same over restarts.
    let instance: String
    private let reconciler: Reconciler
    private let server: EnforcementServer
    private let wanted: WantedState
    private let startedAt = TimeText.rfc3339(WallClock.now())
    private var url = ""

    init(instance: String, reconciler: Reconciler, server: EnforcementServer, wanted: WantedState) {
        self.instance = instance
        self.reconciler = reconciler
        self.server = server
        self.wanted = wanted
    }

    /// Goes on with the conditions that an earlier run has left.
    func recall() throws(ReconcilerError) {
        guard let own = try reconciler.instances().first(where: { $0.report.instance == instance }) else { return }
        server.status.recall(own.report.conditions)
    }

    func served(at url: String) { self.url = url }

    /// Leaves a report, and looks at the others'.
    func report() throws(ReconcilerError) {
        let entry = server.store.current
        try reconciler.report(
            InstanceReport(
                instance: instance, host: Self.host, process: Int(getpid()), url: url, commit: entry?.engine.commit,
                bundleDigest: entry?.engine.digest, conditions: server.status.conditionsJSON, startedAt: startedAt))
        let differing = try differing()
        server.status.update { $0.differingServers = differing }
    }

    /// That it ended as it should.
    func withdraw() { try? reconciler.withdraw(instance: instance) }

    private func differing() throws(ReconcilerError) -> [String] {
        guard let desired = wanted.current?.desired, let revision = try reconciler.revision(), revision.commit == desired.commit,
            let applied = Self.seconds(revision.appliedAt), Double(WallClock.now()) / 1e9 - applied > Self.grace
        else { return [] }
        let old = max(120, 3 * Double(wanted.current?.driftInterval ?? 0) / 1e9)
        return try reconciler.instances().filter {
            !$0.hasEnded && $0.ageSeconds < old && $0.report.instance != instance && $0.report.bundleDigest != revision.bundleDigest
        }.map { "\($0.report.host):\($0.report.process) (sha256:\($0.report.bundleDigest?.prefix(12) ?? "none"))" }
    }

    private static func seconds(_ rfc3339: String) -> Double? {
        Timestamp.seconds(rfc3339).map(Double.init)
    }

    static let host: String = ProcessInfo.processInfo.hostName
}
