import BundleFollowing
import Postgres
import Reconciler
import Synchronization

/// The bundle that a reconciler has left in the database, asked for under the role of servers.
// INVARIANT of `@unchecked`: the reconciler's connection is used under the lock alone.
final class DatabaseFeed: BundleFeed, @unchecked Sendable {
    let name: String
    let interval: Duration
    var longestPause: Duration { max(interval, .seconds(30)) }

    private let lock = Mutex(())
    private let reconciler: Reconciler

    /// - Parameters:
    ///   - name: what the database is called, for people.
    ///   - interval: between two looks, if no notification comes.
    init(_ configuration: PostgresConfiguration, name: String, interval: Duration = .seconds(5)) {
        self.name = name
        self.interval = interval
        reconciler = Reconciler(configuration)
    }

    func fetch(after mark: String?, wantsSignature: Bool, isStopping: @escaping @Sendable () -> Bool) throws(FeedFailure) -> FeedAnswer {
        let found: BundleInForce?
        do throws(ReconcilerError) {
            found = try lock.withLock { _ throws(ReconcilerError) in try reconciler.bundleInForce(unless: mark) }
        } catch {
            if error.isMissingSchema || error.isMissingRole { throw Self.empty }
            throw FeedFailure(error.statusReason, error.description, needsHelp: error.needsHelp)
        }
        guard let found else { throw Self.empty }
        guard let bytes = found.bytes else { return .unchanged(epoch: found.revision.epoch) }
        let digest = found.revision.bundleDigest
        return .bundle(
            FetchedBundle(bytes: bytes, signature: nil, mark: digest, epoch: found.revision.epoch, digest: digest))
    }

    func mark(of digest: String) -> String? { digest }

    private static let empty = FeedFailure(
        "DatabaseEmpty", "no commit was ever applied to this database by this version of Charter; run `charter reconcile`, or `charter up`")

    func interrupt() { reconciler.interrupter.interrupt() }
}
