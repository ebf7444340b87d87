import Dispatch
import NIOCore
import PolicyBundle
import PolicyEngine
import Synchronization

/// The bundle in force. Replacing it is one swap: a request is decided by one bundle from beginning to end.
public final class BundleStore: Sendable {
    /// A bundle and when it was put in force.
    public struct Entry: Sendable {
        public var engine: PolicyEngine
        /// Nanoseconds since 1970.
        public var loadedAt: Int64
        /// Where it came from; `nil` where it was compiled here.
        public var provision: BundleProvision?
        /// For deciding without allocating anew.
        let sessions: DecisionSessionPool
        /// For handing it on.
        let content: BundleContent

        public init(engine: PolicyEngine, loadedAt: Int64, provision: BundleProvision? = nil) {
            self.engine = engine
            self.loadedAt = loadedAt
            self.provision = provision
            sessions = DecisionSessionPool(engine)
            content = BundleContent(engine.bundle)
        }
    }

    private let entry = Mutex<Entry?>(nil)

    public init() {}

    /// The bundle in force; `nil` before the first.
    public var current: Entry? { entry.withLock { $0 } }

    public func activate(_ engine: PolicyEngine, at now: Int64, provision: BundleProvision? = nil) {
        let new = Entry(engine: engine, loadedAt: now, provision: provision)
        // Here, so that no request waits for it.
        new.sessions.prepare(System.coreCount)
        let old = entry.withLock { entry in
            defer { entry = new }
            return entry
        }
        guard let old else { return }
        // Who decides by it at this moment would be the last to have it, and would have to take all of it apart.
        DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(1)) { withExtendedLifetime(old) {} }
    }

    /// Takes note of where the bundle in force came from, if it is still `engine`'s.
    public func note(_ provision: BundleProvision, of engine: PolicyEngine) {
        entry.withLock { if $0?.engine === engine { $0?.provision = provision } }
    }
}
