import Dispatch
import Signing
import Synchronization
import Waiting

/// Keeps the newest good bundle of a feed in force.
///
/// A bundle is put in force after every check, by one swap of `current`; one that fails a check changes nothing but what is told. What was in force
/// last can be kept for a restart without the feed.
public final class BundleSubscription: Sendable {
    /// What is told, on the thread that looks, one after the other.
    public enum Event: Sendable {
        /// Another bundle is in force from now on.
        case activated(ActiveBundle)
        /// The bundle in force is what the feed has.
        case confirmed(ActiveBundle)
        /// The feed was heard of, and has nothing new; what was refused before still is.
        case unchanged
        /// What the feed has is not put in force, and what was before stays.
        case refused(BundleRefusal)
        /// The feed could not be asked.
        case unreachable(FeedFailure)
        /// What an earlier run has kept is not good any more.
        case notRestored(BundleRefusal)
        /// The bundle in force could not be kept for a restart.
        case notKept(KeptBundle.Failure)
    }

    public let feed: any BundleFeed
    private let admission: BundleAdmission
    private let keys: TrustedKeyFile?
    private let kept: KeptBundle?
    private let handler: @Sendable (Event) -> Void

    private let active = Mutex<ActiveBundle?>(nil)
    private let memory: Mutex<Memory>
    private let wakeUp = WakeUp()
    private let stopping = Atomic(false)
    private let running = DispatchGroup()

    /// What the looking thread remembers from one look to the next.
    private struct Memory {
        /// The newest that was looked at, whatever became of it.
        var mark: String?
        /// Why what was looked at last is not in force.
        var refusal: BundleRefusal.Reason?
        /// Whether it was told that the one in force is signed by nobody who is trusted any more.
        var isDistrusted = false
        /// When a refusal that may pass with time is looked at anew.
        var retry: ContinuousClock.Instant?
        var last: BundleAdmission.Predecessor?
        var failures = 0
    }

    /// - Parameter kept: where the last good bundle is kept for a restart; without, it is not.
    /// - Throws: `SigningError` if the trusted keys cannot be read.
    public init(
        _ feed: any BundleFeed, rules: BundleRules = BundleRules(), kept: KeptBundle? = nil, handler: @escaping @Sendable (Event) -> Void
    ) throws(SigningError) {
        self.feed = feed
        keys = try rules.trustedKeys.map { path throws(SigningError) in try TrustedKeyFile(path) } ?? nil
        admission = BundleAdmission(feed: feed.name, keys: keys, organization: rules.organization)
        self.kept = kept
        self.handler = handler
        let record = kept?.last()
        memory = Mutex(
            Memory(last: record.map { .init(organization: $0.organization, epoch: $0.epoch, source: $0.source) }))
    }

    /// What is in force; `nil` before the first.
    public var current: ActiveBundle? { active.withLock { $0 } }

    /// Puts in force what an earlier run has kept.
    /// - Returns: whether there was something to be put in force.
    @discardableResult
    public func restore() -> Bool {
        guard let kept, let record = kept.last() else { return false }
        do throws(BundleRefusal) {
            let restored = try kept.restore(record, keys, now: Now.nanoseconds)
            try admission.compare(restored.engine.bundle, nil, nil)
            put(restored)
            memory.withLock { $0.mark = feed.mark(of: restored.engine.digest) }
            return true
        } catch {
            handler(.notRestored(error))
            return false
        }
    }

    /// Asks the feed once. Blocks; not for two threads at once.
    /// - Returns: what is wrong, if anything is.
    @discardableResult
    public func look() -> (any Error)? {
        if keys?.refresh() == true { recheck() }
        let mark = memory.withLock { memory in
            if let retry = memory.retry, retry < .now { (memory.mark, memory.retry) = (nil, nil) }
            return memory.mark
        }
        do throws(FeedFailure) {
            let answer = try fetch(after: mark)
            memory.withLock { $0.failures = 0 }
            return take(answer)
        } catch {
            if stopping.load(ordering: .acquiring) { return nil }
            memory.withLock { $0.failures += 1 }
            handler(.unreachable(error))
            return error
        }
    }

    /// Looks at once, and again at intervals, until `stop`. Blocks.
    public func run() {
        while !stopping.load(ordering: .acquiring) {
            look()
            wakeUp.wait(pause())
        }
    }

    /// The same on a thread of its own.
    ///
    /// - Parameter yields: whether loading and checking a bundle waits for whoever else needs the processor. The thread stays so when it has ended.
    public func start(yields: Bool = false) {
        DispatchQueue(label: "charter.bundles").async(group: running) { [self] in
            if yields { ThreadPriority.lower() }
            run()
        }
    }

    /// Makes the next look come at once; safe to call from any thread.
    public func wake() { wakeUp.signal() }

    /// Ends `run`, and waits until what `start` began has ended.
    public func stop() {
        stopping.store(true, ordering: .releasing)
        wakeUp.signal()
        running.wait()
    }

    private func fetch(after mark: String?) throws(FeedFailure) -> FeedAnswer {
        try feed.fetch(after: mark, wantsSignature: keys != nil) { [self] in stopping.load(ordering: .acquiring) }
    }

