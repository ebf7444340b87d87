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
        /// For deciding without allocating anew.
        let sessions: DecisionSessionPool

        public init(engine: PolicyEngine, loadedAt: Int64) {
            self.engine = engine
            self.loadedAt = loadedAt
            sessions = DecisionSessionPool(engine)
        }
    }

    private let entry = Mutex<Entry?>(nil)

    public init() {}

    /// The bundle in force; `nil` before the first.
    public var current: Entry? { entry.withLock { $0 } }

    public func activate(_ engine: PolicyEngine, at now: Int64) {
        entry.withLock { $0 = Entry(engine: engine, loadedAt: now) }
    }
}
