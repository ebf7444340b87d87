import BundleFollowing
import EnforcementServer
import Signing

/// Follows the source of a shadow bundle. Whatever becomes of it, the server answers as without.
final class ShadowFollower: Sendable {
    let bundle: ShadowBundle
    private let subscription: BundleSubscription

    /// - Parameter tell: told in one line what has become of it, and whether that is trouble.
    init(
        _ source: ReplicaSource, share: Double, trustedKeys: String?, tell: @escaping @Sendable (_ text: String, _ isTrouble: Bool) -> Void
    ) throws(ControlError) {
        let bundle = ShadowBundle(share: share)
        self.bundle = bundle
        let feed = try source.feed(interval: nil)
        let told = LastText()
        do throws(SigningError) {
            subscription = try BundleSubscription(feed, rules: BundleRules(trustedKeys: trustedKeys)) { event in
                switch event {
                case .activated(let new):
                    bundle.store.activate(new.engine, at: WallClock.now(), provision: BundleProvision(new))
                    told.set(nil)
                    tell(
                        "shadow: commit \(new.engine.commit.prefix(12)), bundle sha256:\(new.engine.digest.prefix(12)), is compared", false)
                case .confirmed, .unchanged, .notRestored, .notKept: break
                case .refused(let refusal):
                    if told.set(refusal.message) { tell("shadow: \(refusal.reason.rawValue): \(refusal.message)", true) }
                case .unreachable(let failure):
                    if told.set(failure.message) { tell("shadow: \(failure.reason): \(failure.message)", true) }
                }
            }
        } catch {
            throw ControlError(error)
        }
    }

    func start() { subscription.start(yields: true) }
    func stop() { subscription.stop() }
}