    private func take(_ answer: FeedAnswer) -> BundleRefusal? {
        switch answer {
        case .unchanged(let epoch):
            let (refusal, last) = memory.withLock { ($0.refusal, $0.last) }
            if refusal == nil {
                confirm(epoch)
            } else if refusal == .olderEpoch, let epoch, let held = last?.epoch, epoch >= held {
                // The source has caught up, be it with the same bundle.
                memory.withLock { $0.mark = nil }
                wakeUp.signal()
            } else {
                handler(.unchanged)
            }
            return nil
        case .bundle(let fetched): return take(fetched, isSecondLook: false)
        }
    }

    /// Longer than it takes to replace a file after the other.
    private static let betweenTwoFiles = Duration.milliseconds(200)
    /// Between two looks at what may be let through later.
    private static let patience = Duration.seconds(60)

    private func take(_ fetched: FetchedBundle, isSecondLook: Bool) -> BundleRefusal? {
        let last = memory.withLock { memory in
            memory.mark = fetched.mark
            return memory.last
        }
        do throws(BundleRefusal) {
            let new = try admission.admit(fetched, after: last, now: Now.nanoseconds)
            memory.withLock { ($0.refusal, $0.isDistrusted, $0.retry) = (nil, false, nil) }
            if let old = current, old.engine.digest == new.engine.digest {
                settle(old, new, fetched.bytes)
            } else {
                put(new)
                keep(new, fetched.bytes, isKnown: false)
            }
            return nil
        } catch {
            // A bundle and its signature are two files: of one that was replaced just now, the other may follow.
            if error.reason == .otherBundle, !isSecondLook, let again = secondLook() { return again }
            let isOwn = fetched.signature != nil && fetched.signature == current?.signature
            let isTold = memory.withLock { memory in
                memory.refusal = error.reason
                memory.retry = error.reason == .keyNotValid ? .now + Self.patience : nil
                return memory.isDistrusted && isOwn
            }
            if !isTold { handler(.refused(error)) }
            return error
        }
    }

    /// - Returns: `nil` if there is nothing else to be had; what came of it otherwise.
    private func secondLook() -> BundleRefusal?? {
        wakeUp.wait(Self.betweenTwoFiles)
        if stopping.load(ordering: .acquiring) { return nil }
        guard case .bundle(let fetched)? = try? fetch(after: nil) else { return nil }
        return .some(take(fetched, isSecondLook: true))
    }

    private func put(_ new: ActiveBundle) {
        memory.withLock { memory in
            // An epoch that is not known is no older one.
            let epoch = new.epoch ?? memory.last?.epoch
            memory.last = .init(organization: new.organization, epoch: epoch, source: new.source)
        }
        active.withLock { $0 = new }
        handler(.activated(new))
    }

    /// The same bundle came again: under another epoch, with another signature, from another source, or after a restart.
    private func settle(_ old: ActiveBundle, _ new: ActiveBundle, _ bytes: [UInt8]) {
        var settled = new
        settled.engine = old.engine
        if old.source == new.source { settled.arrivedAt = old.arrivedAt }
        settled.epoch = new.epoch ?? old.epoch
        active.withLock { $0 = settled }
        if let epoch = settled.epoch { memory.withLock { $0.last?.epoch = epoch } }
        handler(.confirmed(settled))
        if old.epoch != settled.epoch || old.signature != settled.signature || old.source != settled.source {
            keep(settled, bytes, isKnown: true)
        }
    }

    private func confirm(_ epoch: Int64?) {
        guard var held = current else { return handler(.unchanged) }
        let isNews = held.isRestored || epoch.map { $0 > held.epoch ?? 0 } ?? false
        if held.isRestored { (held.isRestored, held.source) = (false, feed.name) }
        held.epoch = epoch.map { max($0, held.epoch ?? 0) } ?? held.epoch
        if isNews {
            active.withLock { $0 = held }
            memory.withLock { $0.last?.epoch = held.epoch }
            keep(held, nil, isKnown: true)
        }
        handler(.confirmed(held))
    }

    private func keep(_ bundle: ActiveBundle, _ bytes: [UInt8]?, isKnown: Bool) {
        do throws(KeptBundle.Failure) {
            try kept?.keep(bundle, bytes: bytes, isKnown: isKnown)
        } catch {
            handler(.notKept(error))
        }
    }

    /// Other keys are trusted: what was refused may be good now, and what is in force may not be any more.
    private func recheck() {
        memory.withLock { ($0.mark, $0.isDistrusted) = (nil, false) }
        guard let active = current else { return }
        do throws(BundleRefusal) {
            try admission.recheck(active, now: Now.nanoseconds)
        } catch {
            memory.withLock { ($0.refusal, $0.isDistrusted) = (error.reason, true) }
            handler(.refused(error))
        }
    }

    /// Not all servers at the same moment; while looks fail, longer and longer.
    private func pause() -> Duration {
        let failures = memory.withLock { $0.failures }
        if failures == 0 { return feed.interval * Double.random(in: 0.9...1.1) }
        let longer = feed.interval * Double(1 << min(failures, 12))
        return min(longer, feed.longestPause) * Double.random(in: 0.5...1)
    }
}
